// Link crossings a second of the mesh under SystemC: every tile multicasts to its neighbours as fast as the
// network takes it. Prints one line a size.
#include <array>
#include <cstdio>
#include <ctime>
#include <memory>
#include <vector>

#include "sysc/noc/mesh.hpp"

namespace {

using namespace trifactor;

/// Keeps a few multicasts of its tile under way: sends another whenever as many packets have come in as one
/// of its own multicasts makes copies.
class Chatter : public PacketSink {
 public:
  void start(Mesh& mesh, std::uint32_t tile, int classes) {
    const std::uint32_t w = mesh.config().width, h = mesh.config().height, x = tile % w, y = tile / w;
    std::vector<std::uint32_t> neighbours;
    if (x > 0) neighbours.push_back(tile - 1);
    if (x + 1 < w) neighbours.push_back(tile + 1);
    if (y > 0) neighbours.push_back(tile - w);
    if (y + 1 < h) neighbours.push_back(tile + w);
    mesh_ = &mesh, tile_ = tile, fan_ = neighbours.size();
    route_ = mesh.add_route(tile, neighbours);
    mesh.connect(tile, *this);
    for (int i = 0; i < 4; ++i)
      for (int c = 0; c < classes; ++c) send(static_cast<std::uint8_t>(4 - c), 0);
  }
  void arrive(const Packet& packet, std::uint64_t cycle) override {
    if (++arrived_[packet.message_class] % fan_ == 0 && !stopped_) send(packet.message_class, cycle + 1);
  }
  void stop() { stopped_ = true; }

 private:
  void send(std::uint8_t c, std::uint64_t ready) {
    Packet packet;
    packet.route = route_;
    packet.message_class = c;
    mesh_->inject(tile_, packet, ready);
  }
  Mesh* mesh_ = nullptr;
  std::uint32_t tile_ = 0, route_ = 0;
  std::array<std::uint64_t, message_class_count> arrived_{};
  std::uint64_t fan_ = 1;
  bool stopped_ = false;
};

std::uint64_t total_hops(const Mesh& mesh) {
  std::uint64_t hops = 0;
  for (std::size_t c = 0; c < message_class_count; ++c) hops += mesh.hops(static_cast<MessageClass>(c));
  return hops;
}

}  // namespace

int main() {
  struct Case {
    std::uint32_t side;
    int classes;
    std::unique_ptr<Mesh> mesh;
    std::vector<Chatter> tiles;
  };
  std::vector<Case> cases;
  for (const std::uint32_t side : {8u, 64u})
    for (const int classes : {1, 3}) {
      MeshConfig config;
      config.width = config.height = side;
      config.hop_cycles = 1, config.buffer_packets = 4, config.link_bits = 64;
      config.packet_bits.fill(64);
      cases.push_back(
          {side, classes, std::make_unique<Mesh>(sc_core::sc_gen_unique_name("mesh"), config), {}});
    }
  // One case at a time; all modules exist before the first start.
  for (Case& c : cases) {
    c.tiles.resize(c.side * c.side);
    for (std::uint32_t tile = 0; tile < c.tiles.size(); ++tile) c.tiles[tile].start(*c.mesh, tile, c.classes);
    const std::uint64_t wanted = 20'000'000;
    const std::uint64_t warm = 200;
    sc_core::sc_start(sc_core::sc_time(static_cast<double>(warm), sc_core::SC_NS));
    c.mesh->reset_counters();
    const std::clock_t begin = std::clock();
    const double cycles = static_cast<double>(wanted) / (4.0 * c.side * c.side);
    sc_core::sc_start(sc_core::sc_time(cycles, sc_core::SC_NS));
    const double took = static_cast<double>(std::clock() - begin) / CLOCKS_PER_SEC;
    const auto hops = static_cast<double>(total_hops(*c.mesh));
    std::printf(
        "%4u tiles, %d class%s: %6.2f M link crossings/s of processor time, %.2f crossings/tile/cycle, "
        "%.4f activations/crossing\n",
        c.side * c.side, c.classes, c.classes > 1 ? "es" : "  ", hops / took / 1e6,
        hops / (cycles * c.side * c.side), static_cast<double>(c.mesh->activations()) / hops);
    std::fflush(stdout);
    for (Chatter& tile : c.tiles) tile.stop();
    sc_core::sc_start(sc_core::sc_time(100000, sc_core::SC_NS));
    if (c.mesh->packets_inside() != 0) {
      std::printf("packets left behind:\n%s", c.mesh->describe_blocked().c_str());
      return 1;
    }
  }
  return 0;
}
