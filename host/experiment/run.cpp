#include "host/experiment/run.hpp"

#include <fmt/format.h>

#include <chrono>

#include "host/datasets/dataset.hpp"
#include "host/datasets/sample_order.hpp"
#include "host/encode/encoder.hpp"
#include "host/experiment/checkpoint.hpp"
#include "host/experiment/digest_table.hpp"
#include "host/experiment/run_checks.hpp"
#include "host/experiment/run_folder.hpp"
#include "host/experiment/run_summary.hpp"
#include "host/experiment/signals.hpp"
#include "host/experiment/weight_tables.hpp"
#include "host/report/report.hpp"
#include "host/report/technology_file.hpp"
#include "rtl/spec/diagnostic.hpp"
#include "runtime/device/resident.hpp"
#include "runtime/session/session.hpp"

namespace trifactor {
namespace {

class Experiment {
 public:
  Experiment(const RunOptions& options, const DeviceMaker& make_device)
      : options_(options),
        started_(Clock::now()),
        progress_(options.on_progress),
        layout_(options.layout),
        program_(layout_.program()) {
    training_ = open(options.data);
    training_order_.emplace(training_->size(), parse_data_spec(options.data).shuffle);
    if (options.test) test_ = open(*options.test);
    const bool resuming = options.resume.has_value();
    total_ = options.learn ? options.epochs * training_->size() : 0;
    std::unique_ptr<CheckpointFile> checkpoint;
    if (resuming) {
      checkpoint = std::make_unique<CheckpointFile>(*options.resume, layout_.digest());
      check_checkpoint(checkpoint->content(), options, total_);
    } else {
      refuse_existing(options.out, options.force);
    }
    check_checkpoint_place(options);
    fit();
    device_ = make_device(options.engine, static_cast<int>(program_.machine.core.lanes));
    session_ = std::make_unique<Session>(*device_, layout_, SessionOptions{options.digests, options.threads});
    if (resuming) check_checkpoint_time(checkpoint->content(), session_->counters(), options);
    folder_.emplace(options.out, options.force, resuming);
    session_->on_answer = [this](const Answer& answer) { take(answer); };
    session_->set_run_length(total_);
    signals_.emplace(program_, total_);
    record_.stage_s["program"] = seconds_since(started_);
    if (resuming) resume(*checkpoint);
    if (options.digests) {
      digests_ = std::make_unique<DigestTable>(options.out / "digests.csv", program_, table_rows_);
      session_->on_digest = [this](std::uint64_t presentation, const DigestWords& words) {
        digests_->add(presentation, words);
      };
    }
  }

  RunRecord run() {
    const Clock::time_point streaming = Clock::now();
    if (options_.learn)
      learn();
    else
      infer();
    finish(seconds_since(streaming));
    folder_->keep();
    return record_;
  }

 private:
  std::unique_ptr<Dataset> open(const std::string& spec) const {
    const PopulationInfo& input = program_.populations[program_.input()];
    return open_samples(spec, input.name, input.neurons, static_cast<int>(program_.classes));
  }

  /// The encoder is fitted on the training stream, unless the layout brings a fitted one.
  void fit() {
    const EncoderKind kind = parse_encoder_kind(program_.encoder, options_.layout.string());
    if (!program_.encoder_offset.empty()) {
      encoder_ = {kind, program_.encoder_offset};
    } else if (options_.learn || kind != EncoderKind::minus_training_mean) {
      encoder_ = fit_encoder(kind, *training_);
    } else {
      throw Error(ExitCode::configuration,
                  {"TF-RUN-103", options_.layout.string(),
                   "the input is encoded relative to a training mean that this layout does not hold",
                   "an array " + program_.populations[program_.input()].name + ".offset beside the weights",
                   "compile with weights = \"weights.npz\" in [network] and init = \"file\" in each "
                   "projection: the table of a learning run or of `trifactor reference`"});
    }
  }

  void resume(const CheckpointFile& file) {
    file.restore(*session_);
    const Checkpoint& checkpoint = file.content();
    encoder_.offset = checkpoint.encoder_offset;
    base_ = checkpoint.counters;
    record_.accuracy = checkpoint.accuracy;
    record_.signals = checkpoint.signals;
    latencies_ = checkpoint.latencies;
    signals_->go_on_from({checkpoint.signal_updates, checkpoint.signal_teachers});
    table_rows_ = checkpoint.digest_bytes;
    learn_cycles_ = checkpoint.learn_cycles;
    running_right_ = checkpoint.running_right, running_seen_ = checkpoint.running_seen;
    tested_ = true;
  }

  void learn() {
    const std::uint64_t per_epoch = training_->size();
    const std::uint64_t signal_every = signal_interval(total_);
    const std::uint64_t save_every = options_.checkpoint_every != 0 ? options_.checkpoint_every : per_epoch;
    if (test_ && !tested_) test(0);
    learning_since_ = cycles_now();
    std::vector<std::size_t> order;
    std::uint64_t order_epoch = ~std::uint64_t{0};
    while (session_->learned() < total_ && !interrupted()) {
      const std::uint64_t at = session_->learned(), epoch = at / per_epoch;
      if (epoch != order_epoch) order = training_order_->epoch(epoch), order_epoch = epoch;
      present(*training_, order[at % per_epoch], true);
      const std::uint64_t now = at + 1;
      const bool epoch_ends = now % per_epoch == 0;
      if (now % signal_every == 0 || now == total_ || epoch_ends) look(now, now / per_epoch);
      if (epoch_ends) {
        progress_.report("learning", now, total_, right_since_row());
        if (test_) {
          count_learning();
          test(now / per_epoch);
          learning_since_ = cycles_now();
        }
      }
      // A test cut short by Ctrl-C is repeated from the checkpoint before it.
      if (options_.checkpoint && !interrupted() && (now % save_every == 0 || now == total_)) save();
      if (!epoch_ends) progress_.report("learning", now, total_, right_since_row());
    }
    session_->drain();
    count_learning();
  }

  std::uint64_t cycles_now() {
    const ChipCounters all = counters();
    const auto network = all.units.find(network_unit);
    return network == all.units.end() ? 0 : network->second.now;
  }
  /// The chip is drained: what it spent since then was for learning.
  void count_learning() {
    const std::uint64_t now = cycles_now();
    learn_cycles_ += now - learning_since_;
    learning_since_ = now;
  }

  void infer() {
    testing_right_ = testing_seen_ = 0;
    for (std::size_t i = 0; i < training_->size() && !interrupted(); ++i) {
      present(*training_, i, false);
      if (i + 1 < training_->size())
        progress_.report("inference", i + 1, training_->size(), testing_accuracy());
    }
    session_->drain();
    if (!interrupted())
      progress_.report("inference", training_->size(), training_->size(), testing_accuracy());
    record_.accuracy.push_back({0, 0, testing_accuracy(), std::nullopt, std::nullopt});
  }

  void test(std::uint64_t epoch) {
    testing_right_ = testing_seen_ = 0;
    for (std::size_t i = 0; i < test_->size() && !interrupted(); ++i) {
      present(*test_, i, false);
      if (i + 1 < test_->size()) progress_.report("testing", i + 1, test_->size(), testing_accuracy());
    }
    session_->drain();
    if (interrupted()) return;
    progress_.report("testing", test_->size(), test_->size(), testing_accuracy());
    if (epoch == 0)
      record_.accuracy.push_back({0, 0, testing_accuracy(), std::nullopt, std::nullopt});
    else
      record_.accuracy.back().test_accuracy = testing_accuracy();
  }

  void present(const Dataset& data, std::size_t index, bool learn) {
    raw_.resize(data.features());
    data.image(index, raw_);
    encoded_.resize(raw_.size());
    encoder_.apply(raw_, encoded_);
    session_->present(encoded_, data.label(index), learn);
  }

  void take(const Answer& answer) {
    const bool right = answer.predicted == answer.label;
    (answer.learned ? running_right_ : testing_right_) += right;
    ++(answer.learned ? running_seen_ : testing_seen_);
    progress_.answered();
    if (answer.answered_cycle != 0) ++latencies_[answer.answered_cycle - answer.entered_cycle];
  }

  std::optional<double> right_since_row() const {
    if (running_seen_ == 0) return std::nullopt;
    return static_cast<double>(running_right_) / static_cast<double>(running_seen_);
  }
  std::optional<double> testing_accuracy() const {
    if (testing_seen_ == 0) return std::nullopt;
    return static_cast<double>(testing_right_) / static_cast<double>(testing_seen_);
  }
  bool interrupted() const { return options_.interrupt != nullptr && options_.interrupt->load(); }

  ChipCounters counters() {
    ChipCounters all = session_->counters();
    for (auto& [unit, counts] : all.units)
      if (const auto earlier = base_.units.find(unit); earlier != base_.units.end())
        add(earlier->second, counts);
    return all;
  }
  static void add(const UnitCounters& from, UnitCounters& to) {
    to.events += from.events;
    for (std::size_t i = 0; i < to.cycles.size(); ++i) to.cycles[i] += from.cycles[i];
    to.now += from.now;
    for (std::size_t i = 0; i < to.updates.size(); ++i) to.updates[i] += from.updates[i];
    for (std::size_t i = 0; i < to.block_events.size(); ++i) to.block_events[i] += from.block_events[i];
    to.kernel_sum += from.kernel_sum, to.third_factor_sum += from.third_factor_sum;
    to.same_class += from.same_class, to.partners += from.partners, to.activations += from.activations;
  }

  /// A row of signals for each layer that learns, and one of accuracy since the row before.
  void look(std::uint64_t sample, std::uint64_t epoch) {
    session_->drain();
    const auto squares = sums_of_squares(program_.projections.size(),
                                         [this](const TakeBlock& take) { session_->read_weights(take); });
    for (LayerSignals& row : signals_->read(sample, counters(), squares))
      record_.signals.push_back(std::move(row));
    record_.accuracy.push_back(
        {sample, static_cast<std::int64_t>(epoch), std::nullopt, right_since_row(), std::nullopt});
    running_right_ = running_seen_ = 0;
  }

  void save() {
    Checkpoint checkpoint;
    checkpoint.layout = layout_.digest();
    checkpoint.data = options_.data, checkpoint.test = options_.test.value_or("");
    checkpoint.total = total_, checkpoint.every = options_.checkpoint_every;
    write_checkpoint(*options_.checkpoint, checkpoint, *session_, [this](Checkpoint& drained) {
      drained.counters = counters();
      drained.encoder_offset = encoder_.offset;
      drained.accuracy = record_.accuracy, drained.signals = record_.signals;
      drained.latencies = latencies_;
      count_learning();
      drained.learn_cycles = learn_cycles_;
      drained.running_right = running_right_, drained.running_seen = running_seen_;
      drained.signal_updates = signals_->since().updates,
      drained.signal_teachers = signals_->since().teachers;
      drained.digest_bytes = digests_ ? digests_->flush() : 0;
    });
    folder_->keep();
  }

  void finish(double streaming_s) {
    const ChipCounters all = counters();
    record_.tool_version = options_.tool_version;
    record_.argv = options_.argv;
    record_.seed = program_.seed;
    record_.engine = options_.engine;
    record_.network = program_.network;
    record_.machine = program_.machine;
    record_.samples = session_->presentations();
    record_.learn_samples = session_->learned();
    record_.interrupted = interrupted();
    if (const auto network = all.units.find(network_unit); network != all.units.end()) {
      record_.cycles = network->second.now;
      record_.learn_cycles = learn_cycles_;
      record_.latency_p50_cycles = percentile(latencies_, 50);
      record_.latency_p99_cycles = percentile(latencies_, 99);
    }
    record_.cores = core_records(layout_, program_, all, record_.cycles);
    for (const auto unit : {label_unit, network_unit})
      if (const auto found = all.units.find(unit); found != all.units.end())
        record_.chip_events += found->second.events;
    const std::vector<UpdateCounts> updates = updates_of(all, program_.projections.size());
    for (std::size_t k = 0; k < program_.projections.size(); ++k) {
      const ProjectionInfo& p = program_.projections[k];
      record_.projections.push_back({p.name, p.rule, to_string(p.weight), p.shift, updates[k]});
    }
    record_.input_hashes[options_.layout.filename().string()] = layout_.digest();
    record_.input_hashes[options_.data] = fmt::format("{:016x}", training_->content_hash());
    if (test_) record_.input_hashes[*options_.test] = fmt::format("{:016x}", test_->content_hash());
    record_.configuration = resolved_configuration(options_, program_);
    write_weight_tables(options_.out / "weights.npz", program_, encoder_.offset,
                        [this](const TakeBlock& take) { session_->read_weights(take); });
    if (digests_) digests_->flush();
    record_.stage_s["stream"] = streaming_s;
    record_.wall_s = seconds_since(started_);
    // The two need not have peaked together: at most so much.
    record_.peak_rss_bytes = peak_resident_bytes("self") + device_->outside_rss_bytes();
    write_run(options_.out, record_, load_technology(options_.technology));
  }

  const RunOptions& options_;
  Clock::time_point started_;
  ProgressMeter progress_;
  LayoutReader layout_;
  Program program_;
  std::unique_ptr<Dataset> training_, test_;
  std::optional<SampleOrder> training_order_;
  Encoder encoder_;
  std::optional<RunFolder> folder_;  // before what writes into it, so that it is cleared after that is closed
  std::unique_ptr<Device> device_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<DigestTable> digests_;
  std::optional<SignalMeter> signals_;
  std::uint64_t total_ = 0;
  RunRecord record_;
  ChipCounters base_;
  std::map<std::uint64_t, std::uint64_t> latencies_;  ///< cycles -> samples
  std::uint64_t table_rows_ = 0, learn_cycles_ = 0, learning_since_ = 0;
  bool tested_ = false;
  std::uint64_t running_right_ = 0, running_seen_ = 0, testing_right_ = 0, testing_seen_ = 0;
  std::vector<float> raw_, encoded_;
};

}  // namespace

RunRecord run_experiment(const RunOptions& options, const DeviceMaker& make_device) {
  return Experiment(options, make_device).run();
}

}  // namespace trifactor
