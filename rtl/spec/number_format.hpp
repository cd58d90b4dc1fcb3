// A number format says how an integer in a memory or on a wire stands for a real number:
// real value = integer / 2^frac. `frac` may exceed `bits` (+-1/4 at 8 bits is 8.9).
#pragma once

#include <cmath>
#include <cstdint>
#include <string>

namespace trifactor {

enum class Rounding : std::uint8_t { nearest, stochastic, floor };
enum class Overflow : std::uint8_t { saturate, exact };  ///< exact: cannot happen by construction

struct NumberFormat {
  int bits = 16;
  int frac = 15;
  bool is_signed = true;
  Rounding rounding = Rounding::nearest;
  Overflow overflow = Overflow::saturate;

  constexpr std::int64_t low() const { return is_signed ? -(std::int64_t{1} << (bits - 1)) : 0; }
  constexpr std::int64_t high() const { return (std::int64_t{1} << (is_signed ? bits - 1 : bits)) - 1; }
  double step() const { return std::ldexp(1.0, -frac); }
  double real(std::int64_t word) const { return std::ldexp(static_cast<double>(word), -frac); }
  double largest() const { return real(high()); }

  /// Nearest word, ties away from zero, saturated. NaN is the caller's mistake.
  std::int64_t quantise(double value) const {
    const double scaled = std::round(std::ldexp(value, frac));
    if (scaled >= static_cast<double>(high())) return high();
    if (scaled <= static_cast<double>(low())) return low();
    return static_cast<std::int64_t>(scaled);
  }

  friend bool operator==(const NumberFormat&, const NumberFormat&) = default;
};

/// The signed format of `bits` whose range is [-range, range); range is rounded up to a power of two.
inline NumberFormat signed_format(int bits, double range, Rounding rounding = Rounding::nearest) {
  const int exponent = static_cast<int>(std::ceil(std::log2(range)));
  return {bits, bits - 1 - exponent, true, rounding, Overflow::saturate};
}

/// "s16.14" or "u16.15": sign, bits, fraction bits.
inline std::string to_string(const NumberFormat& format) {
  return (format.is_signed ? "s" : "u") + std::to_string(format.bits) + "." + std::to_string(format.frac);
}

}  // namespace trifactor
