// Is the float reference of hsic_memory the derivative that the paper starts from, with a memory of the right
// depth, and does its learner do the same sample by sample?
#include "rtl/rules/hsic_memory/reference.hpp"
#include "rtl/rules/test_support.hpp"

using namespace trifactor;
using namespace trifactor::reference_test;

namespace {

constexpr unsigned seeds = 12;
const FloatRule rule = hsic_memory_reference();

struct Problem {
  std::size_t samples = 0, inputs = 0, neurons = 0, depth = 0;
  EvalRequest request;

  double& number(const char* name) { return request.parameters.numbers[name]; }
  const Vector& w() { return request.inputs["w"].values; }
  std::span<const double> x(std::size_t t) { return slice(request.inputs["x"], t); }
  double label(std::size_t t) { return request.inputs["labels"].values[t]; }
  Vector z(const Vector& w, std::size_t t) {
    Vector out = product(w, x(t));
    for (double& value : out) value = std::tanh(value);
    return out;
  }
};

Problem random_problem(unsigned seed) {
  Draw draw(seed);
  Problem out;
  out.depth = seed % 4 == 0 ? 2 : draw.pick(3, 6);
  out.samples = out.depth + draw.pick(1, 6), out.inputs = draw.pick(1, 6), out.neurons = draw.pick(1, 6);
  const std::size_t classes = draw.pick(2, 4);
  out.request.mode = "online";
  out.request.parameters.numbers = {{"N", static_cast<double>(out.depth)},
                                    {"sigma_x", draw.between(.5, 2)},
                                    {"sigma_y", draw.between(.5, 2)},
                                    {"sigma_z", draw.between(.4, 1.5)},
                                    {"gamma", draw.between(.5, 4)},
                                    {"eta", draw.between(.1, 2)},
                                    {"classes", static_cast<double>(classes)},
                                    {"error_scale", draw.between(1, 1000)}};
  out.request.parameters.words["error"] = "analytic";
  out.request.inputs = {{"x", draw.array({out.samples, out.inputs})},
                        {"w", draw.array({out.neurons, out.inputs}, .7)},
                        {"labels", draw.labels(out.samples, classes)}};
  if (seed % 2 == 1) out.request.inputs["x_net"] = draw.array({out.samples, draw.pick(1, 7)});
  return out;
}

double squares(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += std::pow(a[i] - b[i], 2);
  return sum;
}

}  // namespace

TEST_CASE("with the words of the past held, dw is -2 eta times the gradient of sum A_p K_z / (N-1)^2") {
  double moved = 0;
  for (unsigned seed = 0; seed < seeds; ++seed) {
    Problem problem = random_problem(seed);
    CAPTURE(seed);
    const FloatArrays out = rule.eval(problem.request);
    const double past = static_cast<double>(problem.depth - 1);
    for (std::size_t t = problem.depth - 1; t < problem.samples; ++t) {
      const std::span<const double> a = slice(out.at("a"), t);
      const Vector numeric = gradient(problem.w(), [&](const Vector& w) {
        const Vector now = problem.z(w, t);
        double sum = 0;
        for (std::size_t p = 0; p < problem.depth; ++p) {
          const Vector before = p == 0 ? problem.z(w, t) : problem.z(problem.w(), t - p);
          sum += a[p] * std::exp(-squares(now, before) / (2 * std::pow(problem.number("sigma_z"), 2)));
        }
        return sum / (past * past);
      });
      CHECK(difference(slice(out.at("dw"), t), scaled(-2 * problem.number("eta"), numeric)) < 1e-9);
      moved = std::max(moved, largest(numeric));
    }
  }
  CHECK(moved > .1);
}

TEST_CASE("A is x's kernel less gamma times the labels', each centred over the memory") {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    Problem problem = random_problem(seed);
    CAPTURE(seed);
    const FloatArrays out = rule.eval(problem.request);
    const bool own = problem.request.inputs.contains("x_net");
    const FloatArray& seen = problem.request.inputs[own ? "x_net" : "x"];
    for (std::size_t t = problem.depth - 1; t < problem.samples; ++t) {
      double sum = 0, mean = 0;
      const auto raw = [&](std::size_t p) {
        const double y = problem.label(t) == problem.label(t - p)
                             ? 1
                             : std::exp(-1 / std::pow(problem.number("sigma_y"), 2));
        CHECK(slice(out.at("kernel_y"), t)[p] == Approx(y).epsilon(1e-14));
        return std::exp(-squares(slice(seen, t), slice(seen, t - p)) /
                        (2 * std::pow(problem.number("sigma_x"), 2))) -
               problem.number("gamma") * y;
      };
      for (std::size_t p = 0; p < problem.depth; ++p) mean += raw(p) / static_cast<double>(problem.depth);
      for (std::size_t p = 0; p < problem.depth; ++p) {
        const double a = slice(out.at("a"), t)[p];
        CHECK(a == Approx(raw(p) - mean).margin(1e-13));
        sum += a;
      }
      CHECK(std::abs(sum) < 1e-13);
      for (const char* name : {"kernel_x", "kernel_y", "kernel_z"}) CHECK(slice(out.at(name), t)[0] == 1);
    }
  }
}

TEST_CASE("centring alpha changes nothing, and xi is a sum of N - 1 words times differences") {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    Problem problem = random_problem(seed);
    CAPTURE(seed);
    const FloatArrays out = rule.eval(problem.request);
    const double past = static_cast<double>(problem.depth - 1);
    for (std::size_t t = problem.depth - 1; t < problem.samples; ++t) {
      Vector xi(problem.neurons);
      for (std::size_t p = 1; p < problem.depth; ++p) {
        const double word = -2 / std::pow(problem.number("sigma_z") * past, 2) * slice(out.at("a"), t)[p] *
                            slice(out.at("kernel_z"), t)[p];
        for (std::size_t i = 0; i < xi.size(); ++i)
          xi[i] += word * (slice(out.at("z"), t)[i] - slice(out.at("z"), t - p)[i]);
      }
      CHECK(difference(slice(out.at("xi"), t), xi) < 1e-13);
      CHECK(difference(slice(out.at("third_factor"), t), xi) < 1e-13);
    }
  }
}

TEST_CASE("nothing happens until the memory is full, and nothing when all samples are alike") {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    Problem problem = random_problem(seed);
    CAPTURE(seed);
    const FloatArrays out = rule.eval(problem.request);
    const std::size_t n = problem.neurons, depth = problem.depth, T = problem.samples;
    CHECK(out.at("dw").shape == std::vector<std::size_t>{T, n, problem.inputs});
    for (const char* name : {"z", "xi", "third_factor"})
      CHECK(out.at(name).shape == std::vector<std::size_t>{T, n});
    for (const char* name : {"kernel_x", "kernel_y", "kernel_z", "a"})
      CHECK(out.at(name).shape == std::vector<std::size_t>{T, depth});
    CHECK(out.size() == 8);
    for (const char* name : {"dw", "xi", "third_factor", "kernel_x", "kernel_y", "kernel_z", "a"})
      for (std::size_t t = 0; t + 1 < depth; ++t) CHECK(largest(slice(out.at(name), t)) == 0);
    CHECK(largest(slice(out.at("kernel_x"), depth - 1)) == 1);

    // A memory deeper than the stream is never full.
    problem.number("N") = static_cast<double>(T + 1);
    CHECK(largest(rule.eval(problem.request).at("dw").values) == 0);
    // Without differences there is nothing to learn.
    problem = random_problem(seed);
    FloatArray& x = problem.request.inputs["x"];
    for (std::size_t k = 0; k < x.values.size(); ++k) x.values[k] = x.values[k % problem.inputs];
    CHECK(largest(rule.eval(problem.request).at("dw").values) == 0);
  }
}

TEST_CASE("the first kernel is of the network's input where it is given") {
  Problem problem = random_problem(2);
  REQUIRE_FALSE(problem.request.inputs.contains("x_net"));
  const FloatArrays alone = rule.eval(problem.request);
  problem.request.inputs["x_net"] = problem.request.inputs["x"];
  CHECK(rule.eval(problem.request).at("dw").values == alone.at("dw").values);
  problem.request.inputs["x_net"] = Draw(99).array({problem.samples, 3});
  const FloatArrays other = rule.eval(problem.request);
  CHECK(other.at("kernel_x").values != alone.at("kernel_x").values);
  CHECK(other.at("kernel_z").values == alone.at("kernel_z").values);
  CHECK(difference(other.at("dw").values, alone.at("dw").values) > 1e-3);
}

TEST_CASE("the learner's factors rebuild eval's dw") {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    Problem problem = random_problem(seed);
    CAPTURE(seed);
    const FloatArrays out = rule.eval(problem.request);
    Parameters network = problem.request.parameters;
    network.numbers.erase("classes");
    const auto learner = rule.learner(network, {problem.inputs, problem.neurons});
    const bool own = problem.request.inputs.contains("x_net");
    FloatFactors f;
    double same = 0;
    for (std::size_t t = 0; t < problem.samples; ++t) {
      const Vector z = problem.z(problem.w(), t);
      Vector fprime = z;
      for (double& value : fprime) value = 1 - value * value;
      FloatActivity now;
      now.x = problem.x(t), now.z = z, now.fprime = fprime;
      now.label = static_cast<std::int64_t>(problem.label(t));
      now.input = own ? slice(problem.request.inputs["x_net"], t) : problem.x(t);
      learner->step(now, problem.number("eta"), f);
      CHECK(f.c.empty());
      CHECK(f.a1.empty());
      CHECK(difference(change_of(f, problem.w()), slice(out.at("dw"), t)) < 1e-13);
      if (t + 1 < problem.depth) CHECK(learner->signals().partners == 0);
      Vector scaled(slice(out.at("xi"), t).begin(), slice(out.at("xi"), t).end());
      for (double& value : scaled) value *= problem.number("error_scale");
      CHECK(difference(learner->error(), scaled) < 1e-10);
    }
    const std::size_t last = problem.samples - 1, past = problem.depth - 1;
    double kernel = 0;
    for (std::size_t p = 1; p <= past; ++p) {
      kernel += slice(out.at("kernel_z"), last)[p] / static_cast<double>(past);
      same += (problem.label(last) == problem.label(last - p) ? 1 : 0) / static_cast<double>(past);
    }
    CHECK(learner->signals().partners == static_cast<double>(past));
    CHECK(learner->signals().kernel == Approx(kernel));
    CHECK(learner->signals().same_class == Approx(same));
  }
}

TEST_CASE("a layer that is told its error learns from that, and still says its own") {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    Problem problem = random_problem(seed);
    CAPTURE(seed);
    const FloatLayer layer{problem.inputs, problem.neurons};
    const auto own = rule.learner(problem.request.parameters, layer);
    problem.request.parameters.words["error"] = "told";
    const auto told = rule.learner(problem.request.parameters, layer);
    const Vector none(problem.neurons, 0.0);
    for (std::size_t t = 0; t < problem.samples; ++t) {
      Vector z(problem.neurons), fprime, error;
      for (std::size_t i = 0; i < z.size(); ++i) {
        z[i] = std::tanh(std::sin(static_cast<double>(t * 7 + i * 3 + seed)));
        fprime.push_back(1 - z[i] * z[i]), error.push_back(std::cos(static_cast<double>(t + i)));
      }
      FloatActivity now;
      now.x = problem.x(t), now.z = z, now.fprime = fprime, now.input = problem.x(t);
      now.label = static_cast<std::int64_t>(problem.label(t));
      FloatFactors of_own, of_told;
      own->step(now, 0.5, of_own);
      now.error = error;
      told->step(now, 0.5, of_told);
      CHECK(difference(own->error(), told->error()) == 0);
      for (std::size_t i = 0; i < z.size(); ++i)
        CHECK(of_told.a0[i] == Approx(-0.5 * error[i] / problem.number("error_scale") * fprime[i]));
    }
  }
}

TEST_CASE("the learner refuses layers and lengths that are not its own") {
  Problem problem = random_problem(1);
  CHECK_THROWS_AS(rule.learner(problem.request.parameters, {2, 4, 2}), Error);
  const auto learner = rule.learner(problem.request.parameters, {2, 3});
  const Vector x(2), z(3), input(5);
  FloatFactors factors;
  const auto step = [&](std::span<const double> a, std::span<const double> b, std::span<const double> c) {
    FloatActivity now;
    now.x = a, now.z = b, now.fprime = b, now.input = c;
    learner->step(now, 1, factors);
  };
  CHECK_NOTHROW(step(x, z, input));
  CHECK_THROWS_AS(step(z, z, input), Error);
  CHECK_THROWS_AS(step(x, x, input), Error);
  CHECK_THROWS_AS(step(x, z, x), Error);
}

TEST_CASE("mistakes are refused with their codes, all at once") {
  const auto expect = [](const std::function<void(Problem&)>& spoil, ExitCode exit,
                         const std::multiset<std::string>& codes) {
    Problem problem = random_problem(5);
    spoil(problem);
    expect_refused(rule.eval, problem.request, exit, codes);
  };
  using P = Problem&;
  for (const char* name : {"N", "sigma_x", "sigma_y", "sigma_z", "gamma", "eta", "classes"}) {
    expect([&](P p) { p.number(name) = NAN; }, ExitCode::configuration, {"TF-EVL-002"});
    expect([&](P p) { p.request.parameters.numbers.erase(name); }, ExitCode::configuration, {"TF-EVL-002"});
  }
  expect([](P p) { p.request.parameters.words["error"] = "told"; }, ExitCode::configuration, {"TF-EVL-008"});
  expect([](P p) { p.request.parameters.words.clear(); }, ExitCode::configuration, {"TF-EVL-002"});
  expect([](P p) { p.number("N") = 1; }, ExitCode::configuration, {"TF-EVL-002"});
  expect([](P p) { p.number("sigma_z") = 0; }, ExitCode::configuration, {"TF-EVL-002"});
  expect([](P p) { p.request.mode = "batch"; }, ExitCode::configuration, {"TF-EVL-001"});
  expect([](P p) { p.request.inputs.erase("labels"); }, ExitCode::data, {"TF-EVL-004"});
  expect([](P p) { p.request.inputs["x_net"].values[0] = NAN; }, ExitCode::data, {"TF-EVL-006"});
  expect([](P p) { p.request.inputs["x_net"] = {{1, 2}, {0, 0}}; }, ExitCode::data, {"TF-EVL-005"});
  expect([](P p) { p.number("eta") = NAN, p.request.inputs["labels"].values[0] = -1; },
         ExitCode::configuration, {"TF-EVL-002", "TF-EVL-007"});
}
