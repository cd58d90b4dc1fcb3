// The facts of one run: what was counted, measured and configured; no joules (law: counts first). The run
// command fills a RunRecord and write_run stores it; every report starts from what read_run gives back.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "rtl/spec/events.hpp"
#include "rtl/spec/machine.hpp"
#include "rtl/spec/technology.hpp"

namespace trifactor {

/// What a core did with weights and activities of these widths: its blocks of that kind together.
struct WidthRecord {
  int weight_bits = 0, activity_bits = 0;  ///< 1 to 16; errors are activities
  EventCounts events;                      ///< width_events; the others stay 0

  friend bool operator==(const WidthRecord&, const WidthRecord&) = default;
};

/// One core of the chip, used or not: area, leakage and clock are charged for all of them.
struct CoreRecord {
  int x = 0, y = 0;
  std::string role;                    ///< "synaptic", "input" or "idle"
  std::string population;              ///< empty when idle
  std::int64_t columns = 0, rows = 0;  ///< neurons and synapse rows in use
  std::int64_t lanes = 0;              ///< accumulate lanes, and as many update lanes, in silicon
  double occupancy = 0;                ///< fraction of the synapse memory in use, 0 to 1
  EventCounts events;
  std::vector<WidthRecord> widths;  ///< parts of `events` by width, each pair of widths once
  std::array<std::uint64_t, cycle_cause_count> cycles{};  ///< all 0 when RunRecord::cycles is empty
  std::int64_t synapse_bytes = 0, neuron_bytes = 0, history_bytes = 0, axon_bytes = 0;  ///< in silicon
  bool teacher = false;            ///< a teacher unit is in silicon beside this tile's router
  int post_units = 0;              ///< post units in silicon: one for each rule of the core's type
  std::int64_t raising_lanes = 0;  ///< lanes with a second accumulator of raised weights, in silicon

  friend bool operator==(const CoreRecord&, const CoreRecord&) = default;
};

struct ProjectionRecord {
  std::string name;
  std::string rule;           ///< empty when frozen
  std::string weight_format;  ///< as to_string(NumberFormat)
  int shift_F = 0;            ///< fraction bits between the lane's sum and a weight step
  UpdateCounts counts;

  friend bool operator==(const ProjectionRecord&, const ProjectionRecord&) = default;
};

/// Signals of one learning layer over one interval; what a rule does not have is empty.
struct LayerSignals {
  std::uint64_t sample = 0;  ///< learning samples seen at the end of the interval
  std::string layer;
  std::optional<double> mean_kernel;            ///< mean of k(z, z'), 0 to 1
  std::optional<double> sigma;                  ///< width of that kernel, exp(-d / (2 sigma^2))
  std::optional<double> mean_abs_third_factor;  ///< mean |M|
  std::optional<double> same_class_share;       ///< fraction of pairs with equal labels, 0 to 1
  std::optional<double> weight_norm;            ///< root of the sum of squares
  std::optional<double> applied_share;          ///< |applied change| / |intended change|
  std::uint64_t saturated = 0, rounded_to_zero = 0, factors_lost = 0;  ///< within the interval
  std::optional<double> eta;

  friend bool operator==(const LayerSignals&, const LayerSignals&) = default;
};

struct AccuracyRow {
  std::uint64_t samples_seen = 0;  ///< learning samples
  std::int64_t epoch = 0;          ///< complete epochs
  std::optional<double> test_accuracy,
      train_accuracy;  ///< fractions; train: of the samples since the row before
  std::optional<double> loss;

  friend bool operator==(const AccuracyRow&, const AccuracyRow&) = default;
};

inline constexpr int run_schema_version = 4;

struct RunRecord {
  int schema_version = run_schema_version;
  std::string tool_version;
  std::vector<std::string> argv;
  std::uint64_t seed = 0;
  std::string engine;   ///< functional, systemc or rtl
  std::string network;  ///< name of the network
  Machine machine;

  std::uint64_t samples = 0;                  ///< presented, learning and testing together
  std::uint64_t learn_samples = 0;            ///< of these: with learning
  std::optional<std::uint64_t> cycles;        ///< length of the run; empty when the engine has no time
  std::optional<std::uint64_t> learn_cycles;  ///< of these: while samples with learning were on the chip
  std::optional<std::uint64_t> latency_p50_cycles, latency_p99_cycles;  ///< from input to result, a sample

  std::vector<CoreRecord> cores;  ///< every tile once, row by row
  EventCounts chip_events;        ///< events outside all cores: host port, label unit
  std::vector<ProjectionRecord> projections;
  std::vector<LayerSignals> signals;
  std::vector<AccuracyRow> accuracy;
  std::map<std::string, double>
      reference_accuracies;  ///< "fixed random", "read-out on pixels" ...: fractions

  std::map<std::string, std::string> input_hashes;   ///< file or data name -> SHA-256
  std::map<std::string, std::string> configuration;  ///< resolved, dotted key -> value as text
  std::vector<std::string> notes;                    ///< the engine's own remarks on what limited it
  bool interrupted = false;

  // -- of this machine and hour, not of the experiment: only in run.json (and two of them in summary.json)
  std::map<std::string, double> stage_s;  ///< seconds by stage
  double wall_s = 0;
  std::uint64_t peak_rss_bytes = 0;

  /// Events of all cores and of the chip.
  EventCounts events() const;
  /// Losses of all projections. `intended` is in units of 2^-F of each projection: use change_share().
  UpdateCounts updates() const;
  /// The last test accuracy, if any was taken.
  std::optional<double> test_accuracy() const;
};

bool operator==(const RunRecord& a, const RunRecord& b);

/// |applied change| / |intended change| of a projection; empty when nothing was intended.
std::optional<double> change_share(const ProjectionRecord& projection);

/// Where widths or the counts by width cannot be those of the cores' events; empty where they can.
std::string width_mistake(const RunRecord& run);

/// Writes run.json, summary.json, per_core.csv, per_width.csv, per_step.csv, accuracy.csv and technology.json
/// into `directory` (made if missing), each under a temporary name that is renamed. All but run.json and the
/// members wall_s and peak_rss_bytes of summary.json depend on the experiment alone. Throws
/// Error(cannot_write) TF-OUT-001; Error(internal) TF-RUN-010 when the record contradicts itself.
void write_run(const std::filesystem::path& directory, const RunRecord& run, const Technology& technology);

/// Reads run.json and the four tables back. Throws Error(configuration) TF-RUN-001 when a file is not there,
/// Error(data) TF-RUN-002 to -009 when one is damaged or of another version, -012 when the events of
/// per_width.csv are not those of per_core.csv.
RunRecord read_run(const std::filesystem::path& directory);

/// The technology a run was costed with (technology.json).
Technology read_run_technology(const std::filesystem::path& directory);

}  // namespace trifactor
