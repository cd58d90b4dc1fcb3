// Exponentials: 2^y for the power unit, e^-x for kernels and softmax. One table of 65 entries, linear in
// between; |error| of e^-x: at most 2^-14.6 (tested for every input).
#pragma once

#include <cstdint>

#include "rtl/spec/fixed.hpp"
#include "rtl/units/tables.hpp"

namespace trifactor {

/// round(2^(y / 2^16) x 2^out_frac), saturated to 16 bits unsigned. y: signed, 16 fraction bits.
constexpr std::uint32_t exp2_word(std::int64_t y, int out_frac) {
  const std::int64_t position = y + (std::int64_t{out_frac} << 16);
  const std::int64_t exponent = position >> 16;
  const std::int32_t fraction = static_cast<std::int32_t>(position & 0xffff);
  const std::int64_t mantissa = interpolate(exp2_table, fraction, 10);  // 2^16 .. 2^17
  if (exponent >= 16) return 0xffff;
  if (exponent < -2) return 0;
  const std::int64_t word = round_shift(mantissa, static_cast<int>(16 - exponent));
  return static_cast<std::uint32_t>(word > 0xffff ? 0xffff : word);
}

inline constexpr std::int64_t log2_e = 94548;  ///< log2(e) x 2^16

/// e^-x as u16.15 (1.0 is 32768). x >= 0 with 16 fraction bits; at most 2^21 (32.0), larger is taken as that.
constexpr std::uint32_t exp_negative(std::int64_t x) {
  const std::int64_t limited = x > (std::int64_t{1} << 21) ? (std::int64_t{1} << 21) : x;
  return exp2_word(-round_shift(limited * log2_e, 16), 15);
}

}  // namespace trifactor
