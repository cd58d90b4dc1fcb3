// A calendar of the near future: one bucket a cycle, reused in turn, so nothing is allocated once the buckets
// have grown to the traffic. Entries must lie after the last cycle taken and within `span` of it.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <limits>
#include <vector>

namespace trifactor {

inline constexpr std::uint64_t no_cycle = std::numeric_limits<std::uint64_t>::max();

/// `Lists` lists of T a cycle.
template <class T, std::size_t Lists>
class EventWheel {
 public:
  explicit EventWheel(std::uint64_t span)
      : mask_(std::bit_ceil(span + 1 < 64 ? std::uint64_t{64} : span + 1) - 1),
        buckets_(mask_ + 1),
        occupied_((mask_ + 1) / 64) {}

  /// Whether `cycle` may be posted after cycle `last` was taken.
  bool reaches(std::uint64_t last, std::uint64_t cycle) const { return cycle - last <= mask_; }

  void post(std::uint64_t cycle, std::size_t list, T item) {
    const std::uint64_t slot = cycle & mask_;
    buckets_[slot][list].push_back(item);
    occupied_[slot / 64] |= std::uint64_t{1} << (slot % 64);
  }

  std::vector<T>& list(std::uint64_t cycle, std::size_t list) { return buckets_[cycle & mask_][list]; }

  void clear(std::uint64_t cycle) {
    const std::uint64_t slot = cycle & mask_;
    for (std::vector<T>& items : buckets_[slot]) items.clear();
    occupied_[slot / 64] &= ~(std::uint64_t{1} << (slot % 64));
  }

  /// The first cycle from `from` on with an entry, or no_cycle.
  std::uint64_t next(std::uint64_t from) const {
    for (std::uint64_t ahead = 0; ahead <= mask_;) {
      const std::uint64_t slot = (from + ahead) & mask_;
      const std::uint64_t word = occupied_[slot / 64] >> (slot % 64);
      if (word != 0) {
        ahead += static_cast<std::uint64_t>(std::countr_zero(word));
        return ahead <= mask_ ? from + ahead : no_cycle;
      }
      ahead += 64 - slot % 64;
    }
    return no_cycle;
  }

 private:
  std::uint64_t mask_;
  std::vector<std::array<std::vector<T>, Lists>> buckets_;
  std::vector<std::uint64_t> occupied_;
};

}  // namespace trifactor
