// For tests: the same network written the slow, obvious way. Every router is looked at in every cycle,
// packets carry the tiles they still have to reach instead of a tree, and nothing is remembered about the
// future. The event-driven fabric must agree with it in every arrival and every count.
#pragma once

#include <deque>
#include <map>
#include <set>
#include <tuple>
#include <vector>

#include "sysc/noc/fabric.hpp"
#include "sysc/noc/jitter.hpp"

namespace trifactor::testing {

/// cycle, tile, class, index of the packet; sinks record these.
using Arrival = std::tuple<std::uint64_t, std::uint32_t, std::uint32_t, std::uint32_t>;

struct Offer {
  std::uint32_t tile = 0, message_class = 0, index = 0;
  std::uint64_t ready = 0;
  std::vector<std::uint32_t> destinations;
};

/// Port by which the path first along x, then along y, leaves `tile`.
inline std::uint32_t port_towards(std::uint32_t tile, std::uint32_t destination, std::uint32_t width) {
  const auto dx = static_cast<int>(destination % width) - static_cast<int>(tile % width);
  const auto dy = static_cast<int>(destination / width) - static_cast<int>(tile / width);
  if (dx != 0) return dx > 0 ? east : west;
  if (dy != 0) return dy > 0 ? south : north;
  return local;
}

inline std::uint32_t neighbour(std::uint32_t tile, std::uint32_t port, std::uint32_t width) {
  switch (port) {
    case north:
      return tile - width;
    case east:
      return tile + 1;
    case south:
      return tile + width;
    default:
      return tile - 1;
  }
}

class NaiveMesh {
 public:
  explicit NaiveMesh(const MeshConfig& config) : config_(config), routers_(config.tiles()) {}

  void offer(const Offer& offer) { routers_[offer.tile].waiting[offer.message_class].push_back(offer); }

  void cycle(std::uint64_t now) {
    for (Router& router : routers_)
      for (auto& [key, buffer] : router.buffers)
        if (!buffer.empty() && buffer.front().left_at <= now) buffer.pop_front();
    for (std::uint32_t tile = 0; tile < routers_.size(); ++tile) {
      inject(tile, now);
      for (std::uint32_t output = 0; output < 4; ++output) cross(tile, output, now);
      for (std::uint32_t c = 0; c < message_class_count; ++c) deliver(tile, c, now);
    }
  }

  bool empty() const {
    for (const Router& router : routers_) {
      for (const auto& queue : router.waiting)
        if (!queue.empty()) return false;
      for (const auto& [key, buffer] : router.buffers)
        if (!buffer.empty()) return false;
    }
    return true;
  }

  std::vector<Arrival> arrivals;
  std::map<std::uint32_t, std::uint64_t> blocked, hops;

 private:
  struct Copy {
    Offer packet;  ///< with the destinations of this branch
    std::uint64_t time = 0, left_at = no_cycle;
    std::set<std::uint32_t> outputs;
  };
  struct Router {
    std::array<std::deque<Offer>, message_class_count> waiting;
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::deque<Copy>> buffers;  ///< (class, port)
    std::array<std::uint64_t, 4> link_free{};
    std::map<std::uint32_t, std::uint32_t> class_turn;                            ///< by output
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::uint32_t> input_turn;  ///< by (output, class)
    std::uint32_t inject_turn = 0;
  };

  bool has_space(std::uint32_t tile, std::uint32_t c, std::uint32_t port) {
    return routers_[tile].buffers[{c, port}].size() < Fabric::buffer_depth(config_, tile, port, c);
  }
  void put(std::uint32_t tile, std::uint32_t c, std::uint32_t port, Offer packet, std::uint64_t time) {
    Copy copy{std::move(packet), time, no_cycle, {}};
    for (const std::uint32_t d : copy.packet.destinations)
      copy.outputs.insert(port_towards(tile, d, config_.width));
    routers_[tile].buffers[{c, port}].push_back(std::move(copy));
  }
  std::uint32_t drawn(jitter::Use use, std::uint32_t tile, std::uint32_t what, std::uint64_t now) const {
    return static_cast<std::uint32_t>(jitter::draw(config_.jitter_seed, use, tile, what, now) % 5);
  }
  static std::uint32_t pick(const std::set<std::uint32_t>& among, std::uint32_t turn) {
    const auto at = among.lower_bound(turn);
    return at == among.end() ? *among.begin() : *at;
  }

  void inject(std::uint32_t tile, std::uint64_t now) {
    Router& router = routers_[tile];
    std::set<std::uint32_t> able;
    bool stuck = false;
    for (std::uint32_t c = 0; c < message_class_count; ++c) {
      if (router.waiting[c].empty() || router.waiting[c].front().ready > now) continue;
      if (has_space(tile, c, local))
        able.insert(c);
      else
        stuck = true;
    }
    if (stuck) ++blocked[tile];
    if (able.empty()) return;
    if (config_.jitter_seed != 0) router.inject_turn = drawn(jitter::Use::inject_turn, tile, 0, now);
    const std::uint32_t c = pick(able, router.inject_turn);
    router.inject_turn = (c + 1) % 5;
    put(tile, c, local, router.waiting[c].front(), now + Fabric::extra_latency(config_, tile, local, c, now));
    router.waiting[c].pop_front();
  }

  std::set<std::uint32_t> wanting(std::uint32_t tile, std::uint32_t c, std::uint32_t output,
                                  std::uint64_t now) {
    std::set<std::uint32_t> ports;
    for (std::uint32_t port = 0; port < port_count; ++port) {
      const std::deque<Copy>& buffer = routers_[tile].buffers[{c, port}];
      if (!buffer.empty() && buffer.front().time <= now && buffer.front().outputs.count(output))
        ports.insert(port);
    }
    return ports;
  }

  std::uint32_t pick_input(std::uint32_t tile, std::uint32_t output, std::uint32_t c,
                           const std::set<std::uint32_t>& ports, std::uint64_t now) {
    std::uint32_t& turn = routers_[tile].input_turn[{output, c}];
    if (config_.jitter_seed != 0 && ports.size() > 1)
      turn = drawn(jitter::Use::input_turn, tile, output * 8 + c, now);
    const std::uint32_t port = pick(ports, turn);
    turn = (port + 1) % 5;
    return port;
  }

  void leave(std::uint32_t c, Copy& copy, std::uint32_t output, std::uint64_t now) {
    copy.outputs.erase(output);
    if (copy.outputs.empty()) copy.left_at = now + config_.serial_cycles(c);
  }

  void cross(std::uint32_t tile, std::uint32_t output, std::uint64_t now) {
    Router& router = routers_[tile];
    if (router.link_free[output] > now) return;
    std::set<std::uint32_t> classes;
    for (std::uint32_t c = 0; c < message_class_count; ++c)
      if (!wanting(tile, c, output, now).empty() &&
          has_space(neighbour(tile, output, config_.width), c, opposite(output)))
        classes.insert(c);
    if (classes.empty()) return;
    if (config_.jitter_seed != 0 && classes.size() > 1)
      router.class_turn[output] = drawn(jitter::Use::class_turn, tile, output, now);
    const std::uint32_t c = pick(classes, router.class_turn[output]);
    router.class_turn[output] = (c + 1) % 5;
    const std::uint32_t port = pick_input(tile, output, c, wanting(tile, c, output, now), now);
    Copy& copy = router.buffers[{c, port}].front();
    Offer branch = copy.packet;
    branch.destinations.clear();
    for (const std::uint32_t d : copy.packet.destinations)
      if (port_towards(tile, d, config_.width) == output) branch.destinations.push_back(d);
    leave(c, copy, output, now);
    put(neighbour(tile, output, config_.width), c, opposite(output), std::move(branch),
        now + config_.hop_cycles + Fabric::extra_latency(config_, tile, output, c, now));
    router.link_free[output] = now + config_.serial_cycles(c);
    ++hops[tile];
  }

  void deliver(std::uint32_t tile, std::uint32_t c, std::uint64_t now) {
    const std::set<std::uint32_t> ports = wanting(tile, c, local, now);
    if (ports.empty()) return;
    const std::uint32_t port = pick_input(tile, local, c, ports, now);
    Copy& copy = routers_[tile].buffers[{c, port}].front();
    arrivals.push_back({now + config_.serial_cycles(c), tile, c, copy.packet.index});
    leave(c, copy, local, now);
  }

  MeshConfig config_;
  std::vector<Router> routers_;
};

}  // namespace trifactor::testing
