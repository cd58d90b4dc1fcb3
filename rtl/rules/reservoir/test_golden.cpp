// Do the hardware's words follow the float rule, and do sums of several cores add up to those of one?
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "rtl/rules/reservoir/golden.hpp"
#include "rtl/rules/reservoir/reference.hpp"
#include "rtl/rules/rule.hpp"
#include "rtl/spec/diagnostic.hpp"

using namespace trifactor;
using namespace trifactor::reservoir;

namespace {

LayerFacts facts(int neurons) {
  LayerFacts f;
  f.where = "test", f.neurons = neurons;
  f.weight = signed_format(16, 1), f.activity = signed_format(8, 1);
  f.value = signed_format(16, 8);
  f.error_sum_frac = 17;
  f.stochastic = false;
  f.largest_eta = 0.01;
  return f;
}

Parameters parameters(double tau) {
  Parameters p;
  p.numbers = {{"tau", tau}, {"eta", 0.01}};
  return p;
}

}  // namespace

TEST_CASE("words of the hardware are those of the float rule, within the steps of their formats") {
  std::mt19937 random(1);
  std::uniform_real_distribution<double> noise(-3, 3);
  for (const double tau : {2.0, 5.0, 50.0}) {
    constexpr std::size_t n = 6;
    const LayerFacts layer = facts(n);
    const RulePlan plan = find_rule("reservoir")->resolve(parameters(tau), layer);
    const auto floating = reference().learner(parameters(tau), {1, n});
    const auto post = golden_post();
    const auto teacher = golden_teacher();
    std::vector<std::int32_t> means(n, 0);
    std::vector<std::int64_t> state(teacher_state_words(0), 0);
    std::vector<std::uint32_t> generators(n, 1);
    const double step = std::ldexp(1, -plan.lane.shift - layer.weight.frac + layer.activity.frac);
    int better = 0;
    for (std::uint64_t t = 0; t < 400; ++t) {
      std::vector<std::int16_t> z(n), a0(n), words(1);
      std::vector<std::int64_t> told(n), up(1, 0);
      std::vector<double> real_z(n), real_told(n);
      for (std::size_t i = 0; i < n; ++i) {
        z[i] = static_cast<std::int16_t>(layer.value.quantise(noise(random)));
        told[i] = layer.value.quantise(noise(random)) << (layer.error_sum_frac - layer.value.frac);
        real_z[i] = layer.value.real(z[i]);
        real_told[i] = std::ldexp(static_cast<double>(told[i]), -layer.error_sum_frac);
      }
      PostView view;
      view.registers = plan.post, view.eta = plan.eta_mantissa, view.neurons = n;
      view.now.z = z.data(), view.error = told.data();
      // two cores of three neurons contribute what one of six does
      for (std::size_t first : {std::size_t{0}, n / 2}) {
        PostView half = view;
        half.neurons = n / 2, half.now.z = &z[first], half.error = &told[first];
        post->contribute(half, up);
      }
      std::vector<std::int64_t> whole(1, 0);
      post->contribute(view, whole);
      REQUIRE(up == whole);
      TeacherMonitor monitor;
      teacher->teach(plan.teacher, t, 0, up, 0, state, words, monitor);
      PostResult result;
      result.generators = generators, result.means = means, result.a0 = a0;
      post->form(view, words, -1, result);
      FloatActivity now;
      const std::vector<double> x = {1};
      now.x = x, now.z = real_z, now.error = real_told;
      FloatFactors f;
      floating->step(now, layer.largest_eta, f);
      REQUIRE(words[0] == (floating->signals().third_factor == 1));  // no tie among so many random sums
      better += words[0];
      for (std::size_t i = 0; i < n; ++i)
        REQUIRE(a0[i] * step == Approx(f.a0[i]).margin(2 * step + 0.01 * layer.value.step()).epsilon(1e-3));
    }
    CHECK(better > 100);
    CHECK(better < 300);
  }
}

TEST_CASE("what the units cannot hold is refused by name") {
  const auto code = [](LayerFacts layer) -> std::string {
    try {
      find_rule("reservoir")->resolve(parameters(5), layer);
    } catch (const Error& error) {
      return error.items().at(0).code;
    }
    return "";
  };
  CHECK(code(facts(most_neurons)).empty());
  CHECK(code(facts(most_neurons + 1)) == "TF-RULE-502");
  LayerFacts layer = facts(4);
  layer.groups = 2;
  CHECK(code(layer) == "TF-RULE-501");
  layer = facts(4), layer.feedback = true;
  CHECK(code(layer) == "TF-RULE-503");
  layer = facts(4), layer.error_sum_frac = 3;
  CHECK(code(layer) == "TF-FMT-002");
}
