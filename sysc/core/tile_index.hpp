// Which entry of a list belongs to a tile, for cores that hear from thousands of others.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace trifactor {

class TileIndex {
 public:
  static constexpr std::size_t none = ~std::size_t{0};

  /// The number of an entry is its place among those added; tiles differ.
  void add(std::uint32_t tile) {
    const auto entry = std::pair(tile, entries_.size());
    entries_.insert(std::upper_bound(entries_.begin(), entries_.end(), entry), entry);
  }
  std::size_t find(std::uint32_t tile) const {
    const auto found = std::lower_bound(entries_.begin(), entries_.end(), std::pair(tile, std::size_t{0}));
    return found == entries_.end() || found->first != tile ? none : found->second;
  }

 private:
  std::vector<std::pair<std::uint32_t, std::size_t>> entries_;  ///< ascending
};

}  // namespace trifactor
