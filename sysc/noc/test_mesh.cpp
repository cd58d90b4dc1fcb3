// Does the SystemC module show the same network, on the right clock, and sleep when nothing moves?
// One elaboration a process: all modules of this program are built by the one test case.
#include <catch2/catch.hpp>

#include "sysc/noc/mesh.hpp"
#include "sysc/noc/test_traffic.hpp"

using namespace trifactor;
using namespace trifactor::testing;

namespace {

/// Injects each offer a given number of cycles before it is ready, from a process of its own.
class Source : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(Source);
  Source(sc_core::sc_module_name name, Mesh& mesh, std::vector<Offer> offers)
      : sc_core::sc_module(name), mesh_(mesh), offers_(std::move(offers)) {
    for (const Offer& o : offers_) routes_.push_back(mesh.add_route(o.tile, o.destinations));
    SC_METHOD(step);
  }

 private:
  void step() {
    while (next_ < offers_.size() && call_cycle() <= Mesh::now()) {
      mesh_.inject(offers_[next_].tile, packet_of(offers_[next_], routes_[next_]), offers_[next_].ready);
      ++next_;
    }
    if (next_ < offers_.size())
      next_trigger(sc_core::sc_time(static_cast<double>(call_cycle() - Mesh::now()), sc_core::SC_NS));
  }
  std::uint64_t call_cycle() const { return offers_[next_].ready < 4 ? 0 : offers_[next_].ready - 4; }

  Mesh& mesh_;
  std::vector<Offer> offers_;
  std::vector<std::uint32_t> routes_;
  std::size_t next_ = 0;
};

/// Answers each packet that arrives in one tile with one from there, asked for in the same cycle.
class Echo : public PacketSink {
 public:
  Echo(Mesh& mesh, std::uint32_t tile, std::uint32_t route) : mesh_(mesh), tile_(tile), route_(route) {}
  void arrive(const Packet& packet, std::uint64_t cycle) override {
    CHECK(cycle == Mesh::now());
    Packet answer = packet;
    answer.route = route_;
    mesh_.inject(tile_, answer, cycle);
  }

 private:
  Mesh& mesh_;
  std::uint32_t tile_, route_;
};

void run_to(std::uint64_t cycle) {
  sc_core::sc_start(sc_core::sc_time(static_cast<double>(cycle - Mesh::now()), sc_core::SC_NS));
}

}  // namespace

TEST_CASE("the module behaves as the state machine it drives") {
  struct Pair {
    MeshConfig config;
    std::vector<Offer> offers;
    std::unique_ptr<Mesh> mesh;
    std::unique_ptr<Source> source;
    std::vector<std::unique_ptr<Recorder>> sinks;
    std::vector<Arrival> arrivals;
  };
  std::vector<std::unique_ptr<Pair>> pairs;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    Dice dice(seed);
    auto pair = std::make_unique<Pair>();
    pair->config = random_config(dice, seed % 3 == 1);
    pair->config.reverse_order = seed % 2 == 1;
    pair->offers = random_offers(dice, pair->config, 300, 1000);
    for (Offer& o : pair->offers) ++o.ready;  // cycle 0 is too early for a process
    std::stable_sort(pair->offers.begin(), pair->offers.end(),
                     [](const Offer& a, const Offer& b) { return a.ready < b.ready; });
    // Built in either order: a source's process may run before or after the mesh's in a cycle.
    pair->mesh = std::make_unique<Mesh>(sc_core::sc_gen_unique_name("mesh"), pair->config);
    pair->source = std::make_unique<Source>(sc_core::sc_gen_unique_name("source"), *pair->mesh, pair->offers);
    for (std::uint32_t tile = 0; tile < pair->config.tiles(); ++tile) {
      pair->sinks.push_back(std::make_unique<Recorder>(tile, pair->arrivals));
      pair->mesh->connect(tile, *pair->sinks.back());
    }
    pairs.push_back(std::move(pair));
  }

  // A mesh used by hand: a packet for cycle 0 before the start, echoed by its destination.
  Mesh mesh("by_hand", small_config(3, 1));
  std::vector<Arrival> arrivals;
  Recorder first(0, arrivals), middle(1, arrivals);
  Echo last(mesh, 2, mesh.add_route(2, {0}));
  mesh.connect(0, first), mesh.connect(1, middle), mesh.connect(2, last);
  Packet packet;
  packet.route = mesh.add_route(0, {1, 2});
  packet.message_class = 4, packet.index = 5;
  mesh.inject(0, packet, 0);

  run_to(20);
  // Out: 2 hops and 1 word, cycle 3; back: enters in cycle 4, 2 hops and 1 word.
  CHECK(arrivals == std::vector<Arrival>{{2, 1, 4, 5}, {7, 0, 4, 5}});
  CHECK(mesh.hops(MessageClass::activity) == 4);
  CHECK(mesh.packets_inside() == 0);
  const std::uint64_t quiet = mesh.activations();
  CHECK(quiet <= 8);

  // A later packet is already waited for when an earlier one is offered; nothing happens in between.
  packet.index = 6, packet.route = mesh.add_route(0, {1});
  mesh.inject(0, packet, 5000);
  packet.message_class = 3, packet.index = 7;
  mesh.inject(0, packet, 4000);
  run_to(3999);
  CHECK(mesh.activations() == quiet);
  CHECK(arrivals.size() == 2);
  run_to(6000);
  REQUIRE(arrivals.size() == 4);
  CHECK(arrivals[2] == Arrival{4002, 1, 3, 7});
  CHECK(arrivals[3] == Arrival{5002, 1, 4, 6});
  CHECK(mesh.activations() == quiet + 2 * 3);  // enter and leave, first word in, delivered
  // A ready cycle that has passed means the next one.
  packet.index = 8;
  mesh.inject(0, packet, 10);
  const std::uint64_t now = Mesh::now();
  run_to(now + 100);
  CHECK(arrivals.back() == Arrival{now + 1 + 2, 1, 3, 8});
  mesh.reset_counters();
  CHECK(mesh.activations() == 0);
  CHECK(mesh.injected(MessageClass::error) == 0);

  run_to(100000);
  std::uint64_t blocked = 0;
  for (const std::unique_ptr<Pair>& pair : pairs) {
    MeshConfig config = pair->config;
    config.reverse_order = false;
    Bench bench(config);
    bench.offer(pair->offers);
    const std::uint64_t cycles = bench.run();
    std::sort(pair->arrivals.begin(), pair->arrivals.end());
    CHECK(pair->arrivals == bench.sorted());
    CHECK(pair->mesh->packets_inside() == 0);
    CHECK(pair->mesh->largest_buffer() == bench.fabric.largest_buffer());
    for (std::uint32_t tile = 0; tile < config.tiles(); ++tile) {
      CHECK(pair->mesh->blocked_cycles(tile) == bench.fabric.blocked_cycles(tile, 100000));
      CHECK(pair->mesh->hops_of_tile(tile) == bench.fabric.hops_of_tile(tile));
      blocked += pair->mesh->blocked_cycles(tile);
    }
    CHECK(pair->mesh->activations() == cycles);  // one for each cycle with something to do, no other
  }
  CHECK(blocked > 0);
}
