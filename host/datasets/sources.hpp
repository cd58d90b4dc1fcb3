// What the kinds of data share; used inside this folder only.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "host/datasets/dataset.hpp"

namespace trifactor {

/// The samples a SPEC selects out of `available`; throws ExitCode::configuration when they are not there.
struct Selection {
  std::uint64_t first = 0, count = 0;
};
Selection select(const DataSpec& spec, std::uint64_t available);

/// FNV-1a, 64 bits, over bytes in order.
class ContentHash {
 public:
  void add(std::span<const std::byte> bytes) {
    for (const std::byte b : bytes) value_ = (value_ ^ std::to_integer<std::uint64_t>(b)) * 0x100000001B3;
  }
  void add(std::uint64_t word) {
    for (int i = 0; i < 8; ++i) value_ = (value_ ^ (word >> (8 * i) & 255)) * 0x100000001B3;
  }
  void add(const std::string& text) { add(text.size()), add(std::as_bytes(std::span<const char>(text))); }
  std::uint64_t value() const { return value_; }

 private:
  std::uint64_t value_ = 0xCBF29CE484222325;
};

std::unique_ptr<Dataset> open_strokes(const DataSpec& spec);
std::unique_ptr<Dataset> open_points(const DataSpec& spec);
std::unique_ptr<Dataset> open_idx(const DataSpec& spec);
std::unique_ptr<Dataset> open_cifar(const DataSpec& spec);
std::unique_ptr<Dataset> open_npz_dataset(const DataSpec& spec);

}  // namespace trifactor
