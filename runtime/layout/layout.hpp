// The layout file: a compiled network on disk. HDF5 behind a user block that is checked before HDF5 sees a
// byte. FORMAT.md describes it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>

#include "runtime/layout/program.hpp"

namespace trifactor {

inline constexpr std::uint32_t layout_version = 4;

/// Writes beside `path` and renames. Equal programs give equal bytes. Throws cannot_write.
void write_layout(const std::filesystem::path& path, const Program& program);

/// Opens a layout; cores are read one at a time, so that their weights need not all be in memory at once.
class LayoutReader {
 public:
  /// Throws configuration (no such file, a folder) or data (damaged, not a layout, of a newer version).
  explicit LayoutReader(const std::filesystem::path& path);
  LayoutReader(LayoutReader&&) noexcept;
  ~LayoutReader();

  /// Everything but the cores.
  const Program& program() const { return program_; }
  std::size_t cores() const { return cores_; }
  CoreImage core(std::size_t index) const;
  /// SHA-256 of the file's content, in hexadecimal: checkpoints name the layout they belong to by it.
  const std::string& digest() const { return digest_; }

 private:
  struct File;
  std::unique_ptr<File> file_;
  std::filesystem::path path_;
  Program program_;
  std::size_t cores_ = 0;
  std::string digest_;
};

}  // namespace trifactor
