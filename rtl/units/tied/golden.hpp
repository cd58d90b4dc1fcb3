// Tied synapses: one weight that many of them share, as the entries of a convolution's kernel.
//
//   sum   <- sum + a0*b0 + a1*b1        for every synapse that is a copy, exactly
//   decay <- decay + c
//   w     <- sat( w + round( sum - decay*w ) )        once: the lane's last stage
//
// A synapse adds less than 2^30 in size (15 x 16 bits, twice) and takes away at most 2^29 (c w): with up to
// 2^16 copies the sum, the decay's product and the random word fit in 48 bits.
#pragma once

#include <cstdint>

#include "rtl/spec/fixed.hpp"
#include "rtl/units/lane/golden.hpp"

namespace trifactor {

inline constexpr int increment_bits = 48, decay_bits = 32;
inline constexpr std::int64_t most_copies = std::int64_t{1} << 16;

/// A copy's share of the sum.
constexpr std::int64_t tied_increment(std::int64_t sum, std::int32_t a0, std::int32_t b0, std::int32_t a1,
                                      std::int32_t b1) {
  return sum + std::int64_t{a0} * b0 + std::int64_t{a1} * b1;
}

struct TiedResult {
  std::int32_t weight = 0;
  std::int64_t sum = 0;  ///< the unrounded change, in 2^-F weight steps
  bool saturated = false;
};

/// `random` is the word drawn for this entry; only its low F bits are used, and only if stochastic. With the
/// sum of one synapse it is lane_update().
constexpr TiedResult tied_update(const LaneConfig& config, std::int64_t increment, std::int32_t decay,
                                 std::int32_t weight, std::uint32_t random) {
  const std::int64_t sum = increment - std::int64_t{decay} * weight;
  const std::int64_t mask = (std::int64_t{1} << config.shift) - 1;
  const std::int64_t added = config.stochastic ? std::int64_t{random} & mask : (mask + 1) >> 1;
  const std::int64_t wide = weight + ((sum + added) >> config.shift);
  const auto clipped = static_cast<std::int32_t>(saturate_signed(wide, config.weight_bits));
  return {clipped, sum, clipped != wide};
}

}  // namespace trifactor
