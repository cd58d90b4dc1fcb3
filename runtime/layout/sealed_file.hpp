// Files of our own carry a block of 512 bytes in front: magic, version, length and SHA-256 of the rest. It is
// checked before any other library reads the file.
#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace trifactor {

inline constexpr std::size_t seal_bytes = 512;

struct SealKind {
  std::string magic;          ///< 8 characters
  std::string name;           ///< "layout", for messages
  std::uint32_t version = 1;  ///< newest that can be read
  std::string code;           ///< of messages, for example "TF-LAY"
};

/// Fills the first 512 bytes of the finished file at `path`, syncs it and renames it to `target`.
void seal_and_rename(const SealKind& kind, const std::filesystem::path& path,
                     const std::filesystem::path& target);

/// Checks the seal; returns the SHA-256 in hexadecimal. Throws configuration (missing, a folder) or data.
std::string check_seal(const SealKind& kind, const std::filesystem::path& path);

/// A sealed file of plain words.
void write_sealed_words(const SealKind& kind, const std::filesystem::path& target,
                        std::span<const std::uint32_t> words);
std::vector<std::uint32_t> read_sealed_words(const SealKind& kind, const std::filesystem::path& path);

/// A name beside `target` for a file being written.
std::filesystem::path temporary_beside(const std::filesystem::path& target);

/// "No space left on device" and the like, with the path.
[[noreturn]] void throw_cannot_write(const std::filesystem::path& path, int error_number);

}  // namespace trifactor
