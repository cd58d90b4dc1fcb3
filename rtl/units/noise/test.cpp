// Noise: is it uniform within its amplitude, without bias, and does the derivative follow the noisy value?
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

#include "rtl/units/noise/golden.hpp"
#include "rtl/units/random/golden.hpp"

using namespace trifactor;

TEST_CASE("noise fills its range evenly and has no mean") {
  for (const std::int32_t amplitude : {1, 100, 1638, 32767}) {
    std::uint32_t word = 12345;
    double sum = 0, squares = 0;
    std::int32_t low = 0, high = 0;
    constexpr int draws = 200000;
    for (int i = 0; i < draws; ++i) {
      word = xorshift32(word);
      const std::int32_t z = add_noise(Activation::linear, 15, amplitude, word, {0, 7}).z;
      low = std::min(low, z), high = std::max(high, z);
      sum += z, squares += static_cast<double>(z) * z;
    }
    INFO(amplitude);
    CHECK(low >= -amplitude);
    CHECK(high <= amplitude);
    CHECK(low < -0.99 * amplitude);
    CHECK(high > 0.99 * amplitude - 1);
    const double deviation = amplitude / std::sqrt(3.0);  // of a uniform distribution
    CHECK(std::abs(sum / draws) < 5 * deviation / std::sqrt(draws) + 0.01);
    if (amplitude >= 100) CHECK(std::sqrt(squares / draws) == Approx(deviation).epsilon(0.01));
  }
}

TEST_CASE("without amplitude a value stays, and so does a derivative that is not tanh's") {
  for (const std::uint32_t word : {0u, 0xffffffffu, 0x80000000u, 0x7fffffffu})
    for (const std::int32_t z : {-32768, -1, 0, 1, 32767}) {
      CHECK(add_noise(Activation::linear, 13, 0, word, {z, 99}).z == z);
      CHECK(add_noise(Activation::leaky_relu, 13, 500, word, {z, 99}).fprime == 99);
    }
}

TEST_CASE("the derivative of a tanh neuron is that of its noisy value, never negative") {
  for (const int frac : {8, 13, 15})
    for (std::int32_t z = -32768; z < 32768; z += 61) {
      const NeuronValue v =
          add_noise(Activation::tanh, frac, 900, static_cast<std::uint32_t>(z) * 2654435761u, {z, 1});
      const double real = std::ldexp(v.z, -frac);
      CHECK(std::abs(std::ldexp(v.fprime, -15) - std::max(0.0, 1 - real * real)) <= std::ldexp(1.0, -16));
    }
}
