// Divisive normalisation of one group (Pogodin and Latham, section 5): with zc = z - mean z over c neurons,
// u = delta/c + mean zc^2, r = zc / u^p and u^q. Sums are exact; each result is rounded where it is used.
#pragma once

#include <cstdint>
#include <span>

#include "rtl/spec/fixed.hpp"
#include "rtl/spec/image.hpp"
#include "rtl/units/power/golden.hpp"

namespace trifactor {

inline constexpr int variance_frac = 24;     ///< of u
inline constexpr int scale_power_frac = 12;  ///< of u^-p, u16.12

/// z: one group. Writes r (16 bits, `value_frac` fraction bits as set by the image) and returns u^q (15
/// bits).
inline std::int16_t normalise_group(const NormaliseImage& config, std::span<const std::int16_t> z,
                                    std::span<std::int16_t> r) {
  const std::int64_t size = config.group_size;
  std::int64_t sum = 0, squares = 0;
  for (const std::int16_t value : z) {
    sum += value;
    squares += std::int64_t{value} * value;
  }
  const std::int64_t spread = size * squares - sum * sum;  // c^2 times the variance
  const std::int64_t u =
      round_shift(spread * config.variance_mantissa, config.variance_shift) + config.offset;
  const std::uint64_t positive = static_cast<std::uint64_t>(u);
  const std::int64_t inverse = power_word(positive, variance_frac, config.minus_p, scale_power_frac);
  for (std::size_t i = 0; i < z.size(); ++i) {
    const std::int64_t centred = size * z[i] - sum;  // c times zc
    r[i] = static_cast<std::int16_t>(
        saturate_signed(round_shift(centred * inverse * config.mean_mantissa, config.mean_shift), 16));
  }
  const std::uint32_t scale = power_word(positive, variance_frac, config.q, config.scale_frac);
  return static_cast<std::int16_t>(scale > 0x7fff ? 0x7fff : scale);
}

}  // namespace trifactor
