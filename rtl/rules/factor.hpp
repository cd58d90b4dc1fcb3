// The last step of every post unit: an exact product becomes a 15-bit factor.
#pragma once

#include <cstdint>

#include "rtl/rules/rule.hpp"
#include "rtl/spec/fixed.hpp"
#include "rtl/units/lane/golden.hpp"
#include "rtl/units/random/golden.hpp"

namespace trifactor {

struct FactorRounder {
  bool stochastic = true;
  int shift = 0;  ///< 0 to 62

  /// Draws one word under stochastic rounding, none under rounding to nearest. |product| < 2^62.
  std::int16_t operator()(std::int64_t product, std::uint32_t& generator, PostLosses& losses) const {
    if (stochastic) generator = xorshift32(generator);
    const std::int64_t rounded =
        stochastic ? stochastic_shift(product, shift, generator) : round_shift(product, shift);
    const std::int64_t factor = saturate_signed(rounded, factor_bits);
    losses.factors_lost += factor == 0 && product != 0;
    losses.factors_saturated += factor != rounded;
    return static_cast<std::int16_t>(factor);
  }
};

/// Cycles that factor_walk.sv takes to form `factors` words of each neuron, after one to fetch the first.
constexpr int walk_cycles(int neurons, int factors) { return 1 + neurons * (1 + factors); }

}  // namespace trifactor
