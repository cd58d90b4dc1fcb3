// Optimisers, rates, normalisation, dropout, sameness of runs, and what is refused.
#include <cmath>

#include "compiler/text/test_support.hpp"
#include "compiler/training/test_support.hpp"

using namespace trifactor;
using namespace trifactor::training_test;
using trifactor::testing::codes;
using trifactor::testing::refused;

TEST_CASE("momentum and AdamW step as their definitions do") {
  for (const bool adam : {false, true}) {
    StepSettings step;
    step.optimiser.kind = adam ? OptimiserSpec::Kind::adamw : OptimiserSpec::Kind::sgd;
    step.optimiser.momentum = 0.9, step.eta = 0.1, step.weight_decay = 0.05;
    Trained<double> direct(3, 4), product(3, 4);
    prepare(direct, step.optimiser), prepare(product, step.optimiser);
    std::mt19937_64 engine(3);
    std::normal_distribution<double> normal;
    for (double& w : direct.value.values) w = normal(engine);
    product.value = direct.value;
    Doubles w = direct.value.values, first(12, 0), second(12, 0);
    for (int t = 1; t <= 4; ++t) {
      Matrix<double> delta(5, 3), x(5, 4);
      for (double& v : delta.values) v = normal(engine);
      for (double& v : x.values) v = normal(engine);
      Doubles g(12, 0);
      for (std::size_t s = 0; s < 5; ++s)
        for (std::size_t i = 0; i < 12; ++i) g[i] += delta.row(s)[i / 4] * x.row(s)[i % 4];
      step.number = static_cast<std::uint64_t>(t);
      for (std::size_t row = 0; row < 3; ++row) descend(direct, row, 1, g.data() + row * 4, step);
      descend_product(product, 0, 2, first_rows(delta, 5), {x.values.data(), 5, 4}, step);
      descend_product(product, 2, 1, first_rows(delta, 5), {x.values.data(), 5, 4}, step);
      for (std::size_t i = 0; i < 12; ++i) {
        if (adam) {  // Loshchilov and Hutter 2019
          first[i] = 0.9 * first[i] + 0.1 * g[i], second[i] = 0.999 * second[i] + 0.001 * g[i] * g[i];
          const double mean = first[i] / (1 - std::pow(0.9, t)),
                       square = second[i] / (1 - std::pow(0.999, t));
          w[i] -= 0.1 * 0.05 * w[i] + 0.1 * mean / (std::sqrt(square) + 1e-8);
        } else {  // the first step's momentum is the gradient itself
          first[i] = (t == 1 ? 0 : 0.9 * first[i]) + g[i] + 0.05 * w[i];
          w[i] -= 0.1 * first[i];
        }
        CHECK(direct.value.values[i] == Approx(w[i]).epsilon(1e-12));
        CHECK(product.value.values[i] == Approx(w[i]).epsilon(1e-12));
      }
    }
  }
}

TEST_CASE("rates come from the rule, [training], milestones and the schedule") {
  Network network = batch_network({});
  network.projections[0].plasticity->parameters.numbers["eta"] = 0.5;
  network.training.milestones = {2, 5}, network.training.factor = 0.25;
  {
    BatchNetwork<double> net(network);
    CHECK((net.rate(0) == 0.5 && net.rate(2) == 1));
    net.set_epoch(1);
    CHECK(net.rate(0) == 0.5);
    net.set_epoch(2);
    CHECK((net.rate(0) == 0.125 && net.rate(2) == 0.25));
    net.set_epoch(7);
    CHECK(net.rate(0) == 0.5 / 16);
  }
  network.training.eta = 0.3, network.training.output_eta = 0.02;
  BatchNetwork<double> given(network);
  CHECK((given.rate(0) == 0.3 && given.rate(1) == 0.3 && given.rate(2) == 0.02));
  BatchOptions options;
  options.baseline = Baseline::backprop;
  BatchNetwork<double> backwards(network, options);
  CHECK((backwards.rate(0) == 0.02 && backwards.rate(2) == 0.02));
  options.eta = 0.7;
  BatchNetwork<double> faster(network, options);
  CHECK((faster.rate(0) == 0.7 && faster.rate(2) == 0.7));
  options.baseline = Baseline::layerwise;
  BatchNetwork<double> layers(network, options);
  CHECK((layers.rate(0) == 0.7 && layers.rate(2) == 0.02));
  options.baseline = Baseline::random;
  BatchNetwork<double> last(network, options);
  CHECK((last.rate(0) == 0 && last.rate(2) == 0.02 && !last.learns(0)));
  network.projections[0].plasticity->schedule = {ScheduleKind::linear};
  BatchOptions scheduled;
  scheduled.run_length = 4 * samples;
  BatchNetwork<double> falling(network, scheduled);
  const Batch batch;
  falling.learn(batch.view(), batch.labels);
  CHECK(falling.rate(0) == Approx(0.3 * 0.75));
  CHECK(falling.rate(1) == 0.3);
}

TEST_CASE("what a rate of a batch multiplies: weights move by it, hidden layers left at random do not") {
  Network network = batch_network({});
  BatchOptions options;
  options.baseline = Baseline::random;
  BatchNetwork<double> net(network, options);
  const Doubles first = copy(net.weights(0)), last = copy(net.weights(2));
  const Batch batch;
  net.learn(batch.view(), batch.labels);
  CHECK(copy(net.weights(0)) == first);
  CHECK(copy(net.weights(2)) != last);
}

TEST_CASE("batch norm infers with running means") {
  BatchNorm<double> norm(1, 4);
  norm.prepare({});
  Matrix<double> a(4, 1);
  a.values = {1, 2, 3, 6};  // mean 3, variance 3.5, without bias 14/3
  norm.forward(a, 4, 0, 1, true);
  CHECK(a.values[3] == Approx(3 / std::sqrt(3.5 + 1e-5)));
  Matrix<double> b(4, 1);
  b.values = {0.5, 0, 0, 0};
  norm.forward(b, 1, 0, 1, false);
  const double variance = 0.9 + 0.1 * 14 / 3;
  CHECK(b.values[0] == Approx((0.5 - 0.3) / std::sqrt(variance + 1e-5)));
  CHECK(b.values[1] == 0);  // not one of the samples
}

TEST_CASE("dropout loses its share and keeps the mean; that of SELU keeps the variance too") {
  for (const bool selu : {false, true}) {
    PopulationSpec spec = population("a", 400);
    if (selu) spec.float_activation = FloatActivation::selu;
    TrainingSpec training;
    training.dropout = 0.2;
    BatchLayer<double> layer(spec, 100, true, training, 1);
    std::mt19937_64 engine(2);
    std::normal_distribution<double> normal;
    for (double& v : layer.values.values) v = normal(engine);
    double before = 0, before_squares = 0, mean = 0, squares = 0, lost = 0;
    layer.evaluate(100, {0, 400}, true);
    for (const double v : layer.values.values) before += v / 40000, before_squares += v * v / 40000;
    layer.drop(100, true, 77);
    const MatrixView<double> out = layer.handed_on(100);
    double lowest = 0;
    for (std::size_t i = 0; i < 40000; ++i) lowest = std::min(lowest, out.values[i]);
    for (std::size_t i = 0; i < 40000; ++i) {
      mean += out.values[i] / 40000, squares += out.values[i] * out.values[i] / 40000;
      lost += (selu ? out.values[i] == lowest : out.values[i] == 0) / 40000.0;
    }
    CHECK(lost == Approx(0.2).margin(0.01));
    CHECK(mean == Approx(before).margin(0.03));
    if (selu) CHECK(squares - mean * mean == Approx(before_squares - before * before).epsilon(0.03));
    layer.evaluate(100, {0, 400}, false);
    CHECK(layer.handed_on(100).values == layer.values.values.data());  // nothing is lost in inference
  }
}

TEST_CASE("the same seed and threads give the same bits, in float") {
  Look look{Activation::leaky_relu, false, 2, true, true, 0.2};
  const Network network = batch_network(look);
  const Batch batch;
  const std::vector<float> x(batch.x.begin(), batch.x.end());
  std::vector<float> first;
  for (const unsigned threads : {2u, 2u, 1u}) {
    BatchOptions options;
    options.threads = threads;
    BatchNetwork<float> net(network, options);
    for (int i = 0; i < 5; ++i) net.learn({x.data(), samples, inputs}, batch.labels);
    const std::vector<float> now(net.weights(1).begin(), net.weights(1).end());
    if (first.empty()) first = now;
    CHECK(now == first);
  }
  Network other = network;
  other.seed = 6;
  BatchNetwork<float> net(other);
  CHECK(std::vector<float>(net.weights(1).begin(), net.weights(1).end()) != first);
}

TEST_CASE("inference changes nothing that matters to learning") {
  const Network network = batch_network({Activation::tanh, false, 2, true, true, 0.2});
  const Batch batch, other(9, 3);
  BatchNetwork<double> looked(network), plain(network);
  for (int i = 0; i < 3; ++i) {
    looked.forward(other.view());
    looked.learn(batch.view(), batch.labels), plain.learn(batch.view(), batch.labels);
  }
  CHECK(copy(looked.weights(0)) == copy(plain.weights(0)));
  CHECK(copy(looked.weights(2)) == copy(plain.weights(2)));
}

TEST_CASE("smaller batches than the largest are batches of their own") {
  Network network = batch_network({Activation::leaky_relu, false, 2, true});
  const Batch batch(4, 3);
  BatchNetwork<double> large(network);
  const Batch before;
  network.training.batch = 3;
  BatchNetwork<double> small(network);
  large.learn(batch.view(), batch.labels), small.learn(batch.view(), batch.labels);
  for (const std::size_t k : {0, 1, 2})
    for (std::size_t i = 0; i < small.weights(k).size(); ++i)
      CHECK(large.weights(k)[i] == Approx(small.weights(k)[i]).epsilon(1e-12));
}

TEST_CASE("signals are means over the batches since the last look") {
  BatchNetwork<double> net(batch_network({}));
  const Batch one(1), two(2);
  net.learn(one.view(), one.labels);
  const double first = net.loss(1);
  net.learn(two.view(), two.labels);
  const double second = net.loss(1);
  const auto seen = net.take_signals(1);
  REQUIRE(seen);
  CHECK(seen->batches == 2);
  CHECK(seen->loss == Approx((first + second) / 2).epsilon(1e-12));
  CHECK(seen->pairs);
  CHECK_FALSE(net.take_signals(1));
  const auto output = net.take_signals(3);
  REQUIRE(output);
  CHECK_FALSE(output->pairs);
}

TEST_CASE("what cannot be trained in batches is refused with a way out") {
  const auto refuses = [](const Network& network, const char* code, const BatchOptions& options = {}) {
    const auto items = refused([&] { BatchNetwork<float>(network, options); });
    REQUIRE(items.size() == 1);
    CHECK(items[0].code == code);
    CHECK_FALSE(items[0].found.empty());
  };
  Network aged = batch_network({});
  aged.projections[0].plasticity->weight_age = 2;
  refuses(aged, "TF-TRN-005");
  Network linear = batch_network({});
  linear.projections[2].plasticity->parameters.words["error"] = "linear";
  refuses(linear, "TF-RULE-106");
  Network two = batch_network({});
  two.projections.push_back(projection(0, 2, learns("phsic_gaussian", {{"sigma", 0.8}})));
  refuses(two, "TF-TRN-002");
  Network narrow = batch_network({});
  narrow.projections[1].plasticity = learns("readout");
  refuses(narrow, "TF-TRN-003");
  Network silent = batch_network({});
  silent.projections[2].plasticity.reset();
  BatchOptions backwards;
  backwards.baseline = Baseline::backprop;
  const auto items = refused([&] { BatchNetwork<float>(silent, backwards); });
  REQUIRE_FALSE(items.empty());
  CHECK(items[0].code == "TF-TRN-004");

  Network stepping = batch_network({});
  stepping.steps = 2;
  stepping.populations[1].noise = 0.1;
  stepping.populations[1].membrane = MembraneSpec{2, false};
  stepping.projections[0].late = true;
  const auto in_time = refused([&] { BatchNetwork<double>(stepping, {}); });
  REQUIRE(in_time.size() >= 4);
  for (std::size_t i = 0; i < 4; ++i) CHECK(in_time[i].code == "TF-TRN-009");

  BatchNetwork<double> net(batch_network({}));
  Batch wrong;
  wrong.labels[3] = 3;
  const Doubles before = copy(net.weights(0));
  try {
    net.learn(wrong.view(), wrong.labels);
    FAIL("a label beyond the classes was taken");
  } catch (const Error& error) {
    CHECK(error.exit() == ExitCode::data);
    CHECK(error.items().at(0).code == "TF-TRN-006");
    CHECK(error.items().at(0).where == "sample 3");
  }
  CHECK(copy(net.weights(0)) == before);
}

TEST_CASE("weights decay by their own layer's decay, by the output's where errors travel back") {
  const Batch batch;
  for (const Baseline baseline : {Baseline::none, Baseline::layerwise, Baseline::backprop}) {
    BatchOptions options;
    options.baseline = baseline;
    Network network = batch_network({});
    BatchNetwork<double> still(network, options);
    network.training.optimiser.weight_decay = 0.01, network.training.output_weight_decay = 0.03;
    BatchNetwork<double> decays(network, options);
    std::vector<Doubles> before;
    for (const std::size_t k : {0, 1, 2}) before.push_back(copy(still.weights(k)));
    still.learn(batch.view(), batch.labels), decays.learn(batch.view(), batch.labels);
    for (const std::size_t k : {0, 1, 2}) {
      const double decay = k == 2 || travels_back(baseline) ? 0.03 : 0.01;
      for (std::size_t i = 0; i < before[k].size(); ++i)
        CHECK(decays.weights(k)[i] - still.weights(k)[i] == Approx(-decay * before[k][i]).margin(1e-12));
    }
  }
}
