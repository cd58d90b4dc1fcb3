// A network that learns in mini-batches, as R. Pogodin and P. Latham (2020) train theirs: every hidden layer
// by the gradient of its own objective over the batch, the output by softmax cross-entropy, or all by a
// baseline.
//
// Order within a batch, layer by layer: sums, batch norm, activation, the layer's own gradient and step, then
// divisive normalisation and dropout. What is handed on was computed with the weights before the step, and
// the objective sees it before normalisation and dropout.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "compiler/network/network.hpp"
#include "compiler/reference/baseline.hpp"
#include "compiler/training/connection.hpp"
#include "compiler/training/kernel_objective.hpp"
#include "compiler/training/layer.hpp"
#include "compiler/training/output_loss.hpp"
#include "compiler/training/ranked_learning.hpp"
#include "compiler/training/workers.hpp"
#include "rtl/rules/reference.hpp"

namespace trifactor {

struct BatchOptions {
  Baseline baseline = Baseline::none;
  std::optional<double> eta;     ///< of a baseline's hidden layers; else the output's
  unsigned threads = 1;          ///< from 1
  std::uint64_t run_length = 0;  ///< learning samples of the whole run, for schedules; 0: none are applied
};

/// What a layer's objective saw over an interval: means over batches.
struct BatchLayerSignals {
  double loss = 0;  ///< of the kernel, or cross-entropy
  std::optional<PairSignals> pairs;
  std::uint64_t batches = 0;
};

/// Seconds since the start, by what they were spent on.
struct TrainingProfile {
  double forward = 0;    ///< products with the weights, activation, normalisation, dropout
  double objective = 0;  ///< objectives and their gradients by what is compared
  double backward = 0;   ///< errors that travel back through weights
  double update = 0;     ///< gradients by the weights, with the step
};

/// Real is float; double exists to hold gradients against numerical differentiation.
template <class Real>
class BatchNetwork {
 public:
  /// network.training.batch > 0. Throws Error (configuration, TF-TRN-001 to 005).
  explicit BatchNetwork(Network network, const BatchOptions& options = {});

  const Network& network() const { return network_; }
  std::size_t capacity() const { return capacity_; }  ///< most samples of one call: network.training.batch

  /// From now on what populations hand on that no learning reaches is formed once for each of `samples`
  /// samples, which calls name by their index, and kept. False: there is nothing to keep, or it would take
  /// more than `most_bytes`.
  bool remember(std::size_t samples, std::size_t most_bytes);

  /// Inference: outputs (m, classes) of x (m, inputs), m from 1 to capacity(). `names`: indices of the
  /// samples (m), or nothing. Valid until the next call.
  MatrixView<Real> forward(MatrixView<Real> x, std::span<const std::size_t> names = {});

  /// One batch of m samples, m <= capacity() and from 2 where samples are compared, else 1; labels (m) below
  /// classes, else Error (data, TF-TRN-006). Returns how many the output had right.
  std::size_t learn(MatrixView<Real> x, std::span<const std::int32_t> labels,
                    std::span<const std::size_t> names = {});

  /// Rates after `epochs` passes over the data; 0 at the start.
  void set_epoch(std::uint64_t epochs) { epochs_ = epochs; }
  std::uint64_t learned() const { return learned_; }  ///< samples
  bool learns(std::size_t projection) const { return projections_[projection].plastic; }
  double rate(std::size_t projection) const;  ///< now; 0: does not learn

  /// (to, from); of a convolution (channels of the map, kernel rows x kernel columns x channels of the
  /// image), of local weights (neurons of the map, the same); nothing where they follow from the connection.
  std::span<const Real> weights(std::size_t projection) const;
  std::pair<std::size_t, std::size_t> weights_shape(std::size_t projection) const;
  std::span<const Real> bias(std::size_t projection) const;  ///< (rows of weights), empty without
  /// (to, from): what errors travel back through; empty where they take the weights themselves.
  std::span<const Real> feedback(std::size_t projection) const;
  /// By row and column of weights(); one beyond the last column is the bias.
  void set_weight(std::size_t projection, std::size_t row, std::size_t column, Real value);
  double weight_norm(std::size_t projection) const;
  const BatchNorm<Real>& norm(std::size_t population) { return layers_[population].norm(); }

  /// Loss of the last batch in that population: of its kernel, its classifier or the output's cross-entropy.
  double loss(std::size_t population) const { return populations_[population].loss; }
  /// Of the interval since the last call; nothing where the population does not learn by an objective.
  std::optional<BatchLayerSignals> take_signals(std::size_t population);
  const TrainingProfile& profile() const { return profile_; }

 private:
  enum class Learning : std::uint8_t { none, kernel, output, classifier, ranks, returned };
  struct Projection {
    std::size_t from = 0, to = 0;
    bool plastic = false;
    bool returns = false;        ///< carries errors back
    BatchConnection<Real> path;  ///< of what is not dense
    double eta = 0;              ///< at the start
    Trained<Real> weights;       ///< as weights() says
    Trained<Real> bias;          ///< (rows, 1) or empty
    std::vector<Real> there;     ///< as weights: 0 where a mask leaves a synapse out; empty without
    Matrix<Real> gradient;       ///< as weights, of windows that learn
    Matrix<Real> feedback;       ///< (to, from): what errors travel back through, empty: the weights
  };
  struct Classifier {
    Trained<Real> weights, bias;  ///< (classes, neurons), (classes, 1)
    Matrix<Real> feedback;        ///< (classes, neurons), empty: the weights
  };
  struct Population {
    Learning learning = Learning::none;
    OutputLoss target;                  ///< of Learning::output
    std::vector<std::size_t> incoming;  ///< forward projections
    std::vector<std::size_t> sending;   ///< feedback projections that start here
    bool backwards = false;             ///< learns, or hands errors on, after the output has
    bool constant = false;              ///< hands on the same for the same sample, whatever is learned
    std::unique_ptr<KernelObjective<Real>> objective;
    std::unique_ptr<Classifier> classifier;
    std::unique_ptr<RankedLearning<Real>> ranked;
    double loss = 0;
    BatchLayerSignals sums;
  };

  void build_layers();
  void build_projections();
  Projection make_projection(std::size_t projection, const InitialWeights& initial) const;
  void choose_learning();
  void choose_backwards();
  void choose_rule_learning(std::size_t population, std::size_t projection);
  void choose_ranks(std::size_t population, std::size_t projection, const BatchForm& form);
  void choose_output(std::size_t population, std::size_t projection, const BatchForm& form);
  Classifier make_classifier(std::size_t population) const;
  StepSettings step_of(std::size_t projection) const;
  StepSettings norm_step_of(std::size_t population) const;
  double schedule_factor(std::size_t projection) const;

  MatrixView<Real> activity(std::size_t population, std::size_t m) const;
  void find_constant();
  bool recall(std::span<const std::size_t> names);
  void keep(std::span<const std::size_t> names);
  void evaluate(std::size_t population, std::size_t m, bool training);
  bool sum_windows(std::size_t population, std::size_t m);
  void learn_here(std::size_t population, std::span<const std::int32_t> labels);
  void learn_backwards(std::span<const std::int32_t> labels);
  double output_error(std::size_t population, std::span<const std::int32_t> labels);
  void classifier_error(std::size_t population, std::span<const std::int32_t> labels);
  void update(std::size_t population, std::size_t m);
  void step_weights(std::size_t population, std::size_t m, NeuronBlock block);
  static void keep_mask(Projection& projection, std::size_t first, std::size_t count);
  void step_windows(std::size_t population, std::size_t m);
  void step_feedback(std::size_t population, std::size_t m);
  void step_window(std::size_t projection, MatrixView<Real> map, MatrixView<Real> image);
  void send_back(std::size_t projection, std::size_t m);
  void send_errors(std::size_t population, std::size_t m);
  MatrixView<Real> error_of(std::size_t population, std::size_t m) const;

  Network network_;
  BatchOptions options_;
  std::size_t capacity_;
  Workers workers_;
  std::vector<BatchLayer<Real>> layers_;  ///< by population; the input's is empty
  std::vector<Population> populations_;
  std::vector<Projection> projections_;
  struct Kept {
    std::size_t population = 0;
    Matrix<Real> rows;  ///< (samples, neurons)
  };
  std::vector<Kept> kept_;   ///< constant populations that others read
  std::vector<bool> known_;  ///< by sample
  MatrixView<Real> input_;
  Matrix<Real> class_error_;  ///< (capacity, classes): of a classifier
  std::uint64_t learned_ = 0, batches_ = 0, epochs_ = 0;
  TrainingProfile profile_;
};

}  // namespace trifactor
