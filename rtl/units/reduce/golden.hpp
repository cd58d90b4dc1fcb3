// One node of a reduction tree: exact sums of partial words, never rounded on the way.
#pragma once

#include <cstdint>
#include <span>

namespace trifactor {

inline constexpr int reduction_bits = 48;  ///< of a word on a reduction link

/// total[i] += partial[i]. The compiler proves that no total of a layer leaves 48 bits.
inline void reduce_add(std::span<const std::int64_t> partial, std::span<std::int64_t> total) {
  for (std::size_t i = 0; i < total.size(); ++i) total[i] += partial[i];
}

}  // namespace trifactor
