// A real number beside the largest distance at which the fixed-point hardware can be from it. Errors are
// carried through every operation, so that a bound follows from number formats and tables alone.
#pragma once

#include <algorithm>
#include <cmath>

#include "rtl/spec/number_format.hpp"

namespace trifactor {

struct Bounded {
  double value = 0;  ///< as the float reference has it
  double error = 0;  ///< |hardware - value| is at most this

  double low() const { return value - error; }
  double high() const { return value + error; }
};

inline Bounded operator+(Bounded a, Bounded b) { return {a.value + b.value, a.error + b.error}; }
inline Bounded operator-(Bounded a, Bounded b) { return {a.value - b.value, a.error + b.error}; }
inline Bounded operator-(Bounded a) { return {-a.value, a.error}; }
inline Bounded operator*(Bounded a, Bounded b) {
  return {a.value * b.value, std::abs(a.value) * b.error + std::abs(b.value) * a.error + a.error * b.error};
}
/// Times an exact constant.
inline Bounded operator*(double k, Bounded b) { return {k * b.value, std::abs(k) * b.error}; }

/// The hardware's result lies in [low, high].
inline Bounded within(double value, double low, double high) {
  return {value, std::max(high - value, value - low)};
}

/// Known but for `error`.
inline Bounded about(double value, double hardware) { return {value, std::abs(hardware - value)}; }

/// Rounded to multiples of `step`: to nearest, or up or down by chance.
inline Bounded rounded(Bounded b, double step, bool stochastic = false) {
  return {b.value, b.error + (stochastic ? step : step / 2)};
}

/// What the hardware does when it clips to [low, high]; the float value is not clipped.
inline Bounded clipped(Bounded b, double low, double high) {
  return within(b.value, std::clamp(b.low(), low, high), std::clamp(b.high(), low, high));
}
inline Bounded clipped(Bounded b, const NumberFormat& f) {
  return clipped(b, f.real(f.low()), f.real(f.high()));
}

/// Rounded and saturated to a format.
inline Bounded stored(Bounded b, const NumberFormat& f, bool stochastic = false) {
  return clipped(rounded(b, f.step(), stochastic), f);
}

}  // namespace trifactor
