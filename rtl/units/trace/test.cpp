// Leaky means: do they reach a constant input, and follow the exact recursion?
#include "rtl/units/trace/golden.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

using namespace trifactor;

TEST_CASE("a mean reaches a constant input exactly, for every beta, from both sides") {
  for (const double beta : {0.0, 0.5, 0.7, 0.9, 0.99, 0.999, 0.9999, 1 - 1.0 / 65536}) {
    const TraceConfig config = trace_config(beta);
    for (const std::int64_t target :
         {std::int64_t{32767}, std::int64_t{-32768}, std::int64_t{1}, std::int64_t{0}}) {
      std::int64_t mean = target == 0 ? 5 << config.extra : 0;
      const int steps = static_cast<int>(16 * 65536.0 / config.rate) + 8;
      for (int i = 0; i < steps; ++i) mean = trace_step(config, mean, target);
      INFO(beta << " " << target);
      CHECK(trace_value(config, mean) == target);
    }
  }
}

TEST_CASE("a mean without the extra bits would stall") {
  TraceConfig config = trace_config(0.999);
  config.extra = 0;
  std::int64_t mean = 0;
  for (int i = 0; i < 100000; ++i) mean = trace_step(config, mean, 400);
  CHECK(trace_value(config, mean) == 0);
}

TEST_CASE("a mean follows the exact recursion within its extra bits") {
  const TraceConfig config = trace_config(0.97);
  std::int64_t mean = 0;
  double exact = 0, worst = 0;
  std::uint64_t seed = 9;
  for (int i = 0; i < 20000; ++i) {
    seed = seed * 6364136223846793005ull + 1442695040888963407ull;
    const std::int64_t value = static_cast<std::int64_t>(seed) >> 48;
    mean = trace_step(config, mean, value);
    exact += config.rate / 65536.0 * (static_cast<double>(value) - exact);
    worst = std::max(worst, std::abs(std::ldexp(static_cast<double>(mean), -config.extra) - exact));
  }
  // each step rounds by half a step of the mean at most; the errors form a geometric series
  CHECK(worst <= std::ldexp(0.5, -config.extra) * 65536.0 / config.rate);
}

TEST_CASE("configuration: rate and extra bits of known betas") {
  CHECK(trace_config(0).rate == 65536);
  CHECK(trace_config(0).extra == 4);
  CHECK(trace_config(0.5).extra == 5);
  CHECK(trace_config(0.9).rate == 6554);
  CHECK(trace_config(0.9).extra == 8);
  CHECK(trace_config(1).rate == 1);
  CHECK(trace_config(1).extra == 20);
}
