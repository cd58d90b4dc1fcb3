// Logarithm and power against the mathematics library, over every mantissa.
#include "rtl/units/power/golden.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

using namespace trifactor;

TEST_CASE("every entry of the table of logarithms is the nearest integer") {
  REQUIRE(std::size(log2_table) == 65);
  for (int i = 0; i <= 64; ++i) CHECK(log2_table[i] == std::llround(std::log2(1 + i / 64.0) * 65536));
}

TEST_CASE("log2 is within 2^-14.1 for every mantissa and exact at powers of two") {
  double worst = 0;
  for (std::uint64_t mantissa = 65536; mantissa < 131072; ++mantissa)
    worst = std::max(worst, std::abs(static_cast<double>(log2_word(mantissa, 16)) / 65536 -
                                     std::log2(static_cast<double>(mantissa) / 65536)));
  INFO(worst);
  CHECK(worst <= std::exp2(-14.1));
  for (int e = 0; e <= 48; ++e)
    for (const int frac : {0, 16, 48})
      CHECK(log2_word(std::uint64_t{1} << e, frac) == static_cast<std::int64_t>(e - frac) * 65536);
}

TEST_CASE("log2 of long values loses at most the bits below the mantissa, and never falls") {
  std::int64_t before = -1;
  for (std::uint64_t value = 1; value < std::uint64_t{1} << 48; value += value / 1000 + 1) {
    const std::int64_t word = log2_word(value, 0);
    REQUIRE(word >= before);
    REQUIRE(std::abs(static_cast<double>(word) / 65536 - std::log2(static_cast<double>(value))) <=
            std::exp2(-14.1) + std::exp2(-15.4));
    before = word;
  }
}

TEST_CASE("powers: 0 counts as 1, exponent 0 gives 1, exponent 1 the value") {
  for (const int frac : {0, 7, 16}) {
    CHECK(power_word(0, frac, 16384, 8) == power_word(1, frac, 16384, 8));
    for (const std::uint64_t value : {1ull, 2ull, 3ull, 1000ull, 1ull << 48})
      CHECK(power_word(value, frac, 0, 10) == 1024);
  }
  for (std::uint64_t value = 1; value <= 65535; value += 7)
    REQUIRE(std::abs(static_cast<double>(power_word(value, 0, 32768, 0)) - static_cast<double>(value)) <=
            0.5 + static_cast<double>(value) * 2e-4);
}

TEST_CASE("powers up to 16 of what lies below 1, as neurons use them") {
  double worst = 0;
  for (const std::int32_t exponent : {32768, 65536, 147456, 327680, 524288})
    for (std::uint64_t value = 1; value <= 65536; value += 13) {
      const double base = std::ldexp(static_cast<double>(value), -16), n = exponent / 32768.0;
      const double exact = std::pow(base, n) * 32768, word = power_word(value, 16, exponent, 15);
      // a logarithm off by 2^-14 is off by n 2^-14 in the exponent
      worst = std::max(worst, (std::abs(word - exact) - 0.51) / (exact * n + 1e-9));
    }
  INFO(worst);
  CHECK(worst < std::exp2(-13.5));
}

TEST_CASE("powers are within half a step and a relative 2^-13 of the exact ones") {
  double worst = 0;
  for (std::uint64_t value = 1; value < std::uint64_t{1} << 48; value += value / 300 + 1)
    for (const std::int32_t exponent : {-32768, -24576, -16384, -9830, -1, 1, 9830, 16384, 24576, 32768})
      for (const int frac : {0, 10, 24}) {
        const double exact =
            std::pow(std::ldexp(static_cast<double>(value), -frac), exponent / 32768.0) * std::exp2(12);
        const double word = power_word(value, frac, exponent, 12);
        if (exact < 65000)
          worst = std::max(worst, (std::abs(word - exact) - 0.5) / exact);
        else
          REQUIRE(word > 64900);
      }
  INFO(worst);
  CHECK(worst <= std::exp2(-13));
}
