// The backprop baseline against numerical differentiation of the loss it descends.
#include <catch2/catch.hpp>
#include <cmath>

#include "compiler/reference/test_support.hpp"

using namespace trifactor;

namespace {

/// 5 inputs into two layers side by side, into one more, into scores: every activation, with and without
/// normalisation, bias, and a path that skips a layer.
Network branched(Activation output) {
  Network n;
  n.name = "branched", n.classes = 4;
  PopulationSpec input = population("x", 5);
  input.input = true;
  PopulationSpec a = population("a", 6, Activation::leaky_relu), b = population("b", 4, Activation::tanh);
  a.normalise = NormaliseSpec{2, 0.3, 0.7, 8};
  PopulationSpec c = population("c", 6, Activation::saturated_linear);
  c.normalise = NormaliseSpec{3, 0.9, 0.2, 8};
  n.populations = {input, a, b, c, population("y", 4, output)};
  const auto plain = [] { return learns("readout"); };
  n.projections = {projection(0, 1, plain(), true), projection(0, 2, plain()),
                   projection(1, 3, plain()),       projection(2, 3, plain(), true),
                   projection(3, 4, plain(), true), projection(1, 4, plain())};
  n.input = 0, n.output = 4;
  return n;
}

double loss(FloatNetwork& net, const std::vector<double>& x, std::size_t label) {
  const auto y = net.forward(x);
  double total = 0;
  for (const double v : y) total += std::exp(v);
  return std::log(total) - y[label];
}

}  // namespace

TEST_CASE("backprop descends the gradient of the cross-entropy") {
  for (const Activation output : {Activation::linear, Activation::tanh}) {
    FloatNetworkOptions options;
    options.baseline = Baseline::backprop;
    options.backprop_eta = 1;
    const Network network = branched(output);
    FloatNetwork net(network, options), probe(network, options);
    Stream stream;
    const std::vector<double> x = stream.x(5);
    net.learn(x, 1);
    double largest = 0;
    for (std::size_t k = 0; k < network.projections.size(); ++k) {
      const std::vector<double> before = probe.weights(k), after = net.weights(k), bias = probe.bias(k),
                                bias_after = net.bias(k);
      const std::size_t to = static_cast<std::size_t>(
          network.populations[static_cast<std::size_t>(network.projections[k].to)].neurons());
      const std::size_t from = before.size() / to;
      for (std::size_t i = 0; i < to; ++i)
        for (std::size_t j = 0; j < from + (bias.empty() ? 0 : 1); ++j) {
          const double w = j < from ? before[i * from + j] : bias[i];
          const double change = j < from ? after[i * from + j] - w : bias_after[i] - w;
          constexpr double h = 1e-5;
          probe.set_weight(k, i, j, w + h);
          const double above = loss(probe, x, 1);
          probe.set_weight(k, i, j, w - h);
          const double below = loss(probe, x, 1);
          probe.set_weight(k, i, j, w);
          CHECK(change == Approx(-(above - below) / (2 * h)).margin(1e-8));
          largest = std::max(largest, std::abs(change));
        }
    }
    CHECK(largest > 1e-2);
  }
}

TEST_CASE("backprop's rate falls linearly, whatever the network's schedule") {
  FloatNetworkOptions options;
  options.baseline = Baseline::backprop;
  options.backprop_eta = 0.5;
  options.run_length = 256 * 10;
  const FloatNetwork net(small_network(), options);
  CHECK(net.rate(0, 0) == 0.5);
  CHECK(net.rate(0, 19) == Approx(0.5 * (1 - 10 / 2560.0)).epsilon(1e-14));
  CHECK(net.rate(1, 1280) == Approx(0.25).epsilon(1e-14));
}
