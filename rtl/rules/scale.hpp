// Turning real constants into integers for the hardware; shared by the descriptors of rules.
#pragma once

#include <cmath>
#include <cstdint>

namespace trifactor {

/// value = mantissa / 2^shift with a mantissa of exactly `bits` bits (rounded to nearest). value > 0.
struct Scaled {
  std::int32_t mantissa = 0;
  int shift = 0;
};
inline Scaled scaled(double value, int bits) {
  if (value <= 0) return {};
  int exponent = 0;
  const double fraction = std::frexp(value, &exponent);  // [0.5, 1)
  std::int64_t mantissa = std::llround(std::ldexp(fraction, bits));
  if (mantissa == std::int64_t{1} << bits) mantissa >>= 1, ++exponent;
  return {static_cast<std::int32_t>(mantissa), bits - exponent};
}

/// Bits left of the point that hold magnitudes up to `range`; may be negative.
inline int integer_bits(double range) { return static_cast<int>(std::ceil(std::log2(range))); }

}  // namespace trifactor
