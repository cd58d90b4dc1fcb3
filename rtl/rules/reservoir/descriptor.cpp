#include "rtl/rules/factor.hpp"
#include "rtl/rules/lane_plan.hpp"
#include "rtl/rules/reservoir/golden.hpp"
#include "rtl/rules/reservoir/reference.hpp"
#include "rtl/units/trace/golden.hpp"

namespace trifactor {
namespace {
using namespace reservoir;

RulePlan resolve(const Parameters& p, const LayerFacts& layer) {
  Diagnostics mistakes;
  if (layer.groups > 0)
    mistakes.add(
        {"TF-RULE-501", layer.where, "divisive normalisation", "a population without", "remove normalise"});
  if (layer.feedback)
    mistakes.add({"TF-RULE-503", layer.where, "a feedback projection that learns by this rule",
                  "a forward projection from the reservoir", ""});
  mistakes.throw_if_any(ExitCode::configuration);
  if (layer.neurons > most_neurons)
    mistakes.add({"TF-RULE-502", layer.where, std::to_string(layer.neurons) + " neurons of a read-out",
                  "at most " + std::to_string(most_neurons), "the squared distance has 46 bits"});
  mistakes.throw_if_any(ExitCode::does_not_fit);

  // z - mean z before the mean moves is tau / (tau - 1) times what (10) has after it
  const TraceConfig trace = trace_config(1 - 1 / p.number("tau"));
  const double eta = layer.largest_eta * (1 - 1 / p.number("tau"));
  const Scaled rate = scaled(eta, 16);
  const LanePoints points = lane_points(layer, layer.activity.frac, eta * layer.value.largest(), 0);
  RulePlan plan;
  plan.up_words = 1, plan.down_words = 1;
  plan.mean_words = 1;
  plan.eta_mantissa = static_cast<std::uint32_t>(rate.mantissa);
  plan.lane = {points.shift, layer.weight.bits, layer.stochastic};
  plan.post.assign(post_registers, 0);
  plan.post[post_target_shift] = layer.error_sum_frac - layer.value.frac;
  plan.post[post_a_shift] = layer.value.frac + rate.shift - points.factor_frac;
  plan.post[post_stochastic] = layer.stochastic;
  plan.post[post_rate] = trace.rate;
  plan.post[post_extra] = trace.extra;
  plan.teacher.assign(teacher_registers, 0);
  plan.teacher[teacher_rate] = trace.rate;
  expect_shifts(layer, plan, {post_target_shift, post_a_shift});
  plan.formats = {{"third_factor", {2, 0}}};
  name_factors(layer, points, plan);
  return plan;
}

int contribute_cycles(const RulePlan&, int neurons, int) { return neurons + 3; }
int form_cycles(const RulePlan&, int neurons, int) { return walk_cycles(neurons, 1); }
int teach_cycles(const RulePlan&) { return 3; }

}  // namespace

Rule make_reservoir() {
  Rule rule;
  rule.name = "reservoir";
  rule.summary = "a read-out that learns to say what it is told: noise that helped is kept";
  rule.source =
      "Daruwalla and Lipasti, Information bottleneck-based Hebbian learning rule naturally ties working "
      "memory and synaptic updates, eqs 9 and 10; Hoerzer, Legenstein and Maass 2014";
  rule.parameters = {
      {"tau", "steps", "tau_lpf", 5, 2, 2048, false, {}, "time constant of the means of z and of P"},
      {"eta", "", "eta", 1e-4, 1e-9, 64, false, {}, "learning rate"},
  };
  rule.every_step = true;
  rule.takes_error = true;
  rule.renderings = {true, true, true, true};
  rule.cycles = {contribute_cycles, form_cycles, teach_cycles};
  rule.resolve = resolve;
  rule.golden_post = golden_post;
  rule.golden_teacher = golden_teacher;
  rule.floating = reference();
  return rule;
}

}  // namespace trifactor
