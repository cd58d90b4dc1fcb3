// Structures as 32-bit words and back: the one encoding of images, states and frames. A structure lists its
// fields in a friend `visit(v, s)`; both directions use that list.
#pragma once

#include <bit>
#include <cstdint>
#include <deque>
#include <span>
#include <string>
#include <type_traits>
#include <vector>

#include "rtl/spec/diagnostic.hpp"

namespace trifactor {

class Packer {
 public:
  explicit Packer(std::vector<std::uint32_t>& words) : words_(words) {}

  template <class... Fields>
  void operator()(const Fields&... fields) {
    (put(fields), ...);
  }

 private:
  template <class T>
  void put(const T& value) {
    if constexpr (std::is_same_v<T, double>) {
      put(std::bit_cast<std::uint64_t>(value));
    } else if constexpr (std::is_enum_v<T> || std::is_same_v<T, bool>) {
      words_.push_back(static_cast<std::uint32_t>(value));
    } else if constexpr (std::is_integral_v<T> && sizeof(T) == 8) {
      words_.push_back(static_cast<std::uint32_t>(value));
      words_.push_back(static_cast<std::uint32_t>(static_cast<std::uint64_t>(value) >> 32));
    } else if constexpr (std::is_integral_v<T>) {
      words_.push_back(static_cast<std::uint32_t>(value));
    } else {
      visit(*this, const_cast<T&>(value));
    }
  }
  void put(const std::string& text) { put_array(std::span(text.data(), text.size())); }
  template <class T>
  void put(const std::vector<T>& values) {
    if constexpr (std::is_integral_v<T> && sizeof(T) <= 2) {
      put_array(std::span(values));
    } else {
      put(static_cast<std::uint64_t>(values.size()));
      for (const T& value : values) put(value);
    }
  }
  template <class T>
  void put(const std::deque<T>& values) {
    put(static_cast<std::uint64_t>(values.size()));
    for (const T& value : values) put(value);
  }
  /// Narrow integers share words, lowest first.
  template <class T>
  void put_array(std::span<T> values) {
    constexpr std::size_t per_word = 4 / sizeof(T);
    put(static_cast<std::uint64_t>(values.size()));
    for (std::size_t i = 0; i < values.size(); i += per_word) {
      std::uint32_t word = 0;
      for (std::size_t k = 0; k < per_word && i + k < values.size(); ++k)
        word |= static_cast<std::uint32_t>(
                    static_cast<std::make_unsigned_t<std::remove_const_t<T>>>(values[i + k]))
                << (8 * sizeof(T) * k);
      words_.push_back(word);
    }
  }

  std::vector<std::uint32_t>& words_;
};

/// Reads what a Packer wrote. Words that end too early or claim more than there is throw Error (data).
class Unpacker {
 public:
  Unpacker(std::span<const std::uint32_t> words, std::string where)
      : words_(words), where_(std::move(where)) {}

  template <class... Fields>
  void operator()(Fields&... fields) {
    (get(fields), ...);
  }
  /// The entries of a counted array of 32-bit words where they lie, not copied.
  std::span<const std::uint32_t> view() {
    const std::size_t size = count(1);
    next_ += size;
    return words_.subspan(next_ - size, size);
  }
  bool at_end() const { return next_ == words_.size(); }
  /// Throws unless every word was used.
  void finish() const {
    if (!at_end()) fail("more words than the structure has");
  }

 private:
  [[noreturn]] void fail(const char* what) const {
    throw Error(ExitCode::data, {"TF-WORD-001", where_, what, "words written by the same version", ""});
  }
  std::uint32_t word() {
    if (next_ >= words_.size()) fail("the words end too early");
    return words_[next_++];
  }
  template <class T>
  void get(T& value) {
    if constexpr (std::is_same_v<T, double>) {
      std::uint64_t bits = 0;
      get(bits);
      value = std::bit_cast<double>(bits);
    } else if constexpr (std::is_same_v<T, bool>) {
      value = word() != 0;
    } else if constexpr (std::is_enum_v<T>) {
      value = static_cast<T>(word());
    } else if constexpr (std::is_integral_v<T> && sizeof(T) == 8) {
      const std::uint64_t low = word();
      value = static_cast<T>(low | static_cast<std::uint64_t>(word()) << 32);
    } else if constexpr (std::is_integral_v<T>) {
      value = static_cast<T>(word());
    } else {
      visit(*this, value);
    }
  }
  std::size_t count(std::size_t per_word) {
    std::uint64_t size = 0;
    get(size);
    if (size > (words_.size() - next_) * per_word) fail("an array claims more entries than there are words");
    return size;
  }
  void get(std::string& text) {
    text.resize(count(4));
    get_array(std::span(text.data(), text.size()));
  }
  template <class T>
  void get(std::vector<T>& values) {
    if constexpr (std::is_integral_v<T> && sizeof(T) <= 2) {
      values.resize(count(4 / sizeof(T)));
      get_array(std::span(values));
    } else if constexpr (std::is_arithmetic_v<T>) {
      values.resize(count(1));
      for (T& value : values) get(value);
    } else {
      get_each(values);
    }
  }
  template <class T>
  void get(std::deque<T>& values) {
    get_each(values);
  }
  /// Grows entry by entry: an entry takes words, so that words, not what the count claims, bound the memory.
  template <class Container>
  void get_each(Container& values) {
    values.clear();
    for (std::size_t left = count(1); left > 0; --left) get(values.emplace_back());
  }
  template <class T>
  void get_array(std::span<T> values) {
    constexpr std::size_t per_word = 4 / sizeof(T);
    for (std::size_t i = 0; i < values.size(); i += per_word) {
      const std::uint32_t packed = word();
      for (std::size_t k = 0; k < per_word && i + k < values.size(); ++k)
        values[i + k] = static_cast<T>(packed >> (8 * sizeof(T) * k));
    }
  }

  std::span<const std::uint32_t> words_;
  std::string where_;
  std::size_t next_ = 0;
};

template <class T>
std::vector<std::uint32_t> pack(const T& value) {
  std::vector<std::uint32_t> words;
  Packer packer(words);
  packer(value);
  return words;
}

template <class T>
T unpack(std::span<const std::uint32_t> words, const std::string& where) {
  T value;
  Unpacker unpacker(words, where);
  unpacker(value);
  unpacker.finish();
  return value;
}

}  // namespace trifactor
