// Peak memory of a process, as the kernel keeps it.
#pragma once

#include <cstdint>
#include <fstream>
#include <string>

namespace trifactor {

/// The most physical memory a process has held, in bytes; 0 when it is gone. process: its number or "self".
/// getrusage would not do: its figure survives exec, so that a program started by a larger one reports that
/// one's.
inline std::uint64_t peak_resident_bytes(const std::string& process) {
  std::ifstream status("/proc/" + process + "/status");
  std::string word;
  while (status >> word)
    if (word == "VmHWM:") {
      std::uint64_t kilobytes = 0;
      status >> kilobytes;
      return kilobytes * 1024;
    }
  return 0;
}

}  // namespace trifactor
