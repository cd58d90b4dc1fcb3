// The accumulator, one product at a time: the definition that the vector form must equal.
#pragma once

#include <cstdint>

namespace trifactor {

inline constexpr int sum_bits = 48;

constexpr std::int64_t accumulate(std::int64_t sum, std::int32_t weight, std::int32_t value) {
  return sum + std::int64_t{weight} * value;
}

}  // namespace trifactor
