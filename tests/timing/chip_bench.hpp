// A chip on a test bench: compiled from a network of this folder, run in a child process (SystemC elaborates
// once a process), its words seen and, where a test asks for it, tampered with on their way.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "runtime/layout/program.hpp"
#include "sysc/chip/chip.hpp"

namespace trifactor {

/// Runs `work` in a child process and returns its words. Throws what the child printed when it fails. Only
/// while this process has neither threads nor SystemC modules.
std::vector<std::uint32_t> in_child(const std::function<std::vector<std::uint32_t>()>& work);

struct Setup {
  std::string network = "small.toml";
  std::vector<std::string> network_sets, machine_sets;
  std::string machine = "small";
};
Program compile(const Setup& setup);
/// The small network on 2 x 2 cores: its hidden layer cut by columns, or by rows (an owner and a slice).
Setup cut_by_columns();
Setup cut_by_rows();

/// Sample frames [first, first + count): noisy prototypes of the classes, about a quarter of the values 0.
std::vector<Frame> samples(const Program& program, std::uint64_t first, std::uint64_t count,
                           std::uint64_t seed = 1, bool learn = true);

/// One word as it leaves a unit, on the mesh or on trees of their own.
struct Sent {
  std::uint64_t cycle = 0;
  std::uint32_t tile = 0;
  Packet packet;
  template <class V>
  friend void visit(V& v, Sent& s) {
    Packet& p = s.packet;
    v(s.cycle, s.tile, p.tick, p.payload, p.source, p.index, p.aux, p.kind);
  }
  /// All but the route, which is the mesh's business.
  friend bool operator==(const Sent& a, const Sent& b) { return a.tuple() == b.tuple(); }
  friend bool operator<(const Sent& a, const Sent& b) { return a.tuple() < b.tuple(); }
  PacketKind kind() const { return static_cast<PacketKind>(packet.kind); }

 private:
  std::tuple<std::uint64_t, std::uint32_t, std::uint8_t, std::uint64_t, std::uint32_t, std::uint32_t,
             std::uint32_t, std::int64_t>
  tuple() const {
    return {cycle, tile, packet.kind, packet.tick, packet.source, packet.index, packet.aux, packet.payload};
  }
};

using State = std::map<std::uint32_t, std::vector<std::uint32_t>>;  ///< by unit, as in state frames

struct Plan {
  ChipOptions options;
  bool record = false;
  State state;  ///< written before the first frame, unless empty
  std::vector<Frame> frames;
  std::function<int(Packet&)> tamper;  ///< sees every packet; how many copies leave (1: as it is)
  std::function<void(Mesh&)> prepare;  ///< before the first frame
};

struct Outcome {
  std::vector<std::vector<std::uint32_t>> results, digests, weights;
  State state;
  std::map<std::uint32_t, UnitCounters> counters;  ///< by unit
  std::string fault, fault_text;                   ///< code; empty: none
  std::vector<Sent> sent, delivered;
  std::uint64_t cycles = 0, largest_queue = 0, largest_buffer = 0;

  ResultWords result(std::size_t k) const { return unpack<ResultWords>(results.at(k), "result"); }
  /// Counts of all cores together: equal in engines with and without time.
  EventCounts core_events() const;
  /// Everything that does not depend on time; also, whether a core's events are the sum of its blocks'.
  std::string first_difference(const Outcome& other) const;
};

/// Streams the frames, drains, and reads everything there is.
Outcome run(const Program& program, const Plan& plan);
/// The frames on the engine without time: what every chip must compute.
Outcome run_without_time(const Program& program, const std::vector<Frame>& frames);

}  // namespace trifactor
