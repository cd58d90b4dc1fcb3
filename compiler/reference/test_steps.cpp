// Time in steps in floating point: do membranes, noise and late projections follow their recursions, and does
// a look leave no trace?
#include <catch2/catch.hpp>
#include <cmath>

#include "compiler/reference/test_support.hpp"
#include "rtl/units/random/golden.hpp"

using namespace trifactor;

namespace {

/// Input 4, a pool of 6 that reads itself one step late, a second layer of 5 that the pool reads late too,
/// and 3 scores.
Network pool_network(int steps, bool reads_before, double noise) {
  Network n;
  n.name = "pool", n.classes = 3, n.seed = 11, n.steps = steps;
  PopulationSpec input = population("x", 4), pool = population("pool", 6, Activation::tanh),
                 second = population("second", 5, Activation::tanh);
  input.input = true;
  pool.membrane = MembraneSpec{3, reads_before};
  pool.noise = noise;
  second.membrane = MembraneSpec{2, false};
  n.populations = {input, pool, second, population("y", 3)};
  const auto frozen = [](int from, int to, bool late) {
    ProjectionSpec p;
    p.name = "p" + std::to_string(from) + std::to_string(to), p.from = from, p.to = to, p.late = late;
    p.init = WeightInit::normal, p.range = 4;
    return p;
  };
  n.projections = {frozen(0, 1, false), frozen(1, 1, true), frozen(2, 1, true), frozen(1, 2, false),
                   projection(2, 3, learns("readout", {{"eta", 0.1}}))};
  n.projections[4].plasticity->every_step = true;
  n.input = 0, n.output = 3;
  return n;
}

/// The same network by its equations, one neuron at a time.
struct ByHand {
  FloatNetwork& net;
  double noise;
  bool reads_before;
  std::vector<double> u = std::vector<double>(6), v = std::vector<double>(5);  // membranes
  std::vector<double> pool = std::vector<double>(6), second = std::vector<double>(5);
  std::vector<std::uint32_t> words = {};

  double sum(std::size_t projection, const std::vector<double>& x, std::size_t i) const {
    const std::vector<double> w = net.weights(projection);
    double total = 0;
    for (std::size_t j = 0; j < x.size(); ++j) total += w[i * x.size() + j] * x[j];
    return total;
  }
  void step(const std::vector<double>& x) {
    const std::vector<double> pool_before = pool, second_before = second;
    for (std::size_t i = 0; i < 6; ++i) {
      const double before = u[i];
      u[i] += (sum(0, x, i) + sum(1, pool_before, i) + sum(2, second_before, i) - u[i]) / 3;
      pool[i] = std::tanh(reads_before ? before : u[i]);
      if (noise == 0) continue;
      words[i] = xorshift32(words[i]);
      pool[i] += noise * static_cast<std::int16_t>(words[i] >> 16) / 32768.0;
    }
    for (std::size_t i = 0; i < 5; ++i) {
      v[i] += (sum(3, pool, i) - v[i]) / 2;
      second[i] = std::tanh(v[i]);
    }
  }
};

}  // namespace

TEST_CASE("steps follow the equations, from one learning sample to the next") {
  for (const int steps : {1, 4})
    for (const bool reads_before : {false, true})
      for (const double noise : {0.0, 0.05}) {
        FloatNetwork net(pool_network(steps, reads_before, noise));
        ByHand hand{net, noise, reads_before};
        for (std::uint32_t i = 0; i < 6; ++i)
          hand.words.push_back(generator_seed(11, RandomUse::noise, 1, i, 0));
        Stream stream;
        for (int t = 0; t < 6; ++t) {
          const std::vector<double> x = stream.x(4);
          net.learn(x, t % 3);
          for (int s = 0; s < steps; ++s) hand.step(x);
          for (std::size_t i = 0; i < 6; ++i) CHECK(net.activity(1)[i] == Approx(hand.pool[i]).margin(1e-13));
          for (std::size_t i = 0; i < 5; ++i)
            CHECK(net.activity(2)[i] == Approx(hand.second[i]).margin(1e-13));
        }
      }
}

TEST_CASE("a look begins with nothing and leaves no trace") {
  FloatNetwork looked(pool_network(3, false, 0.05)), plain(pool_network(3, false, 0.05));
  Stream stream, others;
  std::vector<double> first;
  for (int t = 0; t < 8; ++t) {
    const std::vector<double> x = stream.x(4);
    if (t == 4) {
      const std::vector<double> probe = others.x(4);
      const auto out = looked.forward(probe);
      first.assign(out.begin(), out.end());
      looked.forward(others.x(4));
      const auto again = looked.forward(probe);
      CHECK(std::vector<double>(again.begin(), again.end()) == first);
      ByHand hand{looked, 0.05, false};  // from rest, with copies of the generators as they stand
      for (std::uint32_t i = 0; i < 6; ++i) {
        std::uint32_t word = generator_seed(11, RandomUse::noise, 1, i, 0);
        for (int drawn = 0; drawn < 4 * 3; ++drawn) word = xorshift32(word);
        hand.words.push_back(word);
      }
      for (int s = 0; s < 3; ++s) hand.step(probe);
      for (std::size_t i = 0; i < 5; ++i)
        CHECK(looked.activity(2)[i] == Approx(hand.second[i]).margin(1e-13));
    }
    looked.learn(x, t % 3);
    plain.learn(x, t % 3);
    for (std::size_t k = 0; k < 5; ++k) CHECK(looked.weights(k) == plain.weights(k));
  }
}

TEST_CASE("backpropagation through time is refused") {
  FloatNetworkOptions options;
  options.baseline = Baseline::backprop;
  try {
    FloatNetwork net(pool_network(1, false, 0), options);
    FAIL("a network with circles learned by backpropagation");
  } catch (const Error& error) {
    CHECK(error.items().at(0).code == "TF-REF-007");
  }
}

TEST_CASE("a rule of every step takes as many updates as there are steps") {
  for (const bool every_step : {false, true}) {
    Network network = pool_network(3, false, 0);
    network.projections[4].plasticity->every_step = every_step;
    network.projections[4].plasticity->parameters.words["error"] = "linear";
    network.projections[4].init = WeightInit::zero;
    FloatNetwork net(network);
    ByHand hand{net, 0, false};
    Stream stream;
    const std::vector<double> x = stream.x(4);
    std::vector<double> w(15);
    for (int s = 0; s < 3; ++s) {
      hand.step(x);  // before the network learns: the layers it reads are frozen
      if (!every_step && s != 2) continue;
      for (std::size_t i = 0; i < 3; ++i) {
        double y = 0;
        for (std::size_t j = 0; j < 5; ++j) y += w[i * 5 + j] * hand.second[j];
        for (std::size_t j = 0; j < 5; ++j) w[i * 5 + j] += 0.1 * ((i == 1) - y) * hand.second[j];
      }
    }
    net.learn(x, 1);
    for (std::size_t k = 0; k < 15; ++k) CHECK(net.weights(4)[k] == Approx(w[k]).margin(1e-14));
  }
}
