// Rules that ask the interpreter for more than a layer's own activities: the network's input, currents with
// transformed weights. Its first updates are those of their eval.
#include <catch2/catch.hpp>
#include <cmath>

#include "compiler/reference/test_support.hpp"
#include "rtl/rules/float_support.hpp"
#include "rtl/rules/online_eval.hpp"

using namespace trifactor;

namespace {

/// 6 inputs, 5 hidden neurons, `neurons` more that learn by `rule`, 3 scores.
Network stacked(const char* rule, std::map<std::string, double> changes, int neurons, Activation activation,
                int age) {
  Network n;
  n.name = "stacked", n.classes = 3;
  PopulationSpec input = population("x", 6);
  input.input = true;
  n.populations = {input, population("first", 5, Activation::leaky_relu),
                   population("second", neurons, activation), population("y", 3)};
  n.projections = {projection(0, 1, learns("readout")),
                   projection(1, 2, learns(rule, std::move(changes), age)),
                   projection(2, 3, learns("readout"))};
  n.projections[0].plasticity.reset();
  n.input = 0, n.output = 3;
  return n;
}

}  // namespace

TEST_CASE("a rule with a working memory gets the network's input") {
  // With weight age D the samples up to D see the weights of the start: what the layer has learned after 2 D
  // + 1 samples is the sum of eval's dw over the first D + 1.
  constexpr std::size_t age = 9, samples = age + 1, n = 7;
  const Network network = stacked("hsic_memory", {{"N", 4}, {"sigma_x", 1}, {"sigma_z", 1}, {"eta", 1}}, n,
                                  Activation::tanh, age);
  FloatNetwork learner(network);
  const FloatNetwork start(network);
  FloatArray x{{samples, 5}, {}}, net{{samples, 6}, {}}, labels{{samples}, {}};
  std::vector<double> z;
  Stream stream;
  for (std::size_t t = 0; t <= 2 * age; ++t) {
    const std::vector<double> now = stream.x();
    const std::int64_t label = stream.label();
    learner.learn(now, label);
    if (t > age) continue;
    const auto h = learner.activity(1), out = learner.activity(2);
    x.values.insert(x.values.end(), h.begin(), h.end());
    z.insert(z.end(), out.begin(), out.end());
    net.values.insert(net.values.end(), now.begin(), now.end());
    labels.values.push_back(static_cast<double>(label));
  }
  EvalRequest request{"online", network.projections[1].plasticity->parameters, {}};
  request.parameters.numbers["classes"] = 3;
  request.inputs = {{"x", x}, {"x_net", net}, {"w", {{n, 5}, start.weights(1)}}, {"labels", labels}};
  const FloatArrays out = find_rule("hsic_memory")->floating.eval(request);
  for (std::size_t i = 0; i < z.size(); ++i) CHECK(z[i] == Approx(out.at("z").values[i]).margin(1e-14));
  const std::vector<double> before = start.weights(1), after = learner.weights(1);
  double largest = 0;
  for (std::size_t i = 0; i < before.size(); ++i) {
    double change = 0;
    for (std::size_t t = 0; t < samples; ++t) change += out.at("dw").values[t * before.size() + i];
    CHECK(after[i] - before[i] == Approx(change).margin(1e-12));
    largest = std::max(largest, std::abs(change));
  }
  CHECK(largest > 1e-3);
}

TEST_CASE("a rule that competes gets currents with transformed weights, but plain sums go on") {
  // Of 40 neurons two change: the interpreter then visits their weights alone. Of 5 it visits all.
  for (const int neurons : {40, 5}) {
    for (const double p : {2., 3., 4., 2.5}) {
      CAPTURE(p, neurons);
      const std::size_t n = static_cast<std::size_t>(neurons);
      FloatNetwork net(
          stacked("competing", {{"p", p}, {"k", 3}, {"eta", 0.3}}, neurons, Activation::linear, 0));
      EvalRequest request{"online", net.network().projections[1].plasticity->parameters, {}};
      request.parameters.words["normalise"] = "none";
      Stream stream;
      for (int t = 0; t < 12; ++t) {
        const std::vector<double> before = net.weights(1);
        net.learn(stream.x(), stream.label());
        const std::vector<double> h(net.activity(1).begin(), net.activity(1).end()), after = net.weights(1);
        request.inputs = {{"x", {{1, 5}, h}}, {"w", {{n, 5}, before}}};
        const FloatArrays out = find_rule("competing")->floating.eval(request);
        for (std::size_t k = 0; k < after.size(); ++k)
          CHECK(after[k] == Approx(before[k] + out.at("dw").values[k]).margin(1e-13));
        CHECK(after != before);
        for (std::size_t i = 0; i < n; ++i) {
          double sum = 0;
          for (std::size_t j = 0; j < 5; ++j) sum += before[i * 5 + j] * h[j];
          CHECK(net.activity(2)[i] == Approx(sum).margin(1e-13));
        }
      }
    }
  }
}

TEST_CASE("currents are the plain loops") {
  Stream stream;
  for (const double p : {0., 2., 3., 4., 2.5}) {
    const std::vector<double> weights = stream.x(3 * 7);
    const std::vector<FloatAxon> axons = {{0, 0.5}, {2, -2}};
    std::vector<double> sums(7, 1.0);
    add_powers(axons, weights.data(), p, sums);
    for (std::size_t i = 0; i < 7; ++i) {
      double expected = 1;
      for (const FloatAxon& axon : axons) {
        const double w = weights[axon.row * 7 + i];
        expected += axon.value * (w < 0 ? -1 : 1) * std::pow(std::abs(w), (p == 0 ? 2 : p) - 1);
      }
      CHECK(sums[i] == Approx(expected).margin(1e-15));
    }
  }
}

TEST_CASE("competing units come to unit p-norm") {
  for (const double p : {2., 3.}) {
    Network network = stacked("competing", {{"p", p}, {"eta", 0.02}}, 4, Activation::linear, 0);
    network.projections[1].init = WeightInit::normal;
    FloatNetwork net(network);
    Stream stream;
    for (int t = 0; t < 4000; ++t) net.learn(stream.x(), stream.label());
    const std::vector<double> w = net.weights(1);
    int near = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      double norm = 0;
      for (std::size_t j = 0; j < 5; ++j) norm += std::pow(std::abs(w[i * 5 + j]), p);
      near += std::abs(std::pow(norm, 1 / p) - 1) < 0.1;
    }
    CHECK(near >= 3);
  }
}

TEST_CASE("changes of synapses that have a state of their own reach all that exist, and no others") {
  for (const double density : {1.0, 0.5}) {
    CAPTURE(density);
    Network network =
        stacked("phsic_gaussian", {{"sigma", 1}, {"eta", 0.3}, {"decay", 0.01}}, 7, Activation::tanh, 0);
    ProjectionSpec& learning = network.projections[1];
    learning.bias = true, learning.density = density;
    FloatNetwork exact(network);
    const FloatNetwork start(network);
    Parameters& p = learning.plasticity->parameters;
    p.words["differences"] = "derivative";  // of samples so slow that the circuit says the exact difference
    p.numbers["duration"] = 300, p.numbers["c1"] = 150, p.numbers["c2"] = 0.3;
    FloatNetwork circuit(network);
    Stream stream;
    for (std::size_t t = 0; t < 40; ++t) {
      const std::vector<double> now = stream.x();
      const std::int64_t label = stream.label();
      exact.learn(now, label), circuit.learn(now, label);
    }
    double moved = 0;
    for (std::size_t k = 0; k < start.weights(1).size(); ++k) {
      CHECK(circuit.weights(1)[k] == Approx(exact.weights(1)[k]).margin(1e-8));
      moved = std::max(moved, std::abs(exact.weights(1)[k] - start.weights(1)[k]));
    }
    for (std::size_t i = 0; i < start.bias(1).size(); ++i) {
      CHECK(circuit.bias(1)[i] == Approx(exact.bias(1)[i]).margin(1e-8));
      CHECK(exact.bias(1)[i] != start.bias(1)[i]);
    }
    CHECK(moved > 1e-3);
  }
}

namespace {

/// Changes the synapse from j to i by 10 i + j.
class Numbered final : public FloatLearner {
 public:
  explicit Numbered(const FloatLayer& layer) : layer_(layer) {}
  void step(const FloatActivity&, double, FloatFactors& f) override {
    f.a0.assign(layer_.neurons, 0), f.b0.assign(layer_.inputs, 0);
    for (std::size_t j = 0; j <= layer_.inputs; ++j)
      for (std::size_t i = 0; i < layer_.neurons; ++i) f.whole.push_back(static_cast<double>(10 * i + j));
  }

 private:
  FloatLayer layer_;
};

}  // namespace

TEST_CASE("changes of synapses that have a state of their own come to eval at their places") {
  const EvalRequest request{
      "online", {{{"eta", 1}}, {}}, {{"x", {{1, 3}, {1, 1, 1}}}, {"w", {{2, 3}, {0, 0, 0, 0, 0, 0}}}}};
  const auto learner = [](const Parameters&, const FloatLayer& layer) -> std::unique_ptr<FloatLearner> {
    return std::make_unique<Numbered>(layer);
  };
  CHECK(eval_online("mine", request, learner).at("dw").values == std::vector<double>{0, 1, 2, 10, 11, 12});
}

TEST_CASE("what a rule's author gets wrong is said, and nothing is read or written beside an array") {
  const auto said = [](const auto& act) -> std::string {
    try {
      act();
    } catch (const Error& error) {
      const Diagnostic& d = error.items().front();
      return d.where + ": " + d.found + ", expected " + d.expected;
    } catch (const std::logic_error& error) {
      return error.what();
    }
    return "";
  };
  std::vector<std::int16_t> words(3);
  const FactorWords none, three(words);
  CHECK(said([&] { three[2] = 1; }).empty());
  CHECK(said([&] { three[3] = 1; }).find("word 3 of a factor with 3 words") != std::string::npos);
  CHECK(said([&] { none[0] = 1; }).find("uses_c") != std::string::npos);
  CHECK(said([] {
          (void)Parameters{{{"eta", 1}}, {}}.number("theta");
        }).find("'theta'") != std::string::npos);
  CHECK(said([] { (void)Parameters{}.word("error"); }).find("'error'") != std::string::npos);

  FloatFactors f;
  f.a0.resize(4), f.b0.resize(12);
  CHECK(said([&] { expect_factors("mine", f, 12, 4); }).empty());
  f.b0.resize(4);
  CHECK(said([&] { expect_factors("mine", f, 12, 4); }) == "mine: learner: b0 has 4 entries, expected 12");
  f.b0.resize(12), f.b1.resize(12);  // without a1
  CHECK(said([&] { expect_factors("mine", f, 12, 4); }) == "mine: learner: b1 has 12 entries, expected 0");
  f.b1.clear(), f.c.resize(1);
  CHECK(said([&] { expect_factors("mine", f, 12, 4); }) == "mine: learner: c has 1 entries, expected 4");
  f.c.clear(), f.whole.resize(48);
  CHECK(said([&] { expect_factors("mine", f, 12, 4); }) ==
        "mine: learner: whole has 48 entries, expected 52");
}
