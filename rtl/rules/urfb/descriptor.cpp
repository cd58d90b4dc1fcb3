#include <algorithm>
#include <cmath>

#include "rtl/rules/delta.hpp"
#include "rtl/rules/lane_plan.hpp"
#include "rtl/rules/urfb/bench.hpp"
#include "rtl/rules/urfb/reference.hpp"

namespace trifactor {
namespace {

constexpr int error_frac = error_bits - 2;  ///< errors lie in +-2: the target's is 1, others are mostly less

DeltaKind role_of(const Parameters& p, const LayerFacts& layer) {
  if (layer.feedback) return DeltaKind::own;
  if (!layer.at_output) return DeltaKind::returned;
  const std::string& error = p.word("error");
  return error == "softmax" ? DeltaKind::softmax : error == "circuit" ? DeltaKind::circuit : DeltaKind::hinge;
}

void check(const Parameters& p, const LayerFacts& layer) {
  if (const auto scale = p.numbers.find("scale");
      scale != p.numbers.end() && std::exp2(std::round(std::log2(scale->second))) != scale->second)
    throw Error(ExitCode::configuration,
                {"TF-RULE-224", layer.where, "scale=" + std::to_string(scale->second), "a power of two",
                 "the chip shifts; use --engine float"});
  if (layer.groups > 0)
    throw Error(
        ExitCode::configuration,
        {"TF-RULE-221", layer.where, std::to_string(layer.groups) + " groups of divisive normalisation",
         "a layer without: errors pass the neuron's own gate only", "remove normalise"});
  if (layer.at_output && !layer.feedback && layer.neurons != layer.classes)
    throw Error(ExitCode::configuration,
                {"TF-RULE-222", layer.where,
                 std::to_string(layer.neurons) + " neurons for " + std::to_string(layer.classes) + " classes",
                 "one neuron a class", "change the shape of the output population or classes in [network]"});
  if (layer.value.frac > 16)
    throw Error(ExitCode::does_not_fit,
                {"TF-FMT-003", layer.where,
                 "a value format with " + std::to_string(layer.value.frac) + " fraction bits", "at most 16",
                 "give the neurons a wider range"});
}

RulePlan resolve(const Parameters& p, const LayerFacts& layer) {
  check(p, layer);
  const DeltaKind role = role_of(p, layer);
  const bool own = role == DeltaKind::own, top = !own && role != DeltaKind::returned;
  // What stands beside eta in a0: an error, or the activity that this layer sends.
  const NumberFormat word = own ? layer.sent : NumberFormat{error_bits, error_frac};
  const Scaled eta = scaled(layer.largest_eta, 16);
  const LanePoints points = lane_points(layer, layer.activity.frac,
                                        layer.largest_eta * std::ldexp(1.0, word.bits - 1 - word.frac), 0);
  RulePlan plan;
  plan.needs_target = top;
  plan.whole_population = role == DeltaKind::softmax;
  if (role == DeltaKind::softmax) plan.exponentials = 2, plan.reciprocals = 1;
  plan.forms_error = !own;
  plan.error_frac = error_frac;
  plan.eta_mantissa = static_cast<std::uint32_t>(eta.mantissa);
  plan.lane = {points.shift, layer.weight.bits, layer.stochastic};
  plan.post.assign(delta_registers, 0);
  plan.post[delta_kind] = static_cast<std::int32_t>(role);
  plan.post[delta_value_frac] = layer.value.frac;
  plan.post[delta_mu] = hinge_mu(p, std::max(2, layer.classes));
  plan.post[delta_a_shift] = word.frac + eta.shift - points.factor_frac;
  plan.post[delta_stochastic] = layer.stochastic;
  plan.post[delta_word_shift] = (own ? layer.value.frac : top ? 15 : layer.error_sum_frac) - word.frac;
  plan.post[delta_word_bits] = word.bits;
  plan.post[delta_from_word] = 1;
  if (p.word("error") == "circuit") {
    plan.post[delta_circuit_m] =
        static_cast<std::int32_t>(std::lround(std::ldexp(p.number("circuit_m"), layer.value.frac)));
    if (role == DeltaKind::returned && !layer.relay)
      plan.post[delta_circuit_k] =
          static_cast<std::int32_t>(std::lround(std::ldexp(p.number("circuit_k"), word.frac)));
  }
  expect_shifts(layer, plan, {delta_a_shift, delta_word_shift});
  if (!own) plan.formats = {{"delta", word}};
  name_factors(layer, points, plan);
  return plan;
}

}  // namespace

Rule make_urfb() {
  Rule rule;
  rule.name = "urfb";
  rule.summary =
      "errors travel back through feedback weights of their own, which learn too or stay as they are";
  rule.source =
      "Amit 2019, Deep learning with asymmetric connections and Hebbian updates, Frontiers Comput. "
      "Neurosci., "
      "eqs 2 to 6";
  rule.sends_error = rule.takes_error = rule.teaches_feedback = true;
  rule.parameters = {
      {"eta", "", "eta", 0.01, 1e-9, 64, false, {}, "learning rate"},
      {"error",
       "",
       "delta_L",
       0,
       0,
       0,
       false,
       {"hinge", "softmax", "circuit"},
       "error signal at the output; circuit: the local circuits of Appendix 1, gates included"},
      {"mu", "", "mu", 0, 0, 1, false, {}, "weight of wrong classes (hinge); 0: 1 / (classes - 1)"},
      {"circuit_m", "", "M", 64, 1, 1024, false, {}, "circuit: sums of the output lie between -M and M"},
      {"circuit_k", "", "K", 2, 1.0 / 1024, 4, false, {}, "circuit: returned errors lie between -K and K"},
  };
  rule.bench_parameters = {
      {"update_r", "", "", 0, 0, 0, false, {"true", "false"}, "false: feedback weights stay (FRFB)"},
      {"scale", "", "", 1, 1, 1024, false, {}, "hidden neurons are clip(h / scale); the authors' code has 2"},
      {"classes", "", "C", 10, 2, 65535, true, {}, "number of classes"}};
  rule.every_step = true;
  rule.renderings = {true, true, true, true};
  rule.systems = {
      {"URFB: feedback weights learn (2 to 6)",
       {},
       "feedback projections with this rule",
       {true, true, true, true}},
      {"FRFB, feedback alignment: feedback weights stay",
       {},
       "feedback projections without a rule",
       {true, true, true, true}},
      {"local circuits at the top and in the gates (appendix 1)",
       {{"error", "circuit"}},
       "",
       {true, true, true, true}},
  };
  rule.cycles = {delta_contribute_cycles, delta_form_cycles, nullptr};
  rule.resolve = resolve;
  rule.golden_post = delta_post;
  rule.floating = urfb_reference();
  rule.bench = urfb::bench;
  rule.bench_layer = {Activation::linear, 1, 4, Activation::saturated_linear};
  return rule;
}

}  // namespace trifactor
