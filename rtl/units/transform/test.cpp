// Weights raised to a power are what the definition says in real numbers, fit 16 bits, and the vector form of
// their sums equals one weight at a time on every SIMD target.
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "rtl/units/accumulate/golden.hpp"
#include "rtl/units/accumulate/rows.hpp"
#include "rtl/units/random/golden.hpp"
#include "rtl/units/transform/golden.hpp"

using namespace trifactor;

TEST_CASE("every weight of every width is the nearest word to its power") {
  for (int bits = 4; bits <= 16; ++bits)
    for (int power = 2; power <= 4; ++power) {
      INFO(bits << " bits, p " << power);
      std::int64_t wrong = 0, outside = 0, odd = 0;
      const std::int32_t bound = 1 << (bits - 1);
      for (std::int32_t w = -bound; w < bound; ++w) {
        const std::int32_t t = transform_weight(power, bits, w);
        // 64 bits of significand hold the cube of a 16-bit weight exactly
        const long double exact =
            std::pow(static_cast<long double>(w < 0 ? -w : w) / bound, power - 1) * 32768;
        const long double nearest = std::floor(exact + 0.5L);
        wrong += t != static_cast<std::int32_t>(w < 0 ? -nearest : nearest);
        outside += t < -32768 || t > 32767;
        odd += w > -bound && transform_weight(power, bits, -w) != -t;
      }
      CHECK(wrong == 0);
      CHECK(outside == 0);
      CHECK(odd == 0);
    }
}

TEST_CASE("the format of a power gives its value back") {
  const NumberFormat weight = signed_format(16, 4);  // s16.13
  CHECK(transformed_format(weight, 2) == NumberFormat{16, 13});
  CHECK(transformed_format(weight, 3) == NumberFormat{16, 11});
  CHECK(transformed_format(weight, 4) == NumberFormat{16, 9});
  const NumberFormat narrow = signed_format(8, 0.25);  // s8.9: powers below 1/4
  for (const int power : {3, 4}) {
    const NumberFormat t = transformed_format(narrow, power);
    for (std::int32_t w = -128; w < 128; ++w)
      CHECK(std::abs(t.real(transform_weight(power, 8, w)) -
                     std::copysign(std::pow(std::abs(narrow.real(w)), power - 1), w)) <= t.step() / 2);
  }
}

namespace {

struct EveryTarget {
  ~EveryTarget() { choose_simd("best"); }
};

template <class Word>
void compare(int bits, int power, std::size_t columns, std::size_t count, bool extremes) {
  std::uint64_t seed = static_cast<std::uint64_t>(bits) * 1000 + columns + count;
  const std::size_t rows = 23;
  const std::int32_t bound = 1 << (bits - 1);
  std::vector<Word> weights(rows * columns);
  for (Word& w : weights) {
    const std::uint64_t word = mix64(++seed);
    w = static_cast<Word>(
        extremes ? (word & 1) != 0 ? -bound : bound - 1
                 : static_cast<std::int32_t>(word % (2 * static_cast<std::uint64_t>(bound))) - bound);
  }
  std::vector<AxonValue> axons;
  for (std::size_t k = 0; k < count; ++k)
    axons.push_back({static_cast<std::uint32_t>((k * 7) % rows),
                     extremes ? (k % 2 == 0 ? -32768 : 32767)
                              : static_cast<std::int32_t>(mix64(++seed) % 65536) - 32768});
  std::vector<std::int64_t> sums(columns, 5), expected(columns, 5);
  for (const AxonValue& axon : axons)
    for (std::size_t i = 0; i < columns; ++i)
      expected[i] =
          accumulate(expected[i], transform_weight(power, bits, weights[axon.row * columns + i]), axon.value);
  accumulate_raised_rows(axons, {weights.data(), sizeof(Word) == 1, columns, nullptr}, power, bits,
                         sums.data());
  CHECK(sums == expected);
}

}  // namespace

TEST_CASE("vector sums of raised weights equal scalar ones on every target") {
  const EveryTarget restore;
  for (const char* target : simd_targets()) {
    REQUIRE(choose_simd(target));
    for (const int power : {2, 3, 4})
      for (const std::size_t count : {0u, 1u, 5u, 16u, 17u, 40u})
        for (const bool extremes : {false, true}) {
          INFO(target << ", p " << power << ", " << count << " axons, extremes " << extremes);
          compare<std::int8_t>(8, power, 64, count, extremes);
          compare<std::int8_t>(5, power, 128, count, extremes);
          compare<std::int16_t>(16, power, 64, count, extremes);
          compare<std::int16_t>(12, power, 1024 + 64, count, extremes);
        }
  }
}
