// The float interpreter: does it do what a chip does, but for the number formats?
#include <catch2/catch.hpp>
#include <cmath>

#include "compiler/reference/test_support.hpp"

using namespace trifactor;

namespace {

/// What a rule's eval says on a layer's frozen weights.
FloatArrays eval(const Network& network, std::size_t k, const FloatNetwork& start,
                 const std::vector<std::vector<double>>& x, const std::vector<std::int64_t>& labels) {
  const ProjectionSpec& spec = network.projections[k];
  const PopulationSpec& to = network.populations[static_cast<std::size_t>(spec.to)];
  EvalRequest request{"online", spec.plasticity->parameters, {}};
  auto& numbers = request.parameters.numbers;
  numbers["classes"] = network.classes, numbers["slope"] = to.slope;
  numbers["groups"] = to.normalise ? to.normalise->groups : 0;
  numbers["p"] = to.normalise ? to.normalise->p : 0.5,
  numbers["delta"] = to.normalise ? to.normalise->delta : 1;
  FloatArray all{{x.size(), x.front().size()}, {}}, classes{{x.size()}, {}};
  for (const auto& row : x) all.values.insert(all.values.end(), row.begin(), row.end());
  for (const std::int64_t label : labels) classes.values.push_back(static_cast<double>(label));
  request.inputs = {{"x", all},
                    {"labels", classes},
                    {"w", {{static_cast<std::size_t>(to.neurons()), x.front().size()}, start.weights(k)}}};
  return find_rule(spec.plasticity->rule)->floating.eval(request);
}

}  // namespace

TEST_CASE("the first updates are those of eval") {
  // With weight age D every sample up to D sees the weights of the start, so the sum of the updates that were
  // applied must be the sum of eval's dw.
  constexpr int age = 9;
  for (std::map<std::string, double> hidden : {std::map<std::string, double>{{"partners", 4}},
                                               {{"partners", 0}},
                                               {{"partners", 0}, {"variant", 21}},
                                               {{"partners", 0}, {"variant", 22}}}) {
    hidden["sigma"] = 0.5, hidden["eta"] = 0.3;
    const Network network = small_network(age, hidden);
    FloatNetwork learner(network);
    const FloatNetwork start(network);
    Stream stream;
    std::vector<std::vector<double>> x, h;
    std::vector<std::int64_t> labels;
    for (int t = 0; t <= 2 * age; ++t) {
      const std::vector<double> now = stream.x();
      const std::int64_t label = stream.label();
      learner.learn(now, label);
      if (t > age) continue;  // later samples' updates still wait at the end
      x.push_back(now), labels.push_back(label);
      h.emplace_back(learner.activity(1).begin(), learner.activity(1).end());
    }
    const FloatArrays layer = eval(network, 0, start, x, labels);
    const std::vector<double> before = start.weights(0), after = learner.weights(0);
    double largest = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
      double change = 0;
      for (std::size_t t = 0; t < x.size(); ++t) change += layer.at("dw").values[t * before.size() + i];
      CHECK(after[i] - before[i] == Approx(change).margin(1e-12));
      largest = std::max(largest, std::abs(change));
    }
    CHECK(largest > 1e-3);
    CHECK(h.front() == std::vector<double>(layer.at("r").values.begin(), layer.at("r").values.begin() + 8));
  }
}

TEST_CASE("the read-out learns by the delta rule, bias included") {
  Network network = small_network();
  FloatNetwork net(network);
  const FloatNetwork start(network);
  Stream stream;
  const std::vector<double> x = stream.x();
  const std::vector<double> y(net.forward(x).begin(), net.forward(x).end());
  const std::vector<double> h(net.activity(1).begin(), net.activity(1).end());
  double total = 0;
  for (const double v : y) total += std::exp(v);
  net.learn(x, 2);
  for (std::size_t i = 0; i < 3; ++i) {
    const double delta = (i == 2 ? 1 : 0) - std::exp(y[i]) / total;
    CHECK(net.bias(1)[i] - start.bias(1)[i] == Approx(0.2 * delta));
    for (std::size_t j = 0; j < 8; ++j)
      CHECK(net.weights(1)[i * 8 + j] - start.weights(1)[i * 8 + j] ==
            Approx(0.2 * delta * h[j]).margin(1e-15));
  }
}

TEST_CASE("weights have a defined age") {
  constexpr int age = 3;
  FloatNetwork late(small_network(age));
  const FloatNetwork start(small_network(age));
  Stream stream;
  for (int t = 0; t < age; ++t) {
    late.learn(stream.x(), stream.label());
    CHECK(late.weights(1) == start.weights(1));  // D passes later, not before
  }
  late.learn(stream.x(), stream.label());
  CHECK(late.weights(1) != start.weights(1));
}

TEST_CASE("looking changes nothing") {
  FloatNetwork looked(small_network(2)), alone(small_network(2));
  Stream stream, other;
  other.engine.seed(99);
  for (int t = 0; t < 40; ++t) {
    const std::vector<double> x = stream.x();
    const std::int64_t label = stream.label();
    for (int k = 0; k < t % 3; ++k) looked.forward(other.x());
    looked.learn(x, label);
    alone.learn(x, label);
  }
  CHECK(looked.weights(0) == alone.weights(0));
  CHECK(looked.weights(1) == alone.weights(1));
  CHECK(looked.bias(1) == alone.bias(1));
  CHECK(looked.take_signals(0).kernel == alone.take_signals(0).kernel);
}

TEST_CASE("rates are held over pieces of a run") {
  Network network = small_network();
  network.projections[1].plasticity->schedule = {ScheduleKind::linear};
  FloatNetworkOptions options;
  options.run_length = 1000;  // pieces of 4 samples
  const FloatNetwork net(network, options);
  CHECK(net.rate(1, 0) == 0.2);
  CHECK(net.rate(1, 3) == 0.2);
  CHECK(net.rate(1, 4) == Approx(0.2 * (1 - 4 / 1000.0)).epsilon(1e-15));
  CHECK(net.rate(1, 999) == Approx(0.2 * (1 - 996 / 1000.0)).epsilon(1e-12));
  CHECK(net.rate(0, 999) == 0.3);  // constant
}

TEST_CASE("baselines leave alone what they should") {
  FloatNetworkOptions options;
  options.baseline = Baseline::random;
  FloatNetwork net(small_network(), options);
  const FloatNetwork start(small_network());
  Stream stream;
  for (int t = 0; t < 5; ++t) net.learn(stream.x(), stream.label());
  CHECK(net.weights(0) == start.weights(0));
  CHECK(net.weights(1) != start.weights(1));
  CHECK_FALSE(net.learns(0));
  CHECK(net.rate(0, 0) == 0);

  Network frozen = small_network();
  frozen.projections[0].plasticity.reset();
  options.baseline = Baseline::backprop;
  FloatNetwork partly(frozen, options);
  for (int t = 0; t < 5; ++t) partly.learn(stream.x(), stream.label());
  CHECK(partly.weights(0) == start.weights(0));
  CHECK(partly.weights(1) != start.weights(1));
}

TEST_CASE("signals are means over pairs") {
  FloatNetwork net(small_network());
  Stream stream;
  std::vector<std::int64_t> labels;
  for (int t = 0; t < 12; ++t) labels.push_back(stream.label()), net.learn(stream.x(), labels.back());
  double same = 0, pairs = 0;
  for (std::size_t t = 0; t < labels.size(); ++t)
    for (std::size_t p = 1; p <= std::min<std::size_t>(t, 4); ++p)
      same += labels[t] == labels[t - p], ++pairs;
  const FloatLayerSignals signals = net.take_signals(0);
  CHECK(signals.partners == pairs);
  CHECK(signals.same_class == Approx(same / pairs));
  CHECK(signals.kernel > 0);
  CHECK(signals.kernel <= 1);
  CHECK(signals.third_factor > 0);
  CHECK(net.take_signals(0).partners == 0);  // the next interval starts empty
}

TEST_CASE("classes and mistakes") {
  CHECK(predicted_class(std::vector<double>{1, 3, 3, 2}) == 2);
  CHECK(predicted_class(std::vector<double>{0, 0, 0}) == 2);
  FloatNetwork net(small_network());
  Stream stream;
  CHECK_THROWS_AS(net.learn(stream.x(), 3), Error);
  CHECK_THROWS_AS(net.learn(stream.x(), -1), Error);
  CHECK_THROWS_AS(net.forward(stream.x(5)), Error);
  Network wrong = small_network();
  wrong.projections[0].plasticity->rule = "no_such_rule";
  CHECK_THROWS_AS(FloatNetwork(wrong), Error);
}

TEST_CASE("row kernels are the plain loops") {
  Stream stream;
  for (const std::size_t n : {1u, 3u, 8u, 17u}) {
    const std::vector<double> w = stream.x(n), a0 = stream.x(n), a1 = stream.x(n), c = stream.x(n), none;
    for (int which = 0; which < 4; ++which) {
      std::vector<double> row = w;
      update_row(row, a0, 0.5, which & 1 ? a1 : none, -2, which & 2 ? c : none);
      for (std::size_t i = 0; i < n; ++i)
        CHECK(row[i] ==
              Approx(w[i] + a0[i] * 0.5 + (which & 1 ? a1[i] * -2 : 0) - (which & 2 ? c[i] * w[i] : 0))
                  .margin(1e-15));
    }
    std::vector<double> rows, sums(n, 1.0), expected(n, 1.0);
    std::vector<FloatAxon> axons;
    for (std::uint32_t r = 0; r < 7; ++r) {
      const std::vector<double> row = stream.x(n);
      rows.insert(rows.end(), row.begin(), row.end());
      if (r == 2) continue;  // a silent one
      axons.push_back({r, 0.25 * (r + 1)});
      for (std::size_t i = 0; i < n; ++i) expected[i] += 0.25 * (r + 1) * row[i];
    }
    add_rows(axons, rows.data(), sums);
    double product = 0;
    for (std::size_t i = 0; i < n; ++i) {
      CHECK(sums[i] == Approx(expected[i]).margin(1e-15));
      product += w[i] * a0[i];
    }
    CHECK(row_product(w, a0) == Approx(product).margin(1e-15));
  }
}
