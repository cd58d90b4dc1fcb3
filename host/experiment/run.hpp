// One experiment: a layout, data, an engine; what was learned and what it cost, in a run folder.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/experiment/progress.hpp"
#include "host/experiment/run_folder.hpp"
#include "host/report/run_record.hpp"
#include "runtime/device/device.hpp"

namespace trifactor {

struct RunOptions {
  std::filesystem::path layout;
  std::string data;                 ///< SPEC
  std::optional<std::string> test;  ///< SPEC
  std::string engine = "functional";
  std::uint64_t epochs = 1;
  bool learn = true;
  std::optional<std::filesystem::path> checkpoint;
  std::uint64_t checkpoint_every = 0;  ///< learning samples, 0: at the end of each epoch
  std::optional<std::filesystem::path> resume;
  std::filesystem::path out;
  bool force = false;
  bool digests = false;
  std::uint32_t threads = 1;
  std::string technology = "45nm";
  std::string tool_version;
  std::vector<std::string> argv;
  std::function<void(const Progress&)> on_progress;
  const std::atomic<bool>* interrupt = nullptr;  ///< set: stop at the next sample, keep what there is
};

/// Makes a device by engine name; `lanes` of the machine (RTL is built for some counts only).
using DeviceMaker = std::function<std::unique_ptr<Device>(const std::string& engine, int lanes)>;

/// Runs and writes the run folder. The record says whether it was interrupted.
RunRecord run_experiment(const RunOptions& options, const DeviceMaker& make_device);

}  // namespace trifactor
