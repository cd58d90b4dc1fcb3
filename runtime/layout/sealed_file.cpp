#include "runtime/layout/sealed_file.hpp"

#include <fcntl.h>
#include <openssl/evp.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <utility>

#include "rtl/spec/diagnostic.hpp"

namespace trifactor {
namespace {

class Descriptor {
 public:
  Descriptor(const std::filesystem::path& path, int flags)
      : fd_(::open(path.c_str(), flags | O_CLOEXEC, 0666)) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

struct DigestFree {
  void operator()(EVP_MD_CTX* context) const { EVP_MD_CTX_free(context); }
};

struct Content {
  std::uint64_t length = 0;
  unsigned char sha256[32] = {};
};

/// Length and digest of what follows the seal. `fd` is open for reading.
Content digest_content(int fd, const std::filesystem::path& path) {
  std::unique_ptr<EVP_MD_CTX, DigestFree> context(EVP_MD_CTX_new());
  EVP_DigestInit_ex(context.get(), EVP_sha256(), nullptr);
  Content content;
  std::vector<unsigned char> buffer(1 << 20);
  off_t offset = seal_bytes;
  for (;;) {
    const ssize_t got = ::pread(fd, buffer.data(), buffer.size(), offset);
    if (got < 0)
      throw Error(ExitCode::data, {"TF-FILE-001", path.string(),
                                   std::string("cannot be read: ") + std::strerror(errno), "", ""});
    if (got == 0) break;
    EVP_DigestUpdate(context.get(), buffer.data(), static_cast<std::size_t>(got));
    offset += got;
    content.length += static_cast<std::uint64_t>(got);
  }
  EVP_DigestFinal_ex(context.get(), content.sha256, nullptr);
  return content;
}

template <class T>
void put(std::vector<unsigned char>& bytes, std::size_t at, T value) {
  std::memcpy(bytes.data() + at, &value, sizeof value);
}
template <class T>
T take(const std::vector<unsigned char>& bytes, std::size_t at) {
  T value;
  std::memcpy(&value, bytes.data() + at, sizeof value);
  return value;
}

constexpr std::size_t version_at = 8, length_at = 16, digest_at = 24;

void write_all(int fd, const void* data, std::size_t size, off_t offset, const std::filesystem::path& path) {
  const char* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::pwrite(fd, bytes, size, offset);
    if (written < 0) {
      if (errno == EINTR) continue;
      throw_cannot_write(path, errno);
    }
    bytes += written;
    size -= static_cast<std::size_t>(written);
    offset += written;
  }
}

}  // namespace

void throw_cannot_write(const std::filesystem::path& path, int error_number) {
  throw Error(
      ExitCode::cannot_write,
      {"TF-OUT-001", path.string(), std::string("cannot be written: ") + std::strerror(error_number), "",
       error_number == ENOSPC ? "free some space or write elsewhere with -o" : "write elsewhere with -o"});
}

std::filesystem::path temporary_beside(const std::filesystem::path& target) {
  std::filesystem::path path = target;
  path += "." + std::to_string(::getpid()) + ".tmp";
  return path;
}

void seal_and_rename(const SealKind& kind, const std::filesystem::path& path,
                     const std::filesystem::path& target) {
  {
    const Descriptor file(path, O_RDWR);
    if (file.get() < 0) throw_cannot_write(path, errno);
    const Content content = digest_content(file.get(), path);
    std::vector<unsigned char> seal(seal_bytes, 0);
    std::memcpy(seal.data(), kind.magic.data(), 8);
    put(seal, version_at, kind.version);
    put(seal, length_at, content.length);
    std::memcpy(seal.data() + digest_at, content.sha256, 32);
    write_all(file.get(), seal.data(), seal.size(), 0, target);
    if (::fsync(file.get()) != 0) throw_cannot_write(target, errno);
  }
  if (::rename(path.c_str(), target.c_str()) != 0) throw_cannot_write(target, errno);
}

std::string check_seal(const SealKind& kind, const std::filesystem::path& path) {
  const auto damaged = [&](int number, std::string found, std::string hint) {
    return Error(ExitCode::data, {kind.code + "-00" + std::to_string(number), path.string(), std::move(found),
                                  "a complete " + kind.name + " file", std::move(hint)});
  };
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0)
    throw Error(ExitCode::configuration,
                {kind.code + "-001", path.string(), "there is no such file", "a " + kind.name + " file", ""});
  if (!S_ISREG(status.st_mode))
    throw Error(ExitCode::configuration,
                {kind.code + "-001", path.string(), "is not a regular file", "a " + kind.name + " file", ""});
  const Descriptor file(path, O_RDONLY);
  if (file.get() < 0)
    throw Error(ExitCode::configuration, {kind.code + "-001", path.string(),
                                          std::string("cannot be opened: ") + std::strerror(errno), "", ""});
  std::vector<unsigned char> seal(seal_bytes);
  const ssize_t got = ::pread(file.get(), seal.data(), seal.size(), 0);
  if (got < 8 || std::memcmp(seal.data(), kind.magic.data(), 8) != 0)
    throw damaged(2, "this is not a " + kind.name + " file", "make one with `trifactor`");
  if (got < static_cast<ssize_t>(seal_bytes)) throw damaged(4, "the file is cut short", "make it again");
  const std::uint32_t version = take<std::uint32_t>(seal, version_at);
  if (version != kind.version)
    throw damaged(3,
                  "format version " + std::to_string(version) +
                      (version > kind.version ? " is newer" : " is older") + " than this program knows (" +
                      std::to_string(kind.version) + ")",
                  "update trifactor, or make the file again with this one");
  for (std::size_t i = 0; i < seal.size(); ++i)  // what the digest does not cover
    if (seal[i] != 0 &&
        ((i >= version_at + sizeof version && i < length_at) || i >= digest_at + sizeof Content::sha256))
      throw damaged(5, "the file is damaged: a byte of its seal that must be 0 is not", "make it again");
  const Content content = digest_content(file.get(), path);
  const std::uint64_t length = take<std::uint64_t>(seal, length_at);
  if (content.length != length)
    throw damaged(4,
                  "the file is cut short or too long: " + std::to_string(content.length) +
                      " bytes of content, " + std::to_string(length) + " recorded",
                  "make it again");
  if (std::memcmp(content.sha256, seal.data() + digest_at, 32) != 0)
    throw damaged(5, "the file is damaged: its SHA-256 is not the one recorded", "make it again");
  std::string hex;
  for (const unsigned char byte : content.sha256) {
    constexpr char digits[] = "0123456789abcdef";
    hex += digits[byte >> 4];
    hex += digits[byte & 15];
  }
  return hex;
}

SealedWriter::SealedWriter(const SealKind& kind, const std::filesystem::path& target)
    : kind_(kind), target_(target), temporary_(temporary_beside(target)) {
  fd_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
  if (fd_ < 0) throw_cannot_write(target_, errno);
}

SealedWriter::~SealedWriter() {
  if (fd_ >= 0) ::close(fd_);
  if (!finished_) ::unlink(temporary_.c_str());
}

void SealedWriter::append(std::span<const std::uint32_t> words) {
  size_ += words.size();
  replace(size_ - words.size(), words);
}

void SealedWriter::replace(std::uint64_t at, std::span<const std::uint32_t> words) {
  write_all(fd_, words.data(), words.size_bytes(), static_cast<off_t>(seal_bytes + at * 4), target_);
}

void SealedWriter::finish() {
  ::close(std::exchange(fd_, -1));
  seal_and_rename(kind_, temporary_, target_);
  finished_ = true;
}

SealedWords::SealedWords(const SealKind& kind, const std::filesystem::path& path) {
  check_seal(kind, path);
  const Descriptor file(path, O_RDONLY);
  struct stat status {};
  const auto unreadable = [&] {
    return Error(ExitCode::data, {"TF-FILE-001", path.string(),
                                  std::string("cannot be read: ") + std::strerror(errno), "", ""});
  };
  if (file.get() < 0 || ::fstat(file.get(), &status) != 0) throw unreadable();
  bytes_ = static_cast<std::size_t>(status.st_size);
  if (bytes_ < seal_bytes || (bytes_ - seal_bytes) % 4 != 0)
    throw Error(ExitCode::data,
                {kind.code + "-004", path.string(), "the content is not whole words", "", "make it again"});
  mapping_ = ::mmap(nullptr, bytes_, PROT_READ, MAP_PRIVATE, file.get(), 0);
  if (mapping_ == MAP_FAILED) throw unreadable();
  words_ = {reinterpret_cast<const std::uint32_t*>(static_cast<const char*>(mapping_) + seal_bytes),
            (bytes_ - seal_bytes) / 4};
}

SealedWords::~SealedWords() { ::munmap(mapping_, bytes_); }

void SealedWords::release(std::span<const std::uint32_t> part) const {
  const auto page = static_cast<std::uintptr_t>(::sysconf(_SC_PAGESIZE));
  const auto begin = reinterpret_cast<std::uintptr_t>(part.data()) / page * page;
  const auto end = reinterpret_cast<std::uintptr_t>(part.data() + part.size());
  ::madvise(reinterpret_cast<void*>(begin), end - begin,
            MADV_DONTNEED);  // read again from the file if need be
}

}  // namespace trifactor
