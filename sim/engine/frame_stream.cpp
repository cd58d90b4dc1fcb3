#include "sim/engine/frame_stream.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstddef>

namespace trifactor {
namespace {

struct Head {
  std::uint32_t type = 0, unit = 0;
  std::uint64_t tick = 0, words = 0;
};

bool write_bytes(int fd, const void* data, std::size_t size) {
  const char* bytes = static_cast<const char*>(data);
  while (size > 0) {
    const ssize_t written = ::send(fd, bytes, size, MSG_NOSIGNAL);
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes += written;
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

bool read_bytes(int fd, void* data, std::size_t size) {
  char* bytes = static_cast<char*>(data);
  while (size > 0) {
    const ssize_t got = ::recv(fd, bytes, size, 0);
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    bytes += got;
    size -= static_cast<std::size_t>(got);
  }
  return true;
}

}  // namespace

bool write_frame(int fd, const Frame& frame) {
  const Head head{static_cast<std::uint32_t>(frame.type), frame.unit, frame.tick, frame.words.size()};
  return write_bytes(fd, &head, sizeof head) && write_bytes(fd, frame.words.data(), frame.words.size() * 4);
}

bool write_pull(int fd) {
  const Head head{pull_request, 0, 0, 0};
  return write_bytes(fd, &head, sizeof head);
}

bool read_frame(int fd, Frame& frame, bool& pull) {
  Head head;
  if (!read_bytes(fd, &head, sizeof head)) return false;
  pull = head.type == pull_request;
  frame.type = static_cast<FrameType>(head.type);
  frame.unit = head.unit;
  frame.tick = head.tick;
  frame.words.resize(head.words);
  return read_bytes(fd, frame.words.data(), frame.words.size() * 4);
}

}  // namespace trifactor
