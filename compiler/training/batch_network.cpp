#include "compiler/training/batch_network.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <string>
#include <utility>

#include "compiler/training/blas.hpp"
#include "rtl/spec/diagnostic.hpp"
#include "rtl/units/random/golden.hpp"

namespace trifactor {
namespace {

class Stopwatch {
 public:
  explicit Stopwatch(double& seconds) : seconds_(seconds) {}
  ~Stopwatch() {
    seconds_ += std::chrono::duration<double>(std::chrono::steady_clock::now() - start_).count();
  }
  Stopwatch(const Stopwatch&) = delete;
  Stopwatch& operator=(const Stopwatch&) = delete;

 private:
  double& seconds_;
  std::chrono::steady_clock::time_point start_ = std::chrono::steady_clock::now();
};

template <class Real>
void bias_gradient(const Matrix<Real>& delta, std::size_t m, NeuronBlock block, std::vector<Real>& gradient) {
  gradient.assign(block.count, 0);
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < block.count; ++j) gradient[j] += delta.row(i)[block.first + j];
}

}  // namespace

template <class Real>
MatrixView<Real> BatchNetwork<Real>::activity(std::size_t population, std::size_t m) const {
  if (static_cast<int>(population) == network_.input) return input_;
  return layers_[population].handed_on(m);
}

template <class Real>
MatrixView<Real> BatchNetwork<Real>::error_of(std::size_t population, std::size_t m) const {
  return first_rows(layers_[population].error, m);
}

/// Sums of what comes through windows; false where nothing does.
template <class Real>
bool BatchNetwork<Real>::sum_windows(std::size_t p, std::size_t m) {
  Matrix<Real>& sums = layers_[p].values;
  bool started = false;
  for (const std::size_t k : populations_[p].incoming) {
    const Projection& projection = projections_[k];
    if (projection.path.dense()) continue;
    if (!started) std::fill_n(sums.values.begin(), m * sums.columns, Real(0));
    started = true;
    projection.path.add_to_map(activity(projection.from, m), projection.weights.value, sums, workers_);
    const std::size_t shared = projection.bias.value.rows;  // by a convolution's places
    for (std::size_t at = 0; shared > 0 && at < m * sums.columns; at += shared)
      add_scaled(sums.values.data() + at, projection.bias.value.values.data(), Real(1), shared);
  }
  return started;
}

template <class Real>
void BatchNetwork<Real>::evaluate(std::size_t p, std::size_t m, bool training) {
  const Stopwatch watch(profile_.forward);
  BatchLayer<Real>& layer = layers_[p];
  const bool windows = sum_windows(p, m);
  workers_.run(layer.blocks(), [&](std::size_t index) {
    const NeuronBlock block = layer.block(index);
    bool started = windows;
    for (const std::size_t k : populations_[p].incoming) {
      const Projection& projection = projections_[k];
      if (!projection.path.dense()) continue;
      const MatrixView<Real> x = activity(projection.from, m);
      multiply(Turned::no, Turned::yes, m, block.count, x.columns, Real(1), x.values, x.columns,
               projection.weights.value.row(block.first), x.columns, started ? Real(1) : Real(0),
               layer.values.values.data() + block.first, layer.neurons());
      started = true;
      if (projection.bias.value.rows > 0)
        for (std::size_t i = 0; i < m; ++i)
          add_scaled(layer.values.row(i) + block.first, projection.bias.value.row(block.first), Real(1),
                     block.count);
    }
    layer.evaluate(m, block, training);
  });
  layer.drop(m, training, mix64(mix64(network_.seed ^ 0x64726f706f7574ull) ^ (batches_ << 12 | p)));
}

template <class Real>
MatrixView<Real> BatchNetwork<Real>::forward(MatrixView<Real> x, std::span<const std::size_t> names) {
  input_ = x;
  const bool known = recall(names);
  for (std::size_t p = 0; p < layers_.size(); ++p)
    if (!network_.populations[p].input && !(known && populations_[p].constant)) evaluate(p, x.rows, false);
  if (!known) keep(names);
  return activity(static_cast<std::size_t>(network_.output), x.rows);
}

template <class Real>
std::size_t BatchNetwork<Real>::learn(MatrixView<Real> x, std::span<const std::int32_t> labels,
                                      std::span<const std::size_t> names) {
  for (std::size_t i = 0; i < labels.size(); ++i)
    if (labels[i] < 0 || labels[i] >= network_.classes)
      throw Error(
          ExitCode::data,
          {"TF-TRN-006", "sample " + std::to_string(learned_ + i), "a label of " + std::to_string(labels[i]),
           "0 to " + std::to_string(network_.classes - 1), "set classes in [network]"});
  input_ = x;
  ++batches_;
  bool backwards = false;
  const bool known = recall(names);
  for (std::size_t p = 0; p < layers_.size(); ++p) {  // sources stand before targets
    if (network_.populations[p].input || (known && populations_[p].constant)) continue;
    evaluate(p, x.rows, true);
    backwards = backwards || populations_[p].backwards;
    if (!populations_[p].backwards && populations_[p].learning != Learning::none) learn_here(p, labels);
  }
  if (!known) keep(names);
  const MatrixView<Real> out = activity(static_cast<std::size_t>(network_.output), x.rows);
  std::size_t right = 0;
  for (std::size_t i = 0; i < x.rows; ++i) {
    std::size_t best = 0;  // the highest index in a tie, as everywhere
    for (std::size_t j = 1; j < out.columns; ++j)
      if (out.row(i)[j] >= out.row(i)[best]) best = j;
    right += best == static_cast<std::size_t>(labels[i]);
  }
  if (backwards) learn_backwards(labels);
  learned_ += x.rows;
  return right;
}

/// A layer's own objective and step. What it hands on stays as it was computed.
template <class Real>
void BatchNetwork<Real>::learn_here(std::size_t p, std::span<const std::int32_t> labels) {
  Population& population = populations_[p];
  BatchLayer<Real>& layer = layers_[p];
  const std::size_t m = labels.size();
  {
    const Stopwatch watch(profile_.objective);
    if (population.learning == Learning::kernel) {
      const Matrix<Real>& by_compared = population.objective->gradient(layer.compared(m), labels, workers_);
      workers_.run(layer.blocks(),
                   [&](std::size_t index) { layer.error_of_compared(by_compared, m, layer.block(index)); });
      population.loss = population.objective->loss();
      const PairSignals& now = population.objective->signals();
      PairSignals& sums = *population.sums.pairs;
      sums.kernel += now.kernel, sums.third_factor += now.third_factor, sums.same_class += now.same_class;
    } else if (population.learning == Learning::ranks) {
      const std::size_t k = population.incoming.front();
      const Real* const sums = layer.linear() ? layer.values.values.data() : nullptr;
      population.ranked->step(projections_[k].weights.value, activity(projections_[k].from, m), sums,
                              static_cast<Real>(rate(k)), workers_);
      return;
    } else if (population.learning == Learning::output) {
      population.loss = output_error(p, labels);
    } else {
      classifier_error(p, labels);
    }
  }
  population.sums.loss += population.loss;
  ++population.sums.batches;
  update(p, m);
}

/// error = dL/dz of the mean loss of what the population hands on, which is returned.
template <class Real>
double BatchNetwork<Real>::output_error(std::size_t p, std::span<const std::int32_t> labels) {
  BatchLayer<Real>& layer = layers_[p];
  const MatrixView<Real> out = layer.handed_on(labels.size());
  std::copy(out.values, out.values + out.rows * out.columns, layer.error.values.begin());
  const double loss = descend_loss(populations_[p].target, layer.error, labels);
  for (std::size_t index = 0; index < layer.blocks(); ++index)
    layer.through_groups(labels.size(), layer.block(index));
  return loss;
}

/// error = dL/dz of a layer's own classifier of z, which takes a step.
template <class Real>
void BatchNetwork<Real>::classifier_error(std::size_t p, std::span<const std::int32_t> labels) {
  Population& population = populations_[p];
  Classifier& classifier = *population.classifier;
  BatchLayer<Real>& layer = layers_[p];
  const std::size_t m = labels.size(), n = layer.neurons(), classes = classifier.weights.value.rows;
  const MatrixView<Real> z{layer.values.values.data(), m, n};
  for (std::size_t i = 0; i < m; ++i)
    std::copy_n(classifier.bias.value.values.data(), classes, class_error_.row(i));
  multiply(Turned::no, Turned::yes, m, classes, n, Real(1), z.values, n, classifier.weights.value.row(0), n,
           Real(1), class_error_.values.data(), classes);
  population.loss = descend_loss(OutputLoss{}, class_error_, labels);
  const Matrix<Real>& back = classifier.feedback.rows > 0 ? classifier.feedback : classifier.weights.value;
  multiply(Turned::no, Turned::no, m, n, classes, Real(1), class_error_.values.data(), classes, back.row(0),
           n, Real(0), layer.error.values.data(), n);
  const StepSettings step = step_of(population.incoming.front());
  descend_product(classifier.weights, 0, classes, first_rows(class_error_, m), z, step);
  std::vector<Real> gradient;
  bias_gradient(class_error_, m, {0, classes}, gradient);
  descend(classifier.bias, 0, classes, gradient.data(), step);
}

/// A step of every dense projection into a block of neurons that learns, along the block's dL/d sums.
template <class Real>
void BatchNetwork<Real>::step_weights(std::size_t p, std::size_t m, NeuronBlock block) {
  const BatchLayer<Real>& layer = layers_[p];
  for (const std::size_t k : populations_[p].incoming) {
    Projection& projection = projections_[k];
    if (!projection.plastic || !projection.path.dense()) continue;
    const StepSettings step = step_of(k);
    descend_product(projection.weights, block.first, block.count, error_of(p, m),
                    activity(projection.from, m), step);
    keep_mask(projection, block.first, block.count);
    if (projection.bias.value.rows == 0) continue;
    std::vector<Real> gradient;
    bias_gradient(layer.error, m, block, gradient);
    descend(projection.bias, block.first, block.count, gradient.data(), step);
  }
}

/// Synapses that a mask leaves out stay 0.
template <class Real>
void BatchNetwork<Real>::keep_mask(Projection& projection, std::size_t first, std::size_t count) {
  if (projection.there.empty()) return;
  Matrix<Real>& w = projection.weights.value;
  const std::size_t end = (first + count) * w.columns;
  for (std::size_t k = first * w.columns; k < end; ++k) w.values[k] *= projection.there[k];
}

template <class Real>
void BatchNetwork<Real>::step_window(std::size_t k, MatrixView<Real> map, MatrixView<Real> image) {
  Projection& projection = projections_[k];
  const std::size_t rows = projection.weights.value.rows;
  projection.path.gradient(map, image, projection.gradient, workers_);
  descend(projection.weights, 0, rows, projection.gradient.values.data(), step_of(k));
  keep_mask(projection, 0, rows);
}

/// A step of every projection into a population that learns through windows.
template <class Real>
void BatchNetwork<Real>::step_windows(std::size_t p, std::size_t m) {
  for (const std::size_t k : populations_[p].incoming) {
    Projection& projection = projections_[k];
    if (!projection.plastic || projection.path.dense()) continue;
    step_window(k, error_of(p, m), activity(projection.from, m));
    const std::size_t shared = projection.bias.value.rows;
    if (shared == 0) continue;
    std::vector<Real> gradient(shared, Real(0));
    const Matrix<Real>& error = layers_[p].error;
    for (std::size_t at = 0; at < m * error.columns; at += shared)
      add_scaled(gradient.data(), error.values.data() + at, Real(1), shared);
    descend(projection.bias, 0, shared, gradient.data(), step_of(k));
  }
}

/// The increment of weights that carry errors is the one that their forward partners get: what the neurons
/// they end at sent, times the errors they bring.
template <class Real>
void BatchNetwork<Real>::step_feedback(std::size_t p, std::size_t m) {
  for (const std::size_t k : populations_[p].sending) {
    Projection& projection = projections_[k];
    if (!projection.plastic) continue;
    const MatrixView<Real> sent = activity(projection.to, m);
    if (!projection.path.dense()) {
      step_window(k, error_of(p, m), sent);
      continue;
    }
    descend_product(projection.weights, 0, sent.columns, sent, error_of(p, m), step_of(k));
    keep_mask(projection, 0, sent.columns);
  }
}

/// From dL/dz in a layer's error to dL/d sums and the step, block by block.
template <class Real>
void BatchNetwork<Real>::update(std::size_t p, std::size_t m) {
  const Stopwatch watch(profile_.update);
  const StepSettings norm_step = norm_step_of(p);
  workers_.run(layers_[p].blocks(), [&](std::size_t index) {
    const NeuronBlock block = layers_[p].block(index);
    layers_[p].through_activation(m, block, norm_step);
    step_weights(p, m, block);
  });
  step_windows(p, m);
}

/// Adds what a forward projection sends back to the error of its source, or a feedback projection to its
/// target's.
template <class Real>
void BatchNetwork<Real>::send_back(std::size_t k, std::size_t m) {
  const Projection& projection = projections_[k];
  const std::size_t source = projection.returns ? projection.from : projection.to;
  const std::size_t target = projection.returns ? projection.to : projection.from;
  const BatchLayer<Real>& to = layers_[source];
  BatchLayer<Real>& from = layers_[target];
  const Matrix<Real>& back = projection.feedback.rows > 0 ? projection.feedback : projection.weights.value;
  if (!projection.path.dense())
    return projection.path.add_to_image(error_of(source, m), back, activity(target, m), from.error, workers_);
  workers_.run(from.blocks(), [&](std::size_t index) {
    const NeuronBlock block = from.block(index);
    const Real* const first = projection.returns ? back.row(block.first) : back.values.data() + block.first;
    multiply(Turned::no, projection.returns ? Turned::yes : Turned::no, m, block.count, to.neurons(), Real(1),
             to.error.values.data(), to.neurons(), first, back.columns, Real(1),
             from.error.values.data() + block.first, from.neurons());
  });
}

/// Errors of a population to those before it: through feedback projections, or a baseline's way.
template <class Real>
void BatchNetwork<Real>::send_errors(std::size_t p, std::size_t m) {
  if (!travels_back(options_.baseline)) {
    for (const std::size_t k : populations_[p].sending) send_back(k, m);
    return;
  }
  for (const std::size_t k : populations_[p].incoming) {
    Projection& projection = projections_[k];
    if (network_.populations[projection.from].input) continue;
    if (options_.baseline == Baseline::sign_symmetry) {
      projection.feedback = projection.weights.value;
      for (Real& w : projection.feedback.values) w = static_cast<Real>((w > 0) - (w < 0));
    }
    send_back(k, m);
  }
}

template <class Real>
void BatchNetwork<Real>::learn_backwards(std::span<const std::int32_t> labels) {
  const std::size_t m = labels.size(), output = static_cast<std::size_t>(network_.output);
  for (std::size_t p = 0; p < layers_.size(); ++p)
    if (populations_[p].backwards)
      std::fill(layers_[p].error.values.begin(), layers_[p].error.values.end(), Real(0));
  {
    const Stopwatch watch(profile_.objective);
    populations_[output].loss = output_error(output, labels);
  }
  populations_[output].sums.loss += populations_[output].loss;
  ++populations_[output].sums.batches;
  for (std::size_t p = layers_.size(); p-- > 0;) {
    if (!populations_[p].backwards) continue;
    BatchLayer<Real>& layer = layers_[p];
    const StepSettings norm_step = norm_step_of(p);
    {
      const Stopwatch watch(profile_.backward);
      layer.through_dropout(m);
      workers_.run(layer.blocks(), [&](std::size_t index) {
        const NeuronBlock block = layer.block(index);
        if (p != output) layer.through_groups(m, block);
        layer.through_activation(m, block, norm_step);
      });
      send_errors(p, m);
    }
    const Stopwatch watch(profile_.update);
    workers_.run(layer.blocks(), [&](std::size_t index) { step_weights(p, m, layer.block(index)); });
    step_windows(p, m);
    step_feedback(p, m);
  }
}

template <class Real>
std::optional<BatchLayerSignals> BatchNetwork<Real>::take_signals(std::size_t p) {
  Population& population = populations_[p];
  const bool pairs = population.sums.pairs.has_value();
  BatchLayerSignals out = std::exchange(population.sums, {});
  if (pairs) population.sums.pairs.emplace();
  if (out.batches == 0) return std::nullopt;
  const double n = static_cast<double>(out.batches);
  out.loss /= n;
  if (out.pairs) out.pairs->kernel /= n, out.pairs->third_factor /= n, out.pairs->same_class /= n;
  return out;
}

// The constructor and what it calls are in batch_network_build.cpp.
template std::size_t BatchNetwork<float>::learn(MatrixView<float>, std::span<const std::int32_t>,
                                                std::span<const std::size_t>);
template std::size_t BatchNetwork<double>::learn(MatrixView<double>, std::span<const std::int32_t>,
                                                 std::span<const std::size_t>);
template MatrixView<float> BatchNetwork<float>::forward(MatrixView<float>, std::span<const std::size_t>);
template MatrixView<double> BatchNetwork<double>::forward(MatrixView<double>, std::span<const std::size_t>);
template std::optional<BatchLayerSignals> BatchNetwork<float>::take_signals(std::size_t);
template std::optional<BatchLayerSignals> BatchNetwork<double>::take_signals(std::size_t);

}  // namespace trifactor
