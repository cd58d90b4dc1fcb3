// Is the float reference of urfb backpropagation when R = W^T, does R stay W^T, are gate and hinge right at
// their corners, and does the learner do the same in each of its roles?
#include "rtl/rules/test_support.hpp"
#include "rtl/rules/urfb/reference.hpp"

using namespace trifactor;
using namespace trifactor::reference_test;

namespace {

constexpr unsigned seeds = 12;
const FloatRule rule = urfb_reference();

FloatArray transposed(const FloatArray& a) {
  const std::size_t rows = a.shape[0], columns = a.shape[1];
  FloatArray out{{columns, rows}, Vector(a.values.size())};
  for (std::size_t k = 0; k < a.values.size(); ++k)
    out.values[k % columns * rows + k / columns] = a.values[k];
  return out;
}

Vector clipped(Vector h) {
  for (double& value : h) value = std::clamp(value, -1., 1.);
  return h;
}

struct Problem {
  std::size_t samples = 0, inputs = 0, n1 = 0, n2 = 0, n3 = 0;
  EvalRequest request;

  double& number(const char* name) { return request.parameters.numbers[name]; }
  FloatArray& array(const char* name) { return request.inputs[name]; }
  Vector& values(const char* name) { return array(name).values; }
  std::string& word(const char* name) { return request.parameters.words[name]; }
  double mu() { return number("mu") > 0 ? number("mu") : 1 / static_cast<double>(n3 - 1); }
  std::size_t label(std::size_t t) { return static_cast<std::size_t>(values("labels")[t]); }
  FloatArrays eval(const char* mode = "online") {
    request.mode = mode;
    return rule.eval(request);
  }
  void symmetric() { array("r2") = transposed(array("w2")), array("r3") = transposed(array("w3")); }
};

/// The sums of the three layers of sample t.
std::vector<Vector> sums(Problem& p, std::size_t t) {
  const Vector h1 = product(p.values("w1"), slice(p.array("x"), t));
  const Vector h2 = product(p.values("w2"), clipped(h1));
  return {h1, h2, product(p.values("w3"), clipped(h2))};
}

/// max(0, 1 - h_c) + mu sum max(0, 1 + h_i), or the cross-entropy.
double loss(Problem& p, std::size_t t) {
  const Vector h = sums(p, t).back();
  double sum = 0, out = 0;
  for (std::size_t i = 0; i < h.size(); ++i) {
    sum += std::exp(h[i]);
    out += i == p.label(t) ? std::max(0., 1 - h[i]) : p.mu() * std::max(0., 1 + h[i]);
  }
  return p.word("error") == "softmax" ? std::log(sum) - h[p.label(t)] : out;
}

/// No sum lies near a corner of gate or hinge; some are inside, some outside.
Problem random_problem(unsigned seed) {
  Draw draw(seed);
  Problem out;
  for (;;) {
    out.samples = draw.pick(1, 4), out.inputs = draw.pick(2, 5);
    out.n1 = draw.pick(2, 6), out.n2 = draw.pick(2, 6), out.n3 = draw.pick(2, 4);
    out.request.parameters.numbers = {{"eta", draw.between(.1, 1)},
                                      {"mu", seed % 2 == 0 ? 0 : .37},
                                      {"scale", 1},
                                      {"classes", static_cast<double>(out.n3)}};
    out.request.parameters.words = {{"error", seed % 3 == 0 ? "softmax" : "hinge"}, {"update_r", "true"}};
    out.request.inputs = {
        {"x", draw.array({out.samples, out.inputs})}, {"w1", draw.array({out.n1, out.inputs}, .6)},
        {"w2", draw.array({out.n2, out.n1}, .7)},     {"w3", draw.array({out.n3, out.n2}, .7)},
        {"r2", draw.array({out.n1, out.n2})},         {"r3", draw.array({out.n2, out.n3})},
        {"labels", draw.labels(out.samples, out.n3)}};
    bool clear = true;
    for (std::size_t t = 0; t < out.samples; ++t)
      for (const Vector& layer : sums(out, t))
        for (const double h : layer) clear = clear && std::abs(std::abs(h) - 1) > 2e-2;
    if (clear) return out;
  }
}

}  // namespace

TEST_CASE("with R = W^T the changes are those of backpropagation") {
  double moved = 0;
  for (unsigned seed = 0; seed < seeds; ++seed) {
    Problem problem = random_problem(seed);
    CAPTURE(seed, problem.word("error"));
    problem.symmetric();
    const FloatArrays online = problem.eval(), batch = problem.eval("batch");
    for (const std::string layer : {"1", "2", "3"}) {
      const Vector start = problem.values(("w" + layer).c_str());
      Vector mean(start.size());
      for (std::size_t t = 0; t < problem.samples; ++t) {
        const Vector numeric = gradient(start, [&](const Vector& w) {
          problem.values(("w" + layer).c_str()) = w;
          return loss(problem, t);
        });
        problem.values(("w" + layer).c_str()) = start;
        CHECK(difference(slice(online.at("dw" + layer), t), scaled(-problem.number("eta"), numeric)) < 1e-8);
        for (std::size_t k = 0; k < mean.size(); ++k)
          mean[k] -= problem.number("eta") * numeric[k] / static_cast<double>(problem.samples);
        moved = std::max(moved, largest(numeric));
      }
      CHECK(difference(batch.at("dw" + layer).values, mean) < 1e-8);
    }
    CHECK(online.size() == 11);
    CHECK(batch.size() == 11);
  }
  CHECK(moved > .1);
}

TEST_CASE("R learns what W learns, so that R = W^T stays so to the last bit") {
  for (const char* mode : {"online", "batch"}) {
    for (unsigned seed = 0; seed < seeds; ++seed) {
      Problem problem = random_problem(seed);
      CAPTURE(seed, mode);
      problem.symmetric();
      const Vector before = problem.values("w2");
      for (int round = 0; round < 5; ++round) {
        const FloatArrays out = problem.eval(mode);
        for (const auto& [weights, change] :
             {std::pair{"w1", "dw1"}, {"w2", "dw2"}, {"w3", "dw3"}, {"r2", "dr2"}, {"r3", "dr3"}}) {
          Vector& w = problem.values(weights);
          const Vector& dw = out.at(change).values;
          for (std::size_t k = 0; k < dw.size(); ++k) w[k % w.size()] += dw[k];
        }
      }
      CHECK(problem.values("r2") == transposed(problem.array("w2")).values);
      CHECK(problem.values("r3") == transposed(problem.array("w3")).values);
      if (seed == 1) CHECK(problem.values("w2") != before);
    }
  }
}

TEST_CASE("fixed feedback changes nothing but R's increment") {
  for (const char* mode : {"online", "batch"}) {
    Problem problem = random_problem(2);
    FloatArrays updated = problem.eval(mode);
    CHECK(largest(updated.at("dr2").values) > 0);
    problem.word("update_r") = "false";
    const FloatArrays fixed = problem.eval(mode);
    for (const char* name : {"dr2", "dr3"}) {
      CHECK(largest(fixed.at(name).values) == 0);
      CHECK(fixed.at(name).shape == updated.at(name).shape);
    }
    for (const auto& [name, array] : updated)
      if (name.substr(0, 2) != "dr") CHECK(fixed.at(name).values == array.values);
  }
}

TEST_CASE("one layer and the output say what the whole network says, for any R") {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    for (const char* mode : {"online", "batch"}) {
      Problem net = random_problem(seed);
      CAPTURE(seed, mode);
      const FloatArrays whole = net.eval(mode);
      Problem layer = net;
      layer.request.inputs = {{"x", whole.at("x1")},
                              {"w", net.array("w2")},
                              {"r", net.array("r3")},
                              {"delta_next", whole.at("delta3")}};
      const FloatArrays hidden = layer.eval(mode);
      const auto same = [&](const FloatArrays& part, const char* name, const char* there) {
        CAPTURE(name, there);
        CHECK(part.at(name).values == whole.at(there).values);
        CHECK(part.at(name).shape == whole.at(there).shape);
      };
      same(hidden, "dw", "dw2"), same(hidden, "dr", "dr3"), same(hidden, "z", "x2");
      same(hidden, "delta", "delta2");
      CHECK(hidden.size() == 6);
      for (std::size_t k = 0; k < hidden.at("delta").values.size(); ++k)
        CHECK(hidden.at("delta").values[k] ==
              hidden.at("gate").values[k] * hidden.at("third_factor").values[k]);
      layer.request.inputs = {{"x", net.array("x")},
                              {"w", net.array("w1")},
                              {"r", net.array("r2")},
                              {"delta_next", whole.at("delta2")}};
      const FloatArrays first = layer.eval(mode);
      same(first, "dw", "dw1"), same(first, "dr", "dr2"), same(first, "z", "x1");
      layer.request.inputs = {{"x", whole.at("x2")}, {"w", net.array("w3")}, {"labels", net.array("labels")}};
      const FloatArrays top = layer.eval(mode);
      same(top, "dw", "dw3"), same(top, "z", "out"), same(top, "delta", "delta3");
      CHECK(top.size() == 3);
    }
  }
}

TEST_CASE("clip(h/2) with half the slope is hidden and feedback weights of half size") {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    Problem halved = random_problem(seed), slower = halved;
    CAPTURE(seed);
    for (const char* name : {"w1", "w2", "r2", "r3"})
      for (double& value : slower.values(name)) value *= 2;
    slower.number("scale") = 2;
    const FloatArrays a = halved.eval(), b = slower.eval();
    for (const auto& [name, array] : a) {  // all are exact: powers of two
      CAPTURE(name);
      CHECK(b.at(name).values == array.values);
    }
  }
}

TEST_CASE("the gate is open at exactly 1, the hinge is not") {
  Problem problem = random_problem(1);
  problem.number("eta") = 1, problem.number("mu") = 0, problem.word("error") = "hinge";
  problem.request.inputs = {{"x", {{1, 1}, {1}}},
                            {"w", {{6, 1}, {1, -1, 1.01, -1.01, 0, 1 + 1e-15}}},
                            {"r", {{6, 1}, {2, 3, 4, 5, 6, 7}}},
                            {"delta_next", {{1, 1}, {.5}}}};
  const FloatArrays hidden = problem.eval();
  CHECK(hidden.at("gate").values == Vector{1, 1, 0, 0, 1, 0});
  CHECK(hidden.at("third_factor").values == Vector{1, 1.5, 2, 2.5, 3, 3.5});
  CHECK(hidden.at("delta").values == Vector{1, 1.5, 0, 0, 3, 0});
  CHECK(hidden.at("dw").values == hidden.at("delta").values);
  CHECK(hidden.at("z").values == Vector{1, -1, 1, -1, 0, 1});
  CHECK(hidden.at("dr").values == scaled(.5, hidden.at("z").values));

  problem.number("classes") = 5;
  problem.request.inputs = {
      {"x", {{1, 1}, {1}}}, {"w", {{5, 1}, {1, -1, -.999, 7, -7}}}, {"labels", {{1}, {0}}}};
  CHECK(problem.eval().at("delta").values == Vector{0, 0, -.25, -.25, 0});
  problem.number("mu") = .5, problem.values("labels")[0] = 2;
  CHECK(problem.eval().at("delta").values == Vector{-.5, 0, 1, -.5, 0});
}

TEST_CASE("the learner's factors rebuild eval's changes in each role") {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    Problem problem = random_problem(seed);
    CAPTURE(seed);
    const FloatArrays out = problem.eval();
    const double eta = problem.number("eta");
    Parameters network = problem.request.parameters;
    network.numbers.erase("classes");
    FloatLayer top_layer{problem.n2, problem.n3}, hidden_layer{problem.n1, problem.n2},
        back_layer{problem.n3, problem.n2};
    top_layer.classes = hidden_layer.classes = back_layer.classes = problem.n3;
    top_layer.output = true, back_layer.feedback = true;
    const auto top = rule.learner(network, top_layer), hidden = rule.learner(network, hidden_layer),
               back = rule.learner(network, back_layer);
    FloatFactors f;
    for (std::size_t t = 0; t < problem.samples; ++t) {
      const std::vector<Vector> h = sums(problem, t);
      const Vector x1 = clipped(h[0]), x2 = clipped(h[1]);
      FloatActivity now;
      now.x = x2, now.z = h[2], now.label = static_cast<std::int64_t>(problem.label(t));
      top->step(now, eta, f);
      CHECK(difference(change_of(f, problem.values("w3")), slice(out.at("dw3"), t)) < 1e-14);
      CHECK(difference(top->error(), slice(out.at("delta3"), t)) < 1e-14);

      const Vector error = product(problem.values("r3"), top->error());
      Vector gate;
      for (const double value : h[1]) gate.push_back(std::abs(value) <= 1 ? 1 : 0);
      now = {};
      now.x = x1, now.z = x2, now.fprime = gate, now.error = error;
      hidden->step(now, eta, f);
      CHECK(difference(change_of(f, problem.values("w2")), slice(out.at("dw2"), t)) < 1e-14);
      CHECK(difference(hidden->error(), slice(out.at("delta2"), t)) < 1e-14);

      now = {};
      now.x = top->error(), now.z = x2;
      back->step(now, eta, f);
      CHECK(difference(change_of(f, problem.values("r3")), slice(out.at("dr3"), t)) < 1e-14);
      CHECK(back->error().empty());
    }
  }
}

TEST_CASE("the learner refuses layers, labels and lengths that are not its own") {
  const Parameters given = random_problem(1).request.parameters;
  FloatLayer output{2, 3}, hidden{2, 3}, grouped{2, 4};
  output.output = true, output.classes = 4, grouped.groups = 2;
  CHECK_THROWS_AS(rule.learner(given, output), Error);
  CHECK_THROWS_AS(rule.learner(given, grouped), Error);
  output.classes = 3;
  const auto top = rule.learner(given, output), layer = rule.learner(given, hidden);
  const Vector x(2), z(3);
  FloatFactors factors;
  FloatActivity now;
  now.x = x, now.z = z, now.fprime = z, now.error = z, now.label = 2;
  CHECK_NOTHROW(top->step(now, 1, factors));
  CHECK_NOTHROW(layer->step(now, 1, factors));
  now.label = 3;
  CHECK_THROWS_AS(top->step(now, 1, factors), Error);
  now.label = -1;
  CHECK_THROWS_AS(top->step(now, 1, factors), Error);
  now.error = {};
  CHECK_THROWS_AS(layer->step(now, 1, factors), Error);
  now.error = z, now.x = z;
  CHECK_THROWS_AS(layer->step(now, 1, factors), Error);
}

TEST_CASE("mistakes are refused with their codes, all at once") {
  const auto expect = [](const std::function<void(Problem&)>& spoil, ExitCode exit,
                         const std::multiset<std::string>& codes) {
    Problem problem = random_problem(4);
    problem.request.mode = "online";
    spoil(problem);
    expect_refused(rule.eval, problem.request, exit, codes);
  };
  using P = Problem&;
  for (const char* name : {"eta", "mu", "classes"}) {
    expect([&](P p) { p.number(name) = NAN; }, ExitCode::configuration, {"TF-EVL-002"});
    expect([&](P p) { p.request.parameters.numbers.erase(name); }, ExitCode::configuration, {"TF-EVL-002"});
  }
  expect([](P p) { p.word("error") = "linear"; }, ExitCode::configuration, {"TF-EVL-002"});
  expect([](P p) { p.word("update_r") = "0"; }, ExitCode::configuration, {"TF-EVL-002"});
  expect([](P p) { p.request.mode = "all"; }, ExitCode::configuration, {"TF-EVL-001"});
  expect([](P p) { p.number("classes") += 1; }, ExitCode::configuration, {"TF-EVL-008"});
  expect([](P p) { p.request.inputs.erase("w2"); }, ExitCode::data, {"TF-EVL-004"});
  expect([](P p) { p.request.inputs.erase("w1"); }, ExitCode::data, {"TF-EVL-004"});
  expect([](P p) { p.array("r2") = {{1, 1}, {0}}; }, ExitCode::data, {"TF-EVL-005"});
  expect([](P p) { p.array("w") = p.array("w1"); }, ExitCode::configuration, {"TF-EVL-003"});
  expect([](P p) { p.values("labels")[0] = 99; }, ExitCode::data, {"TF-EVL-007"});
  const auto layer = [](P p) {
    p.request.inputs = {{"x", {{1, 1}, {1}}},
                        {"w", {{2, 1}, {1, 1}}},
                        {"r", {{2, 3}, Vector(6)}},
                        {"delta_next", {{1, 3}, Vector(3)}}};
  };
  expect([&](P p) { layer(p), p.request.inputs.erase("r"); }, ExitCode::data, {"TF-EVL-004"});
  expect([&](P p) { layer(p), p.request.inputs.erase("delta_next"); }, ExitCode::data, {"TF-EVL-004"});
  expect([&](P p) { layer(p), p.array("delta_next") = {{1, 2}, Vector(2)}; }, ExitCode::data, {"TF-EVL-005"});
  expect([&](P p) { layer(p), p.array("delta_next") = {{2, 3}, Vector(6)}; }, ExitCode::data, {"TF-EVL-005"});
  expect([](P p) { p.values("w1")[0] = NAN, p.number("eta") = NAN; }, ExitCode::configuration,
         {"TF-EVL-002", "TF-EVL-006"});
}
