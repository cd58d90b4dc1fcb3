// The vector form of the forward pass equals the exact sums on every SIMD target.
#include <catch2/catch.hpp>
#include <cstring>
#include <vector>

#include "rtl/units/accumulate/golden.hpp"
#include "rtl/units/accumulate/rows.hpp"
#include "rtl/units/random/golden.hpp"

using namespace trifactor;

namespace {

std::int64_t seed_word(std::uint64_t& seed) { return static_cast<std::int64_t>(mix64(++seed)); }

enum class Data { random, lowest, highest, alternating };

/// `bits`-bit value; half of the random ones are extremes.
std::int32_t value_of(Data data, int bits, std::uint64_t& seed, std::size_t i) {
  const std::int32_t high = (1 << (bits - 1)) - 1, low = -high - 1;
  if (data == Data::lowest) return low;
  if (data == Data::highest) return high;
  if (data == Data::alternating) return i % 2 == 0 ? low : high;
  const std::int64_t word = seed_word(seed);
  if ((word & 7) == 0) return low;
  if ((word & 7) == 1) return high;
  return static_cast<std::int32_t>((word >> 8) % (high + 1));
}

template <class Word>
void compare(std::size_t rows, std::size_t columns, std::size_t axon_count, Data weight_data, Data axon_data,
             int axon_bits) {
  std::uint64_t seed = rows * 31 + columns;
  std::vector<Word> weights(rows * columns);
  for (std::size_t i = 0; i < weights.size(); ++i)
    weights[i] = static_cast<Word>(value_of(weight_data, 8 * sizeof(Word), seed, i));
  std::vector<AxonValue> axons;
  for (std::size_t k = 0; k < axon_count; ++k)
    axons.push_back({static_cast<std::uint32_t>(k % rows), value_of(axon_data, axon_bits, seed, k)});
  std::vector<std::int64_t> sums(columns), expected(columns);
  for (std::size_t i = 0; i < columns; ++i) sums[i] = expected[i] = seed_word(seed) >> 20;
  for (const AxonValue& axon : axons)
    for (std::size_t i = 0; i < columns; ++i)
      expected[i] = accumulate(expected[i], weights[axon.row * columns + i], axon.value);
  accumulate_rows(axons, {weights.data(), sizeof(Word) == 1, columns, nullptr}, sums.data());
  CHECK(sums == expected);
}

struct EveryTarget {
  ~EveryTarget() { choose_simd("best"); }
};

}  // namespace

TEST_CASE("vector sums equal scalar sums on every target") {
  const EveryTarget restore;
  REQUIRE_FALSE(simd_targets().empty());
  for (const char* target : simd_targets()) {
    REQUIRE(choose_simd(target));
    INFO(target);
    for (const Data weights : {Data::random, Data::lowest, Data::highest, Data::alternating})
      for (const Data axons : {Data::random, Data::lowest, Data::highest, Data::alternating})
        for (const int bits : {2, 8, 16})
          for (const std::size_t count : {0u, 1u, 2u, 3u, 4u, 5u, 17u, 130u}) {
            INFO(bits << " bits, " << count << " axons, data " << static_cast<int>(weights)
                      << static_cast<int>(axons));
            compare<std::int8_t>(40, 64, count, weights, axons, bits);
            compare<std::int16_t>(40, 192, count, weights, axons, bits);
          }
  }
}

TEST_CASE("rows longer than a tile and sums longer than a chunk") {
  const EveryTarget restore;
  for (const char* target : simd_targets()) {
    REQUIRE(choose_simd(target));
    INFO(target);
    compare<std::int16_t>(5, 1024 + 64, 50, Data::random, Data::random, 16);
    compare<std::int8_t>(5, 2048 + 128, 50, Data::random, Data::random, 16);
    // 2^16 axons of the largest products: the highest sum there is
    compare<std::int16_t>(64, 64, 65536, Data::highest, Data::highest, 16);
    compare<std::int16_t>(64, 64, 65536, Data::lowest, Data::highest, 16);
    compare<std::int8_t>(64, 64, 65536, Data::lowest, Data::highest, 16);
  }
}

TEST_CASE("values of 17 bits, -32768 and +32768 among them") {
  const EveryTarget restore;
  for (const char* target : simd_targets()) {
    REQUIRE(choose_simd(target));
    for (const std::int32_t value : {-32768, 32768, -32769, 32769, 40000, -65535, 65534, 65535, -65536})
      for (const std::int16_t weight :
           {std::int16_t{-32768}, std::int16_t{32767}, std::int16_t{-1}, std::int16_t{3}}) {
        INFO(target << " value " << value << " weight " << weight);
        std::vector<std::int16_t> weights(2 * 64, weight);
        std::vector<std::int64_t> sums(64);
        const AxonValue axons[] = {{0, value}, {1, 7}, {1, value}};
        accumulate_rows(axons, {weights.data(), false, 64, nullptr}, sums.data());
        CHECK(sums[63] == (2 * std::int64_t{value} + 7) * weight);
      }
  }
}

TEST_CASE("an unknown target is refused") {
  const EveryTarget restore;
  CHECK_FALSE(choose_simd("MMX+"));
}
