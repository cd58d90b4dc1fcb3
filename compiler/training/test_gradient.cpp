// What a step changes against numerical differentiation of the loss it descends, and against closed formulas.
#include <cmath>

#include "compiler/training/test_support.hpp"
#include "rtl/rules/float_support.hpp"

using namespace trifactor;
using namespace trifactor::training_test;

namespace {

/// Weights or bias of `projection` change by minus the gradient of the loss in `population`.
void check_gradient(const Network& network, const BatchOptions& options, std::size_t projection,
                    std::size_t population, double least = 1e-3) {
  const Batch batch;
  BatchNetwork<double> learner(network, options);
  const Doubles before = copy(learner.weights(projection)), bias = copy(learner.bias(projection));
  learner.learn(batch.view(), batch.labels);
  const Doubles after = copy(learner.weights(projection)), bias_after = copy(learner.bias(projection));
  const std::size_t to = static_cast<std::size_t>(
      network.populations[static_cast<std::size_t>(network.projections[projection].to)].neurons());
  const std::size_t from = before.size() / to;
  const auto loss = [&](std::size_t i, std::size_t j, double value) {
    BatchNetwork<double> probe(network, options);
    probe.set_weight(projection, i, j, value);
    probe.learn(batch.view(), batch.labels);
    return probe.loss(population);
  };
  double largest = 0;
  for (std::size_t i = 0; i < to; ++i)
    for (std::size_t j = 0; j < from + (bias.empty() ? 0 : 1); ++j) {
      const double w = j < from ? before[i * from + j] : bias[i];
      const double change = (j < from ? after[i * from + j] : bias_after[i]) - w;
      constexpr double h = 1e-5;
      INFO("weight " << i << " " << j);
      CHECK(change == Approx(-(loss(i, j, w + h) - loss(i, j, w - h)) / (2 * h)).epsilon(1e-6).margin(1e-8));
      largest = std::max(largest, std::abs(change));
    }
  CHECK(largest > least);
}

std::vector<Look> looks() {
  using Objective = TrainingSpec::Objective;
  return {{Activation::tanh},
          {Activation::leaky_relu, false, 2, true},
          {Activation::tanh, false, 2, false},
          {Activation::linear, true, 0},
          {Activation::saturated_linear, false, 2, true, true},
          {Activation::tanh, true, 2, true, true, 0.3, Objective::hsic},
          {Activation::tanh, false, 0, true, true, 0.3, Objective::hsic}};
}

}  // namespace

TEST_CASE("hidden layers descend their own objective, the output the cross-entropy") {
  for (const Look& look : looks()) {
    INFO("groups " << look.groups << " batch norm " << look.batch_norm << " selu " << look.selu);
    const Network network = batch_network(look);
    check_gradient(network, {}, 0, 1, 1e-4);
    check_gradient(network, {}, 1, 2, 1e-4);
    check_gradient(network, {}, 2, 3);
  }
}

TEST_CASE("backpropagation descends the cross-entropy through everything") {
  BatchOptions options;
  options.baseline = Baseline::backprop;
  for (const Look& look : looks()) {
    INFO("groups " << look.groups << " batch norm " << look.batch_norm << " selu " << look.selu);
    for (const std::size_t k : {0, 1, 2}) check_gradient(batch_network(look), options, k, 3);
  }
}

TEST_CASE("layer-wise classification descends each layer's own classifier") {
  BatchOptions options;
  options.baseline = Baseline::layerwise;
  for (const Look& look : looks()) {
    check_gradient(batch_network(look), options, 0, 1);
    check_gradient(batch_network(look), options, 1, 2);
    check_gradient(batch_network(look), options, 2, 3);
  }
}

TEST_CASE("a batch of a rule is what the rule's own reference computes") {
  for (const int groups : {0, 2}) {
    const Network network = batch_network({Activation::leaky_relu, false, groups, true});
    const Batch batch;
    BatchNetwork<double> net(network);
    EvalRequest request;
    request.mode = "batch";
    request.parameters = parameters_of("phsic_gaussian", {{"sigma", 0.7}, {"eta", 1}});
    auto& numbers = request.parameters.numbers;
    numbers["classes"] = 3, numbers["slope"] = 0.1, numbers["groups"] = groups, numbers["p"] = 0.3,
    numbers["delta"] = 0.5;
    request.inputs["x"] = {{samples, inputs}, batch.x};
    request.inputs["w"] = {{8, inputs}, copy(net.weights(0))};
    request.inputs["labels"] = {{samples}, Doubles(batch.labels.begin(), batch.labels.end())};
    const Doubles before = copy(net.weights(0));
    net.learn(batch.view(), batch.labels);
    const FloatArrays theirs = find_rule("phsic_gaussian")->floating.eval(request);
    CHECK(net.loss(1) == Approx(theirs.at("loss").values.at(0)).epsilon(1e-9));
    const Doubles& change = theirs.at("dw").values;
    double largest = 0;
    for (std::size_t i = 0; i < change.size(); ++i) {
      CHECK(net.weights(0)[i] - before[i] == Approx(change[i]).epsilon(1e-9).margin(1e-12));
      largest = std::max(largest, std::abs(change[i]));
    }
    CHECK(largest > 1e-4);
  }
}

TEST_CASE("what a layer hands on was computed with the weights before its step") {
  Network network = batch_network({Activation::leaky_relu, false, 2, true});
  const Batch batch;
  BatchNetwork<double> both(network);
  network.projections[0].plasticity.reset();
  BatchNetwork<double> frozen(network);
  const Doubles first = copy(both.weights(0));
  both.learn(batch.view(), batch.labels), frozen.learn(batch.view(), batch.labels);
  CHECK(copy(both.weights(0)) != first);
  CHECK(copy(frozen.weights(0)) == first);
  CHECK(copy(both.weights(1)) == copy(frozen.weights(1)));
  CHECK(copy(both.weights(2)) == copy(frozen.weights(2)));
}

TEST_CASE("feedback alignment and sign symmetry send errors through other matrices than the weights") {
  // Linear units: dL/da of a layer is the error of the next times the matrix that sends it back.
  Look look;
  look.activation = Activation::linear;
  const Network network = batch_network(look);
  const Batch batch;
  for (const Baseline baseline :
       {Baseline::backprop, Baseline::feedback_alignment, Baseline::sign_symmetry}) {
    BatchOptions options;
    options.baseline = baseline;
    BatchNetwork<double> net(network, options);
    std::vector<Doubles> w, back;
    for (const std::size_t k : {0, 1, 2}) w.push_back(copy(net.weights(k)));
    const Doubles bias1 = copy(net.bias(1)), bias2 = copy(net.bias(2));
    net.learn(batch.view(), batch.labels);
    for (const std::size_t k : {0, 1, 2}) {
      back.push_back(baseline == Baseline::feedback_alignment ? copy(net.feedback(k)) : w[k]);
      if (baseline == Baseline::sign_symmetry)
        for (double& value : back[k]) value = value > 0 ? 1 : value < 0 ? -1 : 0;
    }
    if (baseline == Baseline::feedback_alignment) CHECK(back[2] != w[2]);
    Doubles change(w[0].size(), 0), change1(w[1].size(), 0);
    for (std::size_t s = 0; s < samples; ++s) {
      Doubles a(8, 0), b(bias1), y(bias2), delta_b(6, 0), delta_a(8, 0);
      for (std::size_t i = 0; i < 8; ++i)
        for (std::size_t j = 0; j < inputs; ++j) a[i] += w[0][i * inputs + j] * batch.x[s * inputs + j];
      for (std::size_t i = 0; i < 6; ++i)
        for (std::size_t j = 0; j < 8; ++j) b[i] += w[1][i * 8 + j] * a[j];
      double total = 0;
      for (std::size_t i = 0; i < 3; ++i) {
        for (std::size_t j = 0; j < 6; ++j) y[i] += w[2][i * 6 + j] * b[j];
        total += std::exp(y[i]);
      }
      for (std::size_t i = 0; i < 3; ++i) {
        const double error =
            (std::exp(y[i]) / total - (static_cast<std::size_t>(batch.labels[s]) == i)) / samples;
        for (std::size_t j = 0; j < 6; ++j) delta_b[j] += error * back[2][i * 6 + j];
      }
      for (std::size_t i = 0; i < 6; ++i)
        for (std::size_t j = 0; j < 8; ++j) {
          delta_a[j] += delta_b[i] * back[1][i * 8 + j];
          change1[i * 8 + j] -= delta_b[i] * a[j];
        }
      for (std::size_t i = 0; i < 8; ++i)
        for (std::size_t j = 0; j < inputs; ++j)
          change[i * inputs + j] -= delta_a[i] * batch.x[s * inputs + j];
    }
    for (std::size_t i = 0; i < change.size(); ++i)
      CHECK(net.weights(0)[i] - w[0][i] == Approx(change[i]).epsilon(1e-9).margin(1e-12));
    for (std::size_t i = 0; i < change1.size(); ++i)
      CHECK(net.weights(1)[i] - w[1][i] == Approx(change1[i]).epsilon(1e-9).margin(1e-12));
  }
}

TEST_CASE("layers that hear a classifier through fixed weights still share its own step") {
  const Network network = batch_network({});
  const Batch batch;
  BatchOptions through, alignment;
  through.baseline = Baseline::layerwise, alignment.baseline = Baseline::layerwise_feedback_alignment;
  BatchNetwork<double> a(network, through), b(network, alignment);
  a.learn(batch.view(), batch.labels), b.learn(batch.view(), batch.labels);
  CHECK(a.loss(1) == b.loss(1));  // the same classifier to begin with
  CHECK(copy(a.weights(0)) != copy(b.weights(0)));
  CHECK(copy(a.weights(2)) == copy(b.weights(2)));  // the output is none of their business
  const double first = b.loss(1);
  for (int i = 0; i < 20; ++i) b.learn(batch.view(), batch.labels);
  CHECK(b.loss(1) < first);
}

TEST_CASE("a batch of one sample, twice, is backpropagation sample by sample") {
  for (const Look& look : looks()) {
    if (look.batch_norm || look.dropout > 0) continue;
    const Network network = batch_network(look);
    Batch batch(3, 2);
    std::copy_n(batch.x.begin(), inputs, batch.x.begin() + inputs);
    batch.labels[1] = batch.labels[0];
    BatchOptions options;
    options.baseline = Baseline::backprop;
    BatchNetwork<double> net(network, options);
    FloatNetworkOptions online_options;
    online_options.baseline = Baseline::backprop, online_options.backprop_eta = 1;
    FloatNetwork online(network, online_options);
    const Doubles before = copy(net.weights(0));
    net.learn(batch.view(), batch.labels);
    online.learn(std::span(batch.x).first(inputs), batch.labels[0]);
    CHECK(copy(net.weights(0)) != before);
    for (const std::size_t k : {0, 1, 2}) {
      const Doubles theirs = online.weights(k);
      for (std::size_t i = 0; i < theirs.size(); ++i)
        CHECK(net.weights(k)[i] == Approx(theirs[i]).epsilon(1e-10).margin(1e-12));
    }
  }
}

TEST_CASE("an output that is normalised is learned through its normalisation") {
  Network network = batch_network({Activation::tanh, false, 2, true});
  network.populations[3].normalise = NormaliseSpec{1, 0.3, 0.5, 8};
  check_gradient(network, {}, 2, 3);
  BatchOptions options;
  options.baseline = Baseline::backprop;
  for (const std::size_t k : {0, 1, 2}) check_gradient(network, options, k, 3);
}
