// Convolutions, local weights, pools, residual sums and masks in mini-batches; errors that travel back
// through feedback weights of their own. Against numerical differentiation, backpropagation and learning
// sample by sample.
#include <cmath>
#include <numeric>

#include "compiler/training/test_support.hpp"

using namespace trifactor;
using namespace trifactor::training_test;

namespace {

constexpr std::size_t pixels = 6 * 5 * 2;

PopulationSpec image(const char* name, std::vector<int> shape, Activation activation) {
  PopulationSpec p = population(name, 1, activation);
  p.shape = std::move(shape);
  return p;
}

ProjectionSpec window(ProjectionSpec p, Connect connect, std::array<int, 2> kernel, std::array<int, 2> stride,
                      std::array<int, 2> padding) {
  p.connect = connect, p.window = {kernel, stride, padding};
  return p;
}

ProjectionSpec fixed(int from, int to, Connect connect) {
  ProjectionSpec p = projection(from, to, {});
  p.plasticity.reset();
  p.connect = connect;
  return p;
}

/// The same window, from the map back to the image.
ProjectionSpec back(const ProjectionSpec& forward, bool learned) {
  ProjectionSpec p = forward;
  std::swap(p.from, p.to);
  p.name = "back" + forward.name, p.feedback = true, p.bias = false;
  p.plasticity.reset();
  if (learned) p.plasticity = learns("urfb", {{"eta", 1}});
  return p;
}

/// 6 x 5 x 2 -> convolution -> max pool -> convolution (beside its source: a residual sum) -> average pool ->
/// local -> dense with a mask -> 3 scores; `backs` learns or does not.
Network image_network(bool feedback, Activation activation = Activation::tanh,
                      const char* error = "softmax") {
  Network n;
  n.name = "image", n.classes = 3, n.seed = 11;
  PopulationSpec input = image("x", {6, 5, 2}, Activation::linear);
  input.input = true;
  n.populations = {input,
                   image("conv", {6, 5, 3}, activation),
                   image("pool", {3, 3, 3}, Activation::linear),
                   image("deep", {3, 3, 3}, activation),
                   image("sum", {3, 3, 3}, Activation::linear),
                   image("mean", {2, 2, 3}, Activation::linear),
                   image("own", {1, 2, 4}, activation),
                   population("full", 6, activation),
                   population("y", 3)};
  const PlasticitySpec rule = learns("urfb", {{"eta", 1}});
  PlasticitySpec top = rule;
  top.parameters.words["error"] = error;
  n.projections = {window(projection(0, 1, rule, true), Connect::convolution, {3, 2}, {1, 1}, {1, 1}),
                   window(fixed(1, 2, Connect::max_pool), Connect::max_pool, {3, 3}, {2, 2}, {1, 1}),
                   window(projection(2, 3, rule), Connect::convolution, {3, 3}, {1, 1}, {1, 1}),
                   fixed(2, 4, Connect::identity),
                   fixed(3, 4, Connect::identity),
                   window(fixed(4, 5, Connect::average_pool), Connect::average_pool, {2, 2}, {1, 1}, {0, 0}),
                   window(projection(5, 6, rule, true), Connect::local, {2, 1}, {1, 1}, {0, 0}),
                   projection(6, 7, rule, true),
                   projection(7, 8, top, true)};
  n.projections[0].window.padding = {1, 0}, n.populations[1].shape = {6, 4, 3};
  n.projections[1].window.kernel = {3, 2}, n.projections[1].window.padding = {1, 1};
  n.projections[3].value = -0.5, n.projections[4].value = 2;  // a sum of unequal parts
  n.projections[7].density = 0.6;
  for (ProjectionSpec& p : n.projections)
    p.init = is_fixed(p.connect) ? WeightInit::zero : WeightInit::glorot;
  n.input = 0, n.output = 8;
  n.training.batch = static_cast<int>(samples);
  n.training.optimiser.momentum = 0, n.training.optimiser.weight_decay = 0,
  n.training.output_weight_decay = 0;
  if (!feedback) return n;
  const std::size_t forward = n.projections.size();
  for (std::size_t k = 1; k < forward; ++k)
    n.projections.push_back(back(n.projections[k], n.projections[k].plasticity.has_value()));
  return n;
}

struct Images {
  Doubles x;
  std::vector<std::int32_t> labels;
  explicit Images(unsigned seed, std::size_t m = samples) : x(m * pixels), labels(m) {
    std::mt19937_64 engine(seed);
    std::normal_distribution<double> normal;
    for (double& value : x) value = normal(engine);
    for (std::int32_t& label : labels) label = static_cast<std::int32_t>(engine() % 3);
  }
  MatrixView<double> view() const { return {x.data(), labels.size(), pixels}; }
};

constexpr std::size_t forward_projections = 9;
const std::vector<std::size_t> plastic = {0, 2, 6, 7, 8};

/// R = W turned: windows have the same order both ways, dense ones are stored by their own target.
void mirror(BatchNetwork<double>& net) {
  for (const std::size_t k : plastic) {
    if (k == 0) continue;
    const std::size_t r = forward_projections + k - 1;
    const auto [rows, columns] = net.weights_shape(k);
    const Doubles w = copy(net.weights(k));
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < columns; ++j) {
        const bool dense = net.network().projections[k].connect == Connect::dense;
        net.set_weight(r, dense ? j : i, dense ? i : j, w[i * columns + j]);
      }
  }
}

}  // namespace

TEST_CASE("backpropagation passes windows, pools, sums and masks") {
  const Network network = image_network(false);
  BatchOptions options;
  options.baseline = Baseline::backprop;
  const Images batch(1);
  for (const std::size_t k : plastic) {
    BatchNetwork<double> net(network, options);
    const auto [rows, columns] = net.weights_shape(k);
    const Doubles before = copy(net.weights(k)), bias = copy(net.bias(k));
    net.learn(batch.view(), batch.labels);
    double largest = 0;
    const auto loss = [&](std::size_t i, std::size_t j, double value) {
      BatchNetwork<double> probe(network, options);
      probe.set_weight(k, i, j, value);
      probe.learn(batch.view(), batch.labels);
      return probe.loss(8);
    };
    for (std::size_t i = 0; i < rows; ++i)
      for (std::size_t j = 0; j < columns + (bias.empty() ? 0 : 1); ++j) {
        const bool weight = j < columns;
        const double w = weight ? before[i * columns + j] : bias[i];
        const double change = (weight ? net.weights(k)[i * columns + j] : net.bias(k)[i]) - w;
        INFO("projection " << k << " weight " << i << " " << j);
        if (weight && w == 0) {  // a synapse that the mask leaves out, or that no place has
          CHECK(change == 0);
          continue;
        }
        constexpr double h = 1e-5;
        CHECK(change ==
              Approx(-(loss(i, j, w + h) - loss(i, j, w - h)) / (2 * h)).epsilon(1e-6).margin(1e-8));
        largest = std::max(largest, std::abs(change));
      }
    CHECK(largest > 1e-3);
  }
  BatchNetwork<double> net(network);
  const Doubles masked = copy(net.weights(7));
  CHECK(std::count(masked.begin(), masked.end(), 0.0) > 8);
}

TEST_CASE("feedback weights that begin as the forward weights turned are backpropagation, and stay so") {
  for (const char* error : {"softmax", "hinge"}) {
    const Network own = image_network(true, Activation::saturated_linear, error);
    BatchOptions options;
    options.baseline = Baseline::backprop, options.eta = 1;
    BatchNetwork<double> net(own), reference(own, options);
    // The two masks of a projection and of its feedback are drawn apart: here there is none.
    Network whole = own;
    for (ProjectionSpec& p : whole.projections) p.density = 1;
    BatchNetwork<double> mirrored(whole), exact(whole, options);
    mirror(mirrored);
    std::vector<Doubles> first;
    for (const std::size_t k : plastic) first.push_back(copy(mirrored.weights(k)));
    for (unsigned t = 1; t <= 5; ++t) {
      const Images batch(t);
      for (BatchNetwork<double>* one : {&net, &reference, &mirrored, &exact})
        one->learn(batch.view(), batch.labels);
    }
    std::size_t at = 0;
    for (const std::size_t k : plastic) {
      const Doubles found = copy(mirrored.weights(k)), expected = copy(exact.weights(k));
      CHECK(found != first[at++]);
      for (std::size_t i = 0; i < found.size(); ++i)
        CHECK(found[i] == Approx(expected[i]).epsilon(1e-9).margin(1e-11));
      if (k < 7) CHECK(copy(net.weights(k)) != copy(reference.weights(k)));  // other feedback, other errors
      if (k == 0) continue;
      const std::size_t r = forward_projections + k - 1;
      const auto [rows, columns] = mirrored.weights_shape(k);
      const bool dense = whole.projections[k].connect == Connect::dense;
      for (std::size_t i = 0; i < rows; ++i)
        for (std::size_t j = 0; j < columns; ++j)
          CHECK(mirrored.weights(r)[dense ? j * rows + i : i * columns + j] ==
                Approx(found[i * columns + j]).epsilon(1e-9).margin(1e-11));
    }
  }
}

TEST_CASE("feedback that does not learn stays, and the errors it brings are its own") {
  Network fixed_feedback = image_network(true);
  for (ProjectionSpec& p : fixed_feedback.projections)
    if (p.feedback) p.plasticity.reset();
  BatchNetwork<double> net(fixed_feedback);
  std::vector<Doubles> before;
  for (std::size_t k = 0; k < fixed_feedback.projections.size(); ++k) before.push_back(copy(net.weights(k)));
  const Images batch(4);
  net.learn(batch.view(), batch.labels);
  for (std::size_t k = 0; k < before.size(); ++k) {
    INFO("projection " << k);
    const bool learns_here = std::find(plastic.begin(), plastic.end(), k) != plastic.end();
    CHECK((copy(net.weights(k)) != before[k]) == learns_here);
  }
  // Ten times the feedback into the image is ten times the change of what is before it, and of nothing else.
  BatchNetwork<double> louder(fixed_feedback);
  const std::size_t deep = forward_projections + 1;  // back through the second convolution
  const auto [rows, columns] = louder.weights_shape(deep);
  for (std::size_t i = 0; i < rows; ++i)
    for (std::size_t j = 0; j < columns; ++j) louder.set_weight(deep, i, j, 0);
  louder.learn(batch.view(), batch.labels);
  CHECK(copy(louder.weights(2)) == copy(net.weights(2)));
  CHECK(copy(louder.weights(0)) != copy(net.weights(0)));
  CHECK(copy(louder.weights(0)) != before[0]);  // what the residual sum brings past the convolution is left
}

TEST_CASE("windows learn in a batch as they do sample by sample") {
  // Backpropagation through everything, errors through feedback, and the same past pools, sums and masks.
  for (const int way : {0, 1, 2}) {
    const bool own = way > 0;
    Network network = image_network(way == 2);
    if (way == 1) {
      network.populations.erase(network.populations.begin() + 2, network.populations.begin() + 7);
      network.projections = {network.projections[0], network.projections[2], network.projections[8]};
      network.populations.insert(network.populations.begin() + 2,
                                 image("deep", {2, 2, 3}, Activation::saturated_linear));
      network.populations.erase(network.populations.begin() + 3);
      network.projections[1].from = 1, network.projections[1].to = 2;
      network.projections[1].window = {{3, 2}, {2, 2}, {0, 0}};
      network.projections[2].from = 2, network.projections[2].to = 3, network.output = 3;
      network.populations[1].activation = Activation::saturated_linear;
      for (const std::size_t k : {1, 2}) network.projections.push_back(back(network.projections[k], true));
    }
    Images batch(3, 2);
    std::copy_n(batch.x.begin(), pixels, batch.x.begin() + pixels);
    batch.labels[1] = batch.labels[0];
    BatchOptions options;
    FloatNetworkOptions online_options;
    if (!own) {
      options.baseline = online_options.baseline = Baseline::backprop;
      options.eta = online_options.backprop_eta = 1;
    }
    BatchNetwork<double> net(network, options);
    FloatNetwork online(network, online_options);
    const Doubles before = copy(net.weights(0));
    for (int t = 0; t < 2; ++t) {
      net.learn(batch.view(), batch.labels);
      online.learn(std::span(batch.x).first(pixels), batch.labels[0]);
    }
    CHECK(copy(net.weights(0)) != before);
    for (std::size_t k = 0; k < network.projections.size(); ++k) {
      const ProjectionSpec& spec = network.projections[k];
      if (!spec.plasticity) continue;
      const Connectivity connectivity(network, k);
      const Doubles theirs = online.weights(k), ours = copy(net.weights(k));
      const auto neurons = [&](int p) {
        return static_cast<std::size_t>(network.populations[static_cast<std::size_t>(p)].neurons());
      };
      const std::size_t to = neurons(spec.to), from = neurons(spec.from);
      std::size_t compared = 0;
      for (std::size_t i = 0; i < to; ++i)
        for (std::size_t j = 0; j < from; ++j) {
          if (!connectivity.exists(i, j)) continue;
          std::size_t entry = i * from + j;
          if (has_window(spec.connect)) {
            const std::size_t taps = net.weights_shape(k).second, channels = 4;
            entry = connectivity.entry(i, j);
            const std::size_t map = spec.feedback ? j : i;
            if (spec.connect == Connect::local) entry += map / channels * channels * taps;
          }
          INFO("projection " << k << " synapse " << i << " " << j);
          CHECK(ours[entry] == Approx(theirs[i * from + j]).epsilon(1e-9).margin(1e-11));
          ++compared;
        }
      CHECK(compared >= ours.size() / 2);
    }
  }
}

TEST_CASE("windows give the same bits for every number of threads") {
  std::vector<std::vector<Doubles>> all;
  for (const unsigned threads : {1u, 2u, 3u}) {
    BatchOptions options;
    options.threads = threads;
    BatchNetwork<double> net(image_network(true), options);
    for (unsigned t = 1; t < 4; ++t) {
      const Images batch(t);
      net.learn(batch.view(), batch.labels);
    }
    all.emplace_back();
    for (std::size_t k = 0; k < net.network().projections.size(); ++k)
      all.back().push_back(copy(net.weights(k)));
  }
  CHECK(all[0] == all[1]);
  CHECK(all[0] == all[2]);
}

TEST_CASE("dropout of a population gates what it sends and the errors that come back") {
  Network network = image_network(true);
  network.populations[2].dropout = 0.5, network.populations[7].dropout = 0.3;
  BatchOptions options;
  options.baseline = Baseline::backprop;
  const Images batch(1);
  for (const std::size_t k : {0, 2, 7}) {
    BatchNetwork<double> net(network, options);
    const Doubles before = copy(net.weights(k));
    const std::size_t columns = net.weights_shape(k).second;
    net.learn(batch.view(), batch.labels);
    for (std::size_t w = 0; w < before.size(); w += 3) {
      if (before[w] == 0) continue;
      const auto loss = [&](double value) {
        BatchNetwork<double> probe(network, options);
        probe.set_weight(k, w / columns, w % columns, value);
        probe.learn(batch.view(), batch.labels);
        return probe.loss(8);
      };
      constexpr double h = 1e-5;
      CHECK(net.weights(k)[w] - before[w] ==
            Approx(-(loss(before[w] + h) - loss(before[w] - h)) / (2 * h)).epsilon(1e-6).margin(1e-8));
    }
  }
}
