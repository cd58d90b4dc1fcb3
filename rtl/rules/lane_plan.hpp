// How a rule finds the binary points of its lane: frac(a) + frac(b) = frac(w) + F, frac(c) = F.
#pragma once

#include <algorithm>

#include "rtl/rules/rule.hpp"
#include "rtl/rules/scale.hpp"
#include "rtl/spec/diagnostic.hpp"

namespace trifactor {

struct LanePoints {
  int factor_frac = 0;  ///< of a0 and a1
  int shift = 0;        ///< F
};

/// `largest_factor`: the magnitude a0 must be able to express; `largest_decay`: of c, 0 without. Throws
/// does_not_fit when a0 would keep fewer than 4 bits.
inline LanePoints lane_points(const LayerFacts& layer, int b_frac, double largest_factor,
                              double largest_decay) {
  const int wanted = factor_bits - 1 - integer_bits(largest_factor);
  int shift = wanted + b_frac - layer.weight.frac;
  int highest = max_lane_shift;
  if (largest_decay > 0) highest = std::min(highest, factor_bits - 1 - integer_bits(largest_decay * 1.0001));
  shift = std::clamp(shift, 0, highest);
  const int frac = shift + layer.weight.frac - b_frac;
  if (wanted - frac > factor_bits - 5)
    throw Error(ExitCode::does_not_fit,
                {"TF-FMT-001", layer.where,
                 "eta or decay needs a binary point with which the update factor a0 keeps fewer than 4 bits",
                 "", "move eta or decay, or give the weights another range or fewer bits"});
  return {frac, shift};
}

}  // namespace trifactor
