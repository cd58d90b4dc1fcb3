// Tests that every batch-only pHSIC kernel gets: random layers away from the kink of the leaky ReLU, the loss
// written from its definition, its numerical gradient, refusals.
#pragma once

#include "rtl/rules/test_support.hpp"

namespace trifactor::reference_test {

struct BatchProblem {
  std::size_t samples = 0, inputs = 0, neurons = 0, groups = 0;
  EvalRequest request;

  double& number(const char* name) { return request.parameters.numbers[name]; }
  Vector& w() { return request.inputs["w"].values; }
  std::span<const double> x(std::size_t t) { return slice(request.inputs["x"], t); }
  double label(std::size_t t) { return request.inputs["labels"].values[t]; }

  /// What the kernel compares, from the definitions (13, 14).
  Vector seen(const Vector& sums) {
    Vector z = sums;
    for (double& value : z) value = value > 0 ? value : number("slope") * value;
    if (groups == 0) return z;
    const std::size_t c = neurons / groups;
    Vector v(groups);
    double total = 0;
    for (std::size_t g = 0; g < groups; ++g) {
      double mean = 0, power = number("delta");
      for (std::size_t i = g * c; i < (g + 1) * c; ++i) mean += z[i] / static_cast<double>(c);
      for (std::size_t i = g * c; i < (g + 1) * c; ++i) power += std::pow(z[i] - mean, 2);
      v[g] = std::pow(power / static_cast<double>(c), 1 - number("p"));
      total += v[g] / static_cast<double>(groups);
    }
    for (double& value : v) value -= total;
    return v;
  }
};

inline BatchProblem batch_problem(unsigned seed, bool grouped) {
  Draw draw(2 * seed + (grouped ? 1 : 0));
  BatchProblem out;
  for (;;) {
    out.samples = draw.pick(2, 6), out.inputs = draw.pick(2, 5), out.groups = grouped ? draw.pick(2, 4) : 0;
    out.neurons = grouped ? out.groups * draw.pick(2, 3) : draw.pick(2, 6);
    const std::size_t classes = draw.pick(2, 4);
    out.request.mode = "batch";
    out.request.parameters.numbers = {{"gamma", draw.between(.5, 4)},
                                      {"eta", draw.between(.1, 2)},
                                      {"sigma", 1},
                                      {"classes", static_cast<double>(classes)},
                                      {"slope", draw.between(.01, .5)},
                                      {"groups", static_cast<double>(out.groups)},
                                      {"p", draw.between(.05, .6)},
                                      {"delta", draw.between(.2, 2)}};
    out.request.inputs = {{"x", draw.array({out.samples, out.inputs})},
                          {"w", draw.array({out.neurons, out.inputs})},
                          {"labels", draw.labels(out.samples, classes)}};
    bool clear = true;
    for (std::size_t t = 0; t < out.samples; ++t)
      for (const double h : product(out.w(), out.x(t))) clear = clear && std::abs(h) > 2e-2;
    if (clear) return out;
  }
}

using PairKernel = double (*)(const Vector&, const Vector&);

/// pHSIC(Z,Z) - gamma pHSIC(Y,Z) of sums (samples, neurons), from the definitions.
inline double batch_loss(BatchProblem& problem, PairKernel kernel, const Vector& sums) {
  const std::size_t m = problem.samples, n = problem.neurons;
  std::vector<Vector> h;
  for (std::size_t t = 0; t < m; ++t)
    h.push_back(problem.seen(
        {sums.begin() + static_cast<long>(t * n), sums.begin() + static_cast<long>((t + 1) * n)}));
  const double pairs = static_cast<double>(m * m);
  double k = 0, y = 0, kk = 0, ky = 0;
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < m; ++j) {
      const double one = kernel(h[i], h[j]);
      const double label = problem.label(i) == problem.label(j) ? 1 : -1 / (problem.number("classes") - 1);
      k += one / pairs, y += label / pairs, kk += one * one / pairs, ky += one * label / pairs;
    }
  }
  return kk - k * k - problem.number("gamma") * (ky - k * y);
}

inline Vector sums_of(BatchProblem& problem, const Vector& w) {
  Vector out;
  for (std::size_t t = 0; t < problem.samples; ++t)
    for (const double h : product(w, problem.x(t))) out.push_back(h);
  return out;
}

/// loss, delta and dw against the loss from its definition and its numerical gradients.
inline void check_batch_gradient(const FloatRule& rule, PairKernel kernel) {
  for (const bool grouped : {false, true}) {
    double moved = 0;
    for (unsigned seed = 0; seed < 12; ++seed) {
      BatchProblem problem = batch_problem(seed, grouped);
      CAPTURE(seed, grouped);
      const FloatArrays out = rule.eval(problem.request);
      const Vector sums = sums_of(problem, problem.w());
      CHECK(out.at("loss").values.at(0) == Approx(batch_loss(problem, kernel, sums)).margin(1e-12));
      CHECK(out.at("loss").shape.empty());
      const Vector over_sums =
          gradient(sums, [&](const Vector& h) { return batch_loss(problem, kernel, h); });
      CHECK(difference(out.at("delta").values, scaled(-1, over_sums)) < 1e-6);
      const Vector over_weights = gradient(
          problem.w(), [&](const Vector& w) { return batch_loss(problem, kernel, sums_of(problem, w)); });
      CHECK(difference(out.at("dw").values, scaled(-problem.number("eta"), over_weights)) < 1e-6);
      CHECK(out.at("dw").shape == std::vector<std::size_t>{problem.neurons, problem.inputs});
      CHECK(out.at("kernel").shape == std::vector<std::size_t>{problem.samples, problem.samples});
      CHECK(out.size() == (grouped ? 9 : 6));
      moved = std::max(moved, largest(over_weights));
    }
    CHECK(moved > .1);
  }
}

inline void check_batch_refusals(const FloatRule& rule) {
  const auto expect = [&](const std::function<void(BatchProblem&)>& spoil, ExitCode exit,
                          const std::multiset<std::string>& codes) {
    BatchProblem problem = batch_problem(3, true);
    spoil(problem);
    expect_refused(rule.eval, problem.request, exit, codes);
  };
  using P = BatchProblem&;
  for (const char* name : {"gamma", "eta", "classes", "slope", "groups", "p", "delta"}) {
    expect([&](P p) { p.number(name) = NAN; }, ExitCode::configuration, {"TF-EVL-002"});
    expect([&](P p) { p.request.parameters.numbers.erase(name); }, ExitCode::configuration, {"TF-EVL-002"});
  }
  expect([](P p) { p.request.mode = "online"; }, ExitCode::configuration, {"TF-EVL-001"});
  expect([](P p) { p.number("groups") = static_cast<double>(p.neurons + 1); }, ExitCode::configuration,
         {"TF-EVL-008"});
  expect([](P p) { p.request.inputs.erase("labels"); }, ExitCode::data, {"TF-EVL-004"});
  expect([](P p) { p.w()[0] = NAN; }, ExitCode::data, {"TF-EVL-006"});
  CHECK(rule.learner == nullptr);
}

}  // namespace trifactor::reference_test
