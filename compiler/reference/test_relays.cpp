// Errors through populations that do not learn: with R = W^T everywhere they are those of backpropagation, of
// a max pool to the neuron that won its window alone.
#include <catch2/catch.hpp>
#include <cmath>

#include "compiler/reference/test_support.hpp"

using namespace trifactor;

namespace {

ProjectionSpec connected(int from, int to, Connect kind, std::array<int, 2> kernel = {1, 1},
                         std::array<int, 2> stride = {1, 1}, std::array<int, 2> padding = {0, 0}) {
  ProjectionSpec p;
  p.name = "p" + std::to_string(from) + std::to_string(to);
  p.from = from, p.to = to, p.range = 1, p.connect = kind, p.init = WeightInit::glorot;
  p.window = {kernel, stride, padding};
  return p;
}

/// 5 x 4 x 2 pixels, a map of 5 x 4 x 3 that learns, pooled to 3 x 2 x 3, a frozen layer of 7 with a residual
/// copy of the pool beside it, 3 scores of both. Feedback: projections 6 to 10.
Network relays(Connect pool, const char* error, bool every_step = false) {
  Network n;
  n.name = "relays", n.classes = 3;
  PopulationSpec input = population("x", 1);
  input.input = true, input.shape = {5, 4, 2};
  PopulationSpec map = population("map", 1, Activation::saturated_linear), pooled = population("pooled", 1);
  map.shape = {5, 4, 3}, pooled.shape = {3, 2, 3};
  n.populations = {input,
                   map,
                   pooled,
                   population("frozen", 7, Activation::tanh),
                   population("copy", 18),
                   population("y", 3)};
  PlasticitySpec hidden = learns("urfb", {{"eta", 0.125}});
  hidden.parameters.words["error"] = error;
  hidden.every_step = every_step;
  PlasticitySpec top = learns("readout", {{"eta", 0.125}});
  top.every_step = every_step;
  n.projections = {connected(0, 1, Connect::local, {3, 3}, {1, 1}, {1, 1}),
                   connected(1, 2, pool, {3, 3}, {2, 2}),
                   connected(2, 3, Connect::dense),
                   connected(2, 4, Connect::identity),
                   projection(3, 5, top),
                   projection(4, 5, top),
                   projection(5, 3, hidden),
                   projection(5, 4, hidden),
                   connected(3, 2, Connect::dense),
                   connected(4, 2, Connect::identity),
                   connected(2, 1, pool, {3, 3}, {2, 2})};
  n.projections[0].plasticity = hidden;
  for (std::size_t k = 6; k < 11; ++k) n.projections[k].feedback = true;
  for (ProjectionSpec& p : n.projections) p.init = WeightInit::glorot;
  n.input = 0, n.output = 5;
  return n;
}

/// The feedback weights become the transpose of what they mirror.
void mirror(FloatNetwork& net, std::size_t forward, std::size_t back, std::size_t to, std::size_t from) {
  const std::vector<double> w = net.weights(forward);
  for (std::size_t i = 0; i < to; ++i)
    for (std::size_t j = 0; j < from; ++j) net.set_weight(back, j, i, w[i * from + j]);
}

double largest_difference(const std::vector<double>& a, const std::vector<double>& b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) largest = std::max(largest, std::abs(a[i] - b[i]));
  return largest;
}

}  // namespace

TEST_CASE("through frozen layers, pools and copies R = W^T is backpropagation") {
  for (const Connect pool : {Connect::max_pool, Connect::average_pool}) {
    const Network network = relays(pool, "softmax");
    FloatNetworkOptions options;
    options.baseline = Baseline::backprop, options.backprop_eta = 0.125;
    FloatNetwork net(network), backprop(network, options);
    const FloatNetwork start(network);
    mirror(net, 4, 6, 3, 7), mirror(net, 5, 7, 3, 18), mirror(net, 2, 8, 7, 18);
    Stream stream;
    for (int t = 0; t < 100; ++t) {
      std::vector<double> x = stream.x(40);
      for (double& value : x) value *= 2;
      const std::int64_t label = stream.label();
      net.learn(x, label);
      backprop.learn(x, label);
    }
    for (const std::size_t k : {0u, 4u, 5u}) {
      CHECK(largest_difference(net.weights(k), backprop.weights(k)) < 1e-10);
      CHECK(largest_difference(net.weights(k), start.weights(k)) > 0.02);
    }
    CHECK(net.weights(2) == start.weights(2));
    CHECK(net.weights(3) == start.weights(3));
  }
}

TEST_CASE("an error passes a pool to the first of equal winners, and to nobody where the largest is 0") {
  Network network = relays(Connect::max_pool, "hinge");
  for (const std::size_t k : {0u}) network.projections[k].init = WeightInit::zero;
  FloatNetwork net(network);
  const std::size_t centre =
      2 * 4;  // of the map, channel 0; it and the next in the first windows of two rows
  std::vector<double> x(40, 0.0);
  // The map is 0 everywhere: nobody wins, nothing learns.
  for (double& value : x) value = 0.5;
  net.learn(x, 1);
  CHECK(largest_difference(net.weights(0), FloatNetwork(network).weights(0)) == 0);
  // Two neurons side by side are equal and the largest: the first of them learns alone.
  for (const std::size_t pixel : {centre, centre + 1}) net.set_weight(0, pixel * 3, pixel * 2, 0.5);
  const std::vector<double> before = net.weights(0);
  net.learn(x, 1);
  const std::vector<double> after = net.weights(0);
  std::size_t moved = 0, first = 0;
  for (std::size_t i = 0; i < 60; ++i)
    for (std::size_t j = 0; j < 40; ++j)
      if (after[i * 40 + j] != before[i * 40 + j]) ++moved, first += i == centre * 3;
  CHECK(moved > 0);
  CHECK(first == moved);
}

TEST_CASE("errors of every step pass at every step, those of a sample at its last") {
  for (const bool every_step : {false, true}) {
    Network network = relays(Connect::max_pool, "softmax", every_step), once = network;
    network.steps = 3;
    FloatNetwork net(network), single(once);
    Stream stream;
    const std::vector<double> x = stream.x(40);
    net.learn(x, 1);
    single.learn(x, 1);
    // Without membranes every step shows the same; of a presentation that learns once, one change is left.
    CHECK((largest_difference(net.weights(0), single.weights(0)) < 1e-12) == !every_step);
  }
}

TEST_CASE("random hidden layers need no errors through frozen ones") {
  const Network network = relays(Connect::max_pool, "softmax");
  FloatNetworkOptions options;
  options.baseline = Baseline::random;
  FloatNetwork net(network, options);
  Stream stream;
  for (int t = 0; t < 10; ++t) net.learn(stream.x(40), stream.label());
  CHECK(net.weights(0) == FloatNetwork(network).weights(0));
}
