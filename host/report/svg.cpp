#include "host/report/svg.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace trifactor {
namespace {

/// Length of the well-formed UTF-8 character at the start of `text`; 0 when it is none.
std::size_t utf8_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned lead = byte(0);
  const std::size_t length = lead < 0x80   ? 1
                             : lead < 0xC2 ? 0
                             : lead < 0xE0 ? 2
                             : lead < 0xF0 ? 3
                             : lead < 0xF5 ? 4
                                           : 0;
  if (length == 0 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(i) & 0xC0U) != 0x80U) return 0;
  }
  // Overlong forms, surrogates and values beyond Unicode.
  if ((lead == 0xE0 && byte(1) < 0xA0) || (lead == 0xED && byte(1) > 0x9F)) return 0;
  if ((lead == 0xF0 && byte(1) < 0x90) || (lead == 0xF4 && byte(1) > 0x8F)) return 0;
  return length;
}

}  // namespace

std::string escape_html(std::string_view text) {
  std::string safe;
  while (!text.empty()) {
    const std::size_t length = utf8_length(text);
    const char c = text[0];
    if (length == 0) {
      safe += '?';
    } else if (length > 1) {
      safe += text.substr(0, length);
    } else if (c == '&') {
      safe += "&amp;";
    } else if (c == '<') {
      safe += "&lt;";
    } else if (c == '>') {
      safe += "&gt;";
    } else if (c == '"') {
      safe += "&quot;";
    } else if (c == '\'') {
      safe += "&#39;";
    } else {
      safe += static_cast<unsigned char>(c) < 32 || c == 127 ? ' ' : c;
    }
    text.remove_prefix(std::max<std::size_t>(1, length));
  }
  return safe;
}

std::vector<double> nice_ticks(double low, double high, int count) {
  if (!(high > low)) high = low + (low == 0 ? 1 : std::abs(low) * .1);
  const double raw = (high - low) / std::max(1, count);
  const double power = std::pow(10.0, std::floor(std::log10(raw)));
  double step = 10 * power;
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= raw * (1 - 1e-9)) {
      step = factor * power;
      break;
    }
  }
  std::vector<double> ticks;
  const double first = std::floor(low / step + 1e-9);
  const double last = std::ceil(high / step - 1e-9);
  for (double i = first; i <= last && ticks.size() < 100; ++i) ticks.push_back(i * step);
  return ticks;
}

std::string short_number(double value) {
  const double magnitude = std::abs(value);
  if (magnitude >= 1e9) return fmt::format("{:.4g}G", value / 1e9);
  if (magnitude >= 1e6) return fmt::format("{:.4g}M", value / 1e6);
  if (magnitude >= 1e4) return fmt::format("{:.4g}k", value / 1e3);
  return fmt::format("{:.6g}", magnitude < 1e-12 ? 0.0 : value);
}

namespace svg {

std::string line(double x1, double y1, double x2, double y2, std::string_view css_class) {
  return fmt::format(R"(<line x1="{:.5g}" y1="{:.5g}" x2="{:.5g}" y2="{:.5g}" class="{}"/>)", x1, y1, x2, y2,
                     css_class);
}

std::string rect(double x, double y, double width, double height, std::string_view css_class,
                 std::string_view extra) {
  return fmt::format(R"(<rect x="{:.5g}" y="{:.5g}" width="{:.5g}" height="{:.5g}" class="{}"{}{}/>)", x, y,
                     width, height, css_class, extra.empty() ? "" : " ", extra);
}

std::string text(double x, double y, std::string_view anchor, std::string_view css_class,
                 std::string_view text) {
  return fmt::format(R"(<text x="{:.5g}" y="{:.5g}" text-anchor="{}" class="{}">{}</text>)", x, y, anchor,
                     css_class, escape_html(text));
}

std::string path(std::string_view data, std::string_view css_class) {
  return fmt::format(R"(<path d="{}" class="{}"/>)", data, css_class);
}

}  // namespace svg
}  // namespace trifactor
