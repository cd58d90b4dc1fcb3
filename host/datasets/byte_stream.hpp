// A file read from front to back, unpacked on the way when it is gzip. Used inside this folder only.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <span>

namespace trifactor {

/// Missing file, folder or device in place of a file: ExitCode::configuration. A gzip stream that is cut,
/// damaged or followed by other bytes: ExitCode::data.
class ByteStream {
 public:
  explicit ByteStream(std::filesystem::path path);
  ~ByteStream();
  ByteStream(const ByteStream&) = delete;
  ByteStream& operator=(const ByteStream&) = delete;

  /// Fills `to` as far as there is data; returns the number of bytes.
  std::size_t read(std::span<std::byte> to);

  /// Size of the file on disk, bytes.
  std::uint64_t file_bytes() const;
  bool is_gzip() const;
  const std::filesystem::path& path() const;

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace trifactor
