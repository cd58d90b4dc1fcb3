// Is the table what it says, and are the exponentials as exact as their header claims?
#include "rtl/units/exp/golden.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using namespace trifactor;

TEST_CASE("every entry of the table of 2^x is the nearest integer") {
  REQUIRE(std::size(exp2_table) == 65);
  for (int i = 0; i <= 64; ++i) CHECK(exp2_table[i] == std::llround(std::exp2(i / 64.0) * 65536));
}

TEST_CASE("2^f is within 2^-14.6 for every fraction and never falls") {
  double worst = 0;
  std::int32_t before = 0;
  for (int f = 0; f < 65536; ++f) {
    const std::int32_t word = interpolate(exp2_table, f, 10);
    worst = std::max(worst, std::abs(word / 65536.0 - std::exp2(f / 65536.0)));
    REQUIRE(word >= before);
    before = word;
  }
  INFO(worst);
  // the chord of 2^x over 1/64 lies (ln 2 / 64)^2 / 8 x 2 above it at most, 2^-15.06, and entry and result
  // round
  CHECK(worst <= std::exp2(-14.6));
}

TEST_CASE("e^-x is exact at 0, never rises, and errs by less than a step and a half of its word") {
  CHECK(exp_negative(0) == 32768);
  double worst = 0;
  std::uint32_t before = 32768;
  for (std::int64_t x = 0; x <= (1 << 21) + 5000; ++x) {
    const std::uint32_t word = exp_negative(x);
    REQUIRE(word <= before);
    before = word;
    worst = std::max(worst, std::abs(word - std::exp(-static_cast<double>(x) / 65536) * 32768));
  }
  INFO(worst);
  CHECK(worst < 1.5);
  CHECK(exp_negative(std::int64_t{1} << 62) == 0);
}

TEST_CASE("2^y saturates above, is 0 below, and rounds to nearest between") {
  for (int out_frac = 0; out_frac <= 31; ++out_frac)
    for (std::int64_t y = -70 * 65536; y < 20 * 65536; y += 4099) {
      const double exact = std::exp2(static_cast<double>(y) / 65536 + out_frac);
      const std::uint32_t word = exp2_word(y, out_frac);
      if (exact > 65540)
        REQUIRE(word == 0xffff);
      else
        REQUIRE(std::abs(word - std::min(exact, 65535.0)) <= 0.5 + exact * std::exp2(-14.6));
    }
}
