// How a rule finds the binary points of its lane: frac(a) + frac(b) = frac(w) + F, frac(c) = F.
#pragma once

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <string>

#include "rtl/rules/rule.hpp"
#include "rtl/rules/scale.hpp"
#include "rtl/spec/diagnostic.hpp"

namespace trifactor {

constexpr int most_weight_bits = 16;  // of a synapse word

struct LanePoints {
  int factor_frac = 0;  ///< of a0 and a1
  int shift = 0;        ///< F
};

/// `largest_factor`: the magnitude a0 must be able to express; `largest_decay`: of c, 0 without. Throws
/// does_not_fit when a0 would keep fewer than 4 bits.
inline LanePoints lane_points(const LayerFacts& layer, int b_frac, double largest_factor,
                              double largest_decay) {
  const int wanted = factor_bits - 1 - integer_bits(largest_factor);
  const auto highest = [](double decay) {
    return decay > 0 ? std::min(max_lane_shift, factor_bits - 1 - integer_bits(decay * 1.0001))
                     : max_lane_shift;
  };
  const int shift = std::clamp(wanted + b_frac - layer.weight.frac, 0, highest(largest_decay));
  const int frac = shift + layer.weight.frac - b_frac;
  if (const int missing = wanted - frac - (factor_bits - 5); missing > 0) {
    const std::string bits = std::to_string(missing) + (missing == 1 ? " bit" : " bits");
    const bool more_bits = layer.weight.bits + missing <= most_weight_bits,
               faster = highest(std::ldexp(largest_decay, missing)) == max_lane_shift;  // decay may hold eta
    throw Error(ExitCode::does_not_fit,
                {"TF-FMT-001", layer.where,
                 "weights of " + std::to_string(layer.weight.bits) + " bits and " +
                     std::to_string(layer.weight.frac) +
                     " binary places are too coarse for these updates: the factor a0 lacks " + bits,
                 "4 bits of a0 or more",
                 "give the weights " + (more_bits ? bits + " more, or " : "") + "a range " +
                     std::to_string(1 << std::min(missing, 30)) + " times smaller" +
                     (faster ? ", or raise eta as much" : "")});
  }
  return {frac, shift};
}

/// Refuses registers that hold a right shift which the post unit cannot make.
inline void expect_shifts(const LayerFacts& layer, const RulePlan& plan,
                          std::initializer_list<std::size_t> registers) {
  for (const std::size_t shift : registers)
    if (plan.post[shift] < 0 || plan.post[shift] > 62)
      throw Error(ExitCode::does_not_fit,
                  {"TF-FMT-002", layer.where,
                   "a factor needs a shift of " + std::to_string(plan.post[shift]) + " bits", "0 to 62",
                   std::string("eta or decay lies too far from 1 for these formats") +
                       (plan.post[shift] < 0 ? "; where errors come back to this layer, give the projections "
                                               "that bring them more bits or a smaller range"
                                             : "")});
}

/// The formats of the lane's factors, as every plan names them.
inline void name_factors(const LayerFacts& layer, const LanePoints& points, RulePlan& plan) {
  const Rounding rounding = layer.stochastic ? Rounding::stochastic : Rounding::nearest;
  plan.formats.push_back({"a0", {factor_bits, points.factor_frac, true, rounding}});
  if (plan.uses_a1) plan.formats.push_back({"a1", {factor_bits, points.factor_frac, true, rounding}});
  if (plan.uses_c) plan.formats.push_back({"c", {factor_bits, points.shift, true, rounding}});
}

}  // namespace trifactor
