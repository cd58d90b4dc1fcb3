// Activation functions of rate units, from an exact sum to a 16-bit neuron value z and its derivative f'.
#pragma once

#include <cstdint>

#include "rtl/spec/fixed.hpp"
#include "rtl/spec/image.hpp"
#include "rtl/units/power/golden.hpp"
#include "rtl/units/tables.hpp"

namespace trifactor {

inline constexpr int slope_frac = 15;  ///< slopes and derivatives are u16.15: 1.0 is 32768
inline constexpr int derivative_one = 1 << slope_frac;

struct ActivationConfig {
  Activation kind = Activation::linear;
  int sum_frac = 0;     ///< fraction bits of the incoming sum
  int value_frac = 13;  ///< fraction bits of z; tanh and saturated linear: 15 at most
  /// Of leaky ReLU below 0, of saturated linear within its bounds, u16.15; of a power: the exponent, 0 to
  /// 2^19.
  std::int32_t slope = 0;
  int scale_log2 = 0;  ///< of a power and of saturated linear: log2 of the sum that gives 1
};

struct NeuronValue {
  std::int32_t z = 0;       ///< 16 bits signed
  std::int32_t fprime = 0;  ///< u16.15
};

/// `value` with `from` fraction bits, in `to` fraction bits: rounded to nearest, or shifted up exactly
/// (the result then saturates far beyond any 16-bit range, so the caller's saturation decides).
constexpr std::int64_t rescale(std::int64_t value, int from, int to) {
  return from >= to ? round_shift(value, from - to)
                    : saturate(value, -(std::int64_t{1} << 46), std::int64_t{1} << 46) << (to - from);
}

/// sum: |sum| < 2^47.
constexpr NeuronValue activate(const ActivationConfig& config, std::int64_t sum) {
  switch (config.kind) {
    case Activation::linear:
      break;
    case Activation::leaky_relu:  // the derivative at exactly 0 is the slope
      if (sum <= 0) {
        const std::int64_t z = rescale(saturate(sum, -(std::int64_t{1} << 46), 0) * config.slope,
                                       config.sum_frac + slope_frac, config.value_frac);
        return {static_cast<std::int32_t>(saturate_signed(z, 16)), config.slope};
      }
      break;
    case Activation::saturated_linear: {  // clip(h / scale, -1, 1), the slope where |h| <= scale
      const int frac = config.sum_frac + config.scale_log2;
      const std::int64_t one = std::int64_t{1} << frac;
      const std::int64_t clipped = saturate(sum, -one, one);
      const std::int64_t z = rescale(clipped, frac, config.value_frac);
      return {static_cast<std::int32_t>(saturate_signed(z, 16)), sum == clipped ? config.slope : 0};
    }
    case Activation::tanh: {
      const std::int64_t h = saturate_signed(rescale(sum, config.sum_frac, 12), 16);  // s16.12, +-8
      const std::int32_t magnitude = static_cast<std::int32_t>(h < 0 ? -h : h);
      const std::int32_t y = interpolate(tanh_table, magnitude, 6);  // u.15
      const std::int64_t z = rescale(h < 0 ? -y : y, 15, config.value_frac);
      const std::int64_t square = round_shift(std::int64_t{y} * y, 15);
      return {static_cast<std::int32_t>(saturate_signed(z, 16)),
              static_cast<std::int32_t>(derivative_one - square)};
    }
    case Activation::power: {  // (h / scale)^n above 0, by the power unit; no derivative is formed
      if (sum <= 0) return {0, 0};
      const std::uint32_t z = power_word(static_cast<std::uint64_t>(sum), config.sum_frac + config.scale_log2,
                                         config.slope, config.value_frac);
      return {static_cast<std::int32_t>(saturate_signed(z, 16)), 0};
    }
  }
  const std::int64_t z = rescale(sum, config.sum_frac, config.value_frac);
  return {static_cast<std::int32_t>(saturate_signed(z, 16)), derivative_one};
}

}  // namespace trifactor
