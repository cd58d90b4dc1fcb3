// Stimulus: random words of which many are corners, because uniform words almost never meet one.
#pragma once

#include <cstdint>

#include "rtl/units/random/golden.hpp"

namespace trifactor::lockstep {

class Dice {
 public:
  explicit Dice(std::uint64_t seed) : state_(seed) {}

  std::uint64_t word() { return mix64(state_ += 0x9e3779b97f4a7c15ull); }
  /// 0 .. n-1; n at least 1.
  std::int64_t below(std::int64_t n) {
    return static_cast<std::int64_t>(word() % static_cast<std::uint64_t>(n));
  }
  std::int64_t between(std::int64_t low, std::int64_t high) { return low + below(high - low + 1); }
  bool one_in(std::int64_t n) { return below(n) == 0; }

  /// `bits`-bit two's complement: extremes, around 0, powers of two and their neighbours, short and long
  /// words.
  std::int64_t corner_signed(int bits) {
    const std::int64_t bound = std::int64_t{1} << (bits - 1);
    switch (below(8)) {
      case 0:
        return -bound;
      case 1:
        return bound - 1;
      case 2:
        return between(-1, 1);
      case 3:
        return clip(power(bits - 1) + between(-1, 1), -bound, bound - 1);
      case 4:
        return clip(-power(bits - 1) + between(-1, 1), -bound, bound - 1);
      case 5:
        return clip(between(-power(bits - 1), power(bits - 1)), -bound, bound - 1);
      case 6:
        return 0;
      default:
        return between(-bound, bound - 1);
    }
  }
  /// `bits` bits unsigned, bits at most 62.
  std::int64_t corner_unsigned(int bits) {
    const std::int64_t top = (std::int64_t{1} << bits) - 1;
    switch (below(6)) {
      case 0:
        return top;
      case 1:
        return clip(power(bits) + between(-1, 1), 0, top);
      case 2:
        return between(0, 1);
      case 3:
        return clip(below(power(bits)), 0, top);
      default:
        return static_cast<std::int64_t>(word() & static_cast<std::uint64_t>(top));
    }
  }

 private:
  static std::int64_t clip(std::int64_t x, std::int64_t low, std::int64_t high) {
    return x < low ? low : (x > high ? high : x);
  }
  std::int64_t power(int bits) { return std::int64_t{1} << below(bits + 1); }

  std::uint64_t state_;
};

}  // namespace trifactor::lockstep
