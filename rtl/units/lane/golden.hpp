// The synapse lane: the one place where the arithmetic of a weight update is defined.
//
//   w <- sat( w + round( a0*b0 + a1*b1 - c*w ) )
//
// a0, a1, c: 15-bit two's complement. b0, b1, w: up to 16 bits. frac(a) + frac(b) = frac(w) + F, frac(c) = F:
// nothing is shifted before the sum, and three products with the random word fit exactly in 32 bits
// (3 x 2^29 + 2^F, F <= 28).
#pragma once

#include <cstdint>

#include "rtl/spec/fixed.hpp"
#include "rtl/spec/number_format.hpp"

namespace trifactor {

inline constexpr int factor_bits = 15;  ///< of a0, a1 and c
inline constexpr int max_lane_shift = 28;

struct LaneConfig {
  int shift = 0;        ///< F, 0 to 28
  int weight_bits = 8;  ///< 2 to 16
  bool stochastic = true;
};

struct LaneResult {
  std::int32_t weight = 0;
  std::int32_t sum = 0;  ///< the unrounded change, in 2^-F weight steps
  bool saturated = false;
};

/// `random` is the word drawn for this pair; only its low F bits are used, and only if stochastic.
constexpr LaneResult lane_update(const LaneConfig& config, std::int32_t a0, std::int32_t b0, std::int32_t a1,
                                 std::int32_t b1, std::int32_t c, std::int32_t weight, std::uint32_t random) {
  const std::int32_t sum = a0 * b0 + a1 * b1 - c * weight;
  const std::int32_t mask = static_cast<std::int32_t>((std::uint32_t{1} << config.shift) - 1);
  const std::int32_t half = (mask + 1) >> 1;
  const std::int32_t added = config.stochastic ? static_cast<std::int32_t>(random) & mask : half;
  const std::int32_t change = (sum + added) >> config.shift;
  const std::int32_t wide = weight + change;
  const std::int32_t bound = std::int32_t{1} << (config.weight_bits - 1);
  const std::int32_t low = -bound, high = bound - 1;
  const std::int32_t clipped = wide < low ? low : (wide > high ? high : wide);
  return {clipped, sum, clipped != wide};
}

/// Whether pair (i, j) is enabled: its synapse exists and its update could be other than nothing.
constexpr bool lane_enabled(bool exists, std::int32_t a0, std::int32_t b0, std::int32_t a1, std::int32_t b1,
                            std::int32_t c) {
  return exists && (((a0 | a1) != 0 && (b0 | b1) != 0) || c != 0);
}

}  // namespace trifactor
