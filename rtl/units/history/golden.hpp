// A history memory is a ring of slots, one a learning sample; addresses follow from the sample's number.
#pragma once

#include <cstdint>

namespace trifactor {

/// The slot that holds learning sample `sample - age`. age < slots; age <= sample.
constexpr std::uint32_t history_slot(std::uint64_t sample, std::uint32_t age, std::uint32_t slots) {
  return static_cast<std::uint32_t>((sample - age) % slots);
}

/// How many of the `depth` past samples exist at learning sample `sample`.
constexpr std::uint32_t history_count(std::uint64_t sample, std::uint32_t depth) {
  return sample < depth ? static_cast<std::uint32_t>(sample) : depth;
}

}  // namespace trifactor
