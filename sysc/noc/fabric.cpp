// Setting a mesh up, handing packets to it, and what can be asked of it. What happens in a cycle: cycle.cpp.
#include "sysc/noc/fabric.hpp"

#include <algorithm>
#include <utility>

#include "rtl/spec/diagnostic.hpp"
#include "sysc/noc/jitter.hpp"

namespace trifactor {
namespace {

void check_range(Diagnostics& found, const char* name, std::uint64_t value, std::uint64_t low,
                 std::uint64_t high) {
  if (value >= low && value <= high) return;
  found.add({"TF-NOC-001", std::string("mesh parameter ") + name, std::to_string(value),
             std::to_string(low) + " to " + std::to_string(high), ""});
}

MeshConfig checked(const MeshConfig& config) {
  Diagnostics found;
  check_range(found, "width", config.width, 1, 256);
  check_range(found, "height", config.height, 1, 256);
  check_range(found, "hop_cycles", config.hop_cycles, 1, 64);
  check_range(found, "buffer_packets", config.buffer_packets, 1, 1024);
  check_range(found, "link_bits", config.link_bits, 1, 65536);
  for (const std::uint32_t bits : config.packet_bits) check_range(found, "packet_bits", bits, 1, 65536);
  found.throw_if_any(ExitCode::internal);
  return config;
}

/// Nothing is posted farther ahead than a hop with its jitter or the length of a packet.
std::uint64_t farthest(const MeshConfig& config) {
  std::uint64_t span = config.hop_cycles;
  for (std::size_t c = 0; c < message_class_count; ++c)
    span = std::max<std::uint64_t>(span, config.serial_cycles(c));
  return span + (config.jitter_seed != 0 ? jitter::latency_limit : 0);
}

}  // namespace

Fabric::Fabric(const MeshConfig& config)
    : config_(checked(config)),
      jitter_(config.jitter_seed != 0),
      routes_(config.width, config.height),
      wheel_(farthest(config)) {
  const std::uint32_t tiles = config_.tiles();
  const auto width = static_cast<std::int32_t>(config_.width);
  step_ = {-width, 1, width, -1};
  routers_.resize(tiles);
  active_.resize((std::size_t{tiles} + 63) / 64);
  sources_.resize(std::size_t{tiles} * message_class_count);
  sinks_.resize(tiles, nullptr);
  for (std::uint32_t c = 0; c < message_class_count; ++c) {
    serial_[c] = config_.serial_cycles(c);
    for (std::uint32_t tile = 0; tile < tiles; ++tile)
      for (std::uint32_t port = 0; port < port_count; ++port)
        routers_[tile].fifos[c * port_count + port].free =
            static_cast<std::uint16_t>(buffer_depth(config_, tile, port, c));
  }
}

std::uint32_t Fabric::buffer_depth(const MeshConfig& config, std::uint32_t tile, std::uint32_t port,
                                   std::size_t c) {
  if (config.jitter_seed == 0) return config.buffer_packets;
  const std::uint64_t word = jitter::draw(config.jitter_seed, jitter::Use::depth, tile,
                                          static_cast<std::uint32_t>(c) * port_count + port, 0);
  return 1 + static_cast<std::uint32_t>(word % config.buffer_packets);
}

std::uint32_t Fabric::extra_latency(const MeshConfig& config, std::uint32_t tile, std::uint32_t port,
                                    std::size_t c, std::uint64_t cycle) {
  if (config.jitter_seed == 0) return 0;
  const std::uint64_t word = jitter::draw(config.jitter_seed, jitter::Use::latency, tile,
                                          static_cast<std::uint32_t>(c) * port_count + port, cycle);
  return static_cast<std::uint32_t>(word % jitter::latency_limit);
}

void Fabric::connect(std::uint32_t tile, PacketSink& sink) {
  if (tile >= config_.tiles())
    throw Error(ExitCode::internal, {"TF-NOC-003", "connect", "tile " + std::to_string(tile),
                                     "a tile below " + std::to_string(config_.tiles()), ""});
  sinks_[tile] = &sink;
}

std::uint32_t Fabric::add_route(std::uint32_t source, std::vector<std::uint32_t> destinations) {
  const bool own = std::find(destinations.begin(), destinations.end(), source) != destinations.end();
  const std::uint32_t route = routes_.add(source, std::move(destinations));
  routers_[source].own_packets |= own;
  return route;
}

void Fabric::inject_train(std::uint32_t tile, std::span<const Packet> packets, std::uint64_t ready_cycle,
                          std::uint64_t earliest) {
  if (packets.empty()) return;
  const std::uint32_t c = packets.front().message_class;
  for (const Packet& packet : packets)
    if (tile >= config_.tiles() || c >= message_class_count || packet.message_class != c ||
        packet.route >= routes_.size() || routes_.route(packet.route).source != tile)
      throw Error(ExitCode::internal, {"TF-NOC-003", "tile " + std::to_string(tile),
                                       "packet of class " + std::to_string(packet.message_class) +
                                           " on route " + std::to_string(packet.route),
                                       "a class below 5 and a route that starts at this tile", ""});
  SourceQueue& queue = sources_[tile * message_class_count + c];
  const bool was_empty = queue.empty();
  earliest = std::max(earliest, next_free_);
  for (const Packet& packet : packets) queue.push(packet, std::max(ready_cycle++, earliest));
  waiting_ += packets.size();
  largest_queue_ = std::max<std::uint64_t>(largest_queue_, queue.length());
  if (was_empty) post_source(queue.ready(), tile, c);
}

void Fabric::post_source(std::uint64_t cycle, std::uint32_t tile, std::uint32_t c) {
  if (cycle - cycle_ <= wheel_.span() && cycle != cycle_)
    post(cycle, EventKind::source_ready, tile, c);
  else
    far_.push({cycle, tile * static_cast<std::uint32_t>(message_class_count) + c});
}

std::uint64_t Fabric::next_cycle() const {
  const std::uint64_t near = wheel_.next(next_free_);
  return far_.empty() ? near : std::min(near, far_.top().first);
}

std::uint64_t Fabric::blocked_cycles(std::uint32_t tile, std::uint64_t now) const {
  const Router& r = routers_[tile];
  return r.blocked_total + (r.blocked && now > r.blocked_since ? now - r.blocked_since : 0);
}

void Fabric::reset_counters(std::uint64_t now) {
  injected_ = {}, delivered_ = {}, hops_ = {};
  largest_queue_ = largest_buffer_ = 0;
  for (Router& r : routers_) {
    r.hops = r.blocked_total = 0;
    r.blocked_since = std::max(r.blocked_since, now);
  }
}

void Fabric::restart_turns() {
  for (Router& r : routers_) r.inject_turn = 0, r.class_turn = {}, r.input_turn = {};
}

void Fabric::set_fault(FaultKind kind, MessageClass c, std::uint64_t nth) { faults_[index(c)] = {kind, nth}; }

bool Fabric::fault_pending() const {
  return std::any_of(faults_.begin(), faults_.end(), [](const Fault& fault) { return fault.countdown != 0; });
}

}  // namespace trifactor
