// Squared distance between two vectors of 16-bit values, one square a value, exact.
#pragma once

#include <cstdint>
#include <span>

namespace trifactor {

/// total += sum (a_i - b_i)^2. A square has 34 bits; 2^13 of the very largest fit in the 48 bits of a word.
inline void add_squared_distance(std::span<const std::int16_t> a, std::span<const std::int16_t> b,
                                 std::int64_t& total) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::int64_t d = std::int64_t{a[i]} - b[i];
    total += d * d;
  }
}

}  // namespace trifactor
