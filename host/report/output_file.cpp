#include "host/report/output_file.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <sstream>

#include "rtl/spec/diagnostic.hpp"

namespace trifactor {
namespace {

[[noreturn]] void cannot_write(const std::filesystem::path& path, int error) {
  throw Error(ExitCode::cannot_write,
              Diagnostic{"TF-OUT-001", path.string(), fmt::format("cannot write: {}", std::strerror(error)),
                         "a folder that may be written to, on a disk with space", ""});
}

bool write_all(int file, std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(file, text.data(), text.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    text.remove_prefix(static_cast<std::size_t>(written));
  }
  return ::fsync(file) == 0 || errno == EINVAL || errno == EROFS;  // pipes and some file systems cannot sync
}

}  // namespace

void write_whole_file(const std::filesystem::path& path, std::string_view text) {
  std::error_code error;
  if (path.has_parent_path()) std::filesystem::create_directories(path.parent_path(), error);
  if (error) cannot_write(path, error.value());
  const std::string temporary = fmt::format("{}.tmp{}", path.string(), ::getpid());
  const int file = ::open(temporary.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) cannot_write(path, errno);
  int failure = write_all(file, text) ? 0 : errno;
  if (::close(file) != 0 && failure == 0) failure = errno;
  if (failure == 0 && ::rename(temporary.c_str(), path.c_str()) != 0) failure = errno;
  if (failure != 0) {
    ::unlink(temporary.c_str());
    cannot_write(path, failure);
  }
}

std::string read_whole_file(const std::filesystem::path& path) {
  std::error_code error;
  std::ifstream file;
  if (std::filesystem::is_regular_file(path, error)) file.open(path, std::ios::binary);
  std::ostringstream text;
  if (file.is_open()) text << file.rdbuf();
  if (!file.is_open() || file.bad()) {
    throw Error(ExitCode::configuration,
                Diagnostic{"TF-RUN-001", path.string(), "there is no such file, or it cannot be read",
                           "a folder that `trifactor run` wrote", ""});
  }
  return text.str();
}

}  // namespace trifactor
