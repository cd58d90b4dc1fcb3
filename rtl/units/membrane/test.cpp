// Membranes: do they settle at a constant sum, follow the exact recursion, and stay within their bits?
#include <algorithm>
#include <catch2/catch.hpp>
#include <random>

#include "rtl/units/membrane/golden.hpp"

using namespace trifactor;

TEST_CASE("a membrane settles at a constant sum, for every time constant, from both sides") {
  for (const double tau : {1.0, 1.5, 2.0, 5.0, 20.0, 50.0, 1000.0, 4096.0})
    for (const int sum_frac : {0, 7, 16, 24, 30})
      for (const double input : {0.7, -3.25, 0.0, 1.0}) {
        const MembraneImage image = membrane_image(tau, sum_frac);
        const std::int64_t sum = std::llround(std::ldexp(input, sum_frac));
        std::int64_t u = input > 0 ? std::int64_t{-2} << membrane_frac(image) : 0;
        for (int i = 0; i < static_cast<int>(40 * tau) + 8; ++i) u = membrane_step(image, sum_frac, u, sum);
        INFO(tau << " " << sum_frac << " " << input);
        const double reached = std::ldexp(static_cast<double>(u), -membrane_frac(image));
        const double wanted = std::ldexp(static_cast<double>(sum), -sum_frac);
        CHECK(std::abs(reached - wanted) <= std::ldexp(0.5, -image.input_frac));
      }
}

TEST_CASE("a membrane follows the exact recursion within its extra bits") {
  const MembraneImage image = membrane_image(7, 16);
  std::mt19937_64 dice(5);
  std::int64_t u = 0;
  double exact = 0, worst = 0;
  for (int i = 0; i < 20000; ++i) {
    const std::int64_t sum = static_cast<std::int64_t>(dice()) >> 43;  // +-16
    u = membrane_step(image, 16, u, sum);
    exact += image.rate / 65536.0 * (std::ldexp(static_cast<double>(sum), -16) - exact);
    worst = std::max(worst, std::abs(std::ldexp(static_cast<double>(u), -membrane_frac(image)) - exact));
  }
  CHECK(worst > 0);
  CHECK(worst <= std::ldexp(0.5, -membrane_frac(image)) * 65536.0 / image.rate);
}

TEST_CASE("a time constant of one step hands the sum on, as rounded") {
  for (const int sum_frac : {3, 16, 30}) {
    const MembraneImage image = membrane_image(1, sum_frac);
    CHECK(image.rate == 65536);
    for (const std::int64_t sum : {12345, -99, 0, 1 << 20})
      CHECK(membrane_step(image, sum_frac, 777, sum) == rescale(sum, sum_frac, image.input_frac)
                                                            << image.extra);
  }
}

TEST_CASE("the largest sums neither overflow a membrane nor leave its bits") {
  const std::int64_t bound = std::int64_t{1} << (membrane_bits - 1);
  for (const double tau : {1.0, 3.0, 4096.0, 60000.0})
    for (const int sum_frac : {0, 10, 24, 46}) {
      const MembraneImage image = membrane_image(tau, sum_frac);
      std::int64_t u = 0;
      for (int i = 0; i < 400; ++i) {
        const std::int64_t sum = (i / 100 % 2 == 0 ? 1 : -1) * ((std::int64_t{1} << 47) - 1);
        u = membrane_step(image, sum_frac, u, sum);
        REQUIRE(u < bound);
        REQUIRE(u >= -bound);
      }
    }
}
