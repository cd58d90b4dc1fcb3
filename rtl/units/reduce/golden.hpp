// One node of a reduction tree: exact sums of partial words, never rounded on the way; or the highest of the
// ranked keys that come in.
#pragma once

#include <cstdint>
#include <span>

#include "rtl/spec/image.hpp"
#include "rtl/units/rank/golden.hpp"

namespace trifactor {

inline constexpr int reduction_bits = 48;  ///< of a word on a reduction link

/// total[i] += partial[i]. The compiler proves that no total of a layer leaves 48 bits.
inline void reduce_add(std::span<const std::int64_t> partial, std::span<std::int64_t> total) {
  for (std::size_t i = 0; i < total.size(); ++i) total[i] += partial[i];
}

/// What a word is before anything has arrived.
constexpr std::int64_t reduce_start(Reduction reduction) {
  return reduction == Reduction::highest ? rank_nobody : 0;
}

/// One partial word `index` arrives.
inline void reduce_into(Reduction reduction, std::span<std::int64_t> total, std::size_t index,
                        std::int64_t partial) {
  if (reduction == Reduction::highest)
    rank_insert(total, partial);
  else
    total[index] += partial;
}

}  // namespace trifactor
