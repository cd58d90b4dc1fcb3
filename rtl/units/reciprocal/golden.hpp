// Reciprocal of a positive integer as mantissa and exponent, for the normaliser of softmax.
#pragma once

#include <cstdint>

#include "rtl/spec/fixed.hpp"
#include "rtl/units/tables.hpp"

namespace trifactor {

struct Reciprocal {
  std::int32_t mantissa = 0;  ///< 2^15 .. 2^16
  int exponent = 0;           ///< 1/value = mantissa / 2^(16 + exponent)
};

/// value: 1 to 2^40. Relative error at most 2^-13.8 (tested for every 17-bit mantissa).
constexpr Reciprocal reciprocal(std::uint64_t value) {
  const int exponent = highest_bit(value);
  const std::uint64_t normal = exponent >= 16 ? value >> (exponent - 16) : value << (16 - exponent);
  return {interpolate(reciprocal_table, static_cast<std::int32_t>(normal & 0xffff), 10), exponent};
}

}  // namespace trifactor
