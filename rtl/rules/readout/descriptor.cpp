#include "rtl/rules/delta.hpp"
#include "rtl/rules/lane_plan.hpp"
#include "rtl/rules/readout/bench.hpp"
#include "rtl/rules/readout/reference.hpp"
#include "rtl/rules/rule.hpp"
#include "rtl/rules/scale.hpp"

namespace trifactor {
namespace {

RulePlan resolve(const Parameters& p, const LayerFacts& layer) {
  if (layer.neurons != layer.classes)
    throw Error(ExitCode::configuration,
                {"TF-RULE-201", layer.where,
                 std::to_string(layer.neurons) + " neurons for " + std::to_string(layer.classes) + " classes",
                 "one neuron a class", "change the shape of the read-out or classes in [network]"});
  if (layer.value.frac > 16)
    throw Error(ExitCode::does_not_fit,
                {"TF-FMT-003", layer.where,
                 "a value format with " + std::to_string(layer.value.frac) + " fraction bits", "at most 16",
                 "give the neurons a wider range"});
  const std::string& word = p.word("error");
  const DeltaKind kind = word == "softmax"  ? DeltaKind::softmax
                         : word == "linear" ? DeltaKind::linear
                                            : DeltaKind::hinge;

  RulePlan plan;
  plan.needs_target = true;
  plan.whole_population = kind == DeltaKind::softmax;
  if (kind == DeltaKind::softmax) plan.exponentials = 2, plan.reciprocals = 1;
  plan.uses_c = p.number("decay") > 0;
  const double largest_error = kind == DeltaKind::linear ? layer.value.largest() + 1 : 1;
  const Scaled eta = scaled(layer.largest_eta, 16);
  const double decay = layer.largest_eta * p.number("decay");
  const LanePoints points =
      lane_points(layer, layer.activity.frac, layer.largest_eta * largest_error * 1.0001, decay);
  const int error_frac = kind == DeltaKind::linear ? layer.value.frac : 15;
  plan.eta_mantissa = static_cast<std::uint32_t>(eta.mantissa);
  plan.lane = {points.shift, layer.weight.bits, layer.stochastic};

  plan.forms_error = true;
  plan.error_frac = std::min(error_frac, error_bits - 2 - integer_bits(largest_error));

  plan.post.assign(delta_registers, 0);
  plan.post[delta_kind] = static_cast<std::int32_t>(kind);
  plan.post[delta_value_frac] = layer.value.frac;
  plan.post[delta_mu] = hinge_mu(p, layer.classes);
  plan.post[delta_a_shift] = error_frac + eta.shift - points.factor_frac;
  plan.post[delta_stochastic] = layer.stochastic;
  plan.post[delta_word_shift] = error_frac - plan.error_frac;
  plan.post[delta_word_bits] = error_bits;
  if (plan.uses_c) {
    const Scaled c = scaled(p.number("decay"), 16);
    plan.post[delta_c_rate] = c.mantissa;
    plan.post[delta_c_shift] = eta.shift + c.shift - points.shift;
  }
  expect_shifts(layer, plan, {delta_a_shift, delta_c_shift, delta_word_shift});
  plan.formats = {{"delta", {17, error_frac}}};
  name_factors(layer, points, plan);
  return plan;
}

}  // namespace

Rule make_readout() {
  Rule rule;
  rule.name = "readout";
  rule.summary = "delta rule of a read-out layer with its own target";
  rule.source =
      "Widrow and Hoff 1960 (linear); softmax cross-entropy; hinge: Amit 2019, Frontiers Comput. Neurosci., "
      "eqs 4-6";
  rule.parameters = {
      {"error", "", "delta", 0, 0, 0, false, {"softmax", "linear", "hinge"}, "error signal"},
      {"eta", "", "eta", 0.1, 1e-9, 64, false, {}, "learning rate"},
      {"mu", "", "mu", 0, 0, 1, false, {}, "weight of wrong classes (hinge); 0: 1 / (classes - 1)"},
      {"decay", "", "lambda", 0, 0, 1, false, {}, "weight decay, times eta"},
  };
  rule.bench_parameters = {{"classes", "", "C", 10, 2, 65535, true, {}, "number of classes"}};
  rule.sends_error = true;
  rule.every_step = true;
  rule.renderings = {true, true, true, true};
  rule.systems = {
      {"softmax cross-entropy", {{"error", "softmax"}}, "", {true, true, true, true}},
      {"linear", {{"error", "linear"}}, "", {true, true, true, true}},
      {"hinge", {{"error", "hinge"}}, "", {true, true, true, true}},
      {"last layer only", {}, "hidden projections without a rule", {true, true, true, true}},
      {"layer-wise classification, with its own or with fixed feedback",
       {},
       "a read-out beside each hidden layer whose error goes back to it",
       {true, true, true, true}},
  };
  rule.cycles = {delta_contribute_cycles, delta_form_cycles, nullptr};
  rule.resolve = resolve;
  rule.golden_post = delta_post;
  rule.floating = readout_reference();
  rule.bench = readout::bench;
  rule.bench_layer = {Activation::linear, 4, 32, Activation::linear};  // room for the softmax
  return rule;
}

}  // namespace trifactor
