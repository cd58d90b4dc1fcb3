// Oja's rule for the hardware: a0 = eta y, b0 = x, c = eta y^2.
#include "rtl/rules/factor.hpp"
#include "rtl/rules/fixed_bench.hpp"
#include "rtl/rules/lane_plan.hpp"
#include "rtl/rules/oja/reference.hpp"

namespace trifactor {
namespace {

enum Register : std::size_t { a_shift, c_shift, stochastic, registers };

RulePlan resolve(const Parameters&, const LayerFacts& layer) {
  const double y = layer.value.largest(), eta = layer.largest_eta;
  const Scaled rate = scaled(eta, 16);
  const LanePoints points = lane_points(layer, layer.activity.frac, eta * y, eta * y * y);
  RulePlan plan;
  plan.uses_c = true;
  plan.eta_mantissa = static_cast<std::uint32_t>(rate.mantissa);
  plan.lane = {points.shift, layer.weight.bits, layer.stochastic};
  plan.post.assign(registers, 0);
  plan.post[a_shift] = layer.value.frac + rate.shift - points.factor_frac;
  plan.post[c_shift] = 2 * layer.value.frac + rate.shift - points.shift;
  plan.post[stochastic] = layer.stochastic;
  expect_shifts(layer, plan, {a_shift, c_shift});
  name_factors(layer, points, plan);
  return plan;
}

class Post final : public PostUnit {
  void form(const PostView& view, std::span<const std::int16_t>, int, PostResult& result) override {
    const FactorRounder round_a{view.registers[stochastic] != 0, view.registers[a_shift]};
    const FactorRounder round_c{view.registers[stochastic] != 0, view.registers[c_shift]};
    for (int i = 0; i < view.neurons; ++i) {
      const std::int64_t y = view.now.z[i], gain = y * view.eta;
      result.a0[i] = round_a(gain, result.generators[i], result.losses);
      result.c[i] = round_c(gain * y, result.generators[i], result.losses);
    }
  }
};

BoundedArrays bench(const FixedCase& c) {
  const BoundedForward f = bounded_forward(c);
  const Bounded eta = bounded_eta(c, c.layer.value.frac, c.plan.post[a_shift]);
  std::vector<BoundedFactors> factors(c.trace.samples);
  for (std::size_t t = 0; t < factors.size(); ++t) {
    for (std::size_t i = 0; i < c.trace.neurons; ++i) {
      const Bounded y = f.z[t * c.trace.neurons + i];
      factors[t].a0.push_back(bounded_factor(c, eta * y));
      factors[t].c.push_back(bounded_c(c, eta * y * y));
    }
    const auto x = std::span(f.x).subspan(t * c.trace.inputs, c.trace.inputs);
    factors[t].b0.assign(x.begin(), x.end());
  }
  BoundedArrays out;
  put_fixed(c, f, factors, out);
  return out;
}

}  // namespace

Rule make_oja() {
  Rule rule;
  rule.name = "oja";
  rule.summary = "Hebbian learning that keeps its weights' length: the first principal component";
  rule.source = "Oja 1982, J. Math. Biology 15, 267-273, eq 3";
  rule.parameters = {{"eta", "", "eta", 0.01, 1e-9, 64, false, {}, "learning rate"}};
  rule.renderings = {true, true, true, true};
  rule.cycles = {nullptr, [](const RulePlan&, int neurons, int) { return walk_cycles(neurons, 2); }, nullptr};
  rule.resolve = resolve;
  rule.golden_post = []() -> std::unique_ptr<PostUnit> { return std::make_unique<Post>(); };
  rule.floating = oja::reference();
  rule.bench = bench;
  return rule;
}

}  // namespace trifactor
