// The largest activity of a pooling window and who had it. Activities come in any order and those of 0 do not
// come at all; a synapse outside the image does not either. A window of which something did not come holds a
// 0, which nobody had: an error that comes back to it goes nowhere.
#pragma once

#include <cstdint>

namespace trifactor {

inline constexpr std::uint32_t pool_index_bits = 24;
inline constexpr std::uint32_t pool_nobody = (1u << pool_index_bits) - 1;  ///< no neuron has this number

/// What of a window came. The default is that of a step that begins.
struct PoolState {
  std::int16_t largest = 0;
  std::uint32_t came = 0;
  std::uint32_t winner = pool_nobody;
};

/// One activity of neuron `index`. Of equal ones the first neuron wins.
constexpr void pool_step(PoolState& state, std::int16_t value, std::uint32_t index) {
  if (state.came == 0 || value > state.largest || (value == state.largest && index < state.winner))
    state.largest = value, state.winner = index;
  ++state.came;
}

/// The window's value and winner once all has come. window: its synapses, outside the image too.
constexpr PoolState pool_result(PoolState state, std::uint32_t window) {
  if (state.came == window || state.largest > 0) return state;
  return {0, state.came, pool_nobody};
}

}  // namespace trifactor
