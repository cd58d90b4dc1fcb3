// Timing noise for tests: every draw is a function of the seed and of what it is for, never of how many draws
// came before, so the noise is the same whatever the order in which routers are visited.
#pragma once

#include <cstdint>

namespace trifactor::jitter {

/// splitmix64's finaliser.
constexpr std::uint64_t mix(std::uint64_t value) {
  value += 0x9E3779B97F4A7C15u;
  value = (value ^ (value >> 30)) * 0xBF58476D1CE4E5B9u;
  value = (value ^ (value >> 27)) * 0x94D049BB133111EBu;
  return value ^ (value >> 31);
}

enum class Use : std::uint32_t { depth, latency, class_turn, input_turn, inject_turn };

/// One word for one use at one tile; `what` tells ports and classes apart, `cycle` is 0 where time plays no
/// part.
constexpr std::uint64_t draw(std::uint64_t seed, Use use, std::uint32_t tile, std::uint32_t what,
                             std::uint64_t cycle) {
  const std::uint64_t place = (std::uint64_t{tile} << 32) | (what << 8) | static_cast<std::uint32_t>(use);
  return mix(mix(mix(seed) ^ place) ^ cycle);
}

inline constexpr std::uint32_t latency_limit = 8;  ///< extra cycles a hop are 0..7

}  // namespace trifactor::jitter
