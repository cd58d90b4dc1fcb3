// The kernel of a convolution that learns, in one core: the increments of its entries, each the exact sum
// over the synapses that are its copies, and where those copies lie.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "rtl/spec/image.hpp"
#include "rtl/units/lane/rows.hpp"

namespace trifactor {

struct PendingUpdate;

/// Increment memory of a kernel (KernelImage: rows x channels). Sums are exact: of 48 bits, decays of 32
/// (rtl/units/tied), which holds for as many places as the compiler lets a kernel have.
struct KernelIncrements {
  std::vector<std::int64_t> sums;     ///< of a0 b0 + a1 b1
  std::vector<std::int32_t> decays;   ///< of c; empty where the rule has none
  std::vector<std::uint8_t> enabled;  ///< any pair was
  bool complete = false;              ///< of the layer, not of one core

  /// Of entries that are enabled.
  std::size_t count() const;
  /// Adds those of another core.
  void add(const KernelIncrements& other);

  template <class V>
  friend void visit(V& v, KernelIncrements& k) {
    v(k.sums, k.decays, k.enabled, k.complete);
  }
};

/// Synapses of one row whose columns follow one another in one burst, copies of entries that follow one
/// another in one row of the kernel.
struct KernelSegment {
  std::uint32_t row = 0, column = 0, count = 0;  ///< of the block
  std::uint32_t entry = 0;                       ///< the first
};

/// All synapses of a block with a kernel, ascending by row, then by column.
class KernelSegments {
 public:
  KernelSegments() = default;
  KernelSegments(const CoreImage& core, const BlockImage& block, int lanes);

  std::span<const KernelSegment> of_row(std::uint32_t row) const {
    return std::span(all_).subspan(first_[row], first_[row + 1] - first_[row]);
  }
  std::span<const KernelSegment> all() const { return all_; }

  /// What an update's factors and rows add up to. Returns what that touched.
  struct Pass {
    std::uint64_t pairs = 0;     ///< enabled
    std::uint64_t rows = 0;      ///< with an enabled pair
    std::uint64_t segments = 0;  ///< with an enabled pair: an access to increment memory each
    std::uint64_t entries = 0;   ///< of these
  };
  Pass add(const PendingUpdate& update, KernelIncrements& increments) const;

  /// Rows and bursts that hold a copy of an enabled entry.
  struct Copies {
    std::uint32_t rows = 0, bursts = 0;
  };
  Copies copies(const KernelIncrements& increments, int lanes) const;

 private:
  std::vector<KernelSegment> all_;
  std::vector<std::size_t> first_;  ///< of a row in all_, and the end
};

/// Bytes of neuron memory that a kernel takes in each of its layer's cores: increments (six bytes, and four
/// where weights decay) of the update that is written and of those that wait, and the entries themselves.
constexpr std::uint64_t kernel_bytes(std::uint64_t entries, bool decays, std::uint64_t weight_age) {
  return entries * ((weight_age + 1) * (decays ? 10u : 6u) + 2u);
}

}  // namespace trifactor
