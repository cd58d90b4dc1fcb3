// Competition by lateral inhibition, built of populations: does the network settle where eval's equations do,
// and does each unit learn from what it is told of itself alone?
#include <array>
#include <catch2/catch.hpp>

#include "compiler/reference/test_support.hpp"

using namespace trifactor;

namespace {

constexpr std::size_t inputs = 5, units = 6;
constexpr double tau = 4, w_inh = 0.5, h_star = 0.15;
enum Projection : std::size_t { learned, told, beat, summed, inhibits, spared, driven };

/// x -> currents, which learn; the units are inhibited by the sum of what they were, each but by itself.
Network lateral_network(int steps) {
  Network n;
  n.name = "lateral", n.classes = 3, n.seed = 5, n.steps = steps;
  PopulationSpec x = population("x", inputs), h = population("units", units, Activation::leaky_relu);
  x.input = true, h.slope = 0, h.membrane = MembraneSpec{tau, false};
  n.populations = {x, population("inhibition", 1), h, population("currents", units), population("y", 3)};
  const auto frozen = [](const char* name, int from, int to, double value, bool late, Connect connect) {
    ProjectionSpec p;
    p.name = name, p.from = from, p.to = to, p.late = late, p.connect = connect, p.range = 4;
    p.init = WeightInit::constant, p.value = value;
    return p;
  };
  PlasticitySpec plasticity = learns("competing", {{"eta", 0.3}, {"h_star", h_star}});
  plasticity.parameters.words["dynamics"] = "lateral";
  ProjectionSpec learning = projection(0, 3, plasticity);
  learning.init = WeightInit::normal;
  ProjectionSpec says = frozen("says", 2, 3, 1, false, Connect::identity);
  says.error = true;
  n.projections = {learning,
                   says,
                   frozen("beat", 0, 1, 0, false, Connect::dense),
                   frozen("summed", 2, 1, 1, true, Connect::dense),
                   frozen("inhibits", 1, 2, -w_inh, false, Connect::dense),
                   frozen("spared", 2, 2, w_inh, true, Connect::identity),
                   frozen("driven", 3, 2, 1, true, Connect::identity),
                   projection(2, 4, learns("readout", {{"eta", 0.1}}))};
  n.input = 0, n.output = 4;
  return n;
}

/// eval's change of the weights by one sample, after so many Euler steps from rest; counts the signs of g.
std::vector<double> expected(const std::vector<double>& x, const std::vector<double>& w, double steps,
                             std::array<int, 3>& signs) {
  EvalRequest request{"online", parameters_of("competing", {{"eta", 0.3}, {"h_star", h_star}}), {}};
  request.parameters.words["dynamics"] = "lateral";
  request.parameters.numbers["tau"] = tau, request.parameters.numbers["w_inh"] = w_inh;
  request.parameters.numbers["steps"] = steps;
  request.inputs = {{"x", {{1, inputs}, x}}, {"w", {{units, inputs}, w}}};
  const FloatArrays out = find_rule("competing")->floating.eval(request);
  for (const double g : out.at("g").values) ++signs[g > 0 ? 2 : g < 0 ? 0 : 1];
  return out.at("dw").values;
}

}  // namespace

TEST_CASE("populations that inhibit one another settle and learn as eval says") {
  FloatNetwork net(lateral_network(400));
  Stream stream;
  std::array<int, 3> signs{};
  for (int t = 0; t < 40; ++t) {
    const std::vector<double> x = stream.x(inputs), before = net.weights(learned);
    net.learn(x, stream.label());
    const std::vector<double> after = net.weights(learned), dw = expected(x, before, 4000, signs);
    for (std::size_t k = 0; k < dw.size(); ++k) CHECK(after[k] - before[k] == Approx(dw[k]).margin(1e-9));
  }
  for (const int seen : signs) CHECK(seen > 10);
}

TEST_CASE("each step is one Euler step, the first of which knows no current yet") {
  for (const int steps : {2, 3, 9}) {
    for (unsigned seed = 0; seed < 5; ++seed) {
      CAPTURE(steps, seed);
      Network network = lateral_network(steps);
      network.seed = seed;
      FloatNetwork net(network);
      Stream stream;
      std::array<int, 3> signs{};
      const std::vector<double> x = stream.x(inputs), before = net.weights(learned);
      net.learn(x, stream.label());
      const std::vector<double> after = net.weights(learned), dw = expected(x, before, steps - 1, signs);
      for (std::size_t k = 0; k < dw.size(); ++k) CHECK(after[k] - before[k] == Approx(dw[k]).margin(1e-14));
    }
  }
}

TEST_CASE("only p = 2 can be told, for what the layer sends on is the plain sum") {
  Network network = lateral_network(4);
  network.projections[learned].plasticity->parameters.numbers["p"] = 3;
  CHECK_THROWS_AS(FloatNetwork(network), Error);
}
