// The update pass over rows of synapses, in whole vectors: the same arithmetic as lane_update(), bit for bit,
// on every SIMD target. Its arguments are all that a synaptic update may read.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "rtl/units/lane/golden.hpp"

namespace trifactor {

/// Rows are stored `padded_columns` weights apart; padding columns have no synapse, weight 0 and zero
/// factors.
inline constexpr std::size_t column_padding = 64;
constexpr std::size_t padded_columns(std::size_t columns) {
  return (columns + column_padding - 1) / column_padding * column_padding;
}

/// What the post unit formed for the columns of a block, padded with zeros.
struct ColumnFactors {
  const std::int16_t* a0 = nullptr;
  const std::int16_t* a1 = nullptr;  ///< null when the rule has none
  const std::int16_t* c = nullptr;   ///< null when the rule has none
};

/// One presynaptic axon of the pass: its row and its scalars b0, b1 (16 bits signed).
struct UpdateRow {
  std::uint32_t row = 0;
  std::int32_t b0 = 0, b1 = 0;
  template <class V>
  friend void visit(V& v, UpdateRow& r) {
    v(r.row, r.b0, r.b1);
  }
};

/// What became of the enabled pairs, exactly.
struct LaneLosses {
  std::uint64_t applied = 0;          ///< weight changed
  std::uint64_t rounded_to_zero = 0;  ///< sum not 0, weight unchanged
  std::uint64_t saturated = 0;        ///< clipped
  std::uint64_t intended = 0;         ///< sum of |sum|, in 2^-F weight steps
  std::uint64_t change = 0;           ///< sum of |new - old|, in weight steps
  friend bool operator==(const LaneLosses&, const LaneLosses&) = default;
};

/// Weights of one block, stored in 8 bits (formats up to 8 bits) or 16.
struct WeightBlock {
  void* words = nullptr;               ///< rows x stride
  bool narrow = false;                 ///< 8-bit storage
  std::size_t columns = 0;             ///< padded
  const std::uint8_t* mask = nullptr;  ///< one bit a synapse, rows of columns/8 bytes; null: all exist
};

/// Updates the given rows in their order. `generator`: one state a column, moves for enabled pairs only.
void update_rows(const LaneConfig& config, const ColumnFactors& factors, std::span<const UpdateRow> rows,
                 const WeightBlock& weights, std::uint32_t* generator, LaneLosses& losses);

/// The same arithmetic without counters and masks: the yardstick of the benchmark. Every generator moves with
/// every row, so weights equal those of update_rows() only where all pairs are enabled.
void update_rows_bare(const LaneConfig& config, const ColumnFactors& factors, std::span<const UpdateRow> rows,
                      const WeightBlock& weights, std::uint32_t* generator);

}  // namespace trifactor
