// Random numbers for data: integers only, so that every machine draws the same.
#pragma once

#include <cstdint>

namespace trifactor {

/// SplitMix64 (Steele, Lea, Flood 2014): a counter followed by a bijective hash; any seed will do.
class SplitMix {
 public:
  explicit SplitMix(std::uint64_t seed) : state_(seed) {}

  std::uint64_t next() {
    state_ += 0x9E3779B97F4A7C15;
    return hash(state_);
  }

  /// Uniform in [0, bound), without bias; bound must not be 0.
  std::uint64_t below(std::uint64_t bound) {
    const std::uint64_t reject_below = (0 - bound) % bound;  // 2^64 mod bound
    for (;;) {
      const std::uint64_t word = next();
      if (word >= reject_below) return word % bound;
    }
  }

  /// Uniform in [-1, 1), a multiple of 2^-52: exact in a double.
  double symmetric() { return static_cast<double>(static_cast<std::int64_t>(next()) >> 11) * 0x1p-52; }

  static std::uint64_t hash(std::uint64_t z) {
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    return z ^ (z >> 31);
  }

 private:
  std::uint64_t state_;
};

}  // namespace trifactor
