// The label unit: remembers the classes of the last samples and tells a teacher, for each partner sample,
// one bit: same class or not. The class itself goes only to a read-out's own core.
#pragma once

#include <cstdint>
#include <span>

#include "rtl/units/history/golden.hpp"

namespace trifactor {

/// Bit p-1 of the result: the sample `age` p ago has the class of `sample`, for p = 1..count. count <= 32.
/// ring: `slots` classes; `sample` is already stored in it.
inline std::uint32_t label_bits(std::span<const std::uint16_t> ring, std::uint64_t sample,
                                std::uint32_t count) {
  const std::uint32_t slots = static_cast<std::uint32_t>(ring.size());
  const std::uint16_t now = ring[history_slot(sample, 0, slots)];
  std::uint32_t bits = 0;
  for (std::uint32_t p = 1; p <= count; ++p)
    if (ring[history_slot(sample, p, slots)] == now) bits |= std::uint32_t{1} << (p - 1);
  return bits;
}

}  // namespace trifactor
