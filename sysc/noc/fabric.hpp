// The routers, links and buffers of the mesh as a plain state machine over cycles, without SystemC: `run(c)`
// is one cycle, `next_cycle()` the next one in which anything can happen. mesh.hpp puts it on SystemC's
// clock.
//
// A cycle has two phases. First everything due at its start takes effect (packets delivered, first words
// arrived, buffer slots freed); then each active router decides on that state. A decision changes its own
// router at once and any other only through entries for later cycles, so routers may be visited in any order.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <limits>
#include <queue>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "sysc/noc/event_wheel.hpp"
#include "sysc/noc/mesh_config.hpp"
#include "sysc/noc/packet.hpp"
#include "sysc/noc/routes.hpp"
#include "sysc/noc/source_queue.hpp"

namespace trifactor {

enum class FaultKind : std::uint8_t { drop, duplicate, corrupt };

class Fabric {
 public:
  /// Throws TF-NOC-001 for a parameter outside the ranges of MeshConfig.
  explicit Fabric(const MeshConfig& config);
  Fabric(const Fabric&) = delete;
  Fabric& operator=(const Fabric&) = delete;

  const MeshConfig& config() const { return config_; }
  const RouteTable& routes() const { return routes_; }
  std::uint32_t add_route(std::uint32_t source, std::vector<std::uint32_t> destinations);
  /// The sink must outlive the fabric's last run. Throws TF-NOC-003 for a tile that does not exist.
  void connect(std::uint32_t tile, PacketSink& sink);

  /// Appends to the tile's queue of the packet's class. The packet may enter from `ready_cycle` on, or from
  /// the first cycle not yet run where that is later. Throws TF-NOC-003 when tile, class and route do not
  /// belong together.
  void inject(std::uint32_t tile, const Packet& packet, std::uint64_t ready_cycle) {
    inject_train(tile, {&packet, 1}, ready_cycle);
  }
  /// The same for packets of one class, the first from `ready_cycle` on and each later one a cycle after the
  /// one before, none before `earliest`.
  void inject_train(std::uint32_t tile, std::span<const Packet> packets, std::uint64_t ready_cycle,
                    std::uint64_t earliest = 0);

  /// The next cycle in which anything can change, or no_cycle.
  std::uint64_t next_cycle() const;
  /// Runs exactly that cycle.
  void run(std::uint64_t cycle);

  // -- counts since the start or the last reset_counters
  std::uint64_t injected(MessageClass c) const { return injected_[index(c)]; }    ///< entered a first router
  std::uint64_t delivered(MessageClass c) const { return delivered_[index(c)]; }  ///< copies handed to sinks
  std::uint64_t hops(MessageClass c) const { return hops_[index(c)]; }            ///< link crossings
  std::uint64_t hops_of_tile(std::uint32_t tile) const {
    return routers_[tile].hops;
  }  ///< over links out of it
  /// Cycles run before `now`, or skipped because nothing could move, in which a packet was ready to enter at
  /// `tile` and its class's buffer was full. Cycle `now` itself counts once it has been run.
  std::uint64_t blocked_cycles(std::uint32_t tile, std::uint64_t now) const;
  std::uint64_t largest_queue() const { return largest_queue_; }    ///< packets of a class waiting at a tile
  std::uint64_t largest_buffer() const { return largest_buffer_; }  ///< packets in one router buffer
  void reset_counters(std::uint64_t now);
  /// Whoever is first in the order is the next to be served, as in a mesh that has seen no packet. For an
  /// empty mesh, so that what follows does not depend on how it came to be empty.
  void restart_turns();

  /// Packets accepted by inject and not yet delivered to all their destinations.
  std::uint64_t packets_inside() const { return waiting_ + bodies_.size() - free_bodies_.size(); }
  /// Acts on the nth packet (from 1) of the class that enters its first router from now on; packets entering
  /// in one cycle are numbered by tile. `corrupt` inverts the payload's lowest bit. One fault a class; a
  /// later call replaces an earlier one. nth = 0 removes it.
  void set_fault(FaultKind kind, MessageClass c, std::uint64_t nth);
  bool fault_pending() const;

  /// One line for each buffer and source queue that holds packets, at most `limit` of them.
  std::string describe_blocked(std::size_t limit = 40) const;

  /// Capacity of an input buffer; smaller than config().buffer_packets only under jitter. `port` = local is
  /// the buffer that packets of this tile enter.
  static std::uint32_t buffer_depth(const MeshConfig& config, std::uint32_t tile, std::uint32_t port,
                                    std::size_t c);
  /// Extra cycles under jitter for the packet that leaves `tile` by `port` (local: enters it) in `cycle`.
  static std::uint32_t extra_latency(const MeshConfig& config, std::uint32_t tile, std::uint32_t port,
                                     std::size_t c, std::uint64_t cycle);

 private:
  static constexpr std::uint32_t none = std::numeric_limits<std::uint32_t>::max();
  static constexpr std::uint32_t fifo_count = port_count * message_class_count;
  /// Buffers are numbered class * 5 + input port, so a class is five neighbouring bits of a mask of buffers.
  static constexpr std::uint32_t group(std::uint32_t c) { return 31u << (port_count * c); }
  static constexpr std::size_t index(MessageClass c) { return static_cast<std::size_t>(c); }
  static constexpr std::uint32_t bit(std::uint32_t place) { return 1u << place; }

  /// A packet in the mesh, once, however many copies are under way.
  struct Body {
    Packet packet;
    std::uint32_t copies_left = 0;  ///< deliveries still to be made
  };
  // No single bytes in these: a store of a byte makes the compiler load every pointer anew.

  /// A copy of a packet in one buffer. It moves to the next when its last branch leaves.
  struct Copy {
    std::uint64_t time = 0;  ///< cycle in which its first word is in the buffer
    std::uint32_t body = none;
    std::uint32_t first_child = 0;  ///< its node of the route, copied: the table is seldom in the cache
    std::uint32_t next = none;      ///< the copy behind it in the buffer
    std::uint16_t outputs = 0;
    std::uint16_t remaining = 0;  ///< outputs it still has to leave by
  };
  /// The copies in a buffer from the first that has not left completely; its slot is free some cycles after.
  struct Fifo {
    std::uint32_t head = none, tail = none;
    std::uint16_t used = 0, free = 0;  ///< slots
    std::uint16_t for_core = 0;        ///< copies that still have to leave by the local port
    std::uint32_t left = none;         ///< body of the copy that left last; its slot may not be free yet
  };
  struct alignas(64) Router {                         // what every visit touches comes first
    std::array<std::uint32_t, port_count> request{};  ///< [output]: buffers whose head wants it now
    std::array<std::uint32_t, link_count> full{};     ///< [link]: classes without a free slot at its far end
    std::uint16_t source_ready = 0;                   ///< classes whose source queue has a ready head
    std::uint16_t local_full = 0;                     ///< classes whose local input buffer is full
    std::uint16_t inject_turn = 0;
    bool blocked = false;  ///< since `blocked_since`, until the next visit
    std::array<std::uint16_t, link_count> class_turn{};
    std::array<std::uint16_t, message_class_count> for_core{};  ///< sums over the buffers of a class
    bool own_packets = false;  ///< some route of this tile leads to this tile too
    std::uint64_t wake = 0;    ///< cycle of the latest wake-up asked for
    std::uint64_t hops = 0;
    std::array<std::uint64_t, link_count> link_free{};  ///< first cycle in which the link is idle
    std::array<std::array<std::uint16_t, message_class_count>, port_count> input_turn{};
    std::uint64_t blocked_total = 0, blocked_since = 0;
    std::array<Fifo, fifo_count> fifos{};
  };
  struct Fault {
    FaultKind kind = FaultKind::drop;
    std::uint64_t countdown = 0;  ///< packets until it acts; 0: none
  };
  /// A packet on its way into a core. Where this was its last branch, its slot is free in the same cycle.
  static constexpr std::uint32_t no_port = 7;
  struct Delivery {
    std::uint32_t tile = 0, port = no_port, body = none;  ///< port: of the buffer whose slot it frees
    std::uint64_t word() const { return std::uint64_t{tile} << 35 | std::uint64_t{port} << 32 | body; }
    static Delivery of(std::uint64_t word) {
      return {static_cast<std::uint32_t>(word >> 35), static_cast<std::uint32_t>(word >> 32 & 7),
              static_cast<std::uint32_t>(word)};
    }
  };
  enum class EventKind : std::uint32_t { head_arrived, slot_free, source_ready, wake };
  /// List of the wheel that holds events; the lists before it hold deliveries, one a class.
  static constexpr std::size_t events = message_class_count;

  void post(std::uint64_t cycle, EventKind kind, std::uint32_t router, std::uint32_t what) {
    wheel_.post(cycle, events, std::uint64_t{router} << 8 | what << 2 | static_cast<std::uint32_t>(kind));
  }
  void post_source(std::uint64_t cycle, std::uint32_t tile, std::uint32_t c);
  void activate(std::uint32_t router) { active_[router / 64] |= std::uint64_t{1} << (router % 64); }
  template <class Visit>
  void in_order(std::size_t count, Visit&& visit) {
    if (config_.reverse_order)
      for (std::size_t i = count; i-- > 0;) visit(i);
    else
      for (std::size_t i = 0; i < count; ++i) visit(i);
  }

  void take_effect(std::uint64_t event);
  void set_source_ready(std::uint32_t tile, std::uint32_t c);
  static void make_head_ready(Router& r, const Copy& copy, std::uint32_t buffer);
  void head_due(std::uint32_t router, Router& r, std::uint32_t buffer, Fifo& queue, const Copy& copy);
  void give_back(std::uint32_t router, Router& r, std::uint32_t buffer);
  void free_slot(std::uint32_t router, std::uint32_t buffer);
  void deliver(std::uint32_t classes);
  void visit_active();
  void visit(std::uint32_t router);
  void take_injection(std::uint32_t router, Router& r);
  void enter(std::uint32_t router, Router& r, std::uint32_t c);
  std::uint32_t new_copy();
  void append(std::uint32_t router, Router& r, std::uint32_t buffer, Fifo& queue, std::uint32_t slot,
              std::uint64_t time, std::uint32_t body, std::uint32_t node);
  std::uint32_t choose_among(std::uint32_t router, std::uint32_t output, std::uint32_t candidates) const;
  std::uint32_t choose(std::uint32_t router, Router& r, std::uint32_t output, std::uint32_t candidates);
  void cross(std::uint32_t router, Router& r, std::uint32_t output, std::uint32_t buffer);
  void hand_over(std::uint32_t router, Router& r, std::uint32_t buffer, Fifo& queue);
  /// Whether it was the last branch of the head, which then is no longer the head.
  static bool branch_left(Fifo& queue, Copy& copy, std::uint32_t output);
  std::uint32_t new_body(const Packet& packet);
  void finish_copy(std::uint32_t body);

  MeshConfig config_;
  bool jitter_;
  RouteTable routes_;
  std::array<std::uint32_t, message_class_count> serial_{};
  std::array<std::int32_t, link_count> step_{};  ///< from a router to the one behind a link
  std::vector<Router> routers_;
  std::vector<SourceQueue> sources_;
  std::vector<PacketSink*> sinks_;
  std::uint64_t waiting_ = 0;  ///< packets in source queues
  std::vector<Body> bodies_;
  std::vector<Copy> copies_;
  std::vector<std::uint32_t> free_bodies_, free_copies_;

  EventWheel<std::uint64_t, message_class_count + 1> wheel_;
  using Later = std::pair<std::uint64_t, std::uint32_t>;                ///< cycle; tile * classes + class
  std::priority_queue<Later, std::vector<Later>, std::greater<>> far_;  ///< beyond the wheel's span
  std::vector<std::uint64_t> active_;  ///< one bit a router: to be visited in this cycle
  std::uint64_t cycle_ = 0;            ///< last cycle run
  std::uint64_t next_free_ = 0;        ///< first cycle not yet run

  std::array<std::uint64_t, message_class_count> injected_{}, delivered_{}, hops_{};
  std::array<Fault, message_class_count> faults_{};
  std::uint64_t largest_queue_ = 0, largest_buffer_ = 0;
};

}  // namespace trifactor
