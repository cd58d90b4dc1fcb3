#include "host/datasets/sample_order.hpp"

#include <numeric>
#include <utility>

#include "host/datasets/random.hpp"

namespace trifactor {

std::vector<std::size_t> SampleOrder::epoch(std::uint64_t number) const {
  std::vector<std::size_t> order(size_);
  std::iota(order.begin(), order.end(), std::size_t{0});
  if (!seed_) return order;
  SplitMix random(SplitMix::hash(SplitMix::hash(*seed_ + 0x6F72646572) + number));
  for (std::size_t i = size_; i > 1; --i) std::swap(order[i - 1], order[random.below(i)]);  // Fisher-Yates
  return order;
}

}  // namespace trifactor
