// The few integer operations from which every unit is built. Their SystemVerilog twins are in fixed_pkg.sv.
#pragma once

#include <bit>
#include <cstdint>

namespace trifactor {

constexpr std::int64_t saturate(std::int64_t value, std::int64_t low, std::int64_t high) {
  return value < low ? low : (value > high ? high : value);
}

/// Saturates to `bits`-bit two's complement, 2 <= bits <= 63.
constexpr std::int64_t saturate_signed(std::int64_t value, int bits) {
  const std::int64_t bound = std::int64_t{1} << (bits - 1);
  return saturate(value, -bound, bound - 1);
}

/// value / 2^shift rounded to the nearest integer, halves towards plus infinity; 0 <= shift <= 62.
/// |value| + 2^(shift-1) must fit in 63 bits.
constexpr std::int64_t round_shift(std::int64_t value, int shift) {
  return shift == 0 ? value : (value + (std::int64_t{1} << (shift - 1))) >> shift;
}

/// value / 2^shift rounded down or up at random with the probabilities that keep the mean: the low bits of
/// `random` are added below the point. Beyond 32 fraction bits the random word meets the upper 32 of them
/// and what lies below is cut off first. 0 <= shift <= 62.
constexpr std::int64_t stochastic_shift(std::int64_t value, int shift, std::uint32_t random) {
  if (shift > 32) return ((value >> (shift - 32)) + std::int64_t{random}) >> 32;
  const std::int64_t mask = (std::int64_t{1} << shift) - 1;
  return (value + (std::int64_t{random} & mask)) >> shift;
}

/// Index of the highest set bit; value must not be 0.
constexpr int highest_bit(std::uint64_t value) { return 63 - std::countl_zero(value); }

}  // namespace trifactor
