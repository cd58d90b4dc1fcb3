// Clock cycles of the hardware units, as their SystemVerilog takes them; a timing test holds every figure
// against the RTL. Latency: inputs shown in cycle t, result readable in cycle t + latency.
#pragma once

#include <cstdint>

namespace trifactor {

inline constexpr int lane_latency = 2;          ///< burst to new weights
inline constexpr int lane_counter_latency = 3;  ///< burst to its share of the counters
inline constexpr int tied_latency = 2;          ///< entry of a kernel to its new weight
inline constexpr int increment_latency = 2;     ///< copy to the increment that holds its share
inline constexpr int accumulate_latency = 2;    ///< last burst to complete sums
inline constexpr int transform_latency = 2;     ///< weight to its power, before the accumulator
inline constexpr int activation_latency = 3;
inline constexpr int exp_latency = 2;
inline constexpr int reciprocal_latency = 2;
inline constexpr int power_latency = 4;
inline constexpr int trace_latency = 2;
inline constexpr int membrane_latency = 3;
inline constexpr int noise_latency = 3;
inline constexpr int distance_latency = 2;  ///< last pair of values to the complete sum
inline constexpr int rank_latency = 1;      ///< key to the list that holds it
inline constexpr int pool_latency = 1;      ///< activity to the window that holds it
inline constexpr int reduce_latency = 1;    ///< one node; a word a cycle
inline constexpr int random_latency = 1;    ///< draw to word
inline constexpr int history_latency = 0;   ///< age to slot

/// From the store of a class to its `count` similarity bits.
constexpr int label_latency(int count) { return count + 1; }

/// Bursts of a row of `columns` neurons on `lanes` lanes.
constexpr std::int64_t row_bursts(std::int64_t columns, std::int64_t lanes) {
  return (columns + lanes - 1) / lanes;
}

/// How long a pass over a synapse memory takes: from the cycle of the first read address, that cycle
/// included, to the cycle before the result can be used. The walk goes column block by column block, rows
/// within a block.
struct PassShape {
  std::int64_t rows = 0;  ///< with something to do; 1 at least
  std::int64_t columns = 0, lanes = 0;
  std::int64_t memory_latency = 1;  ///< cycles from address to data
  std::int64_t ports = 1;           ///< 1 or 2

  constexpr std::int64_t bursts() const { return rows * row_bursts(columns, lanes); }
};

/// Forward pass: one burst a cycle; then every sum of the last block is complete.
constexpr std::int64_t accumulate_cycles(const PassShape& pass) {
  return pass.bursts() + pass.memory_latency + accumulate_latency - 1;
}

/// Update pass: then the last weight is written. One port: read and write take turns, and a write that would
/// meet a read waits one cycle. Two ports: a burst a cycle, and one cycle between blocks to load factors and
/// generators (with one port that happens between two bursts).
constexpr std::int64_t update_cycles(const PassShape& pass) {
  const std::int64_t tail = pass.memory_latency + lane_latency;
  if (pass.ports == 1) return 2 * pass.bursts() + tail - 1 + (tail % 2 == 0 ? 1 : 0);
  return pass.bursts() + row_bursts(pass.columns, pass.lanes) - 1 + tail;
}

}  // namespace trifactor
