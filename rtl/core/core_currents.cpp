// The sums that rank competing neurons: the plain ones, or with weights raised to a power, formed in the same
// read of a row by a second accumulator.
#include "rtl/core/core.hpp"
#include "rtl/units/activation/golden.hpp"
#include "rtl/units/cycles.hpp"
#include "rtl/units/history/golden.hpp"
#include "rtl/units/transform/golden.hpp"

namespace trifactor {

bool Core::raises(std::uint64_t tick, bool learn) const {
  if (!raises_weights_ || !learn) return false;
  for (std::size_t k = 0; k < blocks_.size(); ++k)
    if (image_.blocks[k].plasticity.weight_power > least_power && learns_at(k, tick)) return true;
  return false;
}

std::uint32_t Core::sum_words(bool raised) const {
  return image_.neurons * (raises_weights_ && raised ? 2 : 1);
}

std::uint64_t Core::raising_cycles(bool raised) const {
  return raises_weights_ && raised ? static_cast<std::uint64_t>(transform_latency) : 0;
}

void Core::accumulate_raised(std::uint64_t tick, std::span<std::int64_t> sums) {
  for (std::size_t k = 0; k < blocks_.size(); ++k) {
    const BlockImage& b = image_.blocks[k];
    if (!b.plastic || b.plasticity.weight_power <= least_power) continue;
    const auto& active = axons_[tick % ticks_in_flight][k].active;
    std::fill(block_sums_.begin(), block_sums_.end(), 0);
    accumulate_raised_rows(active, blocks_[k].weights.block(), b.plasticity.weight_power, b.weight_bits,
                           block_sums_.data());
    for (std::uint32_t i = 0; i < image_.neurons; ++i) sums[i] += block_sums_[i];
    count_event(k, Event::accumulate, active.size() * image_.neurons);
    count_event(k, Event::weight_product,
                active.size() * image_.neurons * transform_products(b.plasticity.weight_power));
  }
}

/// A tick at which nobody is ranked has no raised sums.
void Core::keep_currents(std::span<const std::int64_t> sums, bool raised) {
  if (raises_weights_ && !raised) return;
  const std::uint32_t n = image_.neurons;
  int frac = image_.sum_frac;
  if (raises_weights_) {
    sums = sums.subspan(n);
    for (const BlockImage& b : image_.blocks)
      if (b.plastic && b.plasticity.weight_power > least_power) frac = b.plasticity.current_sum_frac;
  }
  std::int16_t* current = &current_[history_slot(learned_, 0, activity_slots_) * n];
  for (std::uint32_t i = 0; i < n; ++i)
    current[i] = static_cast<std::int16_t>(saturate_signed(rescale(sums[i], frac, current_frac_), 16));
  events_[Event::state_write] += n;
}

}  // namespace trifactor
