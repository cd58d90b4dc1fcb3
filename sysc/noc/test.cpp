// Does the network deliver every packet exactly once, at the right cycle, in whatever order it is evaluated?
#include <catch2/catch.hpp>
#include <deque>

#include "rtl/spec/diagnostic.hpp"
#include "sysc/noc/test_traffic.hpp"

using namespace trifactor;
using namespace trifactor::testing;

TEST_CASE("a route is the union of the XY paths") {
  Dice dice(1);
  for (int trial = 0; trial < 300; ++trial) {
    const std::uint32_t w = dice.between(1, 9), h = dice.between(1, 9), tiles = w * h;
    RouteTable table(w, h);
    for (int repeat = 0; repeat < 3; ++repeat) {
      const std::uint32_t source = dice.below(tiles);
      std::vector<std::uint32_t> destinations;
      for (std::uint32_t k = dice.between(1, tiles); k-- > 0;) destinations.push_back(dice.below(tiles));
      const RouteTable::Route route = table.route(table.add(source, destinations));

      std::set<std::pair<std::uint32_t, std::uint32_t>> links;
      std::multiset<std::uint32_t> reached;
      std::vector<std::pair<std::uint32_t, std::uint32_t>> open = {{source, route.root}};  // (tile, node)
      while (!open.empty()) {
        const auto [tile, index] = open.back();
        open.pop_back();
        const RouteTable::Node node = table.node(index);
        if (node.outputs >> local & 1) reached.insert(tile);
        for (std::uint32_t port = 0; port < link_count; ++port)
          if (node.outputs >> port & 1) {
            links.insert({tile, port});
            open.push_back({neighbour(tile, port, w), RouteTable::child(node, port)});
          }
      }
      const std::set<std::uint32_t> wanted(destinations.begin(), destinations.end());
      CHECK(links == tree_links(source, destinations, w));
      CHECK(reached == std::multiset<std::uint32_t>(wanted.begin(), wanted.end()));
      CHECK(route.links == links.size());
      CHECK(route.destinations == wanted.size());
    }
  }
}

TEST_CASE("a lone packet takes hops x hop_cycles plus its length, no more and no less") {
  for (const std::uint32_t hop : {1u, 2u, 5u})
    for (const std::uint32_t bits : {1u, 64u, 65u, 200u}) {
      MeshConfig config = small_config(4, 3);
      config.hop_cycles = hop;
      config.buffer_packets = 1;
      config.packet_bits.fill(bits);
      const std::uint64_t serial = bits <= 64 ? 1 : bits == 65 ? 2 : 4;
      for (std::uint32_t from = 0; from < 12; ++from)
        for (std::uint32_t to = 0; to < 12; ++to) {
          Bench bench(config);
          const std::uint64_t ready = from == 3 ? 0 : 1000 * from + to;  // also the very first cycle
          bench.offer({from, from % 5, 7, ready, {to}});
          bench.run();
          const auto distance = static_cast<std::uint64_t>(std::abs(int(from % 4) - int(to % 4)) +
                                                           std::abs(int(from / 4) - int(to / 4)));
          REQUIRE(bench.arrivals == std::vector<Arrival>{{ready + distance * hop + serial, to, from % 5, 7}});
          CHECK(bench.fabric.hops(static_cast<MessageClass>(from % 5)) == distance);
        }
    }
}

TEST_CASE("arrivals and counts equal those of the slow, obvious simulation") {
  std::uint64_t blocked = 0, largest = 0;
  for (std::uint64_t seed = 0; seed < 240; ++seed) {
    Dice dice(seed);
    const MeshConfig config = random_config(dice, seed % 2 == 1);
    const std::uint32_t packets = dice.between(20, 300);
    const std::vector<Offer> offers = random_offers(dice, config, packets, dice.between(1, 3 * packets));
    // Half is offered at the start, half while the network runs.
    Bench bench(config);
    NaiveMesh naive(config);
    std::uint64_t now = 0;
    for (const Offer& o : offers) {
      if (o.index % 2 == 1) {
        const std::uint64_t call = std::max(now, o.ready < 5 ? 0 : o.ready - dice.below(5));
        bench.run(call);
        for (; now < call; ++now) naive.cycle(now);
        if (call > o.ready) continue;
      }
      if (o.ready < now) continue;
      bench.offer(o);
      naive.offer(o);
    }
    bench.run();
    for (; !naive.empty(); ++now) {
      naive.cycle(now);
      REQUIRE(now < 1000000);
    }
    std::sort(naive.arrivals.begin(), naive.arrivals.end());
    INFO("seed " << seed);
    REQUIRE(bench.sorted() == naive.arrivals);
    CHECK(bench.fabric.packets_inside() == 0);
    for (std::uint32_t tile = 0; tile < config.tiles(); ++tile) {
      CHECK(bench.fabric.blocked_cycles(tile, now) == naive.blocked[tile]);
      CHECK(bench.fabric.hops_of_tile(tile) == naive.hops[tile]);
      blocked += naive.blocked[tile];
    }
    CHECK(bench.fabric.largest_buffer() <= config.buffer_packets);
    largest = std::max(largest, bench.fabric.largest_buffer());
  }
  CHECK(blocked > 1000);  // the traffic did meet full buffers
  CHECK(largest == 4);
}

TEST_CASE("every packet arrives exactly once at every destination, up to saturation") {
  for (std::uint32_t buffer = 1; buffer <= 4; ++buffer)
    for (const std::uint32_t link_bits : {8u, 40u, 128u})
      for (const std::uint64_t jitter_seed : {0ull, 17ull, 4711ull}) {
        Dice dice(buffer * 1000 + link_bits + jitter_seed);
        MeshConfig config = small_config(dice.between(2, 7), dice.between(2, 7));
        config.buffer_packets = buffer, config.link_bits = link_bits, config.jitter_seed = jitter_seed;
        config.packet_bits = {96, 48, 64, 40, 32};
        // All at once: far more than the network takes.
        const std::vector<Offer> offers = random_offers(dice, config, 1500, 10);
        Bench bench(config);
        bench.offer(offers);
        bench.run();
        CHECK(without_cycles(bench.arrivals) == expected_deliveries(offers));
        CHECK(bench.fabric.packets_inside() == 0);
        CHECK(bench.fabric.describe_blocked().empty());

        // Packets of one source, destination and class keep their order.
        std::map<std::tuple<std::uint32_t, std::uint32_t, std::uint32_t>, std::uint32_t> latest;
        std::set<std::tuple<std::uint64_t, std::uint32_t, std::uint32_t>> slots;
        for (const auto& [cycle, tile, c, index] : bench.arrivals) {
          const auto [at, first] = latest.insert({{offers[index].tile, tile, c}, index});
          CHECK((first || at->second < index));
          at->second = index;
          CHECK(slots.insert({cycle, tile, c}).second);  // one a cycle and class
        }

        // Counters, derived from the offers alone.
        std::array<std::uint64_t, 5> hops{}, injected{}, delivered{};
        std::map<std::uint32_t, std::uint64_t> by_tile;
        for (const Offer& o : offers) {
          const auto links = tree_links(o.tile, o.destinations, config.width);
          hops[o.message_class] += links.size();
          for (const auto& link : links) ++by_tile[link.first];
          ++injected[o.message_class];
          delivered[o.message_class] += o.destinations.size();
        }
        for (std::uint32_t c = 0; c < 5; ++c) {
          CHECK(bench.fabric.hops(static_cast<MessageClass>(c)) == hops[c]);
          CHECK(bench.fabric.injected(static_cast<MessageClass>(c)) == injected[c]);
          CHECK(bench.fabric.delivered(static_cast<MessageClass>(c)) == delivered[c]);
        }
        for (std::uint32_t tile = 0; tile < config.tiles(); ++tile)
          CHECK(bench.fabric.hops_of_tile(tile) == by_tile[tile]);
      }
}

TEST_CASE("the order in which routers are visited changes nothing") {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    Dice dice(seed);
    MeshConfig config = random_config(dice, seed % 2 == 1);
    const std::vector<Offer> offers = random_offers(dice, config, 400, dice.between(1, 400));
    std::vector<std::vector<Arrival>> seen;
    for (const bool reverse : {false, true}) {
      config.reverse_order = reverse;
      Bench bench(config);
      bench.offer(offers);
      bench.fabric.set_fault(FaultKind::drop, MessageClass::activity, 9);
      bench.run();
      // The calls one tile sees, in the order it sees them.
      std::stable_sort(bench.arrivals.begin(), bench.arrivals.end(),
                       [](const Arrival& a, const Arrival& b) { return std::get<1>(a) < std::get<1>(b); });
      seen.push_back(bench.arrivals);
    }
    REQUIRE(seen[0] == seen[1]);
    // Within a cycle a tile sees classes in ascending order.
    for (std::size_t i = 1; i < seen[0].size(); ++i)
      if (std::get<1>(seen[0][i]) == std::get<1>(seen[0][i - 1])) CHECK(seen[0][i - 1] < seen[0][i]);
  }
}

TEST_CASE("broadcasts from everywhere drain through single-packet buffers") {
  for (const std::uint64_t jitter_seed : {0ull, 5ull}) {
    MeshConfig config = small_config(8, 8);
    config.buffer_packets = 1, config.link_bits = 16, config.jitter_seed = jitter_seed;
    std::vector<std::uint32_t> everyone(64);
    for (std::uint32_t tile = 0; tile < 64; ++tile) everyone[tile] = tile;
    std::vector<Offer> offers;
    for (std::uint32_t i = 0; i < 64 * 10; ++i) offers.push_back({i % 64, i / 64 % 5, i, 0, everyone});
    Bench bench(config);
    bench.offer(offers);
    bench.run();
    CHECK(without_cycles(bench.arrivals) == expected_deliveries(offers));
  }
}

TEST_CASE("with its turns restarted an empty mesh serves as one that has seen no packet") {
  int differ = 0;  // meshes that remember whose turn it was
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    CAPTURE(seed);
    Dice dice(seed);
    const MeshConfig config = random_config(dice, false);
    const std::vector<Offer> before = random_offers(dice, config, 200, 40);
    std::vector<Offer> then = random_offers(dice, config, 200, 40);
    Bench fresh(config), restarted(config), remembering(config);
    for (Bench* bench : {&restarted, &remembering})
      bench->offer(before), bench->run(), bench->arrivals.clear();
    restarted.fabric.restart_turns();
    constexpr std::uint64_t later = 100000;
    for (Offer& o : then) o.ready += later;
    for (Bench* bench : {&fresh, &restarted, &remembering}) bench->offer(then), bench->run();
    CHECK(restarted.sorted() == fresh.sorted());
    differ += remembering.sorted() != fresh.sorted();
  }
  CHECK(differ > 20);
}

TEST_CASE("jitter is drawn from its seed and reaches latency, arbitration and depth") {
  MeshConfig config = small_config(4, 4);
  config.buffer_packets = 4;
  Dice dice(3);
  const std::vector<Offer> offers = random_offers(dice, config, 200, 100);
  std::set<std::vector<Arrival>> different;
  for (const std::uint64_t seed : {0ull, 1ull, 2ull, 3ull, 1ull}) {
    config.jitter_seed = seed;
    Bench bench(config);
    bench.offer(offers);
    bench.run();
    different.insert(bench.sorted());
  }
  CHECK(different.size() == 4);
  std::set<std::uint32_t> depths, extras;
  for (std::uint32_t tile = 0; tile < 16; ++tile)
    for (std::uint32_t port = 0; port < 5; ++port) {
      depths.insert(Fabric::buffer_depth(config, tile, port, 2));
      extras.insert(Fabric::extra_latency(config, tile, port, 2, 99));
    }
  CHECK(depths == std::set<std::uint32_t>{1, 2, 3, 4});
  CHECK(extras == std::set<std::uint32_t>{0, 1, 2, 3, 4, 5, 6, 7});
}

TEST_CASE("a source queue gives back what was put into it, packet by packet") {
  Dice dice(21);
  for (int trial = 0; trial < 40; ++trial) {
    SourceQueue queue;
    std::deque<std::pair<Packet, std::uint64_t>> wanted;
    Packet packet;
    std::uint64_t ready = 0;
    const std::uint32_t fills = dice.between(40, 70);  // of a hundred steps: some queues never run empty
    for (int step = 0; step < 3000; ++step) {
      if (dice.below(100) < fills) {
        ready += dice.below(8) == 0 ? dice.below(3) : 1;
        packet.index = dice.below(1000);
        packet.payload = static_cast<std::int32_t>(dice.engine());
        if (dice.below(16) == 0) packet.payload = static_cast<std::int64_t>(dice.engine());
        std::uint32_t* const fields[] = {&packet.route, &packet.source, &packet.aux, &packet.tick};
        if (dice.below(8) == 0) ++*fields[dice.below(4)];
        if (dice.below(16) == 0) ++packet.kind;
        queue.push(packet, ready);
        wanted.push_back({packet, ready});
      } else if (!wanted.empty()) {
        const auto& [first, when] = wanted.front();
        const Packet& head = queue.head();
        const bool equal = head.route == first.route && head.source == first.source &&
                           head.index == first.index && head.aux == first.aux && head.tick == first.tick &&
                           head.payload == first.payload && head.kind == first.kind && queue.ready() == when;
        REQUIRE(equal);
        queue.pop();
        wanted.pop_front();
      }
      REQUIRE(queue.length() == wanted.size());
      REQUIRE(queue.empty() == wanted.empty());
    }
  }
}
