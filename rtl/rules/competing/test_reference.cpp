// Does the float reference of competing let the right units learn, towards unit p-norm, and does its learner
// do the same sample by sample?
#include "rtl/rules/competing/reference.hpp"

#include "rtl/rules/test_support.hpp"

using namespace trifactor;
using namespace trifactor::reference_test;

namespace {

constexpr unsigned seeds = 12;
const FloatRule rule = competing_reference();

struct Problem {
  std::size_t samples = 0, inputs = 0, neurons = 0, k = 0;
  EvalRequest request;

  double& number(const char* name) { return request.parameters.numbers[name]; }
  Vector& w() { return request.inputs["w"].values; }
  std::span<const double> x(std::size_t t) { return slice(request.inputs["x"], t); }
  FloatArrays eval(const char* mode, const char* normalise) {
    request.mode = mode;
    request.parameters.words["normalise"] = normalise;
    return rule.eval(request);
  }
};

Problem random_problem(unsigned seed) {
  Draw draw(seed);
  Problem out;
  out.samples = draw.pick(1, 6), out.inputs = draw.pick(1, 6), out.neurons = draw.pick(3, 8);
  out.k = draw.pick(2, static_cast<int>(out.neurons));
  const double powers[] = {2, 3, 4, 2.5};
  out.request.parameters.numbers = {{"p", powers[seed % 4]},
                                    {"k", static_cast<double>(out.k)},
                                    {"delta", draw.between(.1, .9)},
                                    {"eta", draw.between(.01, .5)}};
  out.request.inputs = {{"x", draw.array({out.samples, out.inputs})},
                        {"w", draw.array({out.neurons, out.inputs})}};
  return out;
}

}  // namespace

TEST_CASE("the largest current learns, the k-th unlearns, the others rest") {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    Problem problem = random_problem(seed);
    CAPTURE(seed);
    const FloatArrays out = problem.eval("online", "none");
    for (std::size_t t = 0; t < problem.samples; ++t) {
      const std::span<const double> current = slice(out.at("current"), t), g = slice(out.at("g"), t);
      for (std::size_t i = 0; i < problem.neurons; ++i) {
        double expected = 0;  // I as the products of |w|^p and x/w
        for (std::size_t j = 0; j < problem.inputs; ++j) {
          const double w = problem.w()[i * problem.inputs + j];
          expected += std::pow(std::abs(w), problem.number("p")) * problem.x(t)[j] / w;
        }
        CHECK(current[i] == Approx(expected).margin(1e-12));
        const auto larger =
            std::count_if(current.begin(), current.end(), [&](double other) { return other > current[i]; });
        const double sign = larger == 0                                  ? 1
                            : larger == static_cast<long>(problem.k) - 1 ? -problem.number("delta")
                                                                         : 0;
        CHECK(g[i] == sign);
        for (std::size_t j = 0; j < problem.inputs; ++j) {
          const double w = problem.w()[i * problem.inputs + j];
          const double change = sign * (problem.x(t)[j] - current[i] * w);
          const std::size_t at = i * problem.inputs + j;
          CHECK(slice(out.at("raw"), t)[at] == Approx(change).margin(1e-13));
          CHECK(slice(out.at("dw"), t)[at] == Approx(problem.number("eta") * change).margin(1e-13));
        }
      }
      CHECK(g[static_cast<std::size_t>(out.at("winner").values[t])] == 1);
      CHECK(g[static_cast<std::size_t>(out.at("kth").values[t])] == -problem.number("delta"));
    }
    CHECK(out.size() == 6);
  }
}

TEST_CASE("of equal currents the highest index comes first, negative ones compete too") {
  Problem problem = random_problem(0);
  problem.number("p") = 2, problem.number("delta") = .5, problem.number("eta") = 1;
  const auto ranks = [&](Vector w, double k) {  // one input of 1: the weights are the currents
    problem.number("k") = k;
    const std::size_t n = w.size();
    problem.request.inputs = {{"x", {{1, 1}, {1}}}, {"w", {{n, 1}, std::move(w)}}};
    const FloatArrays out = problem.eval("online", "none");
    return Vector{out.at("winner").values[0], out.at("kth").values[0]};
  };
  CHECK(ranks({3, 3, 3}, 2) == Vector{2, 1});
  CHECK(ranks({3, 3, 3}, 3) == Vector{2, 0});
  CHECK(ranks({1, 5, 5, 2}, 2) == Vector{2, 1});
  CHECK(ranks({1, 5, 5, 2}, 3) == Vector{2, 3});
  CHECK(ranks({5, 1, 1, 1}, 2) == Vector{0, 3});
  CHECK(ranks({-3, -1, -2}, 2) == Vector{1, 2});
  CHECK(ranks({0, -0.0, 0}, 3) == Vector{2, 0});
}

TEST_CASE("a change keeps w of unit p-norm at unit p-norm to first order") {
  // d/dt sum |w|^p = p sum sign(w)|w|^(p-1) dw = p g I (1 - sum |w|^p): the norm converges to 1 whatever x
  // is.
  for (unsigned seed = 0; seed < seeds; ++seed) {
    Problem problem = random_problem(seed);
    CAPTURE(seed);
    const double p = problem.number("p");
    const FloatArrays out = problem.eval("online", "none");
    for (std::size_t t = 0; t < problem.samples; ++t) {
      for (std::size_t i = 0; i < problem.neurons; ++i) {
        double norm = 0, change = 0;
        for (std::size_t j = 0; j < problem.inputs; ++j) {
          const double w = problem.w()[i * problem.inputs + j];
          norm += std::pow(std::abs(w), p);
          change += std::copysign(std::pow(std::abs(w), p - 1), w) *
                    slice(out.at("raw"), t)[i * problem.inputs + j];
        }
        const double expected = slice(out.at("g"), t)[i] * slice(out.at("current"), t)[i] * (1 - norm);
        CHECK(change == Approx(expected).margin(1e-11));
      }
    }
  }
}

TEST_CASE("batch is the sum of the samples, divided as asked") {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    Problem problem = random_problem(seed);
    CAPTURE(seed);
    const FloatArrays online = problem.eval("online", "none");
    Vector sum(problem.w().size());
    for (std::size_t t = 0; t < problem.samples; ++t)
      for (std::size_t k = 0; k < sum.size(); ++k) sum[k] += slice(online.at("raw"), t)[k];
    const double eta = problem.number("eta"), samples = static_cast<double>(problem.samples);
    for (const char* normalise : {"none", "mean"}) {
      const FloatArrays batch = problem.eval("batch", normalise);
      CHECK(difference(batch.at("raw").values, sum) < 1e-12);
      CHECK(difference(batch.at("dw").values, scaled(eta / samples, sum)) < 1e-12);
      for (const char* name : {"current", "g", "winner", "kth"})
        CHECK(batch.at(name).values == online.at(name).values);
      CHECK(batch.at("dw").shape == std::vector<std::size_t>{problem.neurons, problem.inputs});
    }
    const FloatArrays most = problem.eval("batch", "max");
    CHECK(largest(most.at("dw").values) == Approx(eta).epsilon(1e-14));
    CHECK(difference(most.at("dw").values, scaled(eta / largest(sum), sum)) < 1e-12);
    const FloatArrays each = problem.eval("online", "max");
    for (std::size_t t = 0; t < problem.samples; ++t)
      CHECK(largest(slice(each.at("dw"), t)) == Approx(eta).epsilon(1e-14));
  }
}

TEST_CASE("silence changes nothing, whatever a change is divided by") {
  Problem problem = random_problem(1);
  for (double& value : problem.request.inputs["x"].values) value = 0;
  for (const char* mode : {"online", "batch"})
    for (const char* normalise : {"none", "mean", "max"})
      CHECK(largest(problem.eval(mode, normalise).at("dw").values) == 0);
}

TEST_CASE("the learner's factors rebuild eval's dw") {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    Problem problem = random_problem(seed);
    CAPTURE(seed);
    const FloatArrays out = problem.eval("online", "none");
    Parameters network = problem.request.parameters;
    network.words.clear();
    CHECK(rule.weight_power(network) == problem.number("p"));
    const auto learner = rule.learner(network, {problem.inputs, problem.neurons});
    FloatFactors f;
    for (std::size_t t = 0; t < problem.samples; ++t) {
      FloatActivity now;
      now.x = problem.x(t), now.current = slice(out.at("current"), t);
      learner->step(now, problem.number("eta"), f);
      CHECK(difference(change_of(f, problem.w()), slice(out.at("dw"), t)) < 1e-13);
    }
  }
}

TEST_CASE("the learner refuses layers and lengths that are not its own") {
  Problem problem = random_problem(1);
  problem.number("k") = 3;
  CHECK_THROWS_AS(rule.learner(problem.request.parameters, {2, 2}), Error);
  const auto learner = rule.learner(problem.request.parameters, {2, 3});
  const Vector x(2), current(3);
  FloatFactors factors;
  const auto step = [&](std::span<const double> a, std::span<const double> b) {
    FloatActivity now;
    now.x = a, now.current = b;
    learner->step(now, 1, factors);
  };
  CHECK_NOTHROW(step(x, current));
  CHECK_THROWS_AS(step(current, current), Error);
  CHECK_THROWS_AS(step(x, x), Error);
  CHECK_THROWS_AS(step(x, {}), Error);
}

TEST_CASE("mistakes are refused with their codes, all at once") {
  const auto expect = [](const std::function<void(Problem&)>& spoil, ExitCode exit,
                         const std::multiset<std::string>& codes) {
    Problem problem = random_problem(4);
    problem.request.mode = "online", problem.request.parameters.words["normalise"] = "none";
    spoil(problem);
    expect_refused(rule.eval, problem.request, exit, codes);
  };
  using P = Problem&;
  for (const char* name : {"p", "k", "delta", "eta"}) {
    expect([&](P p) { p.number(name) = NAN; }, ExitCode::configuration, {"TF-EVL-002"});
    expect([&](P p) { p.request.parameters.numbers.erase(name); }, ExitCode::configuration, {"TF-EVL-002"});
  }
  expect([](P p) { p.number("k") = static_cast<double>(p.neurons + 1); }, ExitCode::configuration,
         {"TF-EVL-008"});
  expect([](P p) { p.number("k") = 1; }, ExitCode::configuration, {"TF-EVL-002"});
  expect([](P p) { p.request.parameters.words["normalise"] = "maxx"; }, ExitCode::configuration,
         {"TF-EVL-002"});
  expect([](P p) { p.request.mode = "sample"; }, ExitCode::configuration, {"TF-EVL-001"});
  expect([](P p) { p.request.inputs.erase("w"); }, ExitCode::data, {"TF-EVL-004"});
  expect([](P p) { p.w()[0] = NAN, p.number("eta") = NAN; }, ExitCode::configuration,
         {"TF-EVL-002", "TF-EVL-006"});
}
