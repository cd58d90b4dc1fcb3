#include "host/experiment/sweep.hpp"

#include <fmt/format.h>
#include <algorithm>
#include <chrono>
#include <limits>
#include <nlohmann/json.hpp>
#include <set>
#include <system_error>
#include <tuple>
#include <utility>

#include "compiler/machine_io/machine_file.hpp"
#include "compiler/network/network.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/text/toml_document.hpp"
#include "host/datasets/dataset.hpp"
#include "host/experiment/pareto_plot.hpp"
#include "host/report/energy.hpp"
#include "host/report/output_file.hpp"
#include "host/report/technology_file.hpp"
#include "rtl/spec/diagnostic.hpp"
#include "runtime/layout/layout.hpp"

namespace trifactor {
namespace {

using nlohmann::json;
using Clock = std::chrono::steady_clock;
double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

/// A folder for layouts and run folders that nobody asked to keep.
class Scratch {
 public:
  explicit Scratch(std::filesystem::path folder) : folder_(std::move(folder)) { remove(); }
  ~Scratch() { remove(); }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  const std::filesystem::path& folder() const { return folder_; }

 private:
  void remove() const {
    std::error_code ignored;
    std::filesystem::remove_all(folder_, ignored);
  }
  std::filesystem::path folder_;
};

std::vector<std::string> joined(std::vector<std::string> first, const std::vector<std::string>& second) {
  first.insert(first.end(), second.begin(), second.end());
  return first;
}

std::string content_digest(const std::filesystem::path& file) {
  std::uint64_t hash = 0xcbf29ce484222325;  // FNV-1a: told apart, not protected
  for (const char c : read_whole_file(file)) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return fmt::format("{:016x}", hash);
}

/// Validation on what was learned from, or any use of test data, would not choose settings but flatter them.
void check_data(const DataSpec& data, const Dataset& learned, const DataSpec& validate,
                const Dataset& validated) {
  Diagnostics wrong;
  for (const auto& [option, spec] : {std::pair("--data", &data), std::pair("--validate", &validate)})
    if (spec->split == Split::test)
      wrong.add({"TF-SWP-006", fmt::format("{} {}", option, spec->text), "a sweep does not look at test data",
                 "a part of split=train", "for example first=0,count=50000 and first=50000"});
  const bool same_source = data.scheme == validate.scheme && data.location == validate.location &&
                           data.split.value_or(Split::train) == validate.split.value_or(Split::train) &&
                           data.seed == validate.seed;
  if (same_source && data.first < validate.first + validated.range() &&
      validate.first < data.first + learned.range())
    wrong.add({"TF-SWP-007", "--validate " + validate.text,
               fmt::format("samples {} to {} are also learned from", std::max(data.first, validate.first),
                           std::min(data.first + learned.range(), validate.first + validated.range()) - 1),
               "samples that --data leaves out", "set first= and count= in both"});
  wrong.throw_if_any(ExitCode::configuration);
}

class Sweep {
 public:
  Sweep(const SweepOptions& options, const DeviceMaker& make_device)
      : options_(options),
        make_device_(make_device),
        technology_(load_technology(options.technology)),
        points_(sweep_points(options.axes, options.seeds)),
        result_() {
    check_points();
    const DataSpec data = parse_data_spec(options.data), validate = parse_data_spec(options.validate);
    const auto learned = open_dataset(data), validated = open_dataset(validate);
    check_data(data, *learned, validate, *validated);
    for (const auto& set : {std::cref(*learned), std::cref(*validated)}) check_dataset(set);
    identity_ = identity(*learned, *validated);
    open_folder();
  }

  SweepResult run() {
    const Clock::time_point started = Clock::now();
    std::set<std::pair<SweepPoint, std::uint64_t>> done;
    for (const SweepRow& row : result_.rows) done.emplace(row.point, row.seed);
    result_.taken_over = done.size();
    result_.planned = points_.size() * options_.seeds;
    const Scratch scratch(options_.out / ".run");
    for (std::uint64_t seed = result_.first_seed;
         seed < result_.first_seed + options_.seeds && !interrupted(); ++seed)
      for (const SweepPoint& point : points_) {
        if (interrupted()) break;
        if (done.contains({point, seed})) continue;
        const auto seconds_left = [&]() -> std::optional<double> {
          const std::size_t ran = result_.rows.size() - result_.taken_over;
          if (ran == 0) return std::nullopt;
          return seconds_since(started) / static_cast<double>(ran) *
                 static_cast<double>(result_.planned - result_.rows.size());
        };
        const SweepProgress progress{result_.rows.size(), result_.planned, seconds_left(), nullptr, {}};
        std::optional<SweepRow> row = run_one(point, seed, scratch.folder(), progress);
        if (!row) break;
        text_ += sweep_line(*row);
        write_whole_file(options_.out / "sweep.csv", text_);
        result_.rows.push_back(std::move(*row));
        if (options_.on_progress)
          options_.on_progress(
              {result_.rows.size(), result_.planned, seconds_left(), &result_.rows.back(), {}});
      }
    result_.interrupted = interrupted();
    result_.points = summarise(result_.rows, points_);
    result_.dynamic_only = std::none_of(result_.rows.begin(), result_.rows.end(),
                                        [](const SweepRow& row) { return row.latency_p50_ns.has_value(); });
    plot();
    return std::move(result_);
  }

 private:
  bool interrupted() const { return options_.interrupt != nullptr && options_.interrupt->load(); }

  Network network_at(const SweepPoint& point) const {
    return read_network(options_.network,
                        joined(options_.network_set, overrides_of(options_.axes, point).network));
  }
  Machine machine_at(const SweepPoint& point) const {
    return read_machine(options_.machine,
                        joined(options_.machine_set, overrides_of(options_.axes, point).machine));
  }

  /// Every mistake of every point, each once, before the first second is spent.
  void check_points() {
    std::vector<Diagnostic> wrong, too_big;
    const auto note = [](std::vector<Diagnostic>& all, const Error& error) {
      for (const Diagnostic& item : error.items()) {
        const bool known = std::any_of(all.begin(), all.end(), [&](const Diagnostic& other) {
          return std::tie(other.code, other.where, other.found) ==
                 std::tie(item.code, item.where, item.found);
        });
        if (!known) all.push_back(item);
      }
    };
    for (const SweepPoint& point : points_) {
      if (interrupted()) return;
      std::optional<Network> network;
      std::optional<Machine> machine;
      try {
        network = network_at(point);
      } catch (const Error& error) {
        note(wrong, error);
      }
      try {
        machine = machine_at(point);
      } catch (const Error& error) {
        note(wrong, error);
      }
      if (!network || !machine) continue;
      result_.first_seed = options_.first_seed.value_or(network->seed);
      shape_ = {
          static_cast<std::size_t>(network->populations[static_cast<std::size_t>(network->input)].neurons()),
          network->classes};
      try {
        compile(*network, *machine);
        ++fitting_;
      } catch (const Error& error) {
        note(error.exit() == ExitCode::does_not_fit ? too_big : wrong, error);
        if (error.exit() == ExitCode::does_not_fit) does_not_fit_.insert(point);
      }
    }
    if (!wrong.empty()) throw Error(ExitCode::configuration, wrong);
    if (fitting_ == 0 && !too_big.empty()) throw Error(ExitCode::does_not_fit, too_big);
    if (result_.first_seed > std::numeric_limits<std::int64_t>::max() - options_.seeds)
      throw Error(ExitCode::configuration,
                  {"TF-SWP-005", "--seed", "the last seed would be too large", "a smaller one", ""});
  }

  /// What run_experiment() would refuse at the first point; the shape is looked at again there.
  void check_dataset(const Dataset& data) const {
    if (data.classes() > shape_.second)
      throw Error(ExitCode::configuration,
                  {"TF-RUN-102", data.name(), fmt::format("labels up to {}", data.classes() - 1),
                   fmt::format("{} classes at most", shape_.second), "set classes in [network]"});
  }

  /// Everything a row depends on. Two sweeps with equal identities may share a table.
  json identity(const Dataset& learned, const Dataset& validated) const {
    json axes = json::array();
    for (const SweepAxis& axis : options_.axes)
      axes.push_back({{"name", axis.name}, {"values", axis.values}});
    const Network network = network_at(points_.front());
    return {{"network", read_text_file(options_.network)},
            {"weights",
             network.weights_file.empty() ? json(nullptr) : json(content_digest(network.weights_file))},
            {"network_set", options_.network_set},
            {"machine", machine_text(options_.machine)},
            {"machine_set", options_.machine_set},
            {"vary", axes},
            {"first_seed", result_.first_seed},
            {"seeds", options_.seeds},
            {"data", options_.data},
            {"data_hash", fmt::format("{:016x}", learned.content_hash())},
            {"validate", options_.validate},
            {"validate_hash", fmt::format("{:016x}", validated.content_hash())},
            {"epochs", options_.epochs},
            {"engine", options_.engine},
            {"technology", technology_json(technology_)},
            {"tool_version", options_.tool_version}};
  }

  void open_folder() {
    const std::filesystem::path table = options_.out / "sweep.csv", about = options_.out / "sweep.json";
    std::error_code error;
    const bool there = std::filesystem::exists(about, error);
    if (!there || options_.force)
      prepare_output_folder(options_.out, options_.force);
    else
      check_identity(about);
    text_ = sweep_header(options_.axes);
    if (there && !options_.force && std::filesystem::exists(table, error))
      result_.rows = read_sweep(read_whole_file(table), table.string(), options_.axes, points_,
                                result_.first_seed, options_.seeds);
    for (const SweepRow& row : result_.rows) text_ += sweep_line(row);
    if (!there || options_.force) {  // rows never stand beside another sweep's description
      std::filesystem::remove(table, error);
      write_whole_file(
          about, json{{"schema_version", 1}, {"argv", options_.argv}, {"sweep", identity_}}.dump(2) + "\n");
    }
    write_whole_file(table, text_);
  }

  void check_identity(const std::filesystem::path& about) const {
    json earlier;
    try {
      earlier = json::parse(read_whole_file(about)).at("sweep");
    } catch (const json::exception&) {
      throw Error(ExitCode::data, {"TF-SWP-009", about.string(), "this is not the description of a sweep", "",
                                   "start over with --force, or in another folder"});
    }
    std::vector<Diagnostic> changed;
    for (const auto& [key, value] : identity_.items()) {
      if (earlier.contains(key) && earlier.at(key) == value) continue;
      const auto shown = [](const json& j) {
        const std::string text = j.dump();
        return text.size() > 60 ? text.substr(0, 57) + "..." : text;
      };
      const bool whole_file = key == "network" || key == "machine" || key == "technology";
      changed.push_back(
          {"TF-SWP-008", options_.out.string(),
           whole_file ? fmt::format("holds a sweep with another {} file", key)
                      : fmt::format("holds a sweep with {} = {}", key,
                                    earlier.contains(key) ? shown(earlier.at(key)) : "nothing"),
           whole_file ? "the same, to go on with it" : fmt::format("{}, to go on with it", shown(value)),
           "write elsewhere with -o, or start over with --force"});
    }
    if (!changed.empty()) throw Error(ExitCode::cannot_write, changed);
  }

  /// Nothing when it was interrupted.
  std::optional<SweepRow> run_one(const SweepPoint& point, std::uint64_t seed,
                                  const std::filesystem::path& scratch, const SweepProgress& progress) {
    const Clock::time_point started = Clock::now();
    SweepRow row;
    row.point = point, row.seed = seed, row.fits = false;
    if (does_not_fit_.contains(point)) return row;
    std::filesystem::create_directories(scratch);
    Network network = network_at(point);
    network.seed = seed;
    RunOptions run;
    run.layout = scratch / "layout.h5";
    write_layout(run.layout, compile(network, machine_at(point)));
    run.data = options_.data, run.test = options_.validate;
    run.engine = options_.engine, run.epochs = options_.epochs, run.threads = options_.threads;
    run.technology = options_.technology, run.tool_version = options_.tool_version;
    run.out = scratch / "run", run.force = true;
    run.interrupt = options_.interrupt;
    if (options_.on_progress)
      run.on_progress = [&](const Progress& inner) {
        options_.on_progress({progress.done, progress.total, progress.seconds_left, nullptr, inner});
      };
    try {
      const RunRecord record = run_experiment(run, make_device_);
      if (record.interrupted) return std::nullopt;
      measure(record, row);
    } catch (const Error& error) {  // an engine may be narrower than the compiler: lanes that were not built
      if (error.exit() != ExitCode::does_not_fit) throw;
    }
    row.seconds = seconds_since(started);
    return row;
  }

  void measure(const RunRecord& record, SweepRow& row) {
    const EnergyReport energy = cost(record, technology_);
    row.fits = true;
    row.validation_accuracy = record.test_accuracy();
    row.energy_pJ = energy.total.nominal.value, row.energy_low_pJ = energy.total.low.value,
    row.energy_high_pJ = energy.total.high.value;
    if (energy.per_learning_sample) row.learning_sample_pJ = energy.per_learning_sample->nominal.value;
    if (energy.per_inference) row.inference_pJ = energy.per_inference->nominal.value;
    row.area_mm2 = energy.area.total.nominal.value;
    if (record.latency_p50_cycles)
      row.latency_p50_ns = static_cast<double>(*record.latency_p50_cycles) * 1000.0 /
                           static_cast<double>(record.machine.clock_mhz);
    for (const ProjectionRecord& projection : record.projections)
      if (const auto share = change_share(projection);
          share && !(row.applied_share && *row.applied_share < *share))
        row.applied_share = share;
  }

  void plot() const {
    ParetoPlot plot;
    plot.title =
        fmt::format("{}, {} on {}", options_.network.stem().string(), options_.engine, options_.machine);
    plot.energy_label = fmt::format("energy of a run, {}, {}", result_.dynamic_only ? "dynamic only" : "all",
                                    technology_.name);
    plot.axis_names = short_names(options_.axes);
    plot.points = result_.points;
    write_whole_file(options_.out / "pareto.svg", pareto_svg(plot));
  }

  const SweepOptions& options_;
  const DeviceMaker& make_device_;
  Technology technology_;
  std::vector<SweepPoint> points_;
  std::set<SweepPoint> does_not_fit_;
  std::size_t fitting_ = 0;
  std::pair<std::size_t, int> shape_;  ///< input values, classes
  json identity_;
  std::string text_;  ///< of sweep.csv
  SweepResult result_;
};

}  // namespace

SweepResult run_sweep(const SweepOptions& options, const DeviceMaker& make_device) {
  return Sweep(options, make_device).run();
}

}  // namespace trifactor
