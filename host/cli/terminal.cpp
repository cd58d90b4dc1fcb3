#include "host/cli/terminal.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <memory>

namespace trifactor {

TerminalStyle terminal_style(const std::string& color, const std::string& progress, bool quiet, bool json) {
  const bool terminal = ::isatty(STDERR_FILENO) != 0;
  TerminalStyle style;
  style.color = color == "always" || (color == "auto" && terminal);
  style.quiet = quiet;
  style.json = json;
  if (progress == "bar" || (progress == "auto" && terminal)) style.progress = TerminalStyle::Progress::bar;
  if (progress == "plain") style.progress = TerminalStyle::Progress::plain;
  if (quiet || progress == "none") style.progress = TerminalStyle::Progress::none;
  return style;
}

namespace {

/// Names of files come from people and archives: they must not move the cursor of a terminal.
std::string visible(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return text;
}

}  // namespace

std::string error_text(const std::vector<Diagnostic>& items, const TerminalStyle& style) {
  std::string text;
  const char* bold = style.color ? "\033[1m" : "";
  const char* red = style.color ? "\033[31m" : "";
  const char* off = style.color ? "\033[0m" : "";
  for (const Diagnostic& item : items) {
    text += fmt::format("{}{}error{} {}[{}]{}", bold, red, off, bold, item.code, off);
    if (!item.where.empty()) text += fmt::format(" {}:", visible(item.where));
    text += fmt::format(" {}", visible(item.found));
    if (!item.expected.empty()) text += fmt::format("; expected: {}", visible(item.expected));
    text += "\n";
    if (!item.hint.empty()) text += fmt::format("      try: {}\n", visible(item.hint));
  }
  return text;
}

std::function<void(const Progress&)> progress_printer(const TerminalStyle& style) {
  if (style.progress == TerminalStyle::Progress::none) return {};
  const bool bar = style.progress == TerminalStyle::Progress::bar;
  auto last_tenth = std::make_shared<int>(-1);
  return [bar, last_tenth](const Progress& p) {
    const double share = p.total == 0 ? 1 : static_cast<double>(p.done) / static_cast<double>(p.total);
    const double left = p.samples_per_s > 0 ? static_cast<double>(p.total - p.done) / p.samples_per_s : 0;
    const std::string accuracy = p.accuracy ? fmt::format("  {:5.1f} %", 100 * *p.accuracy) : std::string();
    const std::string line = fmt::format("{:<10} {:>7}/{:<7} {:>8.0f}/s  {:>4.0f} s left{}", p.stage, p.done,
                                         p.total, p.samples_per_s, left, accuracy);
    if (bar) {
      const auto filled = static_cast<std::size_t>(24 * share);
      fmt::print(stderr, "\r[{}{}] {}\033[K{}", std::string(filled, '#'), std::string(24 - filled, '.'), line,
                 p.done == p.total ? "\n" : "");
      std::fflush(stderr);
    } else if (const int tenth = static_cast<int>(10 * share); tenth != *last_tenth) {
      *last_tenth = tenth;
      fmt::print(stderr, "{}\n", line);
    }
  };
}

std::string table(const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths;
  for (const auto& row : rows) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], row[i].size());
  }
  std::string text;
  for (const auto& row : rows) {
    std::string line;
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i > 0) line += "  ";
      line += i == 0 ? fmt::format("{:<{}}", row[i], widths[i]) : fmt::format("{:>{}}", row[i], widths[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace trifactor
