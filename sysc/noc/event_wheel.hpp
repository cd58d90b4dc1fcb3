// A calendar of the near future: one bucket a cycle, reused in turn, so nothing is allocated once the buckets
// have grown to the traffic. Entries must lie after the last cycle taken and within `span` of it.
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <vector>

namespace trifactor {

inline constexpr std::uint64_t no_cycle = std::numeric_limits<std::uint64_t>::max();

/// `Lists` lists of T a cycle. As few buckets as the span allows: they are visited in turn and should stay in
/// the processor's cache.
template <class T, std::size_t Lists>
class EventWheel {
 public:
  explicit EventWheel(std::uint64_t span) : mask_(std::bit_ceil(span + 1) - 1), buckets_(mask_ + 1) {}

  /// The farthest cycle ahead of the last one taken for which an entry may be posted.
  std::uint64_t span() const { return mask_; }

  void post(std::uint64_t cycle, std::size_t list, T item) {
    Bucket& bucket = buckets_[cycle & mask_];
    used_ += bucket.used == 0;
    bucket.used |= 1u << list;
    bucket.lists[list].push_back(item);
  }

  /// Which lists of a cycle have entries, a bit each.
  std::uint32_t used(std::uint64_t cycle) const { return buckets_[cycle & mask_].used; }
  const std::vector<T>& list(std::uint64_t cycle, std::size_t list) const {
    return buckets_[cycle & mask_].lists[list];
  }

  void clear(std::uint64_t cycle) {
    Bucket& bucket = buckets_[cycle & mask_];
    used_ -= bucket.used != 0;
    for (; bucket.used != 0; bucket.used &= bucket.used - 1)
      bucket.lists[static_cast<std::size_t>(std::countr_zero(bucket.used))].clear();
  }

  /// The first cycle from `from` on with an entry, or no_cycle.
  std::uint64_t next(std::uint64_t from) const {
    if (used_ == 0) return no_cycle;
    while (buckets_[from & mask_].used == 0) ++from;
    return from;
  }

 private:
  struct Bucket {
    std::uint32_t used = 0;  ///< a bit a list
    std::array<std::vector<T>, Lists> lists;
  };
  std::uint64_t mask_;
  std::size_t used_ = 0;
  std::vector<Bucket> buckets_;
};

}  // namespace trifactor
