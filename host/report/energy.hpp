// From counts to picojoules and square millimetres: E = P_static x T + E_clock x cycles + sum(E_i x n_i).
//
// Each cause is costed from the counts of each core with that core's memory sizes; what moves or multiplies
// weights and activities, at the widths of the block it belongs to. Sums of
// arithmetic and memory energies (bottom-up) are multiplied by the technology's overhead factor; figures
// measured on silicon (network, clock, leakage) and the host port are not. Low takes every figure at its low
// end at once, high every figure at its high end: an outer bound, not a standard deviation.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "host/report/run_record.hpp"
#include "rtl/spec/quantity.hpp"
#include "rtl/spec/technology.hpp"

namespace trifactor {

/// Low, nominal and high of one physical quantity.
template <class Q>
struct Range {
  Q low, nominal, high;

  Range& operator+=(const Range& o) {
    low += o.low, nominal += o.nominal, high += o.high;
    return *this;
  }
  friend Range operator*(const Range& a, double f) { return {a.low * f, a.nominal * f, a.high * f}; }
  friend Range operator/(const Range& a, double d) { return {a.low / d, a.nominal / d, a.high / d}; }
  friend bool operator==(const Range&, const Range&) = default;
};
using EnergyRange = Range<Picojoules>;
using AreaRange = Range<SquareMillimetres>;

/// One kind of event within a cause.
struct EnergyPart {
  std::string event;                   ///< name of the event, "cycle" or "nanosecond"
  double count = 0;                    ///< how often (nanoseconds when the part is leakage)
  EnergyRange energy;                  ///< with the overhead factor where it applies
  EnergyRange bare;                    ///< without it
  std::vector<std::string> constants;  ///< figures the energy depends on

  EnergyRange per_event() const { return count > 0 ? bare / count : EnergyRange{}; }
};

struct EnergyCause {
  std::string name;        ///< "synapse read", "update lanes", "leakage" ...
  bool bottom_up = false;  ///< multiplied by the overhead factor
  bool learning = false;   ///< spent only because the chip learns
  /// Empty when the engine did not measure what it needs (network, clock and leakage without time).
  std::optional<EnergyRange> energy;
  std::vector<EnergyPart> parts;

  /// Figures of all parts, each once, and "overhead" when it applies.
  std::vector<std::string> constants() const;
};

struct AreaPart {
  std::string name;
  AreaRange area;
};

struct AreaReport {
  std::vector<AreaPart> parts;  ///< of the whole chip
  std::vector<AreaRange> core;  ///< each tile, in the order of RunRecord::cores
  AreaRange total;
};

struct EnergyReport {
  std::string technology;
  Band overhead;
  std::vector<EnergyCause> causes;
  EnergyRange total;
  bool dynamic_only = false;      ///< no time was measured: network, clock and leakage are missing
  EnergyRange overhead_share;     ///< of the total: what the overhead factor added
  std::vector<EnergyRange> core;  ///< each tile with its clock and leakage, in the order of cores
  EnergyRange outside_cores;      ///< host port and label unit
  std::optional<Nanoseconds> time;
  AreaReport area;

  // Empty when nothing of the kind happened.
  std::optional<EnergyRange> per_update;      ///< row read and write, random words, lane; nothing else
  std::optional<EnergyRange> per_update_all;  ///< all learning causes
  std::optional<EnergyRange> per_synaptic_operation;  ///< row read and lane of the forward pass
  std::optional<EnergyRange>
      per_inference;  ///< a forward pass, and clock and leakage while only inferring; empty where nothing was
  std::optional<EnergyRange>
      per_learning_sample;    ///< a forward pass, all learning causes, clock and leakage meanwhile
  std::string update_remark;  ///< empty while per_update lies within 1 to 20 pJ; else what to suspect
};

/// Throws Error(data) TF-RUN-011 when the run does not list every tile of its machine, and
/// Error(configuration) TF-TECH-010 when the technology lacks a figure.
EnergyReport cost(const RunRecord& run, const Technology& technology);

/// Area of everything in the silicon, used or not.
AreaReport area(const RunRecord& run, const Technology& technology);

}  // namespace trifactor
