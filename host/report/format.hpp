// Numbers for people: three digits, a unit prefix that fits, groups of thousands.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "host/report/energy.hpp"

namespace trifactor {

/// "8.13 uJ": value in units of `base` times 10^exponent, prefix chosen so that 1 <= number < 1000.
std::string format_si(double value, int exponent, std::string_view base);
std::string format_energy(Picojoules energy);
std::string format_time(Nanoseconds time);

/// "8.13 (3.20 to 31.4) uJ": nominal, low and high in one unit.
std::string format_range(const EnergyRange& range);
std::string format_range(const AreaRange& range);

std::string format_count(std::uint64_t count);  ///< 1,234,567
std::string format_digits(double value,
                          int digits = 3);  ///< significant digits, no trailing exponent for 0.001 to 1e6
std::string format_percent(double fraction, int decimals = 1);  ///< "87.1 %"
std::string format_band(const Band& band);                      ///< "0.2 (0.13 to 0.3)"

/// The same text with the micro sign and squares that a page can show and a terminal may not.
std::string format_for_page(std::string text);

}  // namespace trifactor
