// The order in which an epoch visits the selected samples.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace trifactor {

/// Without a seed: file order in every epoch. With one: a uniform permutation that depends on
/// (seed, epoch, size) alone, so that any epoch can be entered without the ones before.
class SampleOrder {
 public:
  SampleOrder(std::size_t size, std::optional<std::uint64_t> shuffle_seed)
      : size_(size), seed_(shuffle_seed) {}

  /// Indices 0 ... size-1, each once, in the order of this epoch (0, 1, ...).
  std::vector<std::size_t> epoch(std::uint64_t number) const;

  std::size_t size() const { return size_; }

 private:
  std::size_t size_;
  std::optional<std::uint64_t> seed_;
};

}  // namespace trifactor
