// Leaky means: mean += (1 - beta)(value - mean), kept with more fraction bits than the value has, so that
// they do not stall where a step is below half a bit.
#pragma once

#include <cmath>
#include <cstdint>

#include "rtl/spec/fixed.hpp"

namespace trifactor {

struct TraceConfig {
  std::int32_t rate = 0;  ///< 1 - beta as a 16-bit fraction, 1 to 65536
  int extra = 0;          ///< fraction bits of the mean beyond the value's
};

/// ceil(log2(1 / (1 - beta))) + 4 fraction bits beyond the value's; the rate is at least 2^-16.
inline TraceConfig trace_config(double beta) {
  const double wanted = std::round((1.0 - beta) * 65536.0);
  const std::int32_t rate = static_cast<std::int32_t>(wanted < 1 ? 1 : wanted);
  return {rate, static_cast<int>(std::ceil(std::log2(65536.0 / rate))) + 4};
}

constexpr std::int64_t trace_step(const TraceConfig& config, std::int64_t mean, std::int64_t value) {
  return mean + round_shift(((value << config.extra) - mean) * config.rate, 16);
}

/// The mean in the value's own format.
constexpr std::int64_t trace_value(const TraceConfig& config, std::int64_t mean) {
  return round_shift(mean, config.extra);
}

}  // namespace trifactor
