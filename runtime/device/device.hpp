// A chip behind its host port, emulated or real. A session cannot tell one from another.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "runtime/wire/frame.hpp"

namespace trifactor {

class Device {
 public:
  virtual ~Device() = default;
  virtual std::string engine() const = 0;
  /// May take a while; throws Error when the device is gone or the layout cannot run on it.
  virtual void send(const Frame& frame) = 0;
  /// The next frame from the chip. Blocks until there is one; only call while an answer is outstanding.
  virtual Frame receive() = 0;
  /// Peak memory of whatever runs outside this process, in bytes.
  virtual std::uint64_t outside_rss_bytes() { return 0; }
};

/// Presentations a session may send ahead of their results.
inline constexpr std::uint64_t samples_in_flight = 32;

}  // namespace trifactor
