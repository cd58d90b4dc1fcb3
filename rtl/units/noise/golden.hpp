// Noise on a neuron's value, uniform in [-amplitude, amplitude): one word of the neuron's `noise` generator a
// step. The derivative of tanh neurons is then that of the noisy value, 1 - z^2 (Daruwalla and Lipasti 2021).
#pragma once

#include <cstdint>

#include "rtl/spec/fixed.hpp"
#include "rtl/units/activation/golden.hpp"

namespace trifactor {

/// amplitude: 0 to 32767, in the value's last places. value_frac: 15 at most under tanh, at least 0.
constexpr NeuronValue add_noise(Activation kind, int value_frac, std::int32_t amplitude, std::uint32_t word,
                                NeuronValue value) {
  const std::int64_t part = static_cast<std::int16_t>(word >> 16);
  const std::int64_t z = saturate_signed(value.z + round_shift(part * amplitude, 15), 16);
  if (kind != Activation::tanh) return {static_cast<std::int32_t>(z), value.fprime};
  const std::int64_t square = rescale(z * z, 2 * value_frac, slope_frac);
  return {static_cast<std::int32_t>(z),
          static_cast<std::int32_t>(square < derivative_one ? derivative_one - square : 0)};
}

}  // namespace trifactor
