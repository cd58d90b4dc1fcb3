// The largest of a window in place of a sum, and errors that go back to where it came from.
#include <algorithm>

#include "rtl/core/core.hpp"
#include "rtl/units/history/golden.hpp"

namespace trifactor {

/// Which neurons' windows a row belongs to: those at which its weight is not 0.
void Core::find_windows(const BlockImage& image, BlockState& state) const {
  if (image.window == 0 || image.feedback) return;
  state.first_tap.assign(1, 0);
  for (std::uint32_t row = 0; row < image.rows; ++row) {
    for (std::uint32_t i = 0; i < image_.neurons; ++i)
      if (state.weights.at(row, i) != 0) state.taps.push_back(i);
    state.first_tap.push_back(static_cast<std::uint32_t>(state.taps.size()));
  }
  state.pools.assign(image_.neurons, {});
}

/// sums: all 0.
void Core::largest_rows(std::span<const AxonValue> axons, std::size_t block, std::span<std::int64_t> sums) {
  const BlockImage& image = image_.blocks[block];
  BlockState& state = blocks_[block];
  std::fill(state.pools.begin(), state.pools.end(), PoolState{});
  for (const AxonValue& axon : axons)
    for (std::uint32_t t = state.first_tap[axon.row]; t < state.first_tap[axon.row + 1]; ++t)
      pool_step(state.pools[state.taps[t]], static_cast<std::int16_t>(axon.value), axon.row);
  for (std::uint32_t i = 0; i < image_.neurons; ++i) {
    count_event(block, Event::compare, state.pools[i].came);
    state.pools[i] = pool_result(state.pools[i], image.window);
    const std::uint32_t row = state.pools[i].winner;
    if (!winners_.empty()) winners_[i] = row == pool_nobody ? pool_nobody : image.first_row + row;
    if (row != pool_nobody) sums[i] = std::int64_t{weight(block, row, i)} * state.pools[i].largest;
  }
}

void Core::mark_winner(std::uint64_t tick, std::size_t block, std::uint32_t row, std::uint32_t winner) {
  axons_[tick % ticks_in_flight][block].winners[row] = winner;
}

/// An error goes to the neuron that won its window. sums: all 0.
void Core::errors_to_winners(std::uint64_t tick, std::size_t block, std::span<std::int64_t> sums) {
  const Axons& axons = axons_[tick % ticks_in_flight][block];
  for (const AxonValue& axon : axons.active) {
    const std::uint32_t column = axons.winners[axon.row] - image_.first_neuron;
    if (column >= image_.neurons) continue;
    sums[column] += std::int64_t{weight(block, axon.row, column)} * axon.value;
    count_event(block, Event::accumulate, 1);
  }
}

/// A population that does not learn forms its errors as one that does, with a rate of 0: beside them stand
/// factors of 0, which nobody takes.
void Core::relay() {
  const std::size_t n = image_.neurons;
  const std::uint64_t slot = history_slot(evaluated_, 0, activity_slots_) * n;
  PostView v;
  v.registers = image_.relay.post;
  v.neurons = static_cast<int>(n);
  v.first_neuron = static_cast<int>(image_.first_neuron);
  v.now.z = &z_[history_slot(evaluated_, 0, z_slots_) * n];
  v.now.fprime = &fprime_[slot];
  v.error = error_sums_.data();
  std::vector<std::int16_t> factors(n);
  std::vector<std::uint32_t> generators(n, 1);  // none moves: nothing is rounded stochastically
  PostResult result;
  result.generators = generators;
  result.a0 = factors;
  result.error = errors_;
  relay_unit_->form(v, {}, -1, result);
  events_[Event::factor] += n;
  events_[Event::state_read] += 3 * n;  // the value, what came back, and once more to be sent
  events_[Event::state_write] += n;
}

}  // namespace trifactor
