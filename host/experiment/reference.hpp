// The float experiment: the same data in the same order as `trifactor run`, through the float interpreter.
#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "compiler/reference/float_network.hpp"
#include "host/experiment/run.hpp"

namespace trifactor {

struct ReferenceOptions {
  Network network;
  std::string data;                 ///< SPEC
  std::optional<std::string> test;  ///< SPEC
  std::uint64_t epochs = 1;
  Baseline baseline = Baseline::none;
  std::optional<double> eta;  ///< of a baseline: backprop sample by sample (default 0.02), or in mini-batches
  unsigned threads = 1;       ///< of mini-batches
  std::function<void()>
      on_ready;  ///< called once everything has been read and checked, before the first sample
  std::function<void(const Progress&)> on_progress;
  const std::atomic<bool>* interrupt = nullptr;  ///< set: stop at the next sample, keep what there is
};

/// The trained weights of one projection, real values.
struct ReferenceWeights {
  std::string projection;
  std::size_t to = 0, from = 0;
  std::vector<double> weights;  ///< (to, from)
  std::vector<double> bias;     ///< (to), empty without
};

struct ReferenceRecord {
  std::vector<AccuracyRow> accuracy;  ///< before the first and after each epoch
  std::vector<LayerSignals> signals;  ///< 25 intervals; what a rule does not have is empty
  std::vector<ReferenceWeights> weights;
  std::vector<std::pair<std::string, std::vector<double>>>
      norms;                           ///< by population: what its batch norm is, (4, neurons)
  std::string input;                   ///< name of the input population
  std::vector<double> encoder_offset;  ///< its encoder's fitted mean, empty without
  std::uint64_t learned = 0;           ///< samples
  double learning_s = 0, testing_s = 0, wall_s = 0;
  std::vector<std::pair<std::string, double>> profile;  ///< mini-batches: seconds by what they were spent on
  bool interrupted = false;

  /// The last test accuracy, if any was taken.
  std::optional<double> test_accuracy() const;
};

/// Streams, learns, tests; writes nothing. In mini-batches where the network says so. Throws Error: whatever
/// is wrong with data or network, and TF-REF-002 (check_failed) when learning diverges.
ReferenceRecord run_reference(const ReferenceOptions& options);

/// accuracy.csv, per_step.csv and weights.npz, which `[network] weights = "weights.npz"` brings back.
void write_reference(const std::filesystem::path& folder, const ReferenceRecord& record);

}  // namespace trifactor
