#include <cmath>
#include <limits>

#include "rtl/rules/competing/bench.hpp"
#include "rtl/rules/competing/golden.hpp"
#include "rtl/rules/competing/reference.hpp"
#include "rtl/rules/lane_plan.hpp"
#include "rtl/rules/rule.hpp"
#include "rtl/rules/scale.hpp"
#include "rtl/units/transform/golden.hpp"

namespace trifactor {
namespace {
using namespace competing;

bool lateral(const Parameters& p) { return p.word("dynamics") == "lateral"; }

void check(const Parameters& p, const LayerFacts& layer) {
  Diagnostics mistakes;
  const auto refuse = [&](const char* code, std::string found, std::string expected, std::string hint) {
    mistakes.add({code, layer.where, std::move(found), std::move(expected), std::move(hint)});
  };
  const int k = p.integer("k");
  if (k > layer.neurons)
    refuse("TF-RULE-401", "k=" + std::to_string(k) + " of " + std::to_string(layer.neurons) + " neurons",
           "at most the number of neurons", "the k-th must exist");
  if (!layer.alone)
    refuse("TF-RULE-402", "another projection or a bias goes into the layer",
           "one projection, without bias: the decay is that of the weights that make the current",
           "leave the bias out, or give the other projection a population of its own");
  if (layer.groups > 0)
    refuse("TF-RULE-403", "divisive normalisation", "a population without", "remove normalise");
  if (const auto word = p.words.find("normalise"); word != p.words.end() && word->second == "max")
    refuse("TF-RULE-404", "normalise=max", "none or mean",
           "the largest change of a whole matrix is no local quantity; use --engine float");
  if (lateral(p) && layer.largest_error <= 0)
    refuse("TF-RULE-408", "dynamics = \"lateral\", but nobody tells the neurons how active they are",
           "a population in which they inhibit one another, and a projection of kind \"error\" from it",
           "the README of competing shows the network; eval settles neurons itself with --engine float");
  if (lateral(p) && p.number("p") != least_power)
    refuse("TF-RULE-409", "dynamics = \"lateral\" with p=" + std::to_string(p.number("p")), "p = 2",
           "what the layer sends on is the plain sum, which is the current for p = 2 alone");
  mistakes.throw_if_any(ExitCode::configuration);
  if (lateral(p)) {
    if (std::ldexp(p.number("h_star"), layer.error_sum_frac) > std::numeric_limits<std::int32_t>::max())
      refuse("TF-RULE-410", "h_star=" + std::to_string(p.number("h_star")),
             "below " + std::to_string(std::ldexp(1.0, 31 - layer.error_sum_frac)),
             "a threshold is a word of 32 bits at the binary point of what the neurons are told");
    return mistakes.throw_if_any(ExitCode::does_not_fit);
  }
  if (k > most_ranks)
    refuse("TF-RULE-405", "k=" + std::to_string(k), "at most " + std::to_string(most_ranks),
           "the rank unit has so many entries");
  if (p.number("p") != std::floor(p.number("p")))
    refuse("TF-RULE-406", "p=" + std::to_string(p.number("p")), "p = 2, 3 or 4",
           "the accumulator raises weights to whole powers; others in floating point only");
  if (layer.neurons > 65536)
    refuse("TF-RULE-407", std::to_string(layer.neurons) + " neurons", "at most 65536",
           "an index is a word of 16 bits");
  mistakes.throw_if_any(ExitCode::does_not_fit);
}

RulePlan resolve(const Parameters& p, const LayerFacts& layer) {
  check(p, layer);
  const int k = p.integer("k");
  const double delta = p.number("delta"), strength = std::max(1.0, delta), eta = layer.largest_eta;
  const int power = p.integer("p");
  const NumberFormat g = signed_format(third_factor_bits, strength * 1.001),
                     raised = transformed_format(layer.weight, power);
  NumberFormat current = signed_format(16, p.number("current_range"));
  if (power > least_power)  // the sums are exact, nothing lies below their last place
    current.frac = std::min(current.frac, raised.frac + layer.activity.frac);
  const Scaled rate = scaled(eta, 16);
  const LanePoints points = lane_points(layer, layer.activity.frac, eta * strength * 1.0001,
                                        eta * strength * p.number("current_range"));
  RulePlan plan;
  if (!lateral(p)) {
    plan.up_words = k, plan.down_words = 2 * pairs;
    plan.reduction = Reduction::highest;
  }
  plan.uses_current = true, plan.current_frac = current.frac;
  plan.weight_power = power, plan.current_sum_frac = raised.frac + layer.activity.frac;
  plan.uses_c = true;
  plan.eta_mantissa = static_cast<std::uint32_t>(rate.mantissa);
  plan.lane = {points.shift, layer.weight.bits, layer.stochastic};
  plan.signals_third_factor_frac = g.frac;
  plan.post.assign(post_registers, 0);
  plan.post[post_a_shift] = g.frac + rate.shift - points.factor_frac;
  plan.post[post_c_shift] = g.frac + rate.shift + current.frac - points.shift;
  plan.post[post_stochastic] = layer.stochastic;
  const auto first = static_cast<std::int32_t>(g.quantise(1)),
             kth = static_cast<std::int32_t>(g.quantise(-delta));
  if (lateral(p)) {
    plan.post[post_lateral] = 1;
    plan.post[post_threshold] =
        static_cast<std::int32_t>(std::llround(std::ldexp(p.number("h_star"), layer.error_sum_frac)));
    plan.post[post_first] = first, plan.post[post_kth] = kth;
  } else {
    plan.post[post_ranks] = k;
    plan.teacher.assign(teacher_registers, 0);
    plan.teacher[teacher_ranks] = k;
    plan.teacher[teacher_first] = first, plan.teacher[teacher_kth] = kth;
  }
  expect_shifts(layer, plan, {post_a_shift, post_c_shift});
  plan.formats = {{"current", current}, {"third_factor", g}};
  if (power > least_power) plan.formats.push_back({"raised_weight", raised});
  name_factors(layer, points, plan);
  return plan;
}

constexpr int cycles_a_pair = 5;  // or a neuron

int contribute_cycles(const RulePlan& plan, int neurons, int) { return neurons + 1 + plan.up_words; }
int form_cycles(const RulePlan& plan, int neurons, int) {
  return (plan.post[post_lateral] != 0 ? neurons : pairs) * cycles_a_pair;
}
int teach_cycles(const RulePlan&) { return 5; }

}  // namespace

Rule make_competing() {
  Rule rule;
  rule.name = "competing";
  rule.summary = "unsupervised competing hidden units: the winner learns, the k-th unlearns";
  rule.source =
      "Krotov and Hopfield 2019, Unsupervised learning by competing hidden units, PNAS, eqs 2 and 4";
  rule.parameters = {
      {"p",
       "",
       "p",
       2,
       2,
       4,
       false,
       {},
       "Lebesgue norm to which weights converge; I = sum sign(w)|w|^(p-1) x; on the chip 2, 3 or 4"},
      {"k", "", "k", 2, 2, 1024, true, {}, "rank of the unit that unlearns"},
      {"delta", "", "Delta", 0.4, 0, 16, false, {}, "strength of unlearning"},
      {"eta", "", "epsilon", 0.01, 1e-9, 64, false, {}, "learning rate"},
      {"current_range",
       "",
       "",
       64,
       1.0 / 1024,
       65536,
       false,
       {},
       "on the chip: currents that rank and decay are told apart up to this"},
      {"normalise",
       "",
       "",
       0,
       0,
       0,
       false,
       {"none", "mean", "max"},
       "what the change of a batch is divided by: none and mean: its size; max: its largest entry; floating "
       "point only"},
      {"dynamics",
       "",
       "",
       0,
       0,
       0,
       false,
       {"rank", "lateral"},
       "who learns: the rank, or lateral inhibition, whose outcome h a network tells the layer"},
      {"h_star",
       "",
       "h*",
       0.5,
       0,
       1e9,
       false,
       {},
       "lateral: units above it learn, active ones below unlearn"},
  };
  rule.bench_parameters = {
      {"tau", "step", "tau", 200, 1, 1e9, false, {}, "lateral: time constant of (4), in Euler steps"},
      {"w_inh", "", "w_inh", 0.9, 0, 0.999999, false, {}, "lateral: strength of inhibition"},
      {"steps", "", "", 20000, 1, 1e7, true, {}, "lateral: Euler steps for each sample"}};
  rule.every_step = true;
  rule.hears_error = lateral;
  rule.renderings = {true, true, true, true};
  rule.systems = {
      {"fast rule, the k-th unlearns", {{"k", "2"}}, "", {true, true, true, true}},
      {"weights to the power p - 1, p up to 4", {{"p", "3"}}, "", {true, true, true, true}},
      {"lateral inhibition (2 to 4)",
       {{"dynamics", "lateral"}},
       "a population that inhibits itself and tells its h by a projection of kind error; eval settles it",
       {true, true, true, true}},
      {"mini-batches divided by the largest change",
       {{"normalise", "max"}},
       "[training] in a network, or eval --mode batch",
       {true, false, false, false}},
  };
  rule.cycles = {contribute_cycles, form_cycles, teach_cycles};
  rule.resolve = resolve;
  rule.golden_post = golden_post;
  rule.golden_teacher = golden_teacher;
  rule.floating = competing_reference();
  rule.bench = bench;
  rule.bench_layer = {Activation::linear, 4, 16};
  return rule;
}

}  // namespace trifactor
