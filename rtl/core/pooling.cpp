// The largest of a window in place of a sum.
#include <algorithm>
#include <limits>

#include "rtl/core/core.hpp"

namespace trifactor {

/// sums: all 0. An activity of 0 is not sent and a synapse outside the image does not exist: a window of
/// which something did not come holds a 0.
void Core::largest_rows(std::span<const AxonValue> axons, std::size_t block,
                        std::span<std::int64_t> sums) const {
  std::vector<std::uint32_t> came(image_.neurons, 0);
  std::vector<std::int64_t> largest(image_.neurons, std::numeric_limits<std::int64_t>::min());
  for (const AxonValue& axon : axons)
    for (std::uint32_t i = 0; i < image_.neurons; ++i) {
      const std::int32_t one = weight(block, axon.row, i);
      if (one == 0) continue;  // not of this window
      largest[i] = std::max(largest[i], std::int64_t{one} * axon.value);
      ++came[i];
    }
  for (std::uint32_t i = 0; i < image_.neurons; ++i)
    sums[i] = came[i] == image_.blocks[block].window ? largest[i] : std::max<std::int64_t>(largest[i], 0);
}

}  // namespace trifactor
