// The float experiment in mini-batches: the same data, order and record as sample by sample.
#include <algorithm>
#include <cmath>
#include <optional>

#include "compiler/training/batch_network.hpp"
#include "host/datasets/sample_order.hpp"
#include "host/experiment/reference_data.hpp"
#include "host/experiment/signals.hpp"

namespace trifactor {
namespace {

/// Of what frozen populations hand on.
constexpr std::size_t most_kept_bytes = std::size_t{1} << 30;

class BatchReference {
 public:
  explicit BatchReference(const ReferenceOptions& options)
      : options_(options),
        started_(Clock::now()),
        progress_(options.on_progress),
        data_(options),
        total_(options.epochs * data_.training->size()),
        network_(options.network, {options.baseline, options.eta, options.threads, total_}) {
    const std::size_t capacity = network_.capacity();
    if (const std::size_t samples = data_.training->size(); samples < capacity)
      throw Error(ExitCode::data, {"TF-REF-006", options.data, std::to_string(samples) + " samples",
                                   "a mini-batch of " + std::to_string(capacity) + " or more",
                                   "name more data, or a smaller batch in [training] or with --batch"});
    values_.resize(capacity * data_.training->features());
    labels_.resize(capacity);
    names_.resize(capacity);
    network_.remember(data_.training->size() + (data_.test ? data_.test->size() : 0), most_kept_bytes);
    record_.input = input().name;
    record_.encoder_offset = data_.encoder.offset;
  }

  ReferenceRecord run() {
    if (options_.on_ready) options_.on_ready();
    learn();
    record_.learned = network_.learned();
    record_.interrupted = interrupted();
    for (std::size_t k = 0; k < options_.network.projections.size(); ++k) {
      const auto weights = network_.weights(k), bias = network_.bias(k);
      const ProjectionSpec& spec = options_.network.projections[k];
      const auto [rows, columns] = network_.weights_shape(k);
      if (rows == 0) continue;  // follow from the connection
      record_.weights.push_back({spec.name, rows, columns,
                                 std::vector<double>(weights.begin(), weights.end()),
                                 std::vector<double>(bias.begin(), bias.end())});
    }
    for (std::size_t p = 0; p < options_.network.populations.size(); ++p)
      if (network_.norm(p).exists())
        record_.norms.emplace_back(options_.network.populations[p].name, network_.norm(p).state());
    const TrainingProfile& p = network_.profile();
    record_.profile = {{"read and encode", reading_s_},
                       {"forward", p.forward},
                       {"objectives", p.objective},
                       {"errors back", p.backward},
                       {"gradients and steps", p.update}};
    record_.wall_s = seconds_since(started_);
    return std::move(record_);
  }

 private:
  const PopulationSpec& input() const {
    return options_.network.populations[static_cast<std::size_t>(options_.network.input)];
  }

  void learn() {
    const std::uint64_t per_epoch = data_.training->size(), signal_every = signal_interval(total_);
    const SampleOrder orders(data_.training->size(), parse_data_spec(options_.data).shuffle);
    if (data_.test) test(0);
    Clock::time_point since = Clock::now();
    std::uint64_t right = 0, seen = 0, at = 0;
    for (std::uint64_t epoch = 0; epoch < options_.epochs && !interrupted(); ++epoch) {
      const std::vector<std::size_t> order = orders.epoch(epoch);
      network_.set_epoch(epoch);
      for (std::uint64_t first = 0; first < per_epoch && !interrupted();) {
        const std::size_t m = batch_size(per_epoch - first);
        const MatrixView<float> x = gather(*data_.training, std::span(order).subspan(first, m), 0);
        right += network_.learn(x, std::span<const std::int32_t>(labels_).first(m), names(m));
        seen += m, first += m;
        progress_.answered(m);
        const std::uint64_t before = at;
        at += m;
        const double accuracy = static_cast<double>(right) / static_cast<double>(seen);
        if (at / signal_every != before / signal_every || first == per_epoch) {
          signals(at);
          record_.accuracy.push_back(
              {at, static_cast<std::int64_t>(at / per_epoch), std::nullopt, accuracy, std::nullopt});
          right = seen = 0;
        }
        if (first == per_epoch) {
          record_.learning_s += seconds_since(since);
          if (data_.test) test(epoch + 1);
          since = Clock::now();
        }
        progress_.report("learning", at, total_, accuracy);
      }
    }
    record_.learning_s += seconds_since(since);
  }

  /// A whole batch, or what is left of the epoch; never leaves one sample, which has no pair.
  std::size_t batch_size(std::uint64_t left) const {
    const std::size_t whole = network_.capacity();
    if (left == whole + 1) return whole - 1;
    return static_cast<std::size_t>(std::min<std::uint64_t>(whole, left));
  }

  void test(std::uint64_t epoch) {
    const Clock::time_point since = Clock::now();
    const Dataset& data = *data_.test;
    std::vector<std::size_t> order(data.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::uint64_t right = 0;
    for (std::size_t first = 0; first < order.size();) {
      if (interrupted()) return;
      const std::size_t m = std::min(network_.capacity(), order.size() - first);
      const MatrixView<float> x = gather(data, std::span(order).subspan(first, m), data_.training->size());
      const MatrixView<float> out = network_.forward(x, names(m));
      for (std::size_t i = 0; i < m; ++i)
        right += highest({out.row(i), out.columns}) == static_cast<std::size_t>(labels_[i]);
      first += m;
      progress_.answered(m);
      progress_.report("testing", first, order.size(),
                       static_cast<double>(right) / static_cast<double>(first));
    }
    const double accuracy = static_cast<double>(right) / static_cast<double>(order.size());
    if (epoch == 0)
      record_.accuracy.push_back({0, 0, accuracy, std::nullopt, std::nullopt});
    else
      record_.accuracy.back().test_accuracy = accuracy;
    record_.testing_s += seconds_since(since);
  }

  /// The highest index in a tie.
  static std::size_t highest(std::span<const float> outputs) {
    std::size_t best = 0;
    for (std::size_t i = 1; i < outputs.size(); ++i)
      if (outputs[i] >= outputs[best]) best = i;
    return best;
  }

  MatrixView<float> gather(const Dataset& data, std::span<const std::size_t> indices,
                           std::size_t first_name) {
    const Clock::time_point since = Clock::now();
    const std::size_t features = data.features();
    for (std::size_t i = 0; i < indices.size(); ++i) {
      const std::span<float> row = std::span(values_).subspan(i * features, features);
      data.image(indices[i], row);
      data_.encoder.apply(row, row);
      labels_[i] = data.label(indices[i]);
      names_[i] = first_name + indices[i];
    }
    reading_s_ += seconds_since(since);
    return {values_.data(), indices.size(), features};
  }

  std::span<const std::size_t> names(std::size_t m) const { return std::span(names_).first(m); }

  void signals(std::uint64_t sample) {
    std::vector<std::optional<BatchLayerSignals>> seen;
    for (std::size_t p = 0; p < options_.network.populations.size(); ++p)
      seen.push_back(network_.take_signals(p));
    for (std::size_t k = 0; k < options_.network.projections.size(); ++k) {
      const ProjectionSpec& spec = options_.network.projections[k];
      if (!spec.plasticity) continue;
      LayerSignals s;
      s.sample = sample;
      s.layer = spec.name;
      s.weight_norm = network_.weight_norm(k);
      s.eta = network_.rate(k);
      expect_finite(*s.weight_norm, options_, k, sample);
      if (const auto& now = seen[static_cast<std::size_t>(spec.to)];
          now && now->pairs && network_.learns(k)) {
        s.mean_kernel = now->pairs->kernel, s.mean_abs_third_factor = now->pairs->third_factor;
        s.same_class_share = now->pairs->same_class;
        const auto& numbers = spec.plasticity->parameters.numbers;
        if (const auto sigma = numbers.find("sigma"); sigma != numbers.end()) s.sigma = sigma->second;
      }
      record_.signals.push_back(s);
    }
  }

  bool interrupted() const { return options_.interrupt != nullptr && options_.interrupt->load(); }

  const ReferenceOptions& options_;
  Clock::time_point started_;
  ProgressMeter progress_;
  ReferenceData data_;
  std::uint64_t total_;
  BatchNetwork<float> network_;
  ReferenceRecord record_;
  std::vector<float> values_;  ///< a batch
  std::vector<std::int32_t> labels_;
  std::vector<std::size_t> names_;  ///< its samples, test samples after those that are learned
  double reading_s_ = 0;
};

}  // namespace

ReferenceRecord run_batch_reference(const ReferenceOptions& options) { return BatchReference(options).run(); }

}  // namespace trifactor
