#include "host/report/format.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>

namespace trifactor {
namespace {

struct Prefix {
  int exponent;
  std::string_view text;
};
// 10^-15 to 10^12; micro as the letter u, which every terminal has.
constexpr std::array<Prefix, 10> prefixes = {Prefix{-15, "f"}, {-12, "p"}, {-9, "n"}, {-6, "u"}, {-3, "m"},
                                             {0, ""},          {3, "k"},   {6, "M"},  {9, "G"},  {12, "T"}};

Prefix prefix_for(double value, int exponent) {
  if (value == 0 || !std::isfinite(value)) return {exponent, ""};
  // 999.7 would be shown as 1000: move on to the next prefix already there.
  const double magnitude = std::log10(std::abs(value) * 1.0005) + exponent;
  const int wanted = static_cast<int>(std::floor(magnitude / 3)) * 3;
  for (const Prefix& p : prefixes) {
    if (p.exponent == std::clamp(wanted, -15, 12)) return p;
  }
  return {exponent, ""};
}

std::string_view prefix_text(int exponent) {
  for (const Prefix& p : prefixes) {
    if (p.exponent == exponent) return p.text;
  }
  return "";
}

}  // namespace

std::string format_digits(double value, int digits) {
  if (value == 0) return "0";
  // As rounding will leave it: 0.9997 is shown as 1.00.
  const double magnitude = std::floor(std::log10(std::abs(value) / (1 - .5 * std::pow(10.0, -digits))));
  if (!std::isfinite(value) || magnitude < -4 || magnitude > 6) return fmt::format("{:.{}g}", value, digits);
  const int decimals = std::max(0, digits - 1 - static_cast<int>(magnitude));
  return fmt::format("{:.{}f}", value, decimals);
}

std::string format_si(double value, int exponent, std::string_view base) {
  if (value == 0) return fmt::format("0 {}{}", prefix_text(exponent), base);
  const Prefix p = prefix_for(value, exponent);
  return fmt::format("{} {}{}", format_digits(value * std::pow(10.0, exponent - p.exponent)), p.text, base);
}

std::string format_energy(Picojoules energy) { return format_si(energy.value, -12, "J"); }
std::string format_time(Nanoseconds time) { return format_si(time.value, -9, "s"); }

std::string format_range(const EnergyRange& range) {
  const Prefix p = prefix_for(range.nominal.value, -12);
  const double scale = std::pow(10.0, -12 - p.exponent);
  const std::string_view text = range.nominal.value == 0 ? "p" : p.text;
  return fmt::format("{} ({} to {}) {}J", format_digits(range.nominal.value * scale),
                     format_digits(range.low.value * scale), format_digits(range.high.value * scale), text);
}

std::string format_range(const AreaRange& range) {
  return fmt::format("{} ({} to {}) mm2", format_digits(range.nominal.value), format_digits(range.low.value),
                     format_digits(range.high.value));
}

std::string format_count(std::uint64_t count) {
  const std::string digits = fmt::to_string(count);
  std::string text;
  for (std::size_t i = 0; i < digits.size(); ++i) {
    if (i > 0 && (digits.size() - i) % 3 == 0) text += ',';
    text += digits[i];
  }
  return text;
}

std::string format_percent(double fraction, int decimals) {
  return fmt::format("{:.{}f} %", 100 * fraction, decimals);
}

std::string format_for_page(std::string text) {
  // Only behind a number, so that names keep their letters.
  const auto replace = [&](std::string_view from, std::string_view to) {
    for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + 1)) {
      const char before = at > 0 ? text[at - 1] : ' ';
      if (before == ')' || (before >= '0' && before <= '9')) text.replace(at, from.size(), to);
    }
  };
  replace(" uJ", " \u00b5J");
  replace(" us", " \u00b5s");
  replace(" mm2", " mm\u00b2");
  return text;
}

std::string format_band(const Band& band) {
  return fmt::format("{:.4g} ({:.4g} to {:.4g})", band.nominal, band.low, band.high);
}

}  // namespace trifactor
