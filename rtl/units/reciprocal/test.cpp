// The reciprocal against division, over every mantissa and every length of its argument.
#include "rtl/units/reciprocal/golden.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

using namespace trifactor;

namespace {
double error(std::uint64_t value) {
  const Reciprocal r = reciprocal(value);
  return std::abs(std::ldexp(static_cast<double>(r.mantissa), -16 - r.exponent) * static_cast<double>(value) -
                  1);
}
}  // namespace

TEST_CASE("every entry of the table of reciprocals is the nearest integer") {
  REQUIRE(std::size(reciprocal_table) == 65);
  for (int i = 0; i <= 64; ++i) CHECK(reciprocal_table[i] == std::llround(65536 / (1 + i / 64.0)));
}

TEST_CASE("the relative error is at most 2^-13.8 for every mantissa of 17 bits") {
  double worst = 0;
  for (std::uint64_t value = 65536; value < 131072; ++value) {
    worst = std::max(worst, error(value));
    const Reciprocal r = reciprocal(value);
    REQUIRE(r.mantissa >= 32768);
    REQUIRE(r.mantissa <= 65536);
  }
  INFO(worst);
  CHECK(worst <= std::exp2(-13.8));
}

TEST_CASE("it holds for short and long values and is exact at powers of two") {
  for (int e = 0; e <= 40; ++e) CHECK(error(std::uint64_t{1} << e) == 0);
  for (std::uint64_t value = 1; value < std::uint64_t{1} << 40; value += value / 500 + 1)
    REQUIRE(error(value) <= std::exp2(-13.8) + std::exp2(-16));  // bits below the mantissa are cut off
}
