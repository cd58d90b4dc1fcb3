// Random words: xorshift32 (13, 17, 5; Marsaglia, J. Stat. Softw. 8(14), 2003), one generator for each use.
// A generator belongs to a neuron of a projection or population, never to a core, lane or address.
#pragma once

#include <cstdint>

namespace trifactor {

/// The next state; the state is also the word drawn. Never 0 from a state that is not 0.
constexpr std::uint32_t xorshift32(std::uint32_t state) {
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

enum class RandomUse : std::uint32_t { update = 1, factor = 2, mask = 3, noise = 4 };

/// A bijective mixer of 64 bits (the finaliser of SplitMix64, Steele et al., OOPSLA 2014).
constexpr std::uint64_t mix64(std::uint64_t x) {
  x ^= x >> 30;
  x *= 0xbf58476d1ce4e5b9ull;
  x ^= x >> 27;
  x *= 0x94d049bb133111ebull;
  x ^= x >> 31;
  return x;
}

/// The first state of a generator; never 0. `owner` is the projection (update, factor) or population (mask,
/// noise), `slice` the row slice (update only, else 0).
constexpr std::uint32_t generator_seed(std::uint64_t network_seed, RandomUse use, std::uint32_t owner,
                                       std::uint32_t neuron, std::uint32_t slice) {
  std::uint64_t h = mix64(network_seed + 0x9e3779b97f4a7c15ull);
  h = mix64(h ^ (static_cast<std::uint64_t>(use) << 32 | owner));
  h = mix64(h ^ (static_cast<std::uint64_t>(neuron) << 32 | slice));
  const std::uint32_t word = static_cast<std::uint32_t>(h ^ (h >> 32));
  return word == 0 ? 0x6b43a9b5u : word;
}

}  // namespace trifactor
