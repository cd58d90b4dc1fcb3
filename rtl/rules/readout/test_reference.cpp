// Is the float reference of the read-out the gradient of the losses it names, with the right rule at the
// hinge's corners, and does its learner do the same sample by sample?
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <random>
#include <set>

#include "rtl/rules/readout/reference.hpp"
#include "rtl/spec/diagnostic.hpp"

using namespace trifactor;

namespace {

using Vector = std::vector<double>;
const std::vector<std::string> errors = {"softmax", "linear", "hinge"};
constexpr unsigned seeds = 12;

struct Problem {
  std::size_t samples = 0, inputs = 0, neurons = 0;
  EvalRequest request;

  Vector& x() { return request.inputs["x"].values; }
  Vector& w() { return request.inputs["w"].values; }
  Vector& labels() { return request.inputs["labels"].values; }
  double& number(const char* name) { return request.parameters.numbers[name]; }
  double mu() { return number("mu") == 0 ? 1 / (number("classes") - 1) : number("mu"); }
  FloatArrays eval(const char* mode, const std::string& error) {
    request.mode = mode;
    request.parameters.words["error"] = error;
    return readout_reference().eval(request);
  }
  /// w x of sample t.
  Vector sums(const Vector& weights, std::size_t t) {
    Vector out(neurons);
    for (std::size_t i = 0; i < neurons; ++i) {
      for (std::size_t j = 0; j < inputs; ++j) out[i] += weights[i * inputs + j] * x()[t * inputs + j];
    }
    return out;
  }
};

/// Random shapes; no sum lies within 2e-3 of the corners of the hinge.
Problem random_problem(unsigned seed) {
  std::mt19937 engine(seed);
  std::normal_distribution<double> normal;
  const auto pick = [&](int low, int high) {
    return static_cast<std::size_t>(std::uniform_int_distribution<int>(low, high)(engine));
  };
  Problem out;
  out.samples = pick(1, 6), out.inputs = pick(1, 6), out.neurons = pick(2, 6);
  out.request.mode = "online";
  out.request.parameters.numbers = {{"eta", .3},
                                    {"classes", static_cast<double>(out.neurons)},
                                    {"mu", seed % 2 == 0 ? 0 : .37},
                                    {"decay", 0}};
  out.request.parameters.words["error"] = "softmax";
  out.request.inputs["x"] = {{out.samples, out.inputs}, Vector(out.samples * out.inputs)};
  out.request.inputs["w"] = {{out.neurons, out.inputs}, Vector(out.neurons * out.inputs)};
  out.request.inputs["labels"] = {{out.samples}, Vector(out.samples)};
  bool clear = false;
  while (!clear) {
    for (double& value : out.x()) value = normal(engine);
    for (double& value : out.w()) value = normal(engine);
    clear = true;
    for (std::size_t t = 0; t < out.samples; ++t) {
      for (const double h : out.sums(out.w(), t)) clear = clear && std::abs(std::abs(h) - 1) > 2e-3;
    }
  }
  for (double& label : out.labels()) label = static_cast<double>(pick(0, static_cast<int>(out.neurons) - 1));
  return out;
}

/// Cross-entropy of softmax; half the squared error; max(0, 1 - h_c) + mu sum max(0, 1 + h_i).
double loss(Problem& problem, const std::string& error, const Vector& w, std::size_t t) {
  const Vector h = problem.sums(w, t);
  const std::size_t target = static_cast<std::size_t>(problem.labels()[t]);
  double sum = 0, out = 0;
  for (std::size_t i = 0; i < h.size(); ++i) {
    const bool is_target = i == target;
    sum += std::exp(h[i]);
    if (error == "linear") out += std::pow((is_target ? 1 : 0) - h[i], 2) / 2;
    if (error == "hinge") out += is_target ? std::max(0., 1 - h[i]) : problem.mu() * std::max(0., 1 + h[i]);
  }
  return error == "softmax" ? std::log(sum) - h[target] : out;
}

Vector descent(Problem& problem, const std::function<double(const Vector&)>& objective) {
  Vector w = problem.w(), out(w.size());
  const double step = 1e-4;
  for (std::size_t k = 0; k < w.size(); ++k) {
    const double centre = w[k];
    const auto at = [&](double offset) {
      w[k] = centre + offset;
      return objective(w);
    };
    out[k] =
        -problem.number("eta") * (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
    w[k] = centre;
  }
  return out;
}

/// The largest difference of two entries; infinite where one is NaN.
double difference(std::span<const double> a, std::span<const double> b) {
  REQUIRE(a.size() == b.size());
  double out = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (std::isnan(a[k] - b[k])) return INFINITY;
    out = std::max(out, std::abs(a[k] - b[k]));
  }
  return out;
}

std::span<const double> slice(const FloatArray& array, std::size_t t) {
  const std::size_t width = array.values.size() / array.shape[0];
  return std::span(array.values).subspan(t * width, width);
}

}  // namespace

TEST_CASE("online dw is -eta times the gradient of each sample's loss, batch of their mean") {
  for (const std::string& error : errors) {
    double largest = 0;
    for (unsigned seed = 0; seed < seeds; ++seed) {
      Problem problem = random_problem(seed);
      CAPTURE(error, seed);
      const FloatArrays online = problem.eval("online", error);
      CHECK(online.at("dw").shape ==
            std::vector<std::size_t>{problem.samples, problem.neurons, problem.inputs});
      for (std::size_t t = 0; t < problem.samples; ++t) {
        const Vector numeric = descent(problem, [&](const Vector& w) { return loss(problem, error, w, t); });
        CHECK(difference(slice(online.at("dw"), t), numeric) < 1e-9);
        for (const double value : numeric) largest = std::max(largest, std::abs(value));
      }
      const FloatArrays batch = problem.eval("batch", error);
      CHECK(batch.at("dw").shape == std::vector<std::size_t>{problem.neurons, problem.inputs});
      const Vector numeric = descent(problem, [&](const Vector& w) {
        double mean = 0;
        for (std::size_t t = 0; t < problem.samples; ++t) mean += loss(problem, error, w, t);
        return mean / static_cast<double>(problem.samples);
      });
      CHECK(difference(batch.at("dw").values, numeric) < 1e-9);
      for (const char* name : {"z", "delta"}) {
        CHECK(online.at(name).shape == std::vector<std::size_t>{problem.samples, problem.neurons});
        CHECK(online.at(name).values == batch.at(name).values);
      }
      CHECK(online.size() == 3);
      CHECK(batch.size() == 3);
    }
    CHECK(largest > .1);
  }
}

TEST_CASE("z and delta are what the error says") {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    Problem problem = random_problem(seed);
    const FloatArrays softmax = problem.eval("online", "softmax"), linear = problem.eval("online", "linear");
    const FloatArrays hinge = problem.eval("online", "hinge");
    for (std::size_t t = 0; t < problem.samples; ++t) {
      const Vector h = problem.sums(problem.w(), t);
      CHECK(difference(slice(linear.at("z"), t), h) < 1e-14);
      CHECK(difference(slice(hinge.at("z"), t), h) < 1e-14);
      double total = 0, moved = 0;
      for (std::size_t i = 0; i < h.size(); ++i) {
        const double p = slice(softmax.at("z"), t)[i];
        CHECK(p > 0);
        CHECK(std::log(p / slice(softmax.at("z"), t)[0]) == Approx(h[i] - h[0]).margin(1e-12));
        total += p;
        moved += slice(softmax.at("delta"), t)[i];
        const double target = static_cast<double>(i) == problem.labels()[t] ? 1 : 0;
        CHECK(slice(softmax.at("delta"), t)[i] == target - p);
        CHECK(slice(linear.at("delta"), t)[i] == target - slice(linear.at("z"), t)[i]);
      }
      CHECK(total == Approx(1).epsilon(1e-14));
      CHECK(std::abs(moved) < 1e-14);
    }
  }
}

TEST_CASE("the hinge is strict at its corners, and mu defaults to 1/(classes-1)") {
  Problem problem = random_problem(0);
  problem.neurons = 5, problem.inputs = problem.samples = 1;
  problem.number("classes") = 5;
  problem.request.inputs = {
      {"x", {{1, 1}, {1}}}, {"w", {{5, 1}, {1, -1, -.999, 7, -7}}}, {"labels", {{1}, {0}}}};
  CHECK(problem.eval("online", "hinge").at("delta").values == Vector{0, 0, -.25, -.25, 0});
  problem.number("mu") = .5;
  CHECK(problem.eval("online", "hinge").at("delta").values == Vector{0, 0, -.5, -.5, 0});
  problem.labels()[0] = 2;
  CHECK(problem.eval("online", "hinge").at("delta").values == Vector{-.5, 0, 1, -.5, 0});
  problem.labels()[0] = 3;
  CHECK(problem.eval("online", "hinge").at("delta").values == Vector{-.5, 0, -.5, 0, 0});
}

TEST_CASE("softmax survives sums far outside the range of the exponential") {
  Problem problem = random_problem(0);
  problem.neurons = 3, problem.inputs = problem.samples = 1;
  problem.number("classes") = 3;
  problem.request.inputs = {
      {"x", {{1, 1}, {1}}}, {"w", {{3, 1}, {5000, 4999, -5000}}}, {"labels", {{1}, {1}}}};
  const FloatArrays out = problem.eval("online", "softmax");
  const double p = 1 / (1 + std::exp(-1.));
  CHECK(difference(out.at("z").values, Vector{p, 1 - p, 0}) < 1e-15);
}

TEST_CASE("decay is -eta decay w at every sample, and once a batch") {
  for (const std::string& error : errors) {
    for (const char* mode : {"online", "batch"}) {
      Problem problem = random_problem(3);
      const FloatArrays plain = problem.eval(mode, error);
      problem.number("decay") = .2;
      Vector expected = plain.at("dw").values;
      for (std::size_t k = 0; k < expected.size(); ++k) {
        expected[k] -= problem.number("eta") * .2 * problem.w()[k % problem.w().size()];
      }
      CHECK(difference(problem.eval(mode, error).at("dw").values, expected) < 1e-14);
    }
  }
}

TEST_CASE("the learner's factors rebuild eval's dw from the linear sums") {
  for (const std::string& error : errors) {
    for (unsigned seed = 0; seed < seeds; ++seed) {
      Problem problem = random_problem(seed);
      CAPTURE(error, seed);
      problem.number("decay") = seed % 3 == 0 ? 0 : .2;
      const FloatArrays out = problem.eval("online", error);
      Parameters network = problem.request.parameters;  // a network names the classes in its layer
      network.numbers.erase("classes");
      const auto learner =
          readout_reference().learner(network, {problem.inputs, problem.neurons, 0, 0, problem.neurons});
      FloatFactors f;
      for (std::size_t t = 0; t < problem.samples; ++t) {
        const Vector sums = problem.sums(problem.w(), t);
        FloatActivity now;
        now.x = slice(problem.request.inputs["x"], t);
        now.z = sums;
        now.label = static_cast<std::int64_t>(problem.labels()[t]);
        learner->step(now, problem.number("eta"), f);
        CHECK(f.a1.empty());
        CHECK(f.b1.empty());
        REQUIRE(f.c.size() == (seed % 3 == 0 ? 0 : problem.neurons));
        Vector found(problem.w().size());
        for (std::size_t k = 0; k < found.size(); ++k) {
          const std::size_t i = k / problem.inputs;
          found[k] = f.a0.at(i) * f.b0.at(k % problem.inputs) - (f.c.empty() ? 0 : f.c[i] * problem.w()[k]);
        }
        CHECK(difference(found, slice(out.at("dw"), t)) < 1e-12);
      }
      CHECK(learner->signals().partners == 0);
    }
  }
}

TEST_CASE("the learner refuses labels and lengths that are not its layer's") {
  Problem problem = random_problem(1);
  const Parameters& given = problem.request.parameters;
  CHECK_THROWS_AS(readout_reference().learner(given, {2, 3, 0, 0, 4}), Error);
  const auto learner = readout_reference().learner(given, {2, 3, 0, 0, 3});
  const Vector x(2), z(3);
  FloatFactors factors;
  const auto step = [&](std::span<const double> a, std::span<const double> b, std::int64_t label) {
    FloatActivity now;
    now.x = a, now.z = b, now.label = label;
    learner->step(now, 1, factors);
  };
  CHECK_NOTHROW(step(x, z, 2));
  CHECK_THROWS_AS(step(x, z, 3), Error);
  CHECK_THROWS_AS(step(x, z, -1), Error);
  CHECK_THROWS_AS(step(z, z, 0), Error);
  CHECK_THROWS_AS(step(x, x, 0), Error);
}

TEST_CASE("mistakes are refused with their codes, all at once") {
  const auto expect = [](const std::function<void(Problem&)>& spoil, ExitCode exit,
                         const std::multiset<std::string>& codes) {
    Problem problem = random_problem(4);
    spoil(problem);
    try {
      readout_reference().eval(problem.request);
      FAIL_CHECK("accepted");
    } catch (const Error& error) {
      std::multiset<std::string> found;
      for (const Diagnostic& item : error.items()) found.insert(item.code);
      CHECK(error.exit() == exit);
      CHECK(found == codes);
    }
  };
  using P = Problem&;
  CHECK_NOTHROW(readout_reference().eval(random_problem(4).request));
  const double nan = std::nan("");
  for (const char* name : {"eta", "mu", "decay", "classes"}) {
    expect([&](P p) { p.number(name) = nan; }, ExitCode::configuration, {"TF-EVL-002"});
    expect([&](P p) { p.request.parameters.numbers.erase(name); }, ExitCode::configuration, {"TF-EVL-002"});
  }
  expect([](P p) { p.number("mu") = -1; }, ExitCode::configuration, {"TF-EVL-002"});
  expect([](P p) { p.request.parameters.words["error"] = "sofmax"; }, ExitCode::configuration,
         {"TF-EVL-002"});
  expect([](P p) { p.request.parameters.words.clear(); }, ExitCode::configuration, {"TF-EVL-002"});
  expect([](P p) { p.request.mode = "bach"; }, ExitCode::configuration, {"TF-EVL-001"});
  expect([](P p) { p.number("classes") += 1; }, ExitCode::configuration, {"TF-EVL-008"});
  expect([](P p) { p.labels()[0] = static_cast<double>(p.neurons); }, ExitCode::data, {"TF-EVL-007"});
  expect([&](P p) { p.w()[0] = nan; }, ExitCode::data, {"TF-EVL-006"});
  expect([](P p) { p.request.inputs.erase("labels"); }, ExitCode::data, {"TF-EVL-004"});
  expect([&](P p) { p.w()[0] = nan, p.number("eta") = nan, p.request.inputs.erase("x"); },
         ExitCode::configuration, {"TF-EVL-002", "TF-EVL-004", "TF-EVL-006"});
  try {
    Problem problem = random_problem(4);
    problem.request.inputs["label"] = problem.request.inputs["labels"];
    problem.request.inputs.erase("labels");
    problem.request.parameters.words["error"] = "sofmax";
    readout_reference().eval(problem.request);
    FAIL_CHECK("accepted");
  } catch (const Error& error) {
    REQUIRE(error.items().size() == 2);
    CHECK(error.items()[0].hint.find("softmax") != std::string::npos);
    CHECK(error.items()[1].hint.find("label?") != std::string::npos);
  }
}
