// The membrane of a neuron, an Euler step of tau du/dt = -u + h: u += rate (h - u), with rate = dt / tau. It
// keeps `extra` fraction bits beyond those of the sum, so that it does not stall (units/trace does the same
// for means).
#pragma once

#include <cmath>
#include <cstdint>

#include "rtl/spec/fixed.hpp"
#include "rtl/spec/image.hpp"
#include "rtl/units/activation/golden.hpp"
#include "rtl/units/trace/golden.hpp"

namespace trifactor {

inline constexpr int membrane_bits = 46;  ///< the difference from a sum, times a 17-bit rate, fits in 64

/// Of a time constant `tau` >= 1 in steps, for sums with `sum_frac` fraction bits.
inline MembraneImage membrane_image(double tau, int sum_frac) {
  const TraceConfig trace = trace_config(1 - 1 / tau);
  MembraneImage image;
  image.present = true;
  image.input_frac =
      sum_frac < most_membrane_input_frac ? (sum_frac < 0 ? 0 : sum_frac) : most_membrane_input_frac;
  image.extra = trace.extra;
  image.rate = trace.rate;
  return image;
}

/// Fraction bits of u.
constexpr int membrane_frac(const MembraneImage& image) { return image.input_frac + image.extra; }

/// sum: at its own binary point, rounded to input_frac and saturated so that u can follow it.
constexpr std::int64_t membrane_step(const MembraneImage& image, int sum_frac, std::int64_t u,
                                     std::int64_t sum) {
  const std::int64_t input =
      saturate_signed(rescale(sum, sum_frac, image.input_frac), membrane_bits - image.extra);
  return trace_step({image.rate, image.extra}, u, input);
}

}  // namespace trifactor
