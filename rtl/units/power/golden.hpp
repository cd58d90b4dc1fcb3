// Powers of a positive number: u^e = 2^(e log2 u), for divisive normalisation (u^q and u^-p) and power
// neurons.
#pragma once

#include <cstdint>

#include "rtl/spec/fixed.hpp"
#include "rtl/units/exp/golden.hpp"
#include "rtl/units/tables.hpp"

namespace trifactor {

/// log2(value / 2^frac) with 16 fraction bits; value: 1 to 2^48.
constexpr std::int64_t log2_word(std::uint64_t value, int frac) {
  const int exponent = highest_bit(value);
  const std::uint64_t normal = exponent >= 16 ? value >> (exponent - 16) : value << (16 - exponent);
  const std::int64_t mantissa = interpolate(log2_table, static_cast<std::int32_t>(normal & 0xffff), 10);
  return (static_cast<std::int64_t>(exponent - frac) * 65536) + mantissa;
}

/// round((value / 2^frac)^(exponent / 2^15) x 2^out_frac) as 16 bits unsigned, saturated. value 0 counts
/// as 1. exponent: -2^19 .. 2^19 (-16 to 16).
constexpr std::uint32_t power_word(std::uint64_t value, int frac, std::int32_t exponent, int out_frac) {
  const std::int64_t logarithm = log2_word(value == 0 ? 1 : value, frac);
  return exp2_word(round_shift(logarithm * exponent, 15), out_frac);
}

}  // namespace trifactor
