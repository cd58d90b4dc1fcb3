#include "compiler/text/mistakes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <tuple>

namespace trifactor {

std::string to_string(const SourcePlace& place) {
  if (place.line <= 0) return place.file;
  return fmt::format("{}:{}:{}", place.file, place.line, place.column);
}

void Mistakes::add(std::string code, const SourcePlace& place, std::string found, std::string expected,
                   std::string hint) {
  constexpr std::size_t most = 10000;
  if (items_.size() >= most) {
    ++beyond_;
    return;
  }
  items_.emplace_back(place, Diagnostic{std::move(code), to_string(place), std::move(found),
                                        std::move(expected), std::move(hint)});
}

void Mistakes::throw_if_any() const {
  if (items_.empty()) return;
  constexpr std::size_t most = 100;
  auto sorted = items_;
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) {
    return std::tie(a.first.line, a.first.column) < std::tie(b.first.line, b.first.column);
  });
  std::vector<Diagnostic> shown;
  for (std::size_t i = 0; i < std::min(most, sorted.size()); ++i)
    shown.push_back(std::move(sorted[i].second));
  if (sorted.size() > most)
    shown.push_back({"TF-TOML-099", sorted.front().first.file,
                     fmt::format("{} more mistakes", sorted.size() - most + beyond_), "",
                     "mend the first ones and try again"});
  throw Error(ExitCode::configuration, std::move(shown));
}

std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates) {
  if (word.size() > 256) return "";  // no name of ours is so long, and the search costs its square
  const std::string best = nearest(word, candidates);
  return best.empty() ? "" : fmt::format("did you mean '{}'?", best);
}

std::string printable(std::string_view text) {
  constexpr std::size_t longest = 80;
  std::string shown;
  for (const char c : text) {
    if (shown.size() >= longest && (static_cast<unsigned char>(c) & 0xc0) != 0x80) return shown + "...";
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20 || byte == 0x7f) {
      shown += fmt::format("\\x{:02x}", byte);
    } else {
      shown += c;
    }
  }
  return shown;
}

std::string listed(const std::vector<std::string>& words) {
  constexpr std::size_t most = 20;
  const std::vector<std::string> shown(words.begin(), words.begin() + std::min(most, words.size()));
  return fmt::format("{}{}", fmt::join(shown, ", "), words.size() > most ? ", ..." : "");
}

}  // namespace trifactor
