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

/// Writes a sealed file of plain words piece by piece. Nothing is at `target`, or what was there before,
/// until `finish`; without it nothing is left behind. Failures throw cannot_write.
class SealedWriter {
 public:
  SealedWriter(const SealKind& kind, const std::filesystem::path& target);
  SealedWriter(const SealedWriter&) = delete;
  SealedWriter& operator=(const SealedWriter&) = delete;
  ~SealedWriter();

  void append(std::span<const std::uint32_t> words);
  /// Writes over words that were appended before. at: index of the first.
  void replace(std::uint64_t at, std::span<const std::uint32_t> words);
  std::uint64_t size() const { return size_; }  ///< words so far
  void finish();

 private:
  SealKind kind_;
  std::filesystem::path target_, temporary_;
  int fd_ = -1;
  std::uint64_t size_ = 0;
  bool finished_ = false;
};

/// The words of a sealed file, checked, where they lie: pages come into memory as they are read.
class SealedWords {
 public:
  /// Throws configuration (missing, a folder) or data.
  SealedWords(const SealKind& kind, const std::filesystem::path& path);
  SealedWords(const SealedWords&) = delete;
  SealedWords& operator=(const SealedWords&) = delete;
  ~SealedWords();

  std::span<const std::uint32_t> words() const { return words_; }
  /// These words were read and will hardly be again: their pages need not stay in memory.
  void release(std::span<const std::uint32_t> part) const;

 private:
  void* mapping_ = nullptr;
  std::size_t bytes_ = 0;  ///< of the mapping, seal included
  std::span<const std::uint32_t> words_;
};

/// A name beside `target` for a file being written.
std::filesystem::path temporary_beside(const std::filesystem::path& target);

/// "No space left on device" and the like, with the path.
[[noreturn]] void throw_cannot_write(const std::filesystem::path& path, int error_number);

}  // namespace trifactor
