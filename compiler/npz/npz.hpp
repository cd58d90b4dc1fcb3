// NumPy `.npz` files: a zip of `.npy` arrays, one an entry, named "<array>.npy".
//
// Reading is safe on hostile files: nothing is allocated because a head claims it, only as data arrives, and
// inflation is capped at npz_inflation_limit(). A missing file, a folder or anything else that is no regular
// file throws ExitCode::configuration; everything wrong inside the file throws ExitCode::data.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "compiler/npz/npy.hpp"

namespace trifactor {

/// Arrays by name, without ".npy".
using NpzFile = std::map<std::string, NpyArray>;

/// Total bytes that all arrays of a file of `file_bytes` may unpack to: 200 times the file, at least 1 GiB.
std::uint64_t npz_inflation_limit(std::uint64_t file_bytes);

/// Reads arrays of one file one by one, so that a file may hold more than is wanted.
class NpzReader {
 public:
  explicit NpzReader(std::filesystem::path path);
  NpzReader(NpzReader&&) noexcept;
  ~NpzReader();

  /// Sorted.
  std::vector<std::string> names() const;
  bool has(const std::string& name) const;

  /// Throws ExitCode::data, with a suggestion, when there is no such array. The checksum is verified.
  NpyArray read(const std::string& name);

  /// "FILE: NAME", for messages about an array.
  std::string where(const std::string& name) const;

 private:
  struct Archive;
  std::unique_ptr<Archive> archive_;
};

NpzFile read_npz(const std::filesystem::path& path);

/// Writes beside `path` and renames. Equal arrays give equal bytes, whatever the time, zone or machine:
/// entries are sorted, stored uncompressed, dated 1980-01-01. Failure throws ExitCode::cannot_write and
/// leaves nothing behind; an existing file is replaced only by a complete one.
void write_npz(const std::filesystem::path& path, const NpzFile& arrays);

/// An array that is asked for its bytes while the file is written, so that it need not be in memory as a
/// whole.
struct NpySource {
  std::string dtype;
  std::vector<std::size_t> shape;
  /// Fills `to` with the bytes from `offset` on, in C order; may throw.
  std::function<void(std::uint64_t offset, std::span<std::byte> to)> read;
};

/// Writes the same file as write_npz from arrays of the same content.
void write_npz_from(const std::filesystem::path& path, const std::map<std::string, NpySource>& arrays);

}  // namespace trifactor
