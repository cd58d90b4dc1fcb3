// Who is first, second, ... k-th: a sorted list of keys, highest first. A key orders by value and, among
// equal values, by index, highest first.
#pragma once

#include <cstdint>
#include <span>

namespace trifactor {

/// 48 bits, as a reduction word carries them: the value above, the index (u32) below.
constexpr std::int64_t rank_key(std::int16_t value, std::uint32_t index) {
  return (std::int64_t{value} << 32) + index;
}
constexpr std::uint32_t rank_index(std::int64_t key) { return static_cast<std::uint32_t>(key & 0xffffffff); }

/// Below every key: the entries of an empty list.
inline constexpr std::int64_t rank_nobody = -(std::int64_t{1} << 47);

/// Puts a key in its place; the last one falls out.
constexpr void rank_insert(std::span<std::int64_t> list, std::int64_t key) {
  for (std::int64_t& entry : list)
    if (key > entry) {
      const std::int64_t lower = entry;
      entry = key;
      key = lower;
    }
}

}  // namespace trifactor
