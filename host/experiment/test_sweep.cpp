// A sweep as a whole, on the drawn digits and a network of a few neurons: it runs what the grid says, goes on
// where it stopped, and refuses what would spoil its table.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <fstream>
#include <nlohmann/json.hpp>

#include "compiler/machine_io/machine_file.hpp"
#include "compiler/passes/passes.hpp"
#include "host/experiment/sweep.hpp"
#include "host/report/energy.hpp"
#include "host/report/output_file.hpp"
#include "host/report/technology_file.hpp"
#include "rtl/core/arithmetic.hpp"
#include "rtl/spec/diagnostic.hpp"
#include "runtime/layout/layout.hpp"
#include "sim/engine/functional.hpp"
#include "tests/support/folder.hpp"

using namespace trifactor;

namespace {

constexpr const char* network_text = R"(
[network]
name = "tiny"
[[population]]
name = "pixels"
kind = "input"
shape = [784]
[[population]]
name = "scores"
shape = [10]
activity = { bits = 16 }
[[projection]]
from = "pixels"
to = "scores"
bias = true
weights = { init = "zero", bits = 16 }
plasticity = { rule = "readout", eta = 0.05 }
)";
const std::string eta_key = "projection.pixels_to_scores.plasticity.eta";

struct Folder : trifactor::testing::Folder {
  Folder() { trifactor::testing::spill(path / "tiny.toml", network_text); }
};

SweepOptions options_in(const Folder& folder) {
  SweepOptions o;
  o.network = folder.path / "tiny.toml";
  o.data = "synthetic:strokes,count=300", o.validate = "synthetic:strokes,first=300,count=100";
  o.axes = parse_axes({eta_key + "=0.001,0.05", "machine.core.lanes=16,64"});
  o.seeds = 2;
  o.out = folder.path / "out";
  return o;
}

/// Counts how many runs really happened.
struct Devices {
  std::size_t made = 0;
  DeviceMaker maker() {
    return [this](const std::string& engine, int) {
      ++made;
      return make_functional_device(engine, golden_arithmetic());
    };
  }
};

std::vector<SweepRow> timeless(std::vector<SweepRow> rows) {
  for (SweepRow& row : rows) row.seconds = 0;
  return rows;
}

std::vector<std::string> files_in(const std::filesystem::path& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder))
    names.push_back(entry.path().filename());
  std::sort(names.begin(), names.end());
  return names;
}

/// Exit and codes of the Error that the options end in; nothing may be left in the output folder.
std::pair<ExitCode, std::vector<std::string>> refusal(const SweepOptions& options) {
  Devices devices;
  try {
    run_sweep(options, devices.maker());
  } catch (const Error& error) {
    REQUIRE(devices.made == 0);
    std::vector<std::string> codes;
    for (const Diagnostic& item : error.items()) codes.push_back(item.code);
    return {error.exit(), codes};
  }
  return {ExitCode::ok, {}};
}

}  // namespace

TEST_CASE("each row is the run that its point and seed describe") {
  const Folder folder;
  const SweepOptions options = options_in(folder);
  Devices devices;
  const SweepResult result = run_sweep(options, devices.maker());
  REQUIRE(result.rows.size() == 8);
  REQUIRE(devices.made == 8);
  REQUIRE(files_in(options.out) == std::vector<std::string>{"pareto.svg", "sweep.csv", "sweep.json"});
  REQUIRE(read_sweep(read_whole_file(options.out / "sweep.csv"), "t", options.axes,
                     sweep_points(options.axes, 2), 1, 2)
              .size() == 8);

  // The same by hand, through the network and machine files.
  for (const SweepRow& row : result.rows) {
    Network network = read_network(options.network, {eta_key + "=" + row.point[0]});
    network.seed = row.seed;
    write_layout(folder.path / "l.h5",
                 compile(network, read_machine("generic", {"core.lanes=" + row.point[1]})));
    RunOptions run;
    run.layout = folder.path / "l.h5", run.data = options.data, run.test = options.validate,
    run.out = folder.path / "run", run.force = true;
    const RunRecord record = run_experiment(run, devices.maker());
    REQUIRE(row.validation_accuracy == record.test_accuracy());
    const EnergyReport energy = cost(record, load_technology("45nm"));
    REQUIRE(row.energy_pJ == energy.total.nominal.value);
    REQUIRE(row.energy_low_pJ == energy.total.low.value);
    REQUIRE(row.energy_high_pJ == energy.total.high.value);
    REQUIRE(row.area_mm2 == energy.area.total.nominal.value);
  }
  // What is varied reaches the chip: accuracy follows eta, area follows lanes, neither the other.
  REQUIRE(result.points[0].accuracy == result.points[1].accuracy);
  REQUIRE(result.points[0].accuracy != result.points[2].accuracy);
  REQUIRE(result.points[0].area_mm2 < result.points[1].area_mm2);
  REQUIRE(result.points[0].area_mm2 == result.points[2].area_mm2);
}

TEST_CASE("a sweep that was interrupted goes on and ends with the rows of one that was not") {
  const Folder folder;
  SweepOptions options = options_in(folder);
  Devices devices;
  const std::vector<SweepRow> wanted = timeless(run_sweep(options, devices.maker()).rows);

  options.out = folder.path / "stopped";
  std::atomic<bool> stop{false};
  options.interrupt = &stop;
  std::size_t done_before = 0;
  for (std::size_t stop_after : {0, 3, 7}) {
    stop = false;
    devices.made = 0;
    options.on_progress = [&](const SweepProgress& p) {
      if (p.finished != nullptr) REQUIRE(p.seconds_left.has_value());
      if (p.done == stop_after && (p.finished != nullptr || p.run.done > 20)) stop = true;
    };
    const SweepResult result = run_sweep(options, devices.maker());
    REQUIRE(result.interrupted);
    REQUIRE(result.taken_over == done_before);
    REQUIRE(result.rows.size() == stop_after);
    REQUIRE(files_in(options.out) == std::vector<std::string>{"pareto.svg", "sweep.csv", "sweep.json"});
    done_before = stop_after;
  }
  // A crash in the middle of a line costs that run only.
  const std::string text = read_whole_file(options.out / "sweep.csv");
  std::ofstream(options.out / "sweep.csv") << text.substr(0, text.size() - 9);
  stop = false, options.interrupt = nullptr, options.on_progress = nullptr, devices.made = 0;
  const SweepResult result = run_sweep(options, devices.maker());
  REQUIRE(devices.made == 2);
  REQUIRE_FALSE(result.interrupted);
  REQUIRE(timeless(result.rows) == wanted);
  devices.made = 0;
  REQUIRE(timeless(run_sweep(options, devices.maker()).rows) == wanted);
  REQUIRE(devices.made == 0);
}

TEST_CASE("a folder of another sweep is left alone unless forced") {
  const Folder folder;
  SweepOptions options = options_in(folder);
  options.axes = parse_axes({eta_key + "=0.05"}), options.seeds = 1;
  Devices devices;
  run_sweep(options, devices.maker());
  const std::string before = read_whole_file(options.out / "sweep.csv");
  std::vector<std::pair<SweepOptions, std::string>> changed;
  const auto change = [&](const std::string& what, const auto& edit) {
    changed.emplace_back(options, what);
    edit(changed.back().first);
  };
  change("vary", [](SweepOptions& o) { o.axes = parse_axes({eta_key + "=0.05,0.06"}); });
  change("seeds", [](SweepOptions& o) { o.seeds = 2; });
  change("first_seed", [](SweepOptions& o) { o.first_seed = 9; });
  change("epochs", [](SweepOptions& o) { o.epochs = 2; });
  change("data", [](SweepOptions& o) { o.data = "synthetic:strokes,count=200"; });
  change("validate", [](SweepOptions& o) { o.validate = "synthetic:strokes,first=300,count=50"; });
  change("engine", [](SweepOptions& o) { o.engine = "rtl"; });
  change("machine_set", [](SweepOptions& o) { o.machine_set = {"core.lanes=8"}; });
  change("network_set",
         [](SweepOptions& o) { o.network_set = {"projection.pixels_to_scores.weights.bits=8"}; });
  change("machine", [](SweepOptions& o) { o.machine = "small"; });
  change("technology", [](SweepOptions& o) { o.technology = "28nm"; });
  change("tool_version", [](SweepOptions& o) { o.tool_version = "other"; });
  for (const auto& [o, what] : changed) {
    INFO(what);
    const auto [exit, codes] = refusal(o);
    REQUIRE(exit == ExitCode::cannot_write);
    REQUIRE(codes == std::vector<std::string>{"TF-SWP-008"});
    REQUIRE(read_whole_file(options.out / "sweep.csv") == before);
  }
  std::ofstream(options.network) << network_text << "\n# edited\n";
  REQUIRE(refusal(options).first == ExitCode::cannot_write);

  options.force = true;
  devices.made = 0;
  REQUIRE(run_sweep(options, devices.maker()).taken_over == 0);
  REQUIRE(devices.made == 1);
  options.force = false;
  REQUIRE(run_sweep(options, devices.maker()).taken_over == 1);

  std::ofstream(options.out / "sweep.json") << "{";
  REQUIRE(refusal(options) == std::pair(ExitCode::data, std::vector<std::string>{"TF-SWP-009"}));
  std::filesystem::remove(options.out / "sweep.json");
  REQUIRE(refusal(options).first == ExitCode::cannot_write);  // somebody's folder
}

TEST_CASE("every mistake of every point is reported before anything runs or is written") {
  const Folder folder;
  SweepOptions options = options_in(folder);
  options.axes = parse_axes({"projection.pixels_to_scores.plasticity.etta=1,2", eta_key + "=0.1,-1",
                             "machine.core.lane=8", "population.nobody.shape=[3]"});
  const auto [exit, codes] = refusal(options);
  REQUIRE(exit == ExitCode::configuration);
  REQUIRE(codes.size() == 5);  // etta=1, etta=2, -1, lane, nobody: each once though most points have it
  REQUIRE_FALSE(std::filesystem::exists(options.out));

  options = options_in(folder);
  options.validate = "synthetic:strokes,first=299,count=1";
  REQUIRE(refusal(options) == std::pair(ExitCode::configuration, std::vector<std::string>{"TF-SWP-007"}));
  options.validate = "synthetic:strokes,split=test,count=10";
  REQUIRE(refusal(options) == std::pair(ExitCode::configuration, std::vector<std::string>{"TF-SWP-006"}));
  options.validate = "synthetic:strokes,first=0,count=10,seed=2";  // other images
  REQUIRE_NOTHROW(run_sweep(options, Devices().maker()));
}

TEST_CASE("points that do not fit become rows that say so; when none fits, the reason is thrown") {
  const Folder folder;
  SweepOptions options = options_in(folder);
  options.axes = parse_axes({"machine.core.synapse_bytes=512,65536"}), options.seeds = 1;
  Devices devices;
  const SweepResult result = run_sweep(options, devices.maker());
  REQUIRE(devices.made == 1);
  REQUIRE(result.rows.size() == 2);
  REQUIRE_FALSE(result.rows[0].fits);
  REQUIRE(result.rows[1].fits);
  REQUIRE(result.points.size() == 1);
  options.axes = parse_axes({"machine.core.synapse_bytes=512,256"}), options.out = folder.path / "none";
  REQUIRE(refusal(options).first == ExitCode::does_not_fit);
  REQUIRE_FALSE(std::filesystem::exists(options.out));
}
