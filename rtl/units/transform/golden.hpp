// Weights raised to a power on their way into the accumulator: t(w) = round(sign(w) |w|^(p-1)), p = 2, 3, 4,
// as competing units weigh their inputs (Krotov and Hopfield 2019, eq. 2). Weights in +-R give t in +-R^(p-1)
// with 16 bits, so nothing can overflow and the result does not depend on R.
#pragma once

#include <cstdint>

#include "rtl/spec/fixed.hpp"
#include "rtl/spec/number_format.hpp"

namespace trifactor {

inline constexpr int least_power = 2, most_power = 4;

/// t of a weight of `weight_bits` bits (4 to 16), p = power; 16 bits signed, halves away from zero. |w|
/// counts as a fraction of its range: 15 fraction bits, exactly.
constexpr std::int32_t transform_weight(int power, int weight_bits, std::int32_t weight) {
  const std::int64_t size = std::int64_t{weight < 0 ? -weight : weight} << (16 - weight_bits);
  std::int64_t product = size;
  for (int k = least_power; k < power; ++k) product *= size;
  const auto magnitude = static_cast<std::int32_t>(round_shift(product, 15 * (power - least_power)));
  return weight < 0 ? -magnitude : magnitude;
}

/// The format of t for weights of that format.
constexpr NumberFormat transformed_format(const NumberFormat& weight, int power) {
  return {16, 15 - (power - 1) * (weight.bits - 1 - weight.frac)};
}

/// Products of 16 x 16 bits that one t takes: a cube is a square of 32 bits times 16 more.
constexpr std::uint64_t transform_products(int power) {
  return power <= least_power ? 0 : power == 3 ? 1 : 3;
}

}  // namespace trifactor
