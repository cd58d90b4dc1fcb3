// Activation functions against their definitions, over every input of tanh and at the edges of the others.
#include "rtl/units/activation/golden.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>

using namespace trifactor;

TEST_CASE("every entry of the table of tanh is the nearest integer") {
  REQUIRE(std::size(tanh_table) == 513);
  for (int i = 0; i <= 512; ++i) CHECK(tanh_table[i] == std::llround(std::tanh(i / 64.0) * 32768));
}

TEST_CASE("tanh and its derivative for every argument") {
  const ActivationConfig config{Activation::tanh, 12, 15, 0};
  double worst = 0, worst_slope = 0;
  std::int32_t before = -32768;
  for (std::int64_t sum = -32768; sum <= 32767; ++sum) {
    const NeuronValue value = activate(config, sum);
    const double exact = std::tanh(static_cast<double>(sum) / 4096);
    worst = std::max(worst, std::abs(std::min(exact * 32768, 32767.0) - value.z));
    worst_slope = std::max(worst_slope, std::abs((1 - exact * exact) * 32768 - value.fprime));
    REQUIRE(value.z >= before);
    REQUIRE((value.fprime >= 0 && value.fprime <= derivative_one));
    if (sum > -32768) REQUIRE(activate(config, -sum).fprime == value.fprime);
    before = value.z;
  }
  INFO(worst << " " << worst_slope);
  CHECK(worst < 2);  // steps of 2^-15
  CHECK(worst_slope < 3);
  CHECK(activate(config, 0).z == 0);
  CHECK(activate(config, 0).fprime == derivative_one);
  CHECK(activate(config, std::int64_t{1} << 46).z == 32767);
  CHECK(activate(config, -(std::int64_t{1} << 46)).z == -32768);
}

TEST_CASE("the result does not depend on how many fraction bits an exact sum carries") {
  for (const Activation kind :
       {Activation::linear, Activation::leaky_relu, Activation::saturated_linear, Activation::tanh})
    for (std::int64_t sum = -70000; sum <= 70000; sum += 37) {
      const NeuronValue plain = activate({kind, 12, 13, 8192}, sum);
      const NeuronValue longer = activate({kind, 36, 13, 8192}, sum << 24);
      REQUIRE(plain.z == longer.z);
      REQUIRE(plain.fprime == longer.fprime);
    }
}

TEST_CASE("linear and leaky ReLU: halves round up, ends saturate, the derivative at 0 is the slope") {
  const ActivationConfig leaky{Activation::leaky_relu, 14, 13, 3277};
  CHECK(activate(leaky, 0).z == 0);
  CHECK(activate(leaky, 0).fprime == 3277);
  CHECK(activate(leaky, 1).fprime == derivative_one);
  CHECK(activate(leaky, 1).z == 1);  // 0.5 up
  CHECK(activate(leaky, -1).fprime == 3277);
  CHECK(activate(leaky, -16384).z == std::lround(-0.1 * 8192));
  CHECK(activate({Activation::linear, 14, 13, 0}, -1).z == 0);  // -0.5 up
  CHECK(activate({Activation::linear, 14, 13, 0}, (std::int64_t{1} << 47) - 1).z == 32767);
  CHECK(activate({Activation::linear, 0, 16, 0}, -(std::int64_t{1} << 47) + 1).z == -32768);
  CHECK(activate({Activation::leaky_relu, 0, 16, 65535}, -(std::int64_t{1} << 47) + 1).z == -32768);
  for (std::int64_t sum = -200000; sum <= 0; sum += 17) {
    const double exact = std::floor(static_cast<double>(sum) * 3277 / 65536 + 0.5);
    REQUIRE(activate(leaky, sum).z == std::max(exact, -32768.0));
  }
}

TEST_CASE("power: 0 up to a sum of 0, 1 at the scale, and never falls") {
  const ActivationConfig config{Activation::power, 20, 15, 147456, 4};  // (h / 16)^4.5
  CHECK(activate(config, 0).z == 0);
  CHECK(activate(config, -5).z == 0);
  CHECK(activate(config, std::int64_t{16} << 20).z == 32767);
  CHECK(activate(config, std::int64_t{1} << 40).z == 32767);
  CHECK(activate(config, std::int64_t{8} << 20).z == std::lround(std::pow(0.5, 4.5) * 32768));
  std::int32_t before = 0;
  for (std::int64_t sum = 1; sum < std::int64_t{17} << 20; sum += 4099) {
    const NeuronValue value = activate(config, sum);
    REQUIRE(value.z >= before);
    REQUIRE(value.fprime == 0);
    before = value.z;
  }
}

TEST_CASE("saturated linear: its slope on [-1, 1], bounds included") {
  const ActivationConfig config{Activation::saturated_linear, 20, 14, derivative_one};
  const std::int64_t one = 1 << 20;
  CHECK(activate(config, one).fprime == derivative_one);
  CHECK(activate(config, -one).fprime == derivative_one);
  CHECK(activate(config, one + 1).fprime == 0);
  CHECK(activate(config, -one - 1).fprime == 0);
  CHECK(activate(config, 5 * one).z == 16384);
  CHECK(activate(config, -5 * one).z == -16384);
  CHECK(activate({Activation::saturated_linear, 20, 15, derivative_one}, one).z == 32767);  // 1 does not fit
}

TEST_CASE("saturated linear of h / 4 is that of a quarter of the sum, with a quarter of the slope") {
  const ActivationConfig whole{Activation::saturated_linear, 20, 14, derivative_one},
      quarter{Activation::saturated_linear, 20, 14, derivative_one / 4, 2};
  for (std::int64_t h = -(3 << 20); h <= 3 << 20; h += 977) {
    const NeuronValue a = activate(whole, h), b = activate(quarter, 4 * h);
    REQUIRE(a.z == b.z);
    REQUIRE(a.fprime == 4 * b.fprime);
  }
}
