#include <algorithm>
#include <cmath>

#include "rtl/rules/hsic_memory/bench.hpp"
#include "rtl/rules/hsic_memory/cycles.hpp"
#include "rtl/rules/hsic_memory/golden.hpp"
#include "rtl/rules/hsic_memory/reference.hpp"
#include "rtl/rules/lane_plan.hpp"
#include "rtl/rules/rule.hpp"
#include "rtl/rules/scale.hpp"

namespace trifactor {
namespace {
using namespace partner_post;
using namespace hsic_memory;

constexpr int distance_bits = 46;  ///< of a squared distance, so that its product with a mantissa has 62

bool hears_error(const Parameters& p) { return p.word("error") == "told"; }

void check_layer(const Parameters& p, const LayerFacts& layer) {
  const auto too_wide = [](int entries, int bits) {
    return std::ldexp(entries, 2 * bits) > std::ldexp(1.0, distance_bits);
  };
  Diagnostics mistakes;
  if (layer.groups > 0)
    mistakes.add({"TF-RULE-301", layer.where,
                  std::to_string(layer.groups) + " groups of divisive normalisation",
                  "a layer without: the rule is of the neurons' own activity", "remove normalise"});
  if (hears_error(p) && layer.largest_error <= 0)
    mistakes.add({"TF-RULE-304", layer.where, "error = \"told\", but nobody tells the layer its errors",
                  "a projection of kind \"error\" into it, or error = \"analytic\"", ""});
  mistakes.throw_if_any(ExitCode::configuration);
  if (too_wide(layer.neurons, 16))
    mistakes.add({"TF-RULE-302", layer.where, std::to_string(layer.neurons) + " neurons in a layer",
                  "at most 16384", "use fewer neurons"});
  if (too_wide(layer.input_neurons, layer.input.bits))
    mistakes.add({"TF-RULE-303", layer.where,
                  "distances between inputs of " + std::to_string(layer.input_neurons) + " values of " +
                      std::to_string(layer.input.bits) + " bits",
                  "squared distances of at most " + std::to_string(distance_bits) + " bits",
                  "give the network's input 8 bits"});
  mistakes.throw_if_any(ExitCode::does_not_fit);
}

/// 1 / (2 sigma^2) as a mantissa and the shift from a distance of values with `frac` fraction bits.
struct Kernel {
  std::int32_t mantissa = 0;
  int shift = 0;
};
Kernel kernel_of(const LayerFacts& layer, double sigma, int frac, const char* name) {
  const Scaled inverse = scaled(1 / (2 * sigma * sigma), 16);
  const int shift = 2 * frac + inverse.shift - 16;
  if (shift < 0 || shift > 62)
    throw Error(ExitCode::does_not_fit,
                {"TF-FMT-002", layer.where,
                 std::string(name) + " needs a shift of " + std::to_string(shift) + " bits", "0 to 62",
                 "it lies too far from the steps of the activities it is compared with"});
  return {inverse.mantissa, shift};
}

/// The fraction bits of an error that is heard, once it has T's width.
int hear(const LayerFacts& layer, RulePlan& plan) {
  const int frac = std::min(layer.error_sum_frac, t_bits - 1 - integer_bits(layer.largest_error));
  plan.post[post_hears] = 1;
  plan.post[post_hear_shift] = layer.error_sum_frac - frac;
  return frac;
}

/// What others get of the layer's own error: `scale` times -T.
void send(const Parameters& p, double scale, int t_frac, RulePlan& plan) {
  const Scaled by = scaled(scale, 16);
  plan.forms_error = true;
  plan.error_frac = error_bits - 1 - integer_bits(p.number("error_range"));
  plan.post[post_error_mantissa] = by.mantissa;
  plan.post[post_error_shift] = t_frac + by.shift - plan.error_frac;
}

RulePlan resolve(const Parameters& p, const LayerFacts& layer) {
  check_layer(p, layer);
  const int partners = p.integer("N") - 1;
  const double sigma_z = p.number("sigma_z"), gamma = p.number("gamma");
  const double different = std::exp(-1 / (p.number("sigma_y") * p.number("sigma_y")));  // k_y of two classes

  RulePlan plan;
  plan.partners = partners;
  plan.up_words = 2 * partners, plan.input_words = partners, plan.down_words = partners;
  plan.compared = Compared::value;
  plan.reported_sigma = sigma_z;

  // B lies in [-gamma, 1 - gamma different], so N A_p, a sum of K differences of two B, within K times that
  // span.
  const double span = 1 + gamma * (1 - different), largest_m = partners * span;
  const NumberFormat m_format = signed_format(third_factor_bits, largest_m);
  const int product_frac = m_format.frac + layer.value.frac;
  const double z_range = std::ldexp(1.0, 15 - layer.value.frac);
  const int t_frac =
      std::min(product_frac + boost_frac, t_bits - 1 - integer_bits(partners * largest_m * 2 * z_range));

  // |z_0 - z_p| k_z,p of one neuron: at most that of a layer of this neuron alone, where d exp(-d^2 / 2
  // sigma^2) is largest at sigma; the exponential unit may give 2^-14 more.
  const double widest = 2 * z_range;
  const double at = std::min(sigma_z, widest);
  const double step = at * std::exp(-at * at / (2 * sigma_z * sigma_z)) + widest * 0x1p-14;
  const double entries = partners + 1;
  const double xi_of_t = 2 / (sigma_z * sigma_z * partners * partners * entries);
  const bool hears = hears_error(p);
  const double rate = layer.largest_eta * (hears ? 1 / p.number("error_scale") : xi_of_t);
  const Scaled eta = scaled(rate, 16);
  const LanePoints points = lane_points(
      layer, layer.activity.frac, rate * (hears ? layer.largest_error : partners * largest_m * step), 0);
  plan.eta_mantissa = static_cast<std::uint32_t>(eta.mantissa);
  plan.lane = {points.shift, layer.weight.bits, layer.stochastic};
  plan.signals_kernel_frac = kernel_frac;
  plan.signals_third_factor_frac = m_format.frac;
  plan.third_factor_scale = xi_of_t;

  plan.post.assign(post_registers, 0);
  plan.post[post_form] = static_cast<std::int32_t>(Form::one_term);
  plan.post[post_partners] = partners;
  plan.post[post_t_shift] = product_frac + boost_frac - t_frac;
  plan.post[post_stochastic] = layer.stochastic;
  const int used_frac = hears ? hear(layer, plan) : t_frac;
  plan.post[post_a_shift] = used_frac + eta.shift - points.factor_frac;
  if (layer.error_taken) send(p, xi_of_t * p.number("error_scale"), t_frac, plan);
  std::fill_n(plan.post.begin() + post_boost, partners,
              1 << boost_frac);  // words are 0 until K samples exist
  expect_shifts(layer, plan, {post_a_shift, post_error_shift});

  const Kernel z = kernel_of(layer, sigma_z, layer.value.frac, "sigma_z"),
               x = kernel_of(layer, p.number("sigma_x"), layer.input.frac, "sigma_x");
  plan.teacher.assign(teacher_registers, 0);
  plan.teacher[teacher_partners] = partners;
  plan.teacher[teacher_z_mantissa] = z.mantissa, plan.teacher[teacher_z_shift] = z.shift;
  plan.teacher[teacher_x_mantissa] = x.mantissa, plan.teacher[teacher_x_shift] = x.shift;
  plan.teacher[teacher_same] = static_cast<std::int32_t>(std::lround(std::ldexp(gamma, kernel_frac)));
  plan.teacher[teacher_different] =
      static_cast<std::int32_t>(std::lround(std::ldexp(gamma * different, kernel_frac)));
  plan.teacher[teacher_m_shift] = 2 * kernel_frac - m_format.frac;

  plan.formats = {
      {"third_factor", m_format}, {"kernel", {16, kernel_frac, false}}, {"t_factor", {t_bits, t_frac}}};
  name_factors(layer, points, plan);
  return plan;
}

}  // namespace

Rule make_hsic_memory() {
  Rule rule;
  rule.name = "hsic_memory";
  rule.summary = "HSIC bottleneck with a working memory of the last N samples";
  rule.source =
      "Daruwalla and Lipasti, Information bottleneck-based Hebbian learning rule naturally ties working "
      "memory and synaptic updates, eq 8";
  rule.parameters = {
      {"N", "samples", "N", 6, 2, 32, true, {}, "samples in memory, the present one included"},
      {"sigma_x",
       "units of the input",
       "sigma_x",
       5.6,
       0.001,
       1000,
       false,
       {},
       "width of the kernel of the network's input; 5.6 is 0.2 sqrt(784)"},
      {"sigma_y", "", "sigma_y", 1, 0.001, 1000, false, {}, "width of the kernel of one-hot labels"},
      {"sigma_z", "units of z", "sigma_z", 4, 0.001, 1000, false, {}, "width of the kernel of the layer"},
      {"gamma", "", "gamma", 20, 0, 4096, false, {}, "weight of the labels"},
      {"eta", "", "eta", 0.1, 1e-9, 64, false, {}, "learning rate"},
      {"error",
       "",
       "xi",
       0,
       0,
       0,
       false,
       {"analytic", "told"},
       "what the layer learns from: its own error, or what a population says it is (kind = \"error\")"},
      {"error_scale", "", "", 1000, 1e-6, 1e9, false, {}, "errors are sent and heard multiplied by this"},
      {"error_range",
       "",
       "",
       8,
       1.0 / 1024,
       1024,
       false,
       {},
       "on the chip: errors that are sent, multiplied, saturate at this (a power of two)"},
  };
  rule.bench_parameters = {{"classes", "", "C", 10, 2, 65535, true, {}, "number of classes"}};
  rule.every_step = true;
  rule.sends_error = true;
  rule.hears_error = hears_error;
  rule.renderings = {true, true, true, true};
  rule.systems = {
      {"the error of the last N samples (8)", {{"N", "6"}}, "", {true, true, true, true}},
      {"an error that another population says (9 to 13)",
       {{"error", "told"}},
       "a projection of kind error",
       {true, true, true, true}},
  };
  rule.cycles = {contribute_cycles, form_cycles, teach_cycles};
  rule.resolve = resolve;
  rule.golden_post = partner_post::golden_post;
  rule.golden_teacher = golden_teacher;
  rule.floating = hsic_memory_reference();
  rule.bench = bench;
  rule.bench_layer = {Activation::tanh, 1, 1};
  rule.needs_derivative = true;
  return rule;
}

}  // namespace trifactor
