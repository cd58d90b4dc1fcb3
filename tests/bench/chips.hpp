// Chips under load: programs for any number of equally busy cores, and samples streamed through a device.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "runtime/device/device.hpp"
#include "runtime/layout/program.hpp"
#include "runtime/wire/words.hpp"

namespace trifactor::bench {

/// About `cores` cores of 256 columns in chains of eight layers (chain.toml), on a square mesh.
Program chains(int cores);

/// Layers of 784 x 65,536 weights of 16 bits (wide.toml) side by side, `layers` of them with `neurons` each.
Program wide(int layers, int neurons);

/// 16-bit or narrower words over the whole range of the input's format, and random classes.
std::vector<Frame> full_range_samples(const Program& program, std::uint64_t first, std::uint64_t count);

/// A programmed device; the images' weights are given up as they are sent.
class Loaded {
 public:
  Loaded(std::unique_ptr<Device> device, const Program& program);
  /// Streams learning samples and waits until all is written: samples a second of processor time.
  double learn(std::uint64_t samples);
  /// Sums over the chip.
  struct Sums {
    EventCounts events;
    std::uint64_t activations = 0;
  };
  Sums counters();

 private:
  Frame receive();

  const Program& program_;
  std::unique_ptr<Device> device_;
  pid_t worker_ = 0;
  std::uint64_t presented_ = 0;
};

std::unique_ptr<Device> functional();
std::unique_ptr<Device> systemc();

}  // namespace trifactor::bench
