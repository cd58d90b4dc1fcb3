// The mesh as a SystemC module: one SC_METHOD for all routers, activated once in each cycle in which
// something can move and never between. One cycle is one SystemC nanosecond.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <systemc>
#include <utility>
#include <vector>

#include "sysc/noc/fabric.hpp"

namespace trifactor {

class Mesh : public sc_core::sc_module {
 public:
  /// Throws TF-NOC-001 for a parameter outside the ranges of MeshConfig.
  Mesh(sc_core::sc_module_name name, const MeshConfig& config);
  SC_HAS_PROCESS(Mesh);

  const MeshConfig& config() const { return fabric_.config(); }
  const RouteTable& routes() const { return fabric_.routes(); }

  /// The multicast tree from `source_tile` to `destinations`, which may hold the source itself; repeated
  /// destinations count once. The number goes into Packet::route. Throws TF-NOC-002.
  std::uint32_t add_route(std::uint32_t source_tile, std::vector<std::uint32_t> destinations) {
    return fabric_.add_route(source_tile, std::move(destinations));
  }
  /// `sink` receives what arrives at `tile`; it must outlive the simulation.
  void connect(std::uint32_t tile, PacketSink& sink) { fabric_.connect(tile, sink); }

  /// Appends to the tile's output queue of the packet's class, which is served in order. Once simulation has
  /// started a packet enters in the next cycle at the earliest, as from a register, so it does not matter
  /// whether the caller runs before or after the mesh in a cycle; before the start, cycle 0 is possible.
  /// A lone packet arrives at ready_cycle + hops * hop_cycles + ceil(packet_bits / link_bits).
  /// Two processes that inject the same class at the same tile in one cycle are queued in calling order.
  void inject(std::uint32_t tile, const Packet& packet, std::uint64_t ready_cycle) {
    inject_train(tile, {&packet, 1}, ready_cycle);
  }
  /// The same for packets of one class, of which each is ready a cycle after the one before.
  void inject_train(std::uint32_t tile, std::span<const Packet> packets, std::uint64_t ready_cycle);

  static std::uint64_t now() { return sc_core::sc_time_stamp().value() / ticks_per_cycle(); }

  // -- counts, exact, since the start or reset_counters; meanings in fabric.hpp
  std::uint64_t injected(MessageClass c) const { return fabric_.injected(c); }
  std::uint64_t delivered(MessageClass c) const { return fabric_.delivered(c); }
  std::uint64_t hops(MessageClass c) const { return fabric_.hops(c); }
  std::uint64_t hops_of_tile(std::uint32_t tile) const { return fabric_.hops_of_tile(tile); }
  std::uint64_t blocked_cycles(std::uint32_t tile) const { return fabric_.blocked_cycles(tile, now()); }
  std::uint64_t largest_queue() const { return fabric_.largest_queue(); }
  std::uint64_t largest_buffer() const { return fabric_.largest_buffer(); }
  std::uint64_t activations() const { return activations_; }  ///< of the SC_METHOD
  std::uint64_t packets_inside() const { return fabric_.packets_inside(); }
  void reset_counters();
  void restart_turns() { fabric_.restart_turns(); }

  void set_fault(FaultKind kind, MessageClass c, std::uint64_t nth) { fabric_.set_fault(kind, c, nth); }
  std::string describe_blocked(std::size_t limit = 40) const { return fabric_.describe_blocked(limit); }

 private:
  static sc_dt::uint64 ticks_per_cycle() {
    static const sc_dt::uint64 ticks = sc_core::sc_time(1, sc_core::SC_NS).value();
    return ticks;
  }
  void start_of_simulation() override { started_ = true; }
  void cycle();
  void wake_at(std::uint64_t cycle);

  Fabric fabric_;
  sc_core::sc_event wake_;
  std::uint64_t scheduled_ = no_cycle;  ///< cycle for which wake_ is notified
  std::uint64_t activations_ = 0;
  bool started_ = false;
  bool running_ = false;  ///< inside cycle(), which schedules the next wake-up itself
};

}  // namespace trifactor
