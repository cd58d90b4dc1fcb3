// Errors that travel back through feedback projections: with R = W^T the network learns by backpropagation,
// with any R as the rule's eval says, from old weights throughout.
#include <catch2/catch.hpp>
#include <cmath>

#include "compiler/reference/test_support.hpp"

using namespace trifactor;

namespace {

enum class Top { urfb, readout };

/// 6 inputs, two saturating hidden layers of 5 and 4, 3 scores. Projections: 0 to 2 forward, 3 (scores to
/// second) and 4 (second to first) feedback.
Network there_and_back(Top top, bool plastic_feedback, int age = 0) {
  Network n;
  n.name = "back", n.classes = 3;
  PopulationSpec input = population("x", 6);
  input.input = true;
  n.populations = {input, population("first", 5, Activation::saturated_linear),
                   population("second", 4, Activation::saturated_linear), population("y", 3)};
  PlasticitySpec hidden = learns("urfb", {{"eta", 0.125}}, age);
  hidden.parameters.words["error"] = "softmax";
  PlasticitySpec last = top == Top::urfb ? hidden : learns("readout", {{"eta", 0.125}}, age);
  n.projections = {projection(0, 1, hidden), projection(1, 2, hidden), projection(2, 3, last),
                   projection(3, 2, hidden), projection(2, 1, hidden)};
  for (const std::size_t k : {3u, 4u}) {
    n.projections[k].feedback = true;
    if (!plastic_feedback) n.projections[k].plasticity.reset();
  }
  n.input = 0, n.output = 3;
  for (ProjectionSpec& p : n.projections) p.init = WeightInit::glorot;
  return n;
}

std::vector<double> transposed(const std::vector<double>& w, std::size_t rows) {
  const std::size_t columns = w.size() / rows;
  std::vector<double> out(w.size());
  for (std::size_t k = 0; k < w.size(); ++k) out[k % columns * rows + k / columns] = w[k];
  return out;
}

void make_symmetric(FloatNetwork& net) {
  const std::vector<double> w2 = net.weights(1), w3 = net.weights(2);
  for (std::size_t i = 0; i < 4; ++i)
    for (std::size_t j = 0; j < 5; ++j) net.set_weight(4, j, i, w2[i * 5 + j]);
  for (std::size_t i = 0; i < 3; ++i)
    for (std::size_t j = 0; j < 4; ++j) net.set_weight(3, j, i, w3[i * 4 + j]);
}

/// Wide enough that gates close now and then.
std::vector<double> wide(Stream& stream) {
  std::vector<double> x = stream.x();
  for (double& value : x) value *= 3;
  return x;
}

}  // namespace

TEST_CASE("with R = W^T it is backpropagation, and R stays W^T to the last bit") {
  for (const Top top : {Top::urfb, Top::readout}) {
    const Network network = there_and_back(top, true);
    FloatNetworkOptions options;
    options.baseline = Baseline::backprop, options.backprop_eta = 0.125;
    FloatNetwork net(network), backprop(network, options);
    make_symmetric(net);
    const FloatNetwork start(network);
    Stream stream;
    int closed = 0;
    for (int t = 0; t < 200; ++t) {
      const std::vector<double> x = wide(stream);
      const std::int64_t label = stream.label();
      net.learn(x, label);
      backprop.learn(x, label);
      for (const double z : net.activity(1)) closed += std::abs(z) == 1;
    }
    CHECK(closed > 50);
    for (std::size_t k = 0; k < 3; ++k) {
      const std::vector<double> a = net.weights(k), b = backprop.weights(k), before = start.weights(k);
      double largest = 0;
      for (std::size_t i = 0; i < a.size(); ++i) {
        CHECK(a[i] == Approx(b[i]).margin(1e-10));
        largest = std::max(largest, std::abs(a[i] - before[i]));
      }
      CHECK(largest > 0.05);
    }
    CHECK(net.weights(3) == transposed(net.weights(2), 3));
    CHECK(net.weights(4) == transposed(net.weights(1), 4));
    CHECK(backprop.weights(3) == start.weights(3));  // a baseline leaves feedback alone
    CHECK_FALSE(backprop.learns(3));
  }
}

TEST_CASE("the first updates are those of eval, for any R, whether R learns or not") {
  // With weight age D the samples up to D see the weights of the start, R included.
  constexpr std::size_t age = 6;
  for (const bool plastic : {true, false}) {
    const Network network = there_and_back(Top::urfb, plastic, static_cast<int>(age));
    FloatNetwork net(network);
    const FloatNetwork start(network);
    FloatArray x{{age + 1, 6}, {}}, labels{{age + 1}, {}};
    Stream stream;
    for (std::size_t t = 0; t <= 2 * age; ++t) {
      const std::vector<double> now = wide(stream);
      const std::int64_t label = stream.label();
      net.learn(now, label);
      if (t > age) continue;
      x.values.insert(x.values.end(), now.begin(), now.end());
      labels.values.push_back(static_cast<double>(label));
    }
    EvalRequest request{"online", network.projections[0].plasticity->parameters, {}};
    request.parameters.numbers["classes"] = 3;
    request.parameters.words["update_r"] = plastic ? "true" : "false";
    request.parameters.numbers["scale"] = 1;
    request.inputs = {{"x", x},
                      {"labels", labels},
                      {"w1", {{5, 6}, start.weights(0)}},
                      {"w2", {{4, 5}, start.weights(1)}},
                      {"w3", {{3, 4}, start.weights(2)}},
                      {"r2", {{5, 4}, start.weights(4)}},
                      {"r3", {{4, 3}, start.weights(3)}}};
    const FloatArrays out = find_rule("urfb")->floating.eval(request);
    const char* changes[] = {"dw1", "dw2", "dw3", "dr3", "dr2"};
    for (std::size_t k = 0; k < 5; ++k) {
      const std::vector<double> before = start.weights(k), after = net.weights(k);
      double largest = 0;
      for (std::size_t i = 0; i < before.size(); ++i) {
        double change = 0;
        for (std::size_t t = 0; t <= age; ++t) change += out.at(changes[k]).values[t * before.size() + i];
        CHECK(after[i] - before[i] == Approx(change).margin(1e-12));
        largest = std::max(largest, std::abs(change));
      }
      CHECK(((largest > 1e-3) == (k < 3 || plastic)));
    }
  }
}

TEST_CASE("errors may skip a layer") {
  // Direct feedback from the scores to the first layer, beside the one to the second.
  Network network = there_and_back(Top::readout, false);
  network.projections[4].from = 3;
  FloatNetwork net(network);
  const FloatNetwork start(network);
  Stream stream;
  const std::vector<double> x = stream.x();
  std::vector<double> y(net.forward(x).begin(), net.forward(x).end());
  net.learn(x, 1);
  double total = 0;
  for (double& v : y) total += v = std::exp(v);
  for (double& v : y) v /= -total;
  y[1] += 1;
  for (std::size_t i = 0; i < 5; ++i) {
    double delta = 0;
    for (std::size_t k = 0; k < 3; ++k) delta += start.weights(4)[i * 3 + k] * y[k];
    if (std::abs(net.activity(1)[i]) >= 1) delta = 0;
    for (std::size_t j = 0; j < 6; ++j)
      CHECK(net.weights(0)[i * 6 + j] - start.weights(0)[i * 6 + j] ==
            Approx(0.125 * delta * x[j]).margin(1e-14));
  }
}

TEST_CASE("feedback is no part of the forward pass, and random hidden layers need none") {
  Network network = there_and_back(Top::readout, true), alone = network;
  alone.projections.resize(3);
  FloatNetworkOptions options;
  options.baseline = Baseline::random;
  FloatNetwork with(network, options), without(alone, options);
  const FloatNetwork start(network);
  Stream stream;
  for (int t = 0; t < 20; ++t) {
    const std::vector<double> x = stream.x();
    const std::int64_t label = stream.label();
    const auto a = with.learn(x, label), b = without.learn(x, label);
    CHECK(std::vector<double>(a.begin(), a.end()) == std::vector<double>(b.begin(), b.end()));
  }
  for (const std::size_t k : {0u, 1u, 3u, 4u}) CHECK(with.weights(k) == start.weights(k));
  CHECK(with.weights(2) == without.weights(2));
  CHECK(with.weights(2) != start.weights(2));
}
