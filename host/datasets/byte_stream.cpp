#include "host/datasets/byte_stream.hpp"

#include <sys/stat.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <new>
#include <string>
#include <system_error>

#include "rtl/spec/diagnostic.hpp"

namespace trifactor {

struct ByteStream::State {
  std::filesystem::path path;
  std::uint64_t file_bytes = 0;
  std::FILE* file = nullptr;
  bool gzip = false, member_ended = false;
  z_stream zip{};
  std::array<unsigned char, 1 << 16> packed{};

  ~State() {
    if (gzip) inflateEnd(&zip);
    if (file != nullptr) std::fclose(file);
  }

  [[noreturn]] void damaged(const char* code, const char* found, const char* expected) const {
    throw Error(ExitCode::data, {code, path.string(), found, expected, "copy or download the file again"});
  }

  /// More packed bytes into `packed` when it is empty; false at the end of the file.
  bool refill() {
    if (zip.avail_in > 0) return true;
    zip.next_in = packed.data();
    zip.avail_in = static_cast<uInt>(std::fread(packed.data(), 1, packed.size(), file));
    if (std::ferror(file)) damaged("TF-DAT-022", "the file cannot be read", "a readable file");
    return zip.avail_in > 0;
  }

  std::size_t inflate_into(std::span<std::byte> to) {
    std::size_t done = 0;
    while (done < to.size()) {
      const bool more = refill();
      if (member_ended) {
        if (!more) break;
        // A gzip file may be several one after the other; anything else behind it is a mistake.
        if (zip.next_in[0] != 0x1F)
          damaged("TF-DAT-026", "bytes follow the end of the gzip data", "nothing more");
        inflateReset(&zip);
        member_ended = false;
      }
      if (!more) damaged("TF-DAT-023", "the gzip data is cut short", "a complete file");
      const uInt room = static_cast<uInt>(std::min<std::size_t>(to.size() - done, 1U << 30));
      zip.next_out = reinterpret_cast<Bytef*>(to.data() + done);
      zip.avail_out = room;
      const int result = inflate(&zip, Z_NO_FLUSH);
      done += room - zip.avail_out;
      if (result == Z_STREAM_END) {
        member_ended = true;
      } else if (result != Z_OK && result != Z_BUF_ERROR) {
        damaged("TF-DAT-024", "the gzip data is damaged", "an undamaged gzip file");
      }
    }
    return done;
  }
};

ByteStream::ByteStream(std::filesystem::path path) : state_(std::make_unique<State>()) {
  State& s = *state_;
  s.path = std::move(path);
  struct stat status {};
  const auto refuse = [&](const char* code, std::string found) {
    throw Error(ExitCode::configuration, {code, s.path.string(), std::move(found), "a data file", ""});
  };
  if (stat(s.path.c_str(), &status) != 0) refuse("TF-DAT-020", std::generic_category().message(errno));
  if (S_ISDIR(status.st_mode)) refuse("TF-DAT-021", "this is a directory");
  if (!S_ISREG(status.st_mode)) refuse("TF-DAT-021", "this is not a regular file");
  s.file_bytes = static_cast<std::uint64_t>(status.st_size);
  s.file = std::fopen(s.path.c_str(), "rb");
  if (s.file == nullptr) refuse("TF-DAT-022", std::generic_category().message(errno));
  s.refill();
  s.gzip = s.zip.avail_in >= 2 && s.packed[0] == 0x1F && s.packed[1] == 0x8B;
  // 16: gzip, with its checksum verified; 15: the largest window.
  if (s.gzip && inflateInit2(&s.zip, 16 + 15) != Z_OK) throw std::bad_alloc();
}

ByteStream::~ByteStream() = default;

std::size_t ByteStream::read(std::span<std::byte> to) {
  State& s = *state_;
  if (s.gzip) return s.inflate_into(to);
  std::size_t done = 0;
  while (done < to.size() && s.refill()) {
    const std::size_t n = std::min<std::size_t>(s.zip.avail_in, to.size() - done);
    std::memcpy(to.data() + done, s.zip.next_in, n);
    s.zip.next_in += n;
    s.zip.avail_in -= static_cast<uInt>(n);
    done += n;
  }
  return done;
}

std::uint64_t ByteStream::file_bytes() const { return state_->file_bytes; }
bool ByteStream::is_gzip() const { return state_->gzip; }
const std::filesystem::path& ByteStream::path() const { return state_->path; }

}  // namespace trifactor
