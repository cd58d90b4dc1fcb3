// Physical quantities as types, so that a picojoule is never added to a nanosecond.
// Each is one double in the unit its name says.
#pragma once

#include <compare>

namespace trifactor {

template <class Unit>
struct Quantity {
  double value = 0;

  friend constexpr Quantity operator+(Quantity a, Quantity b) { return {a.value + b.value}; }
  friend constexpr Quantity operator-(Quantity a, Quantity b) { return {a.value - b.value}; }
  friend constexpr Quantity operator*(Quantity a, double factor) { return {a.value * factor}; }
  friend constexpr Quantity operator*(double factor, Quantity a) { return {a.value * factor}; }
  friend constexpr Quantity operator/(Quantity a, double divisor) { return {a.value / divisor}; }
  friend constexpr double operator/(Quantity a, Quantity b) { return a.value / b.value; }
  constexpr Quantity& operator+=(Quantity other) {
    value += other.value;
    return *this;
  }
  friend constexpr auto operator<=>(Quantity, Quantity) = default;
};

using Picojoules = Quantity<struct PicojouleUnit>;
using Nanoseconds = Quantity<struct NanosecondUnit>;
using Milliwatts = Quantity<struct MilliwattUnit>;
using Megahertz = Quantity<struct MegahertzUnit>;
using Volts = Quantity<struct VoltUnit>;
using SquareMillimetres = Quantity<struct SquareMillimetreUnit>;

/// 1 mW for 1 ns is 1 pJ.
constexpr Picojoules operator*(Milliwatts power, Nanoseconds time) { return {power.value * time.value}; }

/// Time of one clock period: 1000 ns / MHz.
constexpr Nanoseconds period(Megahertz clock) { return {1000.0 / clock.value}; }

}  // namespace trifactor
