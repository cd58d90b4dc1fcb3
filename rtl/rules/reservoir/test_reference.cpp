// Does the read-out do what (10) says, sample by sample as on whole arrays, and does it come to say what it
// is told?
#include "rtl/rules/reservoir/reference.hpp"
#include "rtl/rules/test_support.hpp"

using namespace trifactor;
using namespace trifactor::reference_test;

namespace {

const FloatRule rule = reservoir::reference();

EvalRequest problem(unsigned seed) {
  Draw draw(seed);
  const std::size_t samples = draw.pick(2, 30), inputs = draw.pick(1, 6), neurons = draw.pick(1, 5);
  EvalRequest r;
  r.mode = "online";
  r.parameters.numbers = {{"tau", draw.between(1, 9)}, {"eta", draw.between(0.1, 2)}};
  r.inputs = {{"x", draw.array({samples, inputs})},
              {"w", draw.array({neurons, inputs})},
              {"xi", draw.array({samples, neurons}, 2)}};
  return r;
}

}  // namespace

TEST_CASE("the learner that streams forms what the equations on whole arrays give") {
  double learned = 0, rested = 0;
  for (unsigned seed = 0; seed < 40; ++seed) {
    const EvalRequest r = problem(seed);
    const FloatArrays out = rule.eval(r);
    const std::size_t neurons = r.inputs.at("w").shape[0], inputs = r.inputs.at("w").shape[1];
    const auto learner = rule.learner(r.parameters, {inputs, neurons});
    for (std::size_t t = 0; t < r.inputs.at("x").shape[0]; ++t) {
      FloatActivity now;
      now.x = slice(r.inputs.at("x"), t), now.z = slice(out.at("z"), t),
      now.error = slice(r.inputs.at("xi"), t);
      FloatFactors f;
      learner->step(now, r.parameters.number("eta"), f);
      Vector change;
      for (const double a : f.a0)
        for (const double b : f.b0) change.push_back(a * b);
      CHECK(difference(change, slice(out.at("dw"), t)) < 1e-12);
      CHECK(learner->signals().third_factor == out.at("third_factor").values[t]);
      (out.at("third_factor").values[t] == 1 ? learned : rested) += 1;
    }
  }
  CHECK(learned > 50);
  CHECK(rested > 50);
}

TEST_CASE("nothing is learned before the mean of the power has fallen from 0") {
  EvalRequest r = problem(3);
  const FloatArrays out = rule.eval(r);
  CHECK(out.at("third_factor").values[0] == 0);  // P < 0 is below the start of its mean
  CHECK(out.at("power_mean").values[0] == Approx(out.at("power").values[0] / r.parameters.number("tau")));
}

TEST_CASE("noise that helped is kept: a noisy read-out comes to say what it is told") {
  Draw draw(1);
  Parameters p;
  p.numbers["tau"] = 5;
  const auto learner = rule.learner(p, {1, 2});
  Vector w(2, 0.0);
  const Vector target = {1.5, -0.7}, x = {1};
  for (int t = 0; t < 20000; ++t) {
    Vector z;
    for (const double weight : w) z.push_back(weight + draw.between(-0.25, 0.25));
    FloatActivity now;
    now.x = x, now.z = z, now.error = target;
    FloatFactors f;
    learner->step(now, 0.01, f);
    for (std::size_t i = 0; i < 2; ++i) w[i] += f.a0[i];
  }
  CHECK(difference(w, target) < 0.1);
}

TEST_CASE("mistakes are refused with their codes") {
  const auto expect = [](auto spoil, ExitCode exit, const std::multiset<std::string>& codes) {
    EvalRequest r = problem(5);
    spoil(r);
    expect_refused(rule.eval, r, exit, codes);
  };
  expect([](auto& r) { r.parameters.numbers["tau"] = 0.5; }, ExitCode::configuration, {"TF-EVL-002"});
  expect([](auto& r) { r.parameters.numbers.erase("eta"); }, ExitCode::configuration, {"TF-EVL-002"});
  expect([](auto& r) { r.mode = "batch"; }, ExitCode::configuration, {"TF-EVL-001"});
  expect([](auto& r) { r.inputs.erase("xi"); }, ExitCode::data, {"TF-EVL-004"});
  expect(
      [](auto& r) {
        r.inputs["xi"].shape = {1, 1}, r.inputs["xi"].values = {0};
      },
      ExitCode::data, {"TF-EVL-005"});
  const auto learner = rule.learner(problem(1).parameters, {2, 3});
  FloatFactors f;
  FloatActivity now;
  const Vector wrong(2);
  now.x = wrong, now.z = wrong;
  CHECK_THROWS_AS(learner->step(now, 1, f), Error);
}
