// The mesh's parameters: those of the machine, and how wide a packet of each class is.
#pragma once

#include <array>
#include <cstdint>

#include "rtl/spec/machine.hpp"
#include "sysc/noc/packet.hpp"

namespace trifactor {

struct MeshConfig {
  std::uint32_t width = 0, height = 0;  ///< tiles, 1..256; tile = y * width + x, y grows to the south
  std::uint32_t hop_cycles = 0;         ///< 1..64, buffer to buffer for a packet's first word
  std::uint32_t buffer_packets = 0;     ///< 1..1024, whole packets an input buffer of one class holds
  std::uint32_t link_bits = 0;          ///< bits a link moves in one cycle
  /// Width of a packet of each class, 1..65536; it occupies a link for ceil(packet_bits / link_bits) cycles.
  std::array<std::uint32_t, message_class_count> packet_bits{};
  std::uint64_t jitter_seed = 0;  ///< not 0: latencies, arbitration and buffer depths are drawn from it
  bool reverse_order = false;     ///< visit routers in the opposite order; must change no result

  static MeshConfig of(const Machine& machine,
                       const std::array<std::uint32_t, message_class_count>& packet_bits) {
    MeshConfig config;
    config.width = static_cast<std::uint32_t>(machine.mesh.width);
    config.height = static_cast<std::uint32_t>(machine.mesh.height);
    config.hop_cycles = static_cast<std::uint32_t>(machine.mesh.hop_cycles);
    config.buffer_packets = static_cast<std::uint32_t>(machine.mesh.buffer_packets);
    config.link_bits = static_cast<std::uint32_t>(machine.mesh.link_bits);
    config.packet_bits = packet_bits;
    config.jitter_seed = static_cast<std::uint64_t>(machine.jitter_seed);
    return config;
  }

  std::uint32_t tiles() const { return width * height; }
  /// Cycles a packet of class `c` occupies a link.
  std::uint32_t serial_cycles(std::size_t c) const { return (packet_bits[c] + link_bits - 1) / link_bits; }
};

}  // namespace trifactor
