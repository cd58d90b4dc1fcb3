// For the tests of everything that reads TOML: what a call refuses, and hostile variants of a good text.
#pragma once

#include <unistd.h>
#include <catch2/catch.hpp>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <functional>
#include <string>
#include <vector>

#include "rtl/spec/diagnostic.hpp"

namespace trifactor::testing {

/// What `call` throws as mistakes of configuration; nothing when it returns.
inline std::vector<Diagnostic> refused(const std::function<void()>& call) {
  try {
    call();
  } catch (const Error& error) {
    CHECK(error.exit() == ExitCode::configuration);
    return error.items();
  }
  return {};
}

/// "CODE where", one a mistake: what tests compare.
inline std::vector<std::string> codes(const std::vector<Diagnostic>& items) {
  std::vector<std::string> result;
  for (const Diagnostic& item : items) result.push_back(item.code + " " + item.where);
  return result;
}

/// `text` with its only occurrence of `part` replaced.
inline std::string with(std::string text, const std::string& part, const std::string& replacement) {
  const auto at = text.find(part);
  REQUIRE(at != std::string::npos);
  REQUIRE(text.find(part, at + 1) == std::string::npos);
  return text.replace(at, part.size(), replacement);
}

/// "line:column" of the only occurrence of `part`, counted independently of the reader.
inline std::string position(const std::string& text, const std::string& part) {
  const auto at = text.find(part);
  REQUIRE(at != std::string::npos);
  REQUIRE(text.find(part, at + 1) == std::string::npos);
  int line = 1, column = 1;
  for (std::size_t i = 0; i < at; ++i) {
    ++column;
    if (text[i] == '\n') ++line, column = 1;
  }
  return std::to_string(line) + ":" + std::to_string(column);
}

/// A file that is gone when the test ends.
class TemporaryFile {
 public:
  explicit TemporaryFile(const std::string& text, const std::string& suffix = ".toml")
      : path_(std::filesystem::temp_directory_path() /
              ("trifactor_test_" + std::to_string(::getpid()) + "_" + std::to_string(counter()++) + suffix)) {
    std::ofstream(path_, std::ios::binary) << text;
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;
  ~TemporaryFile() {
    std::error_code ignored;
    std::filesystem::remove(path_, ignored);
  }
  const std::filesystem::path& path() const { return path_; }

 private:
  static int& counter() {
    static int count = 0;
    return count;
  }
  std::filesystem::path path_;
};

/// xorshift32: the same bytes on every machine.
class Random {
 public:
  explicit Random(std::uint32_t seed) : state_(seed) {}
  std::uint32_t operator()() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 17;
    state_ ^= state_ << 5;
    return state_;
  }
  std::uint32_t below(std::size_t n) { return (*this)() % static_cast<std::uint32_t>(n); }

 private:
  std::uint32_t state_;
};

/// Calls read(text) for every truncation of `good` and for `count` random mutations: flipped bytes, bytes of
/// other places, pieces left out or said twice, numbers made extreme. It must return or throw Error with
/// complete messages; returns how many were refused.
inline int fuzz(const std::string& good, int count, const std::function<void(const std::string&)>& read) {
  int bad = 0;
  const auto attempt = [&](const std::string& text) {
    for (const Diagnostic& item : refused([&] { read(text); })) {
      if (item.code.empty() || item.where.empty() || item.found.empty() ||
          item.found.find('\n') != std::string::npos)
        FAIL("incomplete message " << item.code << " | " << item.where << " | " << item.found << " for:\n"
                                   << text);
      ++bad;
    }
  };
  for (std::size_t length = 0; length < good.size(); ++length) attempt(good.substr(0, length));
  const std::vector<std::string> pieces = {
      "nan",  "-inf",   "0", "-1",   "9223372036854775807", "1e308", "1e-320", "\"\"", "[]", "{}", "[[", "]]",
      "true", "\"\"\"", "'", "\xff", "a.b.c = 1\n",         "="};
  Random random(20240229);
  for (int i = 0; i < count; ++i) {
    std::string text = good;
    for (std::uint32_t change = 0; change <= random.below(4); ++change) {
      if (text.empty()) break;
      const std::size_t at = random.below(text.size());
      const std::size_t length = std::min<std::size_t>(random.below(24), text.size() - at);
      switch (random.below(5)) {
        case 0:
          text[at] = static_cast<char>(text[at] ^ (1 << random.below(8)));
          break;
        case 1:
          text[at] = text[random.below(text.size())];
          break;
        case 2:
          text.erase(at, length);
          break;
        case 3:
          text.insert(random.below(text.size()), text.substr(at, length));
          break;
        default:
          text.replace(at, random.below(4), pieces[random.below(pieces.size())]);
      }
    }
    attempt(text);
  }
  return bad;
}

}  // namespace trifactor::testing
