// The chip's parameters. A preset is a complete TOML file; nothing here is defaulted by code.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace trifactor {

/// What one kind of core contains in silicon. Area, leakage and clock are charged for all of it.
struct CoreType {
  std::string name;
  std::vector<std::string> rules;  ///< rules whose post unit every core of this type contains
  bool teacher = false;            ///< a teacher unit sits beside the router of every tile of this type
  std::int64_t x0 = 0, y0 = 0, x1 = 0, y1 = 0;  ///< the tiles of this type, inclusive rectangle
};

struct Machine {
  std::string name;
  std::string description;
  std::int64_t clock_mhz = 0;

  struct Mesh {
    std::int64_t width = 0, height = 0;  ///< tiles
    std::int64_t link_bits = 0;          ///< bits a link moves in one cycle
    std::int64_t hop_cycles = 0;         ///< cycles from buffer to buffer for the first word of a packet
    std::int64_t buffer_packets = 0;     ///< whole packets a router holds for each input and class
  } mesh;

  struct Tree {
    bool own_network = false;     ///< reduction and broadcast have wires of their own
    std::int64_t hop_cycles = 0;  ///< cycles a tree hop takes on wires of its own
  } tree;

  struct Core {
    std::int64_t columns = 0;  ///< neurons a core holds
    std::int64_t axons = 0;    ///< synapse rows a core can address
    std::int64_t lanes = 0;    ///< accumulate lanes, and as many update lanes
    std::int64_t synapse_bytes = 0;
    std::int64_t synapse_ports = 0;    ///< 1: an update is a read and a write; 2: both in one cycle
    std::int64_t synapse_latency = 0;  ///< cycles from address to data
    std::int64_t axon_bytes = 0;
    std::int64_t neuron_bytes = 0;  ///< membranes, local activity, generators, factors
    std::int64_t history_bytes = 0;
  } core;

  struct Host {
    std::int64_t cycles_per_word = 0;  ///< cycles the host port takes for a 32-bit word
  } host;

  bool barrier = false;  ///< a chip-wide barrier closes each step instead of end packets
  std::int64_t jitter_seed =
      0;  ///< not 0: every latency, arbitration choice and buffer depth is drawn from it

  std::vector<CoreType> core_types;

  std::int64_t tiles() const { return mesh.width * mesh.height; }
};

/// Calls visit(key, field, unit, low, high, meaning) for every numeric entry; the one list of them that the
/// TOML reader, --set, the layout and the documentation share. Bounds are inclusive.
template <class M, class Visitor>
void visit_machine(M& m, Visitor&& visit) {
  visit("clock_MHz", m.clock_mhz, "MHz", 1, 10000, "the chip's one clock");
  visit("mesh.width", m.mesh.width, "tiles", 1, 256, "tiles from west to east");
  visit("mesh.height", m.mesh.height, "tiles", 1, 256, "tiles from north to south");
  visit("mesh.link_bits", m.mesh.link_bits, "bits", 8, 1024, "bits a link moves in a cycle");
  visit("mesh.hop_cycles", m.mesh.hop_cycles, "cycles", 1, 64, "latency of a router and its link");
  visit("mesh.buffer_packets", m.mesh.buffer_packets, "packets", 1, 1024, "depth of each input buffer");
  visit("tree.hop_cycles", m.tree.hop_cycles, "cycles", 1, 64, "latency of a tree hop on its own wires");
  visit("core.columns", m.core.columns, "neurons", 1, 65536, "neurons a core holds");
  visit("core.axons", m.core.axons, "rows", 1, 1048576, "synapse rows a core can address");
  visit("core.lanes", m.core.lanes, "lanes", 1, 1024, "accumulate lanes and update lanes");
  visit("core.synapse_bytes", m.core.synapse_bytes, "bytes", 1, std::int64_t{1} << 32, "synapse memory");
  visit("core.synapse_ports", m.core.synapse_ports, "ports", 1, 2, "ports of the synapse memory");
  visit("core.synapse_latency", m.core.synapse_latency, "cycles", 1, 64, "read latency of that memory");
  visit("core.axon_bytes", m.core.axon_bytes, "bytes", 1, std::int64_t{1} << 32,
        "axon buffers and row traces");
  visit("core.neuron_bytes", m.core.neuron_bytes, "bytes", 1, std::int64_t{1} << 32,
        "neuron state and factors");
  visit("core.history_bytes", m.core.history_bytes, "bytes", 1, std::int64_t{1} << 32, "history memory");
  visit("host.cycles_per_word", m.host.cycles_per_word, "cycles", 1, 100000,
        "cycles a 32-bit host word takes");
  visit("jitter_seed", m.jitter_seed, "", 0, std::int64_t{1} << 31, "seed of the timing noise, 0 for none");
}

}  // namespace trifactor
