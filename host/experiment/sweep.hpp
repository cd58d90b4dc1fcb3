// A sweep: the same network trained at every point of a grid of settings, judged on validation data. It has
// no way to see test data: settings chosen there would flatter the result.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "host/experiment/run.hpp"
#include "host/experiment/sweep_table.hpp"

namespace trifactor {

/// What a running sweep tells whoever watches.
struct SweepProgress {
  std::size_t done = 0, total = 0;     ///< runs; `done` counts those of an earlier call too
  std::optional<double> seconds_left;  ///< of the sweep, once a run of this call has finished
  const SweepRow* finished = nullptr;  ///< set when a run has just ended
  Progress run;                        ///< of the run under way, when none has just ended
};

struct SweepOptions {
  std::filesystem::path network;
  std::string machine = "generic";
  std::vector<std::string> network_set, machine_set;  ///< overrides of every point
  std::string data, validate;                         ///< SPECs
  std::vector<SweepAxis> axes;
  std::uint64_t seeds = 1;
  std::optional<std::uint64_t> first_seed;  ///< default: the network's
  std::uint64_t epochs = 1;
  std::string engine = "functional";
  std::string technology = "45nm";
  std::uint32_t threads = 1;
  std::filesystem::path out;
  bool force = false;  ///< start over, whatever is there
  std::string tool_version;
  std::vector<std::string> argv;
  std::function<void(const SweepProgress&)> on_progress;
  const std::atomic<bool>* interrupt = nullptr;  ///< set: give the run under way up, keep the finished rows
};

struct SweepResult {
  std::vector<SweepRow> rows;  ///< as in sweep.csv
  std::vector<PointSummary> points;
  std::size_t planned = 0, taken_over = 0;  ///< runs of the grid; of these found finished
  std::uint64_t first_seed = 0;
  bool dynamic_only = false;  ///< energies without network, clock and leakage: the engine has no time
  bool interrupted = false;
};

/// Checks every point, then runs those without a row, first seed first. Writes into options.out: sweep.csv
/// (whole after every run), sweep.json (everything the rows depend on), pareto.svg. A folder with the same
/// sweep.json is gone on with. Throws Error: every point's mistakes together (configuration), 006 test data,
/// 007 data that overlap, TF-SWP-008 (cannot_write) a folder of another sweep. A point that does not fit its
/// machine becomes a row that says so; when none fits, does_not_fit is thrown.
SweepResult run_sweep(const SweepOptions& options, const DeviceMaker& make_device);

}  // namespace trifactor
