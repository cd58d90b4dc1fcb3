// Frames over a socket between the program and an engine's worker process.
#pragma once

#include <cstdint>

#include "runtime/wire/frame.hpp"

namespace trifactor {

/// A request only between program and worker: run until there is an answer and send it.
inline constexpr std::uint32_t pull_request = 0xffffffffu;

/// Blocks until all is written. False: the other side is gone.
bool write_frame(int fd, const Frame& frame);
bool write_pull(int fd);
/// Blocks until a frame is read; `pull` says that it was a request instead. False: the other side is gone.
bool read_frame(int fd, Frame& frame, bool& pull);

}  // namespace trifactor
