// Neurons that compete in a mini-batch, against the rule's own reference and against learning sample by
// sample; what the output descends, against numerical differentiation.
#include <algorithm>
#include <cmath>

#include "compiler/text/test_support.hpp"
#include "compiler/training/test_support.hpp"

using namespace trifactor;
using namespace trifactor::training_test;
using trifactor::testing::codes;
using trifactor::testing::refused;

namespace {

PlasticitySpec competing(double p, double k, const char* normalise) {
  PlasticitySpec spec = learns("competing", {{"p", p}, {"k", k}, {"delta", 0.3}, {"eta", 0.05}});
  spec.parameters.words["normalise"] = normalise;
  return spec;
}

/// 5 inputs, 8 neurons that compete, 3 scores.
Network competing_network(const PlasticitySpec& rule) {
  Network n = batch_network({Activation::linear});
  n.populations.erase(n.populations.begin() + 2);
  n.projections = {projection(0, 1, rule), projection(1, 2, learns("readout", {{"eta", 1}}), true)};
  n.projections[0].init = WeightInit::normal;
  n.output = 2;
  return n;
}

}  // namespace

TEST_CASE("a batch of neurons that compete is what the rule's own reference computes") {
  for (const double p : {2.0, 2.5, 3.0, 4.0})
    for (const double k : {2.0, 5.0})
      for (const char* normalise : {"none", "mean", "max"}) {
        const Network network = competing_network(competing(p, k, normalise));
        BatchNetwork<double> net(network);
        for (const unsigned seed : {1u, 2u}) {  // the second starts from what the first left
          INFO("p " << p << " k " << k << " " << normalise << " seed " << seed);
          Batch batch(seed);
          std::copy_n(batch.x.begin(), inputs, batch.x.begin() + 2 * inputs);  // one neuron wins twice
          EvalRequest request;
          request.mode = "batch";
          request.parameters = network.projections[0].plasticity->parameters;
          request.inputs["x"] = {{samples, inputs}, batch.x};
          const Doubles before = copy(net.weights(0));
          request.inputs["w"] = {{8, inputs}, before};
          net.learn(batch.view(), batch.labels);
          const Doubles change = find_rule("competing")->floating.eval(request).at("dw").values;
          double largest = 0;
          for (std::size_t i = 0; i < change.size(); ++i) {
            CHECK(net.weights(0)[i] - before[i] == Approx(change[i]).epsilon(1e-9).margin(1e-12));
            largest = std::max(largest, std::abs(change[i]));
          }
          if (std::string(normalise) == "max")
            CHECK(largest == Approx(0.05).epsilon(1e-9));
          else
            CHECK(largest > 1e-3);
        }
      }
}

TEST_CASE("a batch of one sample is learning sample by sample") {
  for (const double p : {2.0, 3.0}) {
    const Network network = competing_network(competing(p, 2, "none"));
    BatchNetwork<double> net(network);
    FloatNetwork online(network);
    const Doubles first = copy(net.weights(0));
    for (unsigned seed = 1; seed < 30; ++seed) {
      const Batch batch(seed, 1);
      net.learn(batch.view(), batch.labels);
      online.learn(batch.x, batch.labels[0]);
    }
    CHECK(copy(net.weights(0)) != first);
    const Doubles theirs = online.weights(0);
    for (std::size_t i = 0; i < theirs.size(); ++i)
      CHECK(net.weights(0)[i] == Approx(theirs[i]).epsilon(1e-10).margin(1e-12));
    const Doubles read_out = online.weights(1);
    for (std::size_t i = 0; i < read_out.size(); ++i)
      CHECK(net.weights(1)[i] == Approx(read_out[i]).epsilon(1e-9).margin(1e-12));
  }
}

TEST_CASE("of equal currents the neuron of the highest index comes first") {
  BatchForm form;
  form.objective = BatchForm::Objective::ranks;
  form.rank = 2, form.delta = 0.5;
  Workers workers(1);
  for (const std::vector<double>& equal : {std::vector<double>{3, 3, 3}, {3, 5, 3}, {5, 3, 5}}) {
    RankedLearning<double> learning(form, 2, 3, 1);
    Matrix<double> w(3, 2);
    for (std::size_t i = 0; i < 3; ++i) w.row(i)[0] = equal[i], w.row(i)[1] = 0;
    const Matrix<double> before = w;
    const double x[2] = {1, 1};
    learning.step(w, {x, 1, 2}, nullptr, 0.1, workers);
    std::size_t winner = 0, second = 3;
    for (std::size_t i = 0; i < 3; ++i)
      if (equal[i] >= equal[winner]) winner = i;
    for (std::size_t i = 0; i < 3; ++i)
      if (i != winner && (second == 3 || equal[i] >= equal[second])) second = i;
    for (std::size_t i = 0; i < 3; ++i) {  // the second weight is 0, so that its change is g x alone
      const double g = i == winner ? 1 : i == second ? -0.5 : 0;
      CHECK(w.row(i)[1] - before.row(i)[1] == Approx(0.1 * g));
      CHECK(w.row(i)[0] - before.row(i)[0] == Approx(0.1 * g * (1 - equal[i] * equal[i])));
    }
  }
}

TEST_CASE("the output descends hinge and power losses") {
  const std::size_t classes = 3;
  for (const OutputLoss loss :
       {OutputLoss{OutputLoss::Kind::hinge, 0.4, 2}, OutputLoss{OutputLoss::Kind::power, 0, 1.5},
        OutputLoss{OutputLoss::Kind::power, 0, 6}, OutputLoss{OutputLoss::Kind::cross_entropy, 0, 2}}) {
    Matrix<double> z(4, classes);
    std::mt19937_64 engine(7);
    std::normal_distribution<double> normal;
    for (double& v : z.values) v = normal(engine);
    const std::vector<std::int32_t> labels = {2, 0, 1, 1};
    Matrix<double> slope = z;
    const double value = descend_loss(loss, slope, std::span<const std::int32_t>(labels));
    CHECK(value > 0);
    for (std::size_t k = 0; k < z.values.size(); ++k) {
      const auto at = [&](double v) {
        Matrix<double> probe = z;
        probe.values[k] = v;
        return descend_loss(loss, probe, std::span<const std::int32_t>(labels));
      };
      constexpr double h = 1e-6;
      const double numerical = (at(z.values[k] + h) - at(z.values[k] - h)) / (2 * h);
      CHECK(slope.values[k] == Approx(numerical).epsilon(1e-6).margin(1e-8));
    }
  }
  Matrix<double> corner(1, 3);  // at a corner there is nothing to learn
  corner.values = {1, -1, -2};
  const std::int32_t label = 0;
  CHECK(descend_loss({OutputLoss::Kind::hinge, 0.5, 2}, corner, std::span(&label, 1)) == 0);
  CHECK(corner.values == Doubles{0, 0, 0});
}

TEST_CASE("an output of tanh learns by a power of its distance, through power neurons") {
  Network network = batch_network({Activation::linear});
  for (const std::size_t p : {1, 2}) {
    network.populations[p].activation = Activation::power;
    network.populations[p].exponent = 2.5, network.populations[p].scale = 2;
  }
  network.populations[3].activation = Activation::tanh;
  network.training.output_loss = TrainingSpec::OutputLoss::power, network.training.output_exponent = 4;
  BatchOptions options;
  options.baseline = Baseline::backprop;
  const Batch batch;
  for (const std::size_t k : {0, 1, 2}) {
    BatchNetwork<double> learner(network, options);
    const Doubles before = copy(learner.weights(k));
    learner.learn(batch.view(), batch.labels);
    const Doubles after = copy(learner.weights(k));
    const std::size_t from = k == 0 ? inputs : k == 1 ? 8 : 6;
    double largest = 0;
    for (std::size_t i = 0; i < before.size(); ++i) {
      const auto loss = [&](double value) {
        BatchNetwork<double> probe(network, options);
        probe.set_weight(k, i / from, i % from, value);
        probe.learn(batch.view(), batch.labels);
        return probe.loss(3);
      };
      constexpr double h = 1e-5;
      const double numerical = (loss(before[i] + h) - loss(before[i] - h)) / (2 * h);
      CHECK(after[i] - before[i] == Approx(-numerical).epsilon(1e-5).margin(1e-8));
      largest = std::max(largest, std::abs(after[i] - before[i]));
    }
    CHECK(largest > 1e-4);
  }
}

TEST_CASE("what competes is refused where it cannot") {
  const auto found = [](const Network& network) {
    return codes(refused([&] { BatchNetwork<float> net(network); }));
  };
  Network biased = competing_network(competing(2, 2, "max"));
  biased.projections[0].bias = true;
  CHECK(found(biased) == std::vector<std::string>{"TF-TRN-010 : p01"});
  CHECK(found(competing_network(competing(2, 9, "max"))) == std::vector<std::string>{"TF-TRN-010 : p01"});
}

TEST_CASE("what no learning reaches is formed once a sample, and changes nothing") {
  for (const int groups : {0, 2}) {
    Network network = batch_network({Activation::tanh, false, groups, true});
    network.projections[0].plasticity.reset();
    BatchNetwork<double> plain(network), keeping(network);
    CHECK(keeping.remember(10, 1 << 20));
    CHECK_FALSE(BatchNetwork<double>(network).remember(10, 10 * 8 * sizeof(double) - 1));
    const std::vector<std::size_t> names = {9, 2, 3, 4, 5, 6, 8}, again = {4, 9, 6, 2, 3, 8, 5};
    const Batch batch;
    plain.learn(batch.view(), batch.labels), keeping.learn(batch.view(), batch.labels, names);
    // The same samples in another order; the kept ones are found by their names, not by what is shown.
    Batch turned, nothing;
    for (std::size_t i = 0; i < samples; ++i) {
      const std::size_t at =
          static_cast<std::size_t>(std::find(names.begin(), names.end(), again[i]) - names.begin());
      std::copy_n(batch.x.begin() + static_cast<std::ptrdiff_t>(at * inputs), inputs,
                  turned.x.begin() + static_cast<std::ptrdiff_t>(i * inputs));
      turned.labels[i] = batch.labels[at];
    }
    std::fill(nothing.x.begin(), nothing.x.end(), 0.0);
    plain.learn(turned.view(), turned.labels), keeping.learn(nothing.view(), turned.labels, again);
    for (const std::size_t k : {0, 1, 2}) CHECK(copy(plain.weights(k)) == copy(keeping.weights(k)));
    const MatrixView<double> expected = plain.forward(turned.view());
    const Doubles outputs(expected.values, expected.values + samples * 3);
    const MatrixView<double> found = keeping.forward(nothing.view(), again);
    CHECK(Doubles(found.values, found.values + samples * 3) == outputs);
    // A changed weight is no longer what was kept.
    keeping.set_weight(0, 1, 1, 3), plain.set_weight(0, 1, 1, 3);
    plain.learn(turned.view(), turned.labels), keeping.learn(turned.view(), turned.labels, again);
    CHECK(copy(plain.weights(2)) == copy(keeping.weights(2)));
  }
  CHECK_FALSE(BatchNetwork<double>(batch_network({})).remember(10, 1 << 20));  // all of it learns
  Look dropping;
  dropping.dropout = 0.2;
  Network varied = batch_network(dropping);
  varied.projections[0].plasticity.reset();
  CHECK_FALSE(BatchNetwork<double>(varied).remember(10, 1 << 20));
}
