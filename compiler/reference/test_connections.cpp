// Masks, dropout, windows and pools in floating point: against loops over windows, and gradients by
// difference.
#include <catch2/catch.hpp>
#include <cmath>

#include "compiler/reference/test_support.hpp"

namespace trifactor {
namespace {

ProjectionSpec connected(int from, int to, Connect kind, std::array<int, 2> kernel = {1, 1},
                         std::array<int, 2> stride = {1, 1}, std::array<int, 2> padding = {0, 0}) {
  ProjectionSpec p;
  p.name = "p" + std::to_string(from) + std::to_string(to);
  p.from = from, p.to = to, p.range = 1, p.connect = kind;
  p.window = {kernel, stride, padding};
  return p;
}

/// 5 x 4 x 2 pixels, a map of 5 x 4 x 3 that learns, pooled to 3 x 2 x 3, an average of 1 x 2 x 3, a sum of
/// that with itself by two identities, and 3 scores.
Network image_network(Connect pool, Connect see = Connect::convolution) {
  Network n;
  n.name = "image", n.classes = 3;
  PopulationSpec input = population("x", 1);
  input.input = true, input.shape = {5, 4, 2};
  PopulationSpec map = population("map", 1, Activation::tanh), pooled = population("pooled", 1),
                 mean = population("mean", 1), sum = population("sum", 6, Activation::tanh);
  map.shape = {5, 4, 3}, pooled.shape = {3, 2, 3}, mean.shape = {1, 2, 3};
  n.populations = {input, map, pooled, mean, sum, population("y", 3)};
  n.projections = {connected(0, 1, see, {3, 3}, {1, 1}, {1, 1}), connected(1, 2, pool, {3, 3}, {2, 2}),
                   connected(2, 3, Connect::average_pool, {3, 1}), connected(3, 4, Connect::identity),
                   projection(4, 5, learns("readout", {{"eta", 0.2}}), true)};
  n.projections[0].plasticity = learns("readout", {{"eta", 0.2}});
  n.projections[0].bias = true;
  n.input = 0, n.output = 5;
  return n;
}

double loss(FloatNetwork& network, const std::vector<double>& x, std::int64_t label) {
  const std::span<const double> y = network.forward(x);
  double total = 0;
  for (const double v : y) total += std::exp(v);
  return std::log(total) - y[static_cast<std::size_t>(label)];
}

FloatNetworkOptions by_backprop() {
  FloatNetworkOptions options;
  options.baseline = Baseline::backprop, options.backprop_eta = 0.1;
  return options;
}

}  // namespace

TEST_CASE("a convolution that learns moves one weight an entry, by the gradient summed over its places") {
  for (const Connect pool : {Connect::max_pool, Connect::average_pool}) {
    const Network n = image_network(pool);
    const Connectivity synapses(n, 0);
    FloatNetwork network(n, by_backprop());
    Stream stream;
    for (int sample = 0; sample < 3; ++sample) {
      const std::vector<double> x = stream.x(40), before = network.weights(0), bias = network.bias(0);
      const std::int64_t label = stream.label();
      FloatNetwork twin(n, by_backprop());
      const auto set_all = [&](std::size_t entry, double change) {
        for (std::size_t i = 0; i < 60; ++i) {
          for (std::size_t j = 0; j < 40; ++j)
            twin.set_weight(
                0, i, j,
                before[i * 40 + j] + (synapses.exists(i, j) && synapses.entry(i, j) == entry ? change : 0));
          twin.set_weight(0, i, 40,
                          bias[i] + (synapses.entries() + synapses.channel(i) == entry ? change : 0));
        }
        const std::vector<double> y = network.weights(4);
        for (std::size_t i = 0; i < 3; ++i)
          for (std::size_t j = 0; j < 6; ++j) twin.set_weight(4, i, j, y[i * 6 + j]);
        const std::vector<double> b = network.bias(4);
        for (std::size_t i = 0; i < 3; ++i) twin.set_weight(4, i, 6, b[i]);
      };
      std::vector<double> gradient(synapses.entries() + 3);
      for (std::size_t entry = 0; entry < gradient.size(); ++entry) {
        constexpr double h = 1e-6;
        set_all(entry, h);
        const double up = loss(twin, x, label);
        set_all(entry, -h);
        gradient[entry] = (up - loss(twin, x, label)) / (2 * h);
      }
      network.learn(x, label);
      const std::vector<double> after = network.weights(0), bias_after = network.bias(0);
      std::size_t moved = 0;
      for (std::size_t i = 0; i < 60; ++i) {
        for (std::size_t j = 0; j < 40; ++j) {
          const double change = after[i * 40 + j] - before[i * 40 + j];
          if (!synapses.exists(i, j)) {
            CHECK(after[i * 40 + j] == 0);
            continue;
          }
          CHECK(change == Approx(-0.1 * gradient[synapses.entry(i, j)]).margin(1e-8));
          moved += change != 0;
        }
        CHECK(bias_after[i] - bias[i] == Approx(-0.1 * gradient[synapses.entries() + i % 3]).margin(1e-8));
      }
      CHECK(moved > 500);
    }
  }
}

TEST_CASE("local weights learn each for itself, and nothing beyond the window") {
  const Network n = image_network(Connect::max_pool, Connect::local);
  const Connectivity synapses(n, 0);
  FloatNetwork network(n, by_backprop());
  Stream stream;
  const std::vector<double> before = network.weights(0), x = stream.x(40);
  const std::int64_t label = stream.label();
  std::vector<double> numeric(60 * 40, 0);
  FloatNetwork twin(n, by_backprop());
  for (std::size_t k = 0; k < numeric.size(); k += 7) {
    if (!synapses.exists(k / 40, k % 40)) continue;
    constexpr double h = 1e-6;
    twin.set_weight(0, k / 40, k % 40, before[k] + h);
    const double up = loss(twin, x, label);
    twin.set_weight(0, k / 40, k % 40, before[k] - h);
    numeric[k] = (up - loss(twin, x, label)) / (2 * h);
    twin.set_weight(0, k / 40, k % 40, before[k]);
  }
  network.learn(x, label);
  const std::vector<double> after = network.weights(0);
  for (std::size_t k = 0; k < numeric.size(); ++k) {
    if (!synapses.exists(k / 40, k % 40))
      CHECK(after[k] == 0);
    else if (k % 7 == 0)
      CHECK(after[k] - before[k] == Approx(-0.1 * numeric[k]).margin(1e-8));
  }
}

TEST_CASE("the largest of a window: 0 beyond the edge, below 0 where all of it is") {
  Network n;
  n.name = "pool", n.classes = 4;
  PopulationSpec input = population("x", 1), pooled = population("y", 1);
  input.input = true, input.shape = {4, 4, 1}, pooled.shape = {2, 2, 1};
  n.populations = {input, pooled};
  n.projections = {connected(0, 1, Connect::max_pool, {3, 3}, {2, 2})};
  n.input = 0, n.output = 1;
  FloatNetwork network(n);
  std::vector<double> x(16, -1);
  x[6] = -0.5;
  const std::span<const double> y = network.forward(x);
  CHECK(std::vector<double>(y.begin(), y.end()) == std::vector<double>{-0.5, 0, 0, 0});
  x[15] = 0.25;
  CHECK(network.forward(x)[3] == 0.25);
}

TEST_CASE("masked synapses stay 0, the others learn") {
  Network n = small_network();
  for (ProjectionSpec& p : n.projections) p.density = 0.5;
  FloatNetwork network(n);
  Stream stream;
  const std::vector<double> before = network.weights(0);
  for (int k = 0; k < 30; ++k) network.learn(stream.x(), stream.label());
  for (std::size_t p = 0; p < 2; ++p) {
    const Connectivity synapses(n, p);
    const std::vector<double> w = network.weights(p);
    const std::size_t inputs = p == 0 ? 6 : 8;
    std::size_t alive = 0;
    for (std::size_t k = 0; k < w.size(); ++k) {
      alive += synapses.exists(k / inputs, k % inputs);
      CHECK((w[k] != 0) == synapses.exists(k / inputs, k % inputs));
      if (p == 0 && w[k] != 0 && k % 6 != 3) CHECK(w[k] != before[k]);
    }
    CHECK(alive > 0);
    CHECK(alive < w.size());
  }
}

TEST_CASE("dropout leaves out whom the generators say, in learning ticks only, and scales the others") {
  Network n = small_network();
  n.populations[1].normalise.reset();
  n.populations[1].dropout = 0.4;
  n.projections[0].plasticity = learns("readout", {{"eta", 0.2}});
  FloatNetwork network(n, by_backprop());
  Stream stream;
  std::vector<std::uint32_t> state;
  for (std::uint64_t i = 0; i < 8; ++i) {  // mix64 of seed, use 3 and population 1, neuron
    const auto mixed = [](std::uint64_t x) {
      x = (x ^ (x >> 30)) * 13787848793156543929ull;
      x = (x ^ (x >> 27)) * 10723151780598845931ull;
      return x ^ (x >> 31);
    };
    const std::uint64_t h = mixed(mixed(mixed(n.seed + 0x9e3779b97f4a7c15ull) ^ (3ull << 32 | 1)) ^ i << 32);
    state.push_back(static_cast<std::uint32_t>(h ^ h >> 32));
  }
  int left_out = 0;
  for (int k = 0; k < 200; ++k) {
    const std::vector<double> x = stream.x();
    network.forward(x);  // draws nothing
    const std::span<const double> looked = network.activity(1);
    const std::vector<double> plain(looked.begin(), looked.end()), before = network.weights(0);
    network.learn(x, stream.label());
    const std::vector<double> after = network.weights(0);
    for (std::size_t i = 0; i < 8; ++i) {
      state[i] ^= state[i] << 13, state[i] ^= state[i] >> 17, state[i] ^= state[i] << 5;
      const bool kept = state[i] >= 0.4 * 4294967296.0;
      left_out += !kept;
      CHECK(network.activity(1)[i] == (kept ? plain[i] * (1 / (1 - 0.4)) : 0));
      for (std::size_t j = 0; j < 6; ++j)
        if (!kept) CHECK(after[i * 6 + j] == before[i * 6 + j]);
    }
  }
  CHECK(std::abs(left_out - 640) < 4 * std::sqrt(1600 * 0.24));
}

}  // namespace trifactor
