#include "rtl/rules/lane_plan.hpp"
#include "rtl/rules/phsic_descriptor.hpp"
#include "rtl/rules/phsic_gaussian/bench.hpp"
#include "rtl/rules/phsic_gaussian/cycles.hpp"
#include "rtl/rules/phsic_gaussian/golden.hpp"
#include "rtl/rules/phsic_gaussian/reference.hpp"
#include "rtl/rules/rule.hpp"
#include "rtl/rules/scale.hpp"
#include "rtl/units/trace/golden.hpp"

namespace trifactor {
namespace {
using namespace partner_post;
using namespace phsic_gaussian;

Error refuse(const LayerFacts& layer, std::string code, std::string found, std::string expected,
             std::string hint) {
  return Error(ExitCode::configuration,
               {std::move(code), layer.where, std::move(found), std::move(expected), std::move(hint)});
}

/// The variant asked for, or the default of plain (19) and grouped (18) layers; 0 for partners.
int chosen_variant(const Parameters& p, const LayerFacts& layer) {
  const bool grouped = layer.groups > 0;
  const int variant = p.integer("variant");
  if (phsic_gaussian::by_circuit(p))
    throw refuse(layer, "TF-RULE-107", "differences=" + p.word("differences"), "exact",
                 "the chip keeps the samples before; `trifactor reference` learns with circuits");
  if (p.integer("partners") > 0) {
    if (variant != 0)
      throw refuse(layer, "TF-RULE-101", "variant and partners are both given", "one of them",
                   "partners = K is a form of its own; remove variant");
    return 0;
  }
  if (variant == 0) return grouped ? 18 : 19;
  const bool allowed =
      grouped ? (variant == 18 || variant == 21 || variant == 22) : (variant == 19 || variant == 20);
  if (!allowed)
    throw refuse(layer, "TF-RULE-102",
                 "variant " + std::to_string(variant) + " does not exist for a " +
                     (grouped ? "grouped" : "plain") + " layer",
                 grouped ? "18, 21 or 22" : "19 or 20",
                 grouped ? "" : "add normalise = { kind = \"divisive\", ... } to the population");
  return variant;
}

Form form_of(int variant) {
  switch (variant) {
    case 18:
    case 19:
      return Form::two_term;
    case 20:
    case 21:
      return Form::mean_term;
    case 22:
      return Form::delayed;
    default:
      return Form::one_term;
  }
}

RulePlan resolve(const Parameters& p, const LayerFacts& layer) {
  const bool grouped = layer.groups > 0;
  const int variant = chosen_variant(p, layer);
  const Form form = form_of(variant);
  const int partners = variant == 0 ? p.integer("partners") : 1;
  const double sigma = p.number("sigma"), gamma = p.number("gamma");
  if (grouped && layer.groups > 256)
    throw refuse(layer, "TF-RULE-103", std::to_string(layer.groups) + " groups", "at most 256",
                 "use fewer, larger groups");
  if (!grouped && layer.neurons > 16384)
    throw refuse(layer, "TF-RULE-104", std::to_string(layer.neurons) + " neurons in a plain layer",
                 "at most 16384", "normalise it in groups");
  if (layer.classes < 2)
    throw refuse(layer, "TF-RULE-105", "the number of classes is not known or below 2", "2 or more",
                 "give classes in [network]");

  RulePlan plan;
  plan.partners = partners;
  plan.up_words = partners + (grouped ? 1 : 0);
  plan.down_words = partners + (grouped ? 1 : 0);
  plan.compared = grouped ? Compared::group_scale : Compared::value;
  plan.remembers_activity = form == Form::two_term || form == Form::delayed;
  plan.uses_a1 = form == Form::two_term || form == Form::mean_term;
  plan.uses_c = p.number("decay") > 0;
  plan.reported_sigma = sigma;
  const TraceConfig mean = trace_config(p.number("beta_mu"));
  if (form == Form::two_term) plan.b1 = RowTrace::before;
  if (form == Form::delayed) plan.b0 = RowTrace::before, plan.held_words = 1;
  if (form == Form::mean_term) {
    plan.b1 = RowTrace::mean;
    plan.mean_words = grouped ? 1 : 2;
    plan.mean_rate = mean.rate;
    plan.row_mean_bits = mean.extra;
    plan.mean_extra_bits = std::min(16 - layer.activity.bits, mean.extra);
  }

  // Binary points. M: |b2 - b3| k <= gamma (1 + 1/(C-1)) + 2.
  const double largest_b2 = gamma * (1 + 1.0 / (layer.classes - 1)) + 2;
  const NumberFormat m_format = signed_format(third_factor_bits, largest_b2);
  const NumberFormat& d_format = grouped ? layer.group_scale : layer.value;
  const int product_frac = m_format.frac + d_format.frac;
  const double t_range = std::max(1.0, partners * largest_b2 * d_format.largest() / 16);
  const int t_frac = std::min(product_frac + boost_frac, t_bits - 1 - integer_bits(t_range));
  const int h_frac = grouped ? layer.output.frac : 0;
  const NumberFormat mean_format = signed_format(third_factor_bits, std::max(1.0, partners / 4.0));
  const int mean_frac = std::min(mean_format.frac, product_frac);

  const double rate = layer.largest_eta / (sigma * sigma);
  const Scaled eta = scaled(rate / partners, 16);
  const double decay = layer.largest_eta * p.number("decay");
  const int b_frac = layer.activity.frac + plan.mean_extra_bits;
  const LanePoints points = lane_points(layer, b_frac, rate * p.number("factor_range"), decay);
  plan.eta_mantissa = static_cast<std::uint32_t>(eta.mantissa);
  plan.lane = {points.shift, layer.weight.bits, layer.stochastic};
  plan.third_factor_scale = 1 / (sigma * sigma);
  plan.signals_kernel_frac = 15;
  plan.signals_third_factor_frac = m_format.frac;

  plan.post.assign(post_registers, 0);
  plan.post[post_form] = static_cast<std::int32_t>(form);
  plan.post[post_partners] = partners;
  plan.post[post_m_shift] = product_frac - mean_frac;
  plan.post[post_t_shift] = product_frac + boost_frac - t_frac;
  plan.post[post_a_shift] = t_frac + h_frac + eta.shift - points.factor_frac;
  plan.post[post_stochastic] = layer.stochastic;
  if (form == Form::mean_term) plan.post[post_mean_rate] = mean.rate, plan.post[post_mean_extra] = mean.extra;
  if (plan.uses_c) {  // c = eta decay = (eta mantissa) x (sigma^2 K decay)
    const Scaled c = scaled(p.number("decay") * sigma * sigma * partners, 16);
    plan.post[post_c_rate] = c.mantissa;
    plan.post[post_c_shift] = eta.shift + c.shift - points.shift;
  }
  for (int n = 1; n <= partners; ++n)
    plan.post[post_boost + n - 1] =
        static_cast<std::int32_t>(std::lround(std::ldexp(1.0, boost_frac) * partners / n));

  const TraceConfig b3 = trace_config(p.number("beta"));
  const Scaled kernel = scaled(1 / (2 * sigma * sigma * (grouped ? layer.groups : 1)), 16);
  plan.teacher.assign(teacher_registers, 0);
  plan.teacher[teacher_partners] = partners;
  plan.teacher[teacher_groups] = layer.groups;
  plan.teacher[teacher_kernel_mantissa] = kernel.mantissa;
  plan.teacher[teacher_kernel_shift] = 2 * d_format.frac + kernel.shift - 16;
  plan.teacher[teacher_same] = static_cast<std::int32_t>(std::lround(std::ldexp(gamma, 15)));
  plan.teacher[teacher_different] =
      static_cast<std::int32_t>(std::lround(std::ldexp(-gamma / (layer.classes - 1), 15)));
  plan.teacher[teacher_mean_extra] = b3.extra;
  plan.teacher[teacher_m_shift] = 30 + b3.extra - m_format.frac;
  if (grouped) {
    const Scaled inverse = scaled(1.0 / layer.groups, 15);
    plan.teacher[teacher_group_mantissa] = inverse.mantissa;
    plan.teacher[teacher_group_shift] = inverse.shift + product_frac - mean_frac;
  }
  for (int n = 1; n <= partners; ++n)
    plan.teacher[teacher_mean_rate + n - 1] = static_cast<std::int32_t>(std::lround(b3.rate * 256.0 / n));

  const auto in_range = [&](int shift, const char* what) {
    if (shift < 0 || shift > 62)
      throw Error(ExitCode::does_not_fit,
                  {"TF-FMT-002", layer.where,
                   std::string("the ") + what + " needs a shift of " + std::to_string(shift) + " bits",
                   "0 to 62", "eta or sigma lies too far from 1 for these formats"});
  };
  const bool mean_of_fprime = form == Form::mean_term && !grouped;
  in_range(plan.post[post_a_shift] + (mean_of_fprime ? derivative_frac : 0), "update factor");
  in_range(plan.post[post_c_shift], "decay factor");
  in_range(plan.teacher[teacher_kernel_shift], "kernel's distance");

  const Rounding rounding = layer.stochastic ? Rounding::stochastic : Rounding::nearest;
  plan.formats = {{"third_factor", m_format},
                  {"kernel", {16, 15, false}},
                  {"b2", {17 + integer_bits(largest_b2), 15}},
                  {"b3", {17 + integer_bits(largest_b2) + b3.extra, 15 + b3.extra}},
                  {"t_factor", {t_bits, t_frac}},
                  {"a0", {factor_bits, points.factor_frac, true, rounding}}};
  if (plan.uses_a1) plan.formats.push_back({"a1", {factor_bits, points.factor_frac, true, rounding}});
  if (plan.uses_c) plan.formats.push_back({"c", {factor_bits, points.shift, true, rounding}});
  if (grouped) plan.formats.push_back({"third_factor_mean", {third_factor_bits, mean_frac}});
  return plan;
}

}  // namespace

Rule make_phsic_gaussian() {
  Rule rule;
  rule.name = "phsic_gaussian";
  rule.summary = "plausible HSIC with a Gaussian kernel, plain or in divisively normalised groups";
  rule.source = "Pogodin and Latham, Kernelized information bottleneck, NeurIPS 2020, eqs 12, 17-22, 63-70";
  rule.parameters = {
      {"sigma", "", "sigma", 5.0, 1e-3, 1e3, false, {}, "width of the kernel"},
      {"gamma", "", "gamma", 2.0, 0, 64, false, {}, "weight of the label term"},
      {"beta", "", "beta", 0.99, 0, 0.99998, false, {}, "memory of the running mean b3 (65)"},
      {"eta", "", "eta", 0.04, 1e-9, 64, false, {}, "learning rate"},
      {"variant", "", "eq", 0, 0, 22, true, {}, "two-point form by equation number; 0: 19 plain, 18 grouped"},
      {"partners", "", "K", 0, 0, max_partners, true, {}, "past samples of the one-term form; 0: two points"},
      {"beta_mu", "", "beta_mu", 0.9, 0, 0.999, false, {}, "memory of the running means of (20), (21)"},
      {"decay", "", "lambda", 0, 0, 1, false, {}, "weight decay, times eta"},
      {"factor_range",
       "eta/sigma^2",
       "",
       1,
       1.0 / 1024,
       1024,
       false,
       {},
       "largest update factor the lane must express"},
  };
  const ParameterSpec circuit[] = {
      {"differences",
       "",
       "",
       0,
       0,
       0,
       false,
       {"exact", "derivative", "memory"},
       "of samples: as they are, or by the circuits (58) or (60) in time"},
      {"duration", "step", "", 100, 2, 1e6, true, {}, "circuits: how long a sample is shown"},
      {"gap", "step", "", 0, 0, 1e6, true, {}, "circuits: background behind it"},
      {"c1", "step", "c1", 50, 1, 1e6, true, {}, "circuits: delay of the kernel (58), below duration"},
      {"c2", "1/step", "c2", 0.2, 1e-6, 50, false, {}, "circuits: decay of the kernel (58)"},
      {"leak", "", "c", 0.001, 0, 1, false, {}, "memory: leak of (59)"},
      {"step", "", "", 0.5, 1e-6, 1, false, {}, "memory: Euler step of (59)"},
      {"deviation", "units of z", "", 0.1, 1e-9, 1e9, false, {}, "memory: what counts as 1 in (59)"},
      {"tau_mu", "step", "", 0, 0, 1e9, false, {}, "memory: of the mean in (59); 0: the background"}};
  rule.parameters.insert(rule.parameters.end(), std::begin(circuit), std::end(circuit));
  rule.bench_parameters = phsic_layer_parameters();
  rule.renderings = {true, true, true, true};
  rule.systems = {
      {"this sample and the last (grouped 18, plain 19)", {}, "", {true, true, true, true}},
      {"this sample and running means (grouped 21, plain 20)",
       {{"variant", "21"}, {"partners", "0"}},
       "",
       {true, true, true, true}},
      {"one sample late, a single Hebbian term (grouped 22)",
       {{"variant", "22"}, {"partners", "0"}},
       "",
       {true, true, true, true}},
      {"this sample and the last K", {{"partners", "8"}}, "", {true, true, true, true}},
      {"differences by a circuit (57 to 62)",
       {{"differences", "derivative"}},
       "or memory",
       {true, false, false, false}},
      {"mini-batches (33 to 41)",
       {},
       "[training] in a network, or eval --mode batch",
       {true, false, false, false}},
  };
  rule.cycles = {contribute_cycles, form_cycles, teach_cycles};
  rule.resolve = resolve;
  rule.golden_post = partner_post::golden_post;
  rule.golden_teacher = golden_teacher;
  rule.floating = phsic_gaussian_reference();
  rule.bench = bench;
  rule.bench_layer.activation = Activation::leaky_relu;
  rule.needs_derivative = true;
  return rule;
}

}  // namespace trifactor
