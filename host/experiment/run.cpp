#include "host/experiment/run.hpp"

#include <fmt/format.h>
#include <sys/resource.h>

#include <algorithm>
#include <chrono>
#include <cmath>

#include "compiler/npz/npz.hpp"
#include "host/datasets/dataset.hpp"
#include "host/datasets/sample_order.hpp"
#include "host/encode/encoder.hpp"
#include "host/experiment/checkpoint.hpp"
#include "host/experiment/digest_table.hpp"
#include "host/experiment/run_folder.hpp"
#include "host/report/report.hpp"
#include "host/report/technology_file.hpp"
#include "rtl/spec/diagnostic.hpp"
#include "runtime/session/session.hpp"

namespace trifactor {
namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// How often a run looks at its own signals.
constexpr std::uint64_t signal_points = 25;

class Experiment {
 public:
  Experiment(const RunOptions& options, const DeviceMaker& make_device)
      : options_(options), started_(Clock::now()), layout_(options.layout), program_(layout_.program()) {
    training_ = open_checked(options.data);
    training_order_.emplace(training_->size(), parse_data_spec(options.data).shuffle);
    if (options.test) test_ = open_checked(*options.test);
    const bool resuming = options.resume.has_value();
    total_ = options.learn ? options.epochs * training_->size() : 0;
    Checkpoint checkpoint;
    if (resuming)
      checkpoint = checked_checkpoint();
    else
      refuse_existing(options.out, options.force);
    check_checkpoint_place();
    fit();
    device_ = make_device(options.engine, static_cast<int>(program_.machine.core.lanes));
    folder_.emplace(options.out, options.force, resuming);
    session_ = std::make_unique<Session>(*device_, layout_, SessionOptions{options.digests, options.threads});
    session_->on_answer = [this](const Answer& answer) { take(answer); };
    session_->set_run_length(total_);
    record_.stage_s["program"] = seconds_since(started_);
    if (resuming) resume(checkpoint);
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
  std::unique_ptr<Dataset> open_checked(const std::string& spec) const {
    std::unique_ptr<Dataset> data = open_dataset(parse_data_spec(spec));
    const PopulationInfo& input = program_.populations[program_.input()];
    if (data->features() != input.neurons)
      throw Error(ExitCode::configuration,
                  {"TF-RUN-101", spec, fmt::format("samples of {} values", data->features()),
                   fmt::format("{} (population {} of the layout)", input.neurons, input.name),
                   "use the data the network was written for"});
    if (data->classes() > static_cast<int>(program_.classes))
      throw Error(ExitCode::configuration,
                  {"TF-RUN-102", spec, fmt::format("labels up to {}", data->classes() - 1),
                   fmt::format("{} classes at most", program_.classes),
                   "set classes in [network] and compile again"});
    return data;
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
                   "compile with the weights.npz of a learning run or of `trifactor reference`"});
    }
  }

  /// The checkpoint to resume from, if it belongs to this layout, these options and this folder.
  Checkpoint checked_checkpoint() const {
    Checkpoint checkpoint = read_checkpoint(*options_.resume, layout_.digest());
    if (checkpoint.data != options_.data || checkpoint.test != options_.test.value_or("") ||
        checkpoint.total != total_ || checkpoint.every != options_.checkpoint_every)
      throw Error(
          ExitCode::configuration,
          {"TF-CKPT-004", options_.resume->string(),
           "the checkpoint belongs to a run with other --data, --test, --epochs, --every or --no-learn",
           fmt::format("--data {} and {} learning samples in all, --every {}", checkpoint.data,
                       checkpoint.total, checkpoint.every),
           "repeat the options of the interrupted run"});
    if (options_.digests != (checkpoint.digest_bytes > 0))
      throw Error(
          ExitCode::configuration,
          {"TF-CKPT-004", options_.resume->string(), "the checkpoint belongs to a run with other --digests",
           options_.digests ? "no --digests" : "--digests", "repeat the options of the interrupted run"});
    if (options_.digests) {
      const std::filesystem::path table = options_.out / "digests.csv";
      std::error_code error;
      const std::uintmax_t bytes = std::filesystem::file_size(table, error);
      if (error || bytes < checkpoint.digest_bytes)
        throw Error(
            error ? ExitCode::configuration : ExitCode::data,
            {"TF-CKPT-005", table.string(),
             error ? "there is no such table to go on with" : fmt::format("the table has {} bytes", bytes),
             fmt::format("the interrupted run's table, of {} bytes or more", checkpoint.digest_bytes),
             "resume into the folder of the interrupted run"});
    }
    return checkpoint;
  }

  /// A checkpoint that cannot be written, or would replace something, is better known now than after an hour.
  void check_checkpoint_place() const {
    if (!options_.checkpoint) return;
    const std::filesystem::path& file = *options_.checkpoint;
    std::error_code error;
    if (std::filesystem::is_directory(file, error))
      throw Error(ExitCode::cannot_write,
                  {"TF-OUT-001", file.string(), "is a folder", "the name of a file for checkpoints", ""});
    const std::filesystem::path parent =
        file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
    const bool in_run_folder = std::filesystem::weakly_canonical(parent, error) ==
                               std::filesystem::weakly_canonical(options_.out, error);
    if (!in_run_folder && !std::filesystem::is_directory(parent, error))
      throw Error(ExitCode::cannot_write, {"TF-OUT-001", file.string(), "there is no such folder",
                                           "a folder that is there", "make it, or name another"});
    const bool resumed = options_.resume && std::filesystem::equivalent(file, *options_.resume, error);
    if (std::filesystem::exists(file, error) && !resumed && !options_.force)
      throw Error(ExitCode::cannot_write, {"TF-OUT-002", file.string(), "already exists",
                                           "a name that is not taken", "use --force to write over it"});
  }

  void resume(const Checkpoint& checkpoint) {
    session_->restore(checkpoint.chip);
    encoder_.offset = checkpoint.encoder_offset;
    base_ = checkpoint.counters;
    record_.accuracy = checkpoint.accuracy;
    record_.signals = checkpoint.signals;
    latencies_ = checkpoint.latencies;
    before_updates_ = checkpoint.signal_updates, before_teachers_ = checkpoint.signal_teachers;
    table_rows_ = checkpoint.digest_bytes;
    running_right_ = checkpoint.running_right, running_seen_ = checkpoint.running_seen;
    tested_ = true;
  }

  void learn() {
    const std::uint64_t per_epoch = training_->size();
    const std::uint64_t signal_every = std::max<std::uint64_t>(1, total_ / signal_points);
    const std::uint64_t save_every = options_.checkpoint_every != 0 ? options_.checkpoint_every : per_epoch;
    if (test_ && !tested_) test(0);
    std::vector<std::size_t> order;
    std::uint64_t order_epoch = ~std::uint64_t{0};
    while (session_->learned() < total_ && !interrupted()) {
      const std::uint64_t at = session_->learned(), epoch = at / per_epoch;
      if (epoch != order_epoch) order = training_order_->epoch(epoch), order_epoch = epoch;
      present(*training_, order[at % per_epoch], true);
      const std::uint64_t now = at + 1;
      if (now % signal_every == 0 || now == total_) signals(now);
      if (now % per_epoch == 0) {
        session_->drain();
        record_.accuracy.push_back({now, static_cast<std::int64_t>(now / per_epoch), std::nullopt,
                                    running_accuracy(), std::nullopt});
        running_right_ = running_seen_ = 0;
        if (test_) test(now / per_epoch);
      }
      // A test cut short by Ctrl-C is repeated from the checkpoint before it.
      if (options_.checkpoint && !interrupted() && (now % save_every == 0 || now == total_)) save();
      report("learning", now, total_, running_accuracy());
    }
    session_->drain();
  }

  void infer() {
    testing_right_ = testing_seen_ = 0;
    for (std::size_t i = 0; i < training_->size() && !interrupted(); ++i) {
      present(*training_, i, false);
      report("inference", i + 1, training_->size(), testing_accuracy());
    }
    session_->drain();
    record_.accuracy.push_back({0, 0, testing_accuracy(), std::nullopt, std::nullopt});
  }

  void test(std::uint64_t epoch) {
    testing_right_ = testing_seen_ = 0;
    for (std::size_t i = 0; i < test_->size() && !interrupted(); ++i) {
      present(*test_, i, false);
      report("testing", i + 1, test_->size(), testing_accuracy());
    }
    session_->drain();
    if (interrupted()) return;
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
    if (answer.answered_cycle != 0) ++latencies_[answer.answered_cycle - answer.entered_cycle];
  }

  std::optional<double> running_accuracy() const {
    if (running_seen_ == 0) return std::nullopt;
    return static_cast<double>(running_right_) / static_cast<double>(running_seen_);
  }
  std::optional<double> testing_accuracy() const {
    if (testing_seen_ == 0) return std::nullopt;
    return static_cast<double>(testing_right_) / static_cast<double>(testing_seen_);
  }
  bool interrupted() const { return options_.interrupt != nullptr && options_.interrupt->load(); }

  void report(const char* stage, std::uint64_t done, std::uint64_t total, std::optional<double> accuracy) {
    if (!options_.on_progress) return;
    const double now = seconds_since(started_);
    if (now - last_report_ < 0.2 && done != total) return;
    const double rate = static_cast<double>(done - (stage == last_stage_ ? last_done_ : 0)) /
                        std::max(1e-9, now - last_report_);
    last_report_ = now, last_stage_ = stage, last_done_ = done;
    options_.on_progress({stage, done, total, rate, accuracy});
  }

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
    to.kernel_sum += from.kernel_sum, to.third_factor_sum += from.third_factor_sum;
    to.same_class += from.same_class, to.partners += from.partners, to.activations += from.activations;
  }

  static std::vector<UpdateCounts> updates_of(const ChipCounters& all, std::size_t projections) {
    std::vector<UpdateCounts> updates(projections);
    for (const auto& [unit, counts] : all.units)
      for (std::size_t i = 0; i < counts.projections.size(); ++i)
        updates[counts.projections[i]] += counts.updates[i];
    return updates;
  }

  void signals(std::uint64_t sample) {
    const ChipCounters all = counters();
    const std::vector<UpdateCounts> updates = updates_of(all, program_.projections.size());
    if (before_updates_.empty()) before_updates_.resize(updates.size());
    const std::vector<ProjectionWeights> weights = session_->weights();
    for (std::uint32_t k = 0; k < program_.projections.size(); ++k) {
      const ProjectionInfo& p = program_.projections[k];
      if (p.rule.empty()) continue;
      LayerSignals s;
      s.sample = sample;
      s.layer = p.name;
      double squares = 0;
      for (const std::int16_t word : weights[k].weights) squares += p.weight.real(word) * p.weight.real(word);
      s.weight_norm = std::sqrt(squares);
      const UpdateCounts &now = updates[k], &before = before_updates_[k];
      s.saturated = now.saturated - before.saturated;
      s.rounded_to_zero = now.rounded_to_zero - before.rounded_to_zero;
      s.factors_lost = now.factors_lost - before.factors_lost;
      if (now.intended != before.intended)
        s.applied_share = std::ldexp(static_cast<double>(now.change - before.change), p.shift) /
                          static_cast<double>(now.intended - before.intended);
      s.eta = p.eta * p.schedule.at(
                          static_cast<double>((sample - 1) / schedule_piece(total_) * schedule_piece(total_)),
                          static_cast<double>(total_));
      if (const auto unit = all.units.find(teacher_unit + k); unit != all.units.end()) {
        const UnitCounters& t = unit->second;
        const UnitCounters& b = before_teachers_[k];
        const double partners = static_cast<double>(t.partners - b.partners);
        if (partners > 0) {
          s.mean_kernel =
              std::ldexp(static_cast<double>(t.kernel_sum - b.kernel_sum), -p.kernel_frac) / partners;
          s.mean_abs_third_factor =
              std::ldexp(static_cast<double>(t.third_factor_sum - b.third_factor_sum), -p.third_factor_frac) *
              p.third_factor_scale / partners;
          s.same_class_share = static_cast<double>(t.same_class - b.same_class) / partners;
          s.sigma = p.sigma;
        }
        before_teachers_[k] = t;
      }
      record_.signals.push_back(s);
    }
    before_updates_ = updates;
  }

  void save() {
    Checkpoint checkpoint;
    checkpoint.layout = layout_.digest();
    checkpoint.data = options_.data, checkpoint.test = options_.test.value_or("");
    checkpoint.total = total_, checkpoint.every = options_.checkpoint_every;
    checkpoint.chip = session_->save();
    checkpoint.counters = counters();
    checkpoint.encoder_offset = encoder_.offset;
    checkpoint.accuracy = record_.accuracy, checkpoint.signals = record_.signals;
    checkpoint.latencies = latencies_;
    checkpoint.running_right = running_right_, checkpoint.running_seen = running_seen_;
    checkpoint.signal_updates = before_updates_, checkpoint.signal_teachers = before_teachers_;
    checkpoint.digest_bytes = digests_ ? digests_->flush() : 0;
    write_checkpoint(*options_.checkpoint, checkpoint);
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
      latency_percentiles();
    }
    fill_cores(all);
    const std::vector<UpdateCounts> updates = updates_of(all, program_.projections.size());
    for (std::size_t k = 0; k < program_.projections.size(); ++k) {
      const ProjectionInfo& p = program_.projections[k];
      record_.projections.push_back({p.name, p.rule, to_string(p.weight), p.shift, updates[k]});
    }
    record_.input_hashes[options_.layout.filename().string()] = layout_.digest();
    record_.input_hashes[options_.data] = fmt::format("{:016x}", training_->content_hash());
    if (test_) record_.input_hashes[*options_.test] = fmt::format("{:016x}", test_->content_hash());
    configuration();
    write_weights();
    if (digests_) digests_->flush();
    record_.stage_s["stream"] = streaming_s;
    record_.wall_s = seconds_since(started_);
    rusage usage{};
    getrusage(RUSAGE_SELF, &usage);
    record_.peak_rss_bytes =
        static_cast<std::uint64_t>(usage.ru_maxrss) * 1024 + device_->outside_rss_bytes();
    write_run(options_.out, record_, load_technology(options_.technology));
  }

  void fill_cores(const ChipCounters& all) {
    const Machine& m = program_.machine;
    for (std::int64_t tile = 0; tile < m.tiles(); ++tile) {
      CoreRecord core;
      core.x = static_cast<int>(tile % m.mesh.width), core.y = static_cast<int>(tile / m.mesh.width);
      core.role = "idle";
      core.lanes = m.core.lanes;
      core.synapse_bytes = m.core.synapse_bytes, core.neuron_bytes = m.core.neuron_bytes;
      core.history_bytes = m.core.history_bytes, core.axon_bytes = m.core.axon_bytes;
      for (const CoreType& type : m.core_types)
        if (core.x >= type.x0 && core.x <= type.x1 && core.y >= type.y0 && core.y <= type.y1) {
          core.teacher = type.teacher;
          core.post_units = static_cast<int>(type.rules.size());
        }
      if (const auto unit = all.units.find(static_cast<std::uint32_t>(tile)); unit != all.units.end()) {
        core.events = unit->second.events;
        core.cycles = unit->second.cycles;
      } else if (record_.cycles) {  // a tile without a layer
        core.cycles[static_cast<std::size_t>(CycleCause::idle)] = *record_.cycles;
      }
      for (const TeacherImage& teacher : program_.teachers)
        if (teacher.tile == tile) core.events += all.units.at(teacher_unit + teacher.projection).events;
      record_.cores.push_back(core);
    }
    for (std::size_t k = 0; k < layout_.cores(); ++k) {
      const CoreImage image = layout_.core(k);
      CoreRecord& core = record_.cores[image.core];
      core.role = image.input ? "input" : "synaptic";
      core.population = program_.populations[image.population].name;
      core.columns = image.neurons;
      for (const BlockImage& block : image.blocks) {
        core.rows += block.total_rows();
        core.weight_bits = std::max(core.weight_bits, block.weight_bits);
        core.activity_bits = std::max(core.activity_bits, block.activity_bits);
      }
      for (const CoreUsage& usage : program_.usage)
        if (usage.core == image.core)
          core.occupancy = static_cast<double>(usage.synapse_bytes) / static_cast<double>(core.synapse_bytes);
    }
    for (const auto unit : {label_unit, network_unit})
      if (const auto found = all.units.find(unit); found != all.units.end())
        record_.chip_events += found->second.events;
  }

  void latency_percentiles() {
    std::uint64_t total = 0, seen = 0;
    for (const auto& [cycles, count] : latencies_) total += count;
    for (const auto& [cycles, count] : latencies_) {
      seen += count;
      if (!record_.latency_p50_cycles && seen * 2 >= total) record_.latency_p50_cycles = cycles;
      if (!record_.latency_p99_cycles && seen * 100 >= total * 99) record_.latency_p99_cycles = cycles;
    }
  }

  void configuration() {
    auto& c = record_.configuration;
    c["data"] = options_.data;
    c["test"] = options_.test.value_or("");
    c["epochs"] = std::to_string(options_.epochs);
    c["learn"] = options_.learn ? "true" : "false";
    c["technology"] = options_.technology;
    for (const ArrayFormat& f : program_.formats) c["format." + f.array] = to_string(f.format);
    for (const ProjectionInfo& p : program_.projections)
      if (!p.rule.empty()) {
        c["projection." + p.name + ".rule"] = p.rule;
        c["projection." + p.name + ".eta"] = fmt::format("{}", p.eta);
        c["projection." + p.name + ".weight_age"] = std::to_string(p.weight_age);
      }
  }

  void write_weights() {
    const std::vector<ProjectionWeights> weights = session_->weights();
    NpzFile file;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      const ProjectionInfo& p = program_.projections[k];
      const std::size_t to = program_.populations[p.to].neurons, from = program_.populations[p.from].neurons;
      file[p.name] = NpyArray::from(weights[k].weights, {to, from});
      if (p.bias) file[p.name + ".bias"] = NpyArray::from(weights[k].bias);
    }
    if (!encoder_.offset.empty())
      file[program_.populations[program_.input()].name + ".offset"] = NpyArray::from(encoder_.offset);
    write_npz(options_.out / "weights.npz", file);
  }

  const RunOptions& options_;
  Clock::time_point started_;
  LayoutReader layout_;
  Program program_;
  std::unique_ptr<Dataset> training_, test_;
  std::optional<SampleOrder> training_order_;
  Encoder encoder_;
  std::optional<RunFolder> folder_;  // before what writes into it, so that it is cleared after that is closed
  std::unique_ptr<Device> device_;
  std::unique_ptr<Session> session_;
  std::unique_ptr<DigestTable> digests_;
  std::uint64_t total_ = 0;
  RunRecord record_;
  ChipCounters base_;
  std::map<std::uint64_t, std::uint64_t> latencies_;  ///< cycles -> samples
  std::uint64_t table_rows_ = 0;
  bool tested_ = false;
  std::uint64_t running_right_ = 0, running_seen_ = 0, testing_right_ = 0, testing_seen_ = 0;
  std::vector<UpdateCounts> before_updates_;
  std::map<std::uint32_t, UnitCounters> before_teachers_;
  std::vector<float> raw_, encoded_;
  double last_report_ = 0;
  std::string last_stage_;
  std::uint64_t last_done_ = 0;
};

}  // namespace

RunRecord run_experiment(const RunOptions& options, const DeviceMaker& make_device) {
  return Experiment(options, make_device).run();
}

}  // namespace trifactor
