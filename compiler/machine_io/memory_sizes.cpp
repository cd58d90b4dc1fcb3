#include "compiler/machine_io/memory_sizes.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <vector>

namespace trifactor {
namespace {

constexpr std::int64_t too_large = std::int64_t{1}
                                   << 40;  // sums and products stop here instead of overflowing

std::int64_t product(std::int64_t a, std::int64_t b) {
  return a != 0 && b > too_large / a ? too_large : a * b;
}

std::vector<std::string> tokens_of(const std::string& text) {
  std::vector<std::string> tokens;
  const auto is_word = [](char c) { return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_'; };
  for (std::size_t i = 0; i < text.size();) {
    if (text[i] == ' ' || text[i] == '\t') {
      ++i;
    } else if (is_word(text[i])) {
      std::size_t end = i;
      while (end < text.size() && is_word(text[end])) ++end;
      tokens.push_back(text.substr(i, end - i));
      i = end;
    } else {
      tokens.emplace_back(1, text[i++]);
    }
  }
  return tokens;
}

class Resolver {
 public:
  Resolver(std::map<std::string, MemorySize>& sizes, Mistakes& mistakes)
      : sizes_(sizes), mistakes_(mistakes) {
    for (const auto& [name, size] : sizes_) {
      names_.push_back(name);
      if (size.text.empty()) done_[name] = size.bytes;
    }
  }

  void run() {
    for (auto& [name, size] : sizes_) {
      const std::optional<std::int64_t> bytes = value_of(name);
      if (!bytes) continue;
      size.bytes = *bytes;
      if (*bytes < size.low || *bytes > size.high)
        mistakes_.add("TF-MACH-005", size.place,
                      fmt::format("core.{} comes to {} bytes", name,
                                  *bytes >= too_large ? "far too many" : std::to_string(*bytes)),
                      fmt::format("{} to {} bytes", size.low, size.high));
    }
  }

 private:
  std::optional<std::int64_t> value_of(const std::string& name) {
    if (const auto it = done_.find(name); it != done_.end()) return it->second;
    if (const auto open = std::find(path_.begin(), path_.end(), name); open != path_.end()) {
      const std::vector<std::string> circle(open, path_.end());
      for (const std::string& member : circle) done_[member] = std::nullopt;  // reported once
      mistakes_.add("TF-MACH-004", sizes_.at(name).place,
                    fmt::format("memory sizes refer to each other in a circle: {} -> {}",
                                fmt::join(circle, " -> "), name),
                    "at least one of them as a number of bytes");
      return std::nullopt;
    }
    path_.push_back(name);
    const std::optional<std::int64_t> value = evaluate(sizes_.at(name));
    path_.pop_back();
    return done_.try_emplace(name, value).first->second;
  }

  std::optional<std::int64_t> evaluate(const MemorySize& size) {
    if (size.text.size() > 200) return syntax(size);
    const std::vector<std::string> tokens = tokens_of(size.text);
    std::int64_t sum = 0, term = 1;
    bool good = true;
    for (std::size_t i = 0;;) {
      if (i >= tokens.size() || tokens[i] == "x") return syntax(size);
      const std::optional<std::int64_t> factor = factor_of(size, tokens[i]);
      if (!factor && std::isalpha(static_cast<unsigned char>(tokens[i][0])) == 0) return syntax(size);
      good = good && factor.has_value();
      term = product(term, factor.value_or(0));
      ++i;
      if (i < tokens.size() && (tokens[i] == "KiB" || tokens[i] == "MiB")) {
        term = product(term, std::int64_t{1} << (tokens[i] == "KiB" ? 10 : 20));
        ++i;
      }
      const bool end = i >= tokens.size();
      if (end || tokens[i] == "+") {
        sum = std::min(sum + term, too_large);
        term = 1;
      } else if (tokens[i] != "x" && tokens[i] != "*") {
        return syntax(size);
      }
      if (end) break;
      ++i;
    }
    if (!good) return std::nullopt;
    return sum;
  }

  std::optional<std::int64_t> factor_of(const MemorySize& size, const std::string& token) {
    if (std::isdigit(static_cast<unsigned char>(token[0])) != 0) {
      std::int64_t value = 0;
      const auto [end, error] = std::from_chars(token.data(), token.data() + token.size(), value);
      if (error != std::errc{} || end != token.data() + token.size()) return std::nullopt;
      return std::min(value, too_large);
    }
    if (sizes_.contains(token)) return value_of(token);
    if (std::isalpha(static_cast<unsigned char>(token[0])) != 0)
      mistakes_.add("TF-MACH-003", size.place, fmt::format("there is no memory '{}'", printable(token)),
                    "one of " + listed(names_), did_you_mean(token, names_));
    return std::nullopt;
  }

  std::optional<std::int64_t> syntax(const MemorySize& size) {
    mistakes_.add("TF-MACH-002", size.place, fmt::format("'{}' is not a memory size", printable(size.text)),
                  "bytes, or a text such as \"2 x neuron_bytes + 4 KiB\"");
    return std::nullopt;
  }

  std::map<std::string, MemorySize>& sizes_;
  Mistakes& mistakes_;
  std::vector<std::string> names_, path_;
  std::map<std::string, std::optional<std::int64_t>> done_;
};

}  // namespace

void resolve_memory_sizes(std::map<std::string, MemorySize>& sizes, Mistakes& mistakes) {
  Resolver(sizes, mistakes).run();
}

}  // namespace trifactor
