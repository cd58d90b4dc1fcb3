// What happens at the limits: full buffers, several classes on one link, faults, wrong use.
#include <catch2/catch.hpp>

#include <cstdlib>
#include <new>

#include "rtl/spec/diagnostic.hpp"
#include "sysc/noc/test_traffic.hpp"

using namespace trifactor;
using namespace trifactor::testing;

namespace {
std::uint64_t allocations = 0;  // of the whole program, for the case that asserts there are none
}

[[gnu::noinline]] void* operator new(std::size_t size) {
  ++allocations;
  if (void* memory = std::malloc(size)) return memory;
  throw std::bad_alloc();
}
[[gnu::noinline]] void* operator new(std::size_t size, const std::nothrow_t&) noexcept {
  ++allocations;
  return std::malloc(size);
}
[[gnu::noinline]] void operator delete(void* memory) noexcept { std::free(memory); }
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept { std::free(memory); }

TEST_CASE("a slow link blocks its source for exactly as long as the buffers are full") {
  // Two tiles, eight cycles a packet, buffers of one: the packets enter 8 cycles apart, each waits in its
  // queue.
  MeshConfig config = small_config(2, 1);
  config.buffer_packets = 1, config.link_bits = 8;
  Bench bench(config);
  for (std::uint32_t i = 0; i < 10; ++i) bench.offer({0, 4, i, 0, {1}});
  bench.run(3);
  CHECK(bench.fabric.blocked_cycles(0, 3) == 2);  // cycles 1 and 2: the buffer frees at 8
  CHECK(bench.fabric.blocked_cycles(0, 7) == 6);  // nothing ran in between
  CHECK(bench.fabric.blocked_cycles(1, 7) == 0);
  CHECK(bench.fabric.describe_blocked().find("tile 0 (0, 0), activity, source queue holds 9") !=
        std::string::npos);
  CHECK(bench.fabric.packets_inside() == 10);
  CHECK(bench.fabric.largest_queue() == 10);
  bench.run();
  REQUIRE(bench.arrivals.size() == 10);
  for (std::uint32_t i = 0; i < 10; ++i) {
    // The far buffer is taken from a packet's departure to eight cycles after its first word arrived.
    const std::uint64_t arrived = 9 * i + 1 + 8;
    CHECK(bench.arrivals[i] == Arrival{arrived, 1, 4, i});
  }
  CHECK(bench.fabric.largest_buffer() == 1);
  bench.fabric.reset_counters(1000);
  CHECK(bench.fabric.blocked_cycles(0, 2000) == 0);
  CHECK(bench.fabric.hops(MessageClass::activity) == 0);
}

TEST_CASE("resetting the counters in the middle of a wait keeps what comes after") {
  MeshConfig config = small_config(2, 1);
  config.buffer_packets = 1, config.link_bits = 8;
  Bench bench(config);
  for (std::uint32_t i = 0; i < 2; ++i) bench.offer({0, 4, i, 0, {1}});
  bench.run(4);
  bench.fabric.reset_counters(5);
  bench.run();
  CHECK(bench.fabric.blocked_cycles(0, 1000) == 3);  // cycles 5, 6, 7
}

TEST_CASE("a full class delays another by link time only") {
  // Every tile floods the last one with wide activity packets; a configuration packet crosses the whole
  // flood.
  for (const std::uint32_t buffer : {1u, 4u}) {
    MeshConfig config = small_config(6, 6);
    config.buffer_packets = buffer, config.link_bits = 16, config.hop_cycles = 2;
    config.packet_bits = {16, 16, 16, 16, 64};
    Bench bench(config);
    for (std::uint32_t i = 0; i < 36 * 30; ++i) bench.offer({i % 36, 4, i, 0, {35}});
    const std::uint64_t ready = 400;
    for (std::uint32_t c = 0; c < 4; ++c) bench.offer({0, c, 100000 + c, ready + 60 * c, {35}});
    bench.run();
    CHECK(bench.arrivals.size() == 36 * 30 + 4);
    int found = 0;
    for (const auto& [cycle, tile, c, index] : bench.arrivals) {
      if (c == 4) continue;
      ++found;
      // Ten hops; at each at most the packet on the link and one more of the other class go first.
      const std::uint64_t alone = ready + 60 * c + 10 * 2 + 1;
      CHECK(cycle >= alone);
      CHECK(cycle <= alone + 10 * (3 + 4));
    }
    CHECK(found == 4);
    // The flood itself takes far longer, or the case would prove nothing.
    CHECK(bench.last > 3000);
  }
}

TEST_CASE("classes that carry nothing change nothing, and no class is faster than another") {
  Dice dice(11);
  const MeshConfig config = small_config(5, 5);
  const std::vector<Offer> offers = random_offers(dice, config, 600, 60);
  std::vector<std::vector<Arrival>> seen;
  for (std::uint32_t c = 0; c < 5; ++c) {
    MeshConfig changed = config;
    changed.packet_bits.fill(4096 - 64 * c);
    changed.packet_bits[c] = 64;
    Bench bench(changed);
    for (Offer o : offers) {
      o.message_class = c;
      bench.offer(o);
    }
    bench.run();
    for (Arrival& a : bench.arrivals) std::get<2>(a) = 0;
    seen.push_back(bench.sorted());
  }
  for (std::uint32_t c = 1; c < 5; ++c) CHECK(seen[c] == seen[0]);
}

TEST_CASE("inputs of one class share a link evenly even when another class takes turns with them") {
  // East out of tile 1 is wanted by activity from the west (tile 0) and from tile 1, and by errors of tile 1.
  // Activity is slowed by what lies ahead, so its turns come and go.
  MeshConfig config = small_config(4, 1);
  config.buffer_packets = 1, config.link_bits = 16, config.packet_bits = {16, 16, 16, 16, 64};
  Bench bench(config);
  for (std::uint32_t i = 0; i < 300; ++i) {
    bench.offer({0, 4, i, 0, {3}});
    bench.offer({1, 4, 1000 + i, 0, {3}});
    bench.offer({2, 4, 2000 + i, 0, {3}});
    bench.offer({1, 3, 3000 + i, 0, {2}});
    bench.offer({1, 3, 4000 + i, 0, {2}});
  }
  bench.run(1500);
  std::array<int, 5> got{};
  for (const auto& [cycle, tile, c, index] : bench.arrivals) ++got[index / 1000];
  CHECK(got[0] > 20);
  CHECK(std::abs(got[0] - got[1]) <= 2);
  CHECK(std::abs(got[0] + got[1] - got[2]) <= 4);
  bench.run();
  CHECK(bench.arrivals.size() == 1500);
}

TEST_CASE("a fault hits exactly the packet it was asked for") {
  Dice dice(5);
  MeshConfig config = small_config(3, 3);
  config.buffer_packets = 1;
  for (std::uint32_t c = 0; c < 5; ++c)
    for (const FaultKind kind : {FaultKind::drop, FaultKind::duplicate, FaultKind::corrupt}) {
      struct Payloads : PacketSink {
        void arrive(const Packet& packet, std::uint64_t) override {
          seen.insert({packet.index, packet.payload});
        }
        std::multiset<std::pair<std::uint32_t, std::int64_t>> seen;
      } payloads;
      Bench bench(config);
      for (std::uint32_t tile = 0; tile < 9; ++tile) bench.fabric.connect(tile, payloads);
      // One source, so that the nth to enter is known: index n - 1 of its class.
      std::multiset<std::pair<std::uint32_t, std::int64_t>> wanted;
      for (std::uint32_t i = 0; i < 50; ++i) {
        const Offer o{4, i % 5, i, 0, {0, 4, 8}};
        bench.offer(o);
        const bool hit = i == 5 * 3 + c;  // the fourth of class c
        const int copies = hit && kind == FaultKind::drop ? 0 : hit && kind == FaultKind::duplicate ? 2 : 1;
        for (int k = 0; k < 3 * copies; ++k) wanted.insert({i, 2 * i + (hit && kind == FaultKind::corrupt)});
      }
      bench.fabric.set_fault(kind, static_cast<MessageClass>(c), 4);
      CHECK(bench.fabric.fault_pending());
      bench.run();
      CHECK_FALSE(bench.fabric.fault_pending());
      CHECK(payloads.seen == wanted);
      CHECK(bench.fabric.packets_inside() == 0);
    }
}

TEST_CASE("packets offered while a duplicate waits to enter are not lost") {
  MeshConfig config = small_config(2, 1);
  config.buffer_packets = 1, config.link_bits = 8;
  Bench bench(config);
  bench.fabric.set_fault(FaultKind::duplicate, MessageClass::error, 1);
  bench.offer({0, 3, 1, 0, {1}});
  bench.run(3);
  bench.offer({0, 3, 2, 3, {1}});
  bench.run();
  CHECK(without_cycles(bench.arrivals) == std::vector<Arrival>{{0, 1, 3, 1}, {0, 1, 3, 1}, {0, 1, 3, 2}});
  CHECK(bench.fabric.packets_inside() == 0);
}

TEST_CASE("a hang report names tiles, classes and what the heads wait for") {
  MeshConfig config = small_config(3, 1);
  config.buffer_packets = 1, config.link_bits = 8;
  Bench bench(config);
  for (std::uint32_t i = 0; i < 6; ++i) bench.offer({0, 2, 70 + i, 0, {2}});
  bench.run(12);
  const std::string text = bench.fabric.describe_blocked();
  INFO(text);
  CHECK(text.find("tile 0 (0, 0), reduction, input local holds 1") != std::string::npos);
  CHECK(text.find("route 1 from tile 0") != std::string::npos);
  CHECK(text.find("index 71") != std::string::npos);
  CHECK(text.find("waits for") != std::string::npos);
  CHECK(bench.fabric.describe_blocked(1).find("more\n") != std::string::npos);
}

TEST_CASE("wrong use is refused with a coded error") {
  const auto code = [](auto&& act) {
    try {
      act();
    } catch (const Error& error) {
      return error.items().at(0).code;
    }
    return std::string("nothing");
  };
  MeshConfig bad = small_config(4, 4);
  bad.hop_cycles = 0, bad.buffer_packets = 0;
  CHECK(code([&] { Fabric fabric(bad); }) == "TF-NOC-001");
  Bench bench(small_config(2, 2));
  CHECK(code([&] { bench.fabric.add_route(0, {}); }) == "TF-NOC-002");
  CHECK(code([&] { bench.fabric.add_route(0, {4}); }) == "TF-NOC-002");
  CHECK(code([&] { bench.fabric.add_route(4, {0}); }) == "TF-NOC-002");
  CHECK(code([&] { bench.fabric.connect(4, *bench.sinks[0]); }) == "TF-NOC-003");
  const std::uint32_t route = bench.fabric.add_route(0, {3});
  Packet packet;
  packet.route = route;
  CHECK(code([&] { bench.fabric.inject(1, packet, 0); }) == "TF-NOC-003");
  packet.message_class = 5;
  CHECK(code([&] { bench.fabric.inject(0, packet, 0); }) == "TF-NOC-003");
  packet.message_class = 0, packet.route = 99;
  CHECK(code([&] { bench.fabric.inject(0, packet, 0); }) == "TF-NOC-003");
  Fabric lonely(small_config(2, 2));
  packet.route = lonely.add_route(0, {1});
  lonely.inject(0, packet, 0);
  CHECK(code([&] {
          while (lonely.next_cycle() != no_cycle) lonely.run(lonely.next_cycle());
        }) == "TF-NOC-004");
}

TEST_CASE("steady traffic allocates nothing") {
  // Every tile keeps three packets of each class on the way to the tile opposite, and reads them there.
  struct Relay : PacketSink {
    void arrive(const Packet& packet, std::uint64_t cycle) override {
      Packet next = packet;
      next.route = route;
      fabric->inject(tile, next, cycle + 1 + (packet.tick % 7 == 0 ? 200 : 0));
    }
    Fabric* fabric = nullptr;
    std::uint32_t tile = 0, route = 0;
  };
  MeshConfig config = small_config(6, 5);
  config.link_bits = 40;
  Fabric fabric(config);
  std::vector<Relay> relays(30);
  for (std::uint32_t tile = 0; tile < 30; ++tile) {
    relays[tile].fabric = &fabric, relays[tile].tile = tile;
    relays[tile].route = fabric.add_route(tile, {29 - tile});
    fabric.connect(tile, relays[tile]);
    for (std::uint32_t i = 0; i < 15; ++i) {
      Packet packet;
      packet.route = relays[tile].route, packet.tick = i;
      packet.message_class = static_cast<std::uint8_t>(i % 5);
      fabric.inject(tile, packet, 0);
    }
  }
  const auto run_to = [&](std::uint64_t end) {
    while (fabric.next_cycle() < end) fabric.run(fabric.next_cycle());
  };
  run_to(20000);
  const std::uint64_t before = allocations, crossed = fabric.hops(MessageClass::activity);
  run_to(30000);
  CHECK(allocations == before);
  CHECK(fabric.hops(MessageClass::activity) > crossed + 10000);
  CHECK(fabric.packets_inside() == 450);
}
