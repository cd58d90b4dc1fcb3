// The generators: known answers, full period, seeds that are never zero and hardly ever equal.
#include "rtl/units/random/golden.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

using namespace trifactor;

namespace {

/// A linear map of 32-bit words over GF(2): the images of the single bits.
using Map = std::array<std::uint32_t, 32>;

std::uint32_t image(const Map& map, std::uint32_t word) {
  std::uint32_t out = 0;
  for (std::size_t bit = 0; bit < 32; ++bit)
    if ((word >> bit & 1) != 0) out ^= map[bit];
  return out;
}
Map compose(const Map& after, const Map& first) {
  Map out;
  for (std::size_t bit = 0; bit < 32; ++bit) out[bit] = image(after, first[bit]);
  return out;
}
Map identity() {
  Map out;
  for (std::size_t bit = 0; bit < 32; ++bit) out[bit] = 1u << bit;
  return out;
}
Map power(Map base, std::uint64_t exponent) {
  Map out = identity();
  for (; exponent != 0; exponent >>= 1, base = compose(base, base))
    if ((exponent & 1) != 0) out = compose(base, out);
  return out;
}

}  // namespace

TEST_CASE("xorshift32 gives the published words") {
  std::uint32_t state = 1;
  for (const std::uint32_t expected : {270369u, 67634689u, 2647435461u, 307599695u, 2398689233u})
    CHECK((state = xorshift32(state)) == expected);
  CHECK(xorshift32(2463534242u) == 723471715u);  // Marsaglia's own example
}

TEST_CASE("xorshift32 visits every word but 0: its period is 2^32 - 1") {
  Map step;
  for (std::size_t bit = 0; bit < 32; ++bit) step[bit] = xorshift32(1u << bit);
  CHECK(image(step, 0xdeadbeef) == xorshift32(0xdeadbeef));
  const std::uint64_t period = 0xffffffffull;
  CHECK(power(step, period) == identity());
  for (const std::uint64_t prime : {3ull, 5ull, 17ull, 257ull, 65537ull})
    CHECK(power(step, period / prime) != identity());
  CHECK(xorshift32(0) == 0);  // hence no seed may be 0
}

TEST_CASE("the mixer can be undone, so it maps no two words to one") {
  const auto undo_shift = [](std::uint64_t x, int shift) {
    std::uint64_t y = x;
    for (int i = 0; i < 64 / shift; ++i) y = x ^ (y >> shift);
    return y;
  };
  const auto inverse = [](std::uint64_t odd) {
    std::uint64_t y = odd;
    for (int i = 0; i < 6; ++i) y *= 2 - odd * y;
    return y;
  };
  for (std::uint64_t x = 1; x != 0 && x < ~std::uint64_t{0} / 3; x = x * 3 + 1) {
    std::uint64_t y = undo_shift(mix64(x), 31) * inverse(0x94d049bb133111ebull);
    y = undo_shift(y, 27) * inverse(0xbf58476d1ce4e5b9ull);
    REQUIRE(undo_shift(y, 30) == x);
  }
}

TEST_CASE("seeds are not 0 and collide no more often than random words") {
  std::vector<std::uint32_t> seeds;
  for (const RandomUse use : {RandomUse::update, RandomUse::factor, RandomUse::mask, RandomUse::noise})
    for (std::uint32_t owner = 0; owner < 8; ++owner)
      for (std::uint32_t neuron = 0; neuron < 1024; ++neuron)
        for (std::uint32_t slice = 0; slice < 4; ++slice)
          seeds.push_back(generator_seed(1, use, owner, neuron, slice));
  std::sort(seeds.begin(), seeds.end());
  CHECK(seeds.front() != 0);
  std::size_t equal = 0;
  for (std::size_t i = 1; i < seeds.size(); ++i) equal += seeds[i] == seeds[i - 1];
  CHECK(equal <= 12);  // 2^17 random words of 32 bits: 2 expected, more than 12 once in 10^6
}

TEST_CASE("each part of a generator's name changes its seed thoroughly") {
  double bits = 0;
  int pairs = 0;
  for (std::uint32_t n = 0; n < 1000; ++n) {
    const std::uint32_t base = generator_seed(n, RandomUse::update, n, n, 1);
    for (const std::uint32_t other :
         {generator_seed(n + 1, RandomUse::update, n, n, 1), generator_seed(n, RandomUse::factor, n, n, 1),
          generator_seed(n, RandomUse::update, n + 1, n, 1),
          generator_seed(n, RandomUse::update, n, n + 1, 1), generator_seed(n, RandomUse::update, n, n, 2)}) {
      CHECK(base != other);
      bits += std::popcount(base ^ other);
      ++pairs;
    }
  }
  CHECK(std::abs(bits / pairs - 16) < 0.25);
}
