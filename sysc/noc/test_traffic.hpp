// For tests: random meshes and traffic, and a driver that runs a fabric by hand and records every arrival.
#pragma once

#include <algorithm>
#include <memory>
#include <random>
#include <vector>

#include "sysc/noc/naive_mesh.hpp"

namespace trifactor::testing {

class Recorder : public PacketSink {
 public:
  Recorder(std::uint32_t tile, std::vector<Arrival>& arrivals) : tile_(tile), arrivals_(&arrivals) {}
  void arrive(const Packet& packet, std::uint64_t cycle) override {
    arrivals_->push_back({cycle, tile_, packet.message_class, packet.index});
  }

 private:
  std::uint32_t tile_;
  std::vector<Arrival>* arrivals_;
};

inline Packet packet_of(const Offer& offer, std::uint32_t route) {
  Packet packet;
  packet.route = route;
  packet.message_class = static_cast<std::uint8_t>(offer.message_class);
  packet.index = offer.index;
  packet.payload = 2 * offer.index;
  return packet;
}

/// A fabric with a recording sink on every tile.
struct Bench {
  explicit Bench(const MeshConfig& config) : fabric(config) {
    for (std::uint32_t tile = 0; tile < config.tiles(); ++tile)
      sinks.push_back(std::make_unique<Recorder>(tile, arrivals));
    for (std::uint32_t tile = 0; tile < config.tiles(); ++tile) fabric.connect(tile, *sinks[tile]);
  }
  void offer(const Offer& o) {
    fabric.inject(o.tile, packet_of(o, fabric.add_route(o.tile, o.destinations)), o.ready);
  }
  void offer(const std::vector<Offer>& offers) {
    for (const Offer& o : offers) offer(o);
  }
  /// Runs all cycles before `end`, or until nothing is left; returns how many cycles were run.
  std::uint64_t run(std::uint64_t end = no_cycle) {
    std::uint64_t count = 0;
    for (std::uint64_t c = fabric.next_cycle(); c < end && c != no_cycle; c = fabric.next_cycle(), ++count)
      fabric.run(last = c);
    return count;
  }
  std::vector<Arrival> sorted() const {
    std::vector<Arrival> copy = arrivals;
    std::sort(copy.begin(), copy.end());
    return copy;
  }

  Fabric fabric;
  std::vector<Arrival> arrivals;
  std::vector<std::unique_ptr<Recorder>> sinks;
  std::uint64_t last = 0;
};

inline MeshConfig small_config(std::uint32_t width, std::uint32_t height) {
  MeshConfig config;
  config.width = width, config.height = height;
  config.hop_cycles = 1, config.buffer_packets = 2, config.link_bits = 64;
  config.packet_bits.fill(64);
  return config;
}

struct Dice {
  explicit Dice(std::uint64_t seed) : engine(seed) {}
  std::uint32_t below(std::uint32_t bound) { return static_cast<std::uint32_t>(engine() % bound); }
  std::uint32_t between(std::uint32_t low, std::uint32_t high) { return low + below(high - low + 1); }
  std::mt19937_64 engine;
};

inline MeshConfig random_config(Dice& dice, bool with_jitter) {
  MeshConfig config;
  config.width = dice.between(1, 5), config.height = dice.between(1, 5);
  config.hop_cycles = dice.between(1, 4);
  config.buffer_packets = dice.between(1, 4);
  config.link_bits = dice.between(8, 80);
  for (std::uint32_t& bits : config.packet_bits) bits = dice.between(8, 120);
  config.jitter_seed = with_jitter ? dice.between(1, 1000000) : 0;
  return config;
}

/// `packets` multicasts of all classes to random tiles within `window` cycles; ready cycles of one queue
/// ascend only mostly, as the queue is served in order whatever they are.
inline std::vector<Offer> random_offers(Dice& dice, const MeshConfig& config, std::uint32_t packets,
                                        std::uint32_t window) {
  std::vector<Offer> offers;
  for (std::uint32_t i = 0; i < packets; ++i) {
    Offer o;
    o.tile = dice.below(config.tiles());
    o.message_class = dice.below(5);
    o.index = i;
    o.ready = std::uint64_t{i} * window / packets + dice.below(3);
    if (dice.below(50) == 0) o.ready += 300;
    const std::uint32_t fan = dice.below(4) == 0 ? config.tiles() : dice.between(1, 3);
    for (std::uint32_t k = 0; k < fan; ++k) o.destinations.push_back(dice.below(config.tiles()));
    std::sort(o.destinations.begin(), o.destinations.end());
    o.destinations.erase(std::unique(o.destinations.begin(), o.destinations.end()), o.destinations.end());
    offers.push_back(o);
  }
  return offers;
}

/// (tile, class, index) of all that must arrive.
inline std::vector<Arrival> expected_deliveries(const std::vector<Offer>& offers) {
  std::vector<Arrival> all;
  for (const Offer& o : offers)
    for (const std::uint32_t d : o.destinations) all.push_back({0, d, o.message_class, o.index});
  std::sort(all.begin(), all.end());
  return all;
}

inline std::vector<Arrival> without_cycles(std::vector<Arrival> arrivals) {
  for (Arrival& a : arrivals) std::get<0>(a) = 0;
  std::sort(arrivals.begin(), arrivals.end());
  return arrivals;
}

/// Links (tile, port) of the union of the XY paths to all destinations.
inline std::set<std::pair<std::uint32_t, std::uint32_t>> tree_links(
    std::uint32_t source, const std::vector<std::uint32_t>& destinations, std::uint32_t width) {
  std::set<std::pair<std::uint32_t, std::uint32_t>> links;
  for (const std::uint32_t d : destinations)
    for (std::uint32_t at = source; at != d;) {
      const std::uint32_t port = port_towards(at, d, width);
      links.insert({at, port});
      at = neighbour(at, port, width);
    }
  return links;
}

}  // namespace trifactor::testing
