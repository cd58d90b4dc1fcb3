// Errors that another population says, and the label as a population: do they do what their equations say,
// and nothing else?
#include <catch2/catch.hpp>
#include <cmath>

#include "compiler/reference/test_support.hpp"

using namespace trifactor;

namespace {

/// Input 4 and label 3 to a voice of 5, which tells a layer of 5 its errors; 3 scores.
Network told_network(const char* error, double eta) {
  Network n;
  n.name = "told", n.classes = 3, n.seed = 5;
  PopulationSpec input = population("x", 4), label = population("class", 3);
  input.input = true, label.label = true;
  n.populations = {input, label, population("voice", 5, Activation::tanh),
                   population("layer", 5, Activation::tanh), population("y", 3)};
  const auto frozen = [](const char* name, int from, int to) {
    ProjectionSpec p;
    p.name = name, p.from = from, p.to = to, p.init = WeightInit::normal, p.range = 4;
    return p;
  };
  PlasticitySpec plasticity = learns("hsic_memory", {{"N", 3}, {"eta", eta}, {"error_scale", 2}});
  plasticity.parameters.words["error"] = error;
  ProjectionSpec says = frozen("says", 2, 3);
  says.connect = Connect::identity, says.error = true;
  n.projections = {frozen("hears", 0, 2), frozen("knows", 1, 2), projection(0, 3, plasticity), says,
                   projection(3, 4, learns("readout", {{"eta", 0.1}}))};
  n.input = 0, n.output = 4;
  return n;
}

double product(const std::vector<double>& w, std::size_t row, const std::vector<double>& x) {
  double sum = 0;
  for (std::size_t j = 0; j < x.size(); ++j) sum += w[row * x.size() + j] * x[j];
  return sum;
}

}  // namespace

TEST_CASE("a layer that is told its errors learns what its teller says, and adds none of it to its sums") {
  FloatNetwork net(told_network("told", 0.3));
  Stream stream;
  for (int t = 0; t < 20; ++t) {
    const std::vector<double> x = stream.x(4), before = net.weights(2);
    const std::int64_t label = stream.label();
    std::vector<double> one_hot(3, 0.0);
    one_hot[static_cast<std::size_t>(label)] = 1;
    net.learn(x, label);
    const std::vector<double> after = net.weights(2);
    for (std::size_t i = 0; i < 5; ++i) {
      const double said = std::tanh(product(net.weights(0), i, x) + product(net.weights(1), i, one_hot));
      const double z = std::tanh(product(before, i, x));
      CHECK(net.activity(3)[i] == Approx(z));
      for (std::size_t j = 0; j < 4; ++j)
        CHECK(after[i * 4 + j] - before[i * 4 + j] ==
              Approx(-0.3 / 2 * said * (1 - z * z) * x[j]).margin(1e-14));
    }
  }
}

TEST_CASE("who learns from its own error does not care what it is told") {
  Network silent = told_network("analytic", 0.3);
  silent.projections.erase(silent.projections.begin() + 3);
  FloatNetwork told(told_network("analytic", 0.3)), alone(silent);
  Stream stream;
  for (int t = 0; t < 20; ++t) {
    const std::vector<double> x = stream.x(4);
    const std::int64_t label = stream.label();
    told.learn(x, label), alone.learn(x, label);
  }
  CHECK(told.weights(2) == alone.weights(2));
}

TEST_CASE("nobody knows the class of a sample that is only looked at") {
  FloatNetwork net(told_network("told", 0.3));
  Stream stream;
  for (int t = 0; t < 5; ++t) net.learn(stream.x(4), stream.label());
  const std::vector<double> x = stream.x(4);
  net.forward(x);
  for (const double value : net.activity(1)) CHECK(value == 0);
  for (std::size_t i = 0; i < 5; ++i)
    CHECK(net.activity(2)[i] == Approx(std::tanh(product(net.weights(0), i, x))));
}
