// The forward pass of a block in whole vectors: exact sums of weight x activity. Sums are 48 bits in
// hardware; 2^16 products of 16 x 16 bits fit in 47, so no sum is ever rounded and order never matters.
#pragma once

#include <cstdint>
#include <span>

#include "rtl/units/lane/rows.hpp"

namespace trifactor {

struct AxonValue {
  std::uint32_t row = 0;
  std::int32_t value = 0;  ///< 17 bits signed at most; activities are 16
};

/// sums[i] += sum over axons of weight[row][i] * value, for every (padded) column. At most 2^16 axons.
void accumulate_rows(std::span<const AxonValue> axons, const WeightBlock& weights, std::int64_t* sums);

/// Likewise with transform_weight(power, weight_bits, weight) in place of the weight (rtl/units/transform).
void accumulate_raised_rows(std::span<const AxonValue> axons, const WeightBlock& weights, int power,
                            int weight_bits, std::int64_t* sums);

/// Names of the SIMD targets this processor has, best first.
std::span<const char* const> simd_targets();

/// Makes every kernel use one target, or the best one for "best". False: this processor does not have it.
bool choose_simd(const char* target);

}  // namespace trifactor
