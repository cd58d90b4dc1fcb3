// How long the stages of a core take, from the latencies of its units (each held against the RTL).
#pragma once

#include <cstdint>

#include "rtl/spec/image.hpp"
#include "rtl/units/cycles.hpp"

namespace trifactor {

/// One neuron a cycle through the activation unit; groups then form two powers each, and every neuron is
/// centred and scaled in a second walk (two multiplications deep).
/// Power neurons go through the power unit instead; a membrane comes before and noise behind, in the same
/// walk.
constexpr std::uint64_t evaluate_cycles(const CoreImage& core) {
  const std::uint64_t neurons = core.neurons;
  const std::uint64_t walk =
      neurons + (core.activation == Activation::power ? power_latency : activation_latency) +
      (core.membrane.present ? membrane_latency : 0) + (core.noise > 0 ? noise_latency : 0);
  return core.normalise.group_size == 0 ? walk : walk + 2 + power_latency + neurons + 2;
}

/// One squared difference a cycle, partner by partner; a register before the square and one behind.
constexpr std::uint64_t distance_cycles(std::uint64_t partners, std::uint64_t neurons) {
  return partners * neurons + distance_latency;
}

/// Stages that jitter may lengthen.
enum Stage : std::uint32_t {
  stage_sum,
  stage_evaluate,
  stage_contribute,
  stage_form,
  stage_update,
  stage_error,
  stage_increment
};

}  // namespace trifactor
