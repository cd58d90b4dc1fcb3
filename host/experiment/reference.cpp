#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "compiler/npz/npz.hpp"
#include "host/datasets/sample_order.hpp"
#include "host/experiment/reference_data.hpp"
#include "host/experiment/run_checks.hpp"
#include "host/experiment/signals.hpp"
#include "host/report/output_file.hpp"
#include "host/report/run_tables.hpp"
#include "rtl/spec/diagnostic.hpp"

namespace trifactor {
namespace {

class Reference {
 public:
  explicit Reference(const ReferenceOptions& options)
      : options_(options),
        started_(Clock::now()),
        progress_(options.on_progress),
        data_(options),
        training_(data_.training.get()),
        test_(data_.test.get()),
        total_(options.epochs * training_->size()) {
    FloatNetworkOptions network_options{options.baseline};
    if (options.eta) network_options.backprop_eta = *options.eta;
    network_options.run_length = total_;
    network_.emplace(options.network, network_options);
    record_.input = options.network.populations[static_cast<std::size_t>(options.network.input)].name;
    record_.encoder_offset = data_.encoder.offset;
  }

  ReferenceRecord run() {
    if (options_.on_ready) options_.on_ready();
    learn();
    record_.learned = network_->learned();
    record_.interrupted = interrupted();
    for (std::size_t k = 0; k < options_.network.projections.size(); ++k) {
      const ProjectionSpec& spec = options_.network.projections[k];
      const auto size = [&](int p) {
        return static_cast<std::size_t>(options_.network.populations[static_cast<std::size_t>(p)].neurons());
      };
      record_.weights.push_back(
          {spec.name, size(spec.to), size(spec.from), network_->weights(k), network_->bias(k)});
    }
    record_.wall_s = seconds_since(started_);
    return std::move(record_);
  }

 private:
  void learn() {
    const SampleOrder orders(training_->size(), parse_data_spec(options_.data).shuffle);
    const std::uint64_t per_epoch = training_->size();
    const std::uint64_t signal_every = signal_interval(total_);
    if (test_) test(0);
    std::vector<std::size_t> order;
    Clock::time_point since = Clock::now();
    std::uint64_t right = 0, seen = 0;
    for (std::uint64_t at = 0; at < total_ && !interrupted(); ++at) {
      if (at % per_epoch == 0) order = orders.epoch(at / per_epoch);
      const std::size_t index = order[at % per_epoch];
      const int label = training_->label(index);
      right += predicted_class(network_->learn(encoded(*training_, index), label)) ==
               static_cast<std::size_t>(label);
      ++seen;
      progress_.answered();
      const std::uint64_t now = at + 1;
      const double accuracy = static_cast<double>(right) / static_cast<double>(seen);
      const bool epoch_ends = now % per_epoch == 0;
      if (now % signal_every == 0 || now == total_ || epoch_ends) {
        signals(now);
        record_.accuracy.push_back(
            {now, static_cast<std::int64_t>(now / per_epoch), std::nullopt, accuracy, std::nullopt});
        right = seen = 0;
      }
      if (epoch_ends) {
        record_.learning_s += seconds_since(since);
        if (test_) test(now / per_epoch);
        since = Clock::now();
      }
      progress_.report("learning", now, total_, accuracy);
    }
    record_.learning_s += seconds_since(since);
  }

  void test(std::uint64_t epoch) {
    const Clock::time_point since = Clock::now();
    std::uint64_t right = 0;
    for (std::size_t i = 0; i < test_->size(); ++i) {
      if (interrupted()) return;
      right +=
          predicted_class(network_->forward(encoded(*test_, i))) == static_cast<std::size_t>(test_->label(i));
      progress_.answered();
      progress_.report("testing", i + 1, test_->size(),
                       static_cast<double>(right) / static_cast<double>(i + 1));
    }
    const double accuracy = static_cast<double>(right) / static_cast<double>(test_->size());
    if (epoch == 0)
      record_.accuracy.push_back({0, 0, accuracy, std::nullopt, std::nullopt});
    else
      record_.accuracy.back().test_accuracy = accuracy;
    record_.testing_s += seconds_since(since);
  }

  /// A sample as the port codec of a session gets it, before quantisation.
  std::span<const double> encoded(const Dataset& data, std::size_t index) {
    raw_.resize(data.features());
    data.image(index, raw_);
    data_.encoder.apply(raw_, raw_);
    values_.assign(raw_.begin(), raw_.end());
    return values_;
  }

  void signals(std::uint64_t sample) {
    for (std::size_t k = 0; k < options_.network.projections.size(); ++k) {
      if (!options_.network.projections[k].plasticity) continue;
      LayerSignals s;
      s.sample = sample;
      s.layer = options_.network.projections[k].name;
      s.weight_norm = network_->weight_norm(k);
      s.eta = network_->rate(k, sample - 1);
      expect_finite(*s.weight_norm, options_, k, sample);
      if (const FloatLayerSignals now = network_->take_signals(k); now.partners > 0) {
        s.mean_kernel = now.kernel, s.mean_abs_third_factor = now.third_factor,
        s.same_class_share = now.same_class;
        const auto& numbers = options_.network.projections[k].plasticity->parameters.numbers;
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
  const Dataset *training_, *test_;
  std::uint64_t total_;
  std::optional<FloatNetwork> network_;
  ReferenceRecord record_;
  std::vector<float> raw_;
  std::vector<double> values_;
};

}  // namespace

std::optional<double> ReferenceRecord::test_accuracy() const {
  for (auto row = accuracy.rbegin(); row != accuracy.rend(); ++row)
    if (row->test_accuracy) return row->test_accuracy;
  return std::nullopt;
}

ReferenceData::ReferenceData(const ReferenceOptions& options) {
  const PopulationSpec& input = options.network.populations[static_cast<std::size_t>(options.network.input)];
  const auto open = [&](const std::string& spec) {
    return open_samples(spec, input.name, static_cast<std::size_t>(input.neurons()), options.network.classes);
  };
  training = open(options.data);
  if (options.test) test = open(*options.test);
  const EncoderKind kind = parse_encoder_kind(input.encode, to_string(input.place));
  const std::vector<double> brought = encoder_offset(options.network);
  encoder = brought.empty() ? fit_encoder(kind, *training) : Encoder{kind, brought};
}

void expect_finite(double weight_norm, const ReferenceOptions& options, std::size_t projection,
                   std::uint64_t samples) {
  if (std::isfinite(weight_norm)) return;
  const ProjectionSpec& spec = options.network.projections[projection];
  throw Error(
      ExitCode::check_failed,
      {"TF-REF-002", to_string(spec.place) + ": " + spec.name,
       fmt::format("the weights are no longer finite after {} samples", samples), "",
       options.baseline == Baseline::none ? "use a smaller eta or a larger sigma" : "use a smaller --eta"});
}

ReferenceRecord run_reference(const ReferenceOptions& options) {
  return options.network.training.batch > 0 ? run_batch_reference(options) : Reference(options).run();
}

void write_reference(const std::filesystem::path& folder, const ReferenceRecord& record) {
  std::string accuracy = accuracy_header(), steps = per_step_header();
  for (const AccuracyRow& row : record.accuracy) accuracy += accuracy_row(row);
  for (const LayerSignals& row : record.signals) steps += per_step_row(row);
  NpzFile file;
  for (const ReferenceWeights& w : record.weights) {
    file[w.projection] = NpyArray::from(w.weights, {w.to, w.from});
    if (!w.bias.empty()) file[w.projection + ".bias"] = NpyArray::from(w.bias);
  }
  for (const auto& [population, state] : record.norms)
    file[population + ".norm"] = NpyArray::from(state, {4, state.size() / 4});
  if (!record.encoder_offset.empty()) file[record.input + ".offset"] = NpyArray::from(record.encoder_offset);
  write_npz(folder / "weights.npz", file);
  write_whole_file(folder / "accuracy.csv", accuracy);
  write_whole_file(folder / "per_step.csv", steps);
}

}  // namespace trifactor
