// What must not matter: the order in which modules are made and visited, how long a run is for what it holds
// in buffers, where 16 bits of tick wrap.
#include <catch2/catch.hpp>

#include "tests/timing/chip_bench.hpp"

namespace trifactor {
namespace {

Plan learning(const Program& program, std::uint64_t count, bool reverse = false) {
  Plan plan;
  plan.options.reverse_order = reverse;
  plan.frames = samples(program, 0, count);
  for (std::uint64_t k = 2; k < count; k += 5) plan.frames[k].words[0] = 0;  // some only look
  return plan;
}

/// Chips that differ in everything that moves packets.
std::vector<Setup> chips() {
  std::vector<Setup> all;
  for (Setup setup : {cut_by_columns(), cut_by_rows()}) {
    all.push_back(setup);
    setup.machine_sets.insert(setup.machine_sets.end(), {"mesh.buffer_packets=1", "mesh.link_bits=8"});
    all.push_back(setup);
    setup.machine_sets.insert(setup.machine_sets.end(), {"jitter_seed=5", "core.lanes=4"});
    setup.network_sets = {"projection.pixels_to_hidden.plasticity.weight_age=1"};
    all.push_back(setup);
    setup.machine_sets.push_back("tree.network=own");
    setup.network_sets = {"projection.hidden_to_scores.plasticity.weight_age=2"};
    all.push_back(setup);
  }
  return all;
}

TEST_CASE("modules made and routers visited in the opposite order change neither bits nor cycles") {
  for (const Setup& setup : chips()) {
    INFO(setup.machine_sets.back());
    const Program program = compile(setup);
    const Outcome forward = run(program, learning(program, 25)),
                  backward = run(program, learning(program, 25, true));
    REQUIRE((forward.fault + forward.fault_text) == "");
    REQUIRE(forward.results.size() == 25);
    CHECK(forward.first_difference(backward) == "");
    CHECK(forward.cycles == backward.cycles);
    CHECK(forward.results == backward.results);  // with the cycles in which they entered and were answered
    for (const auto& [unit, counters] : forward.counters) {
      INFO("unit " << unit);
      CHECK(counters.events == backward.counters.at(unit).events);
      CHECK(counters.cycles == backward.counters.at(unit).cycles);
    }
  }
}

TEST_CASE("weights have the age that the layout gives them, however late updates are") {
  for (const char* age : {"0", "1", "2"})
    for (Setup setup : chips()) {
      setup.network_sets = {std::string("projection.pixels_to_hidden.plasticity.weight_age=") + age,
                            std::string("projection.hidden_to_scores.plasticity.weight_age=") + age};
      // one lane and a slow memory: updates take longer than samples need to come in
      setup.machine_sets.insert(setup.machine_sets.end(), {"core.lanes=1", "core.synapse_latency=16"});
      const Program program = compile(setup);
      const Plan plan = learning(program, 25);
      const Outcome timed = run(program, plan), plain = run_without_time(program, plan.frames);
      std::string machine;
      for (const std::string& key : setup.machine_sets) machine += key + " ";
      INFO("weight age " << age << ", " << machine);
      REQUIRE(timed.fault == "");
      REQUIRE(plain.results.size() == 25);
      CHECK(timed.first_difference(plain) == "");
    }
}

TEST_CASE("every cycle of every core has one cause") {
  for (const Setup& setup : chips()) {
    const Program program = compile(setup);
    const Outcome outcome = run(program, learning(program, 25));
    for (const CoreImage& image : program.cores) {
      INFO("core " << image.core << ", " << setup.machine_sets.back());
      const UnitCounters& counters = outcome.counters.at(image.core);
      std::uint64_t sum = 0;
      for (const std::uint64_t cycles : counters.cycles) sum += cycles;
      CHECK(counters.now > 0);
      CHECK(sum == counters.now);
    }
  }
}

TEST_CASE("buffers and queues of a long run are no fuller than those of a short one") {
  for (const Setup& setup : chips()) {
    const Program program = compile(setup);
    const Outcome brief = run(program, learning(program, 60)), lengthy = run(program, learning(program, 300));
    INFO(setup.machine_sets.back());
    CHECK(lengthy.largest_buffer <= static_cast<std::uint64_t>(program.machine.mesh.buffer_packets));
    // A unit sends at most what two presentations make it send, whatever waits behind it.
    std::uint64_t most = 0;
    for (const CoreImage& image : program.cores)
      most = std::max<std::uint64_t>(most, image.neurons + image.destinations.size() + 16);
    CHECK(lengthy.largest_queue <= ticks_in_flight * most);
    CHECK(lengthy.largest_queue <= brief.largest_queue + most / 2);
  }
}

TEST_CASE("learning goes on unchanged where the 16 bits of tick wrap") {
  // The same core states, once as presentation 0 and once shortly before 2^16: presentations are renumbered,
  // and learning samples are not, so bits must be equal. Sample numbers wrap in tests/system/coverage.py.
  const Program program = compile(cut_by_rows());
  const Outcome warm = run(program, learning(program, 12));
  Plan near_zero, near_wrap;
  near_zero.state = near_wrap.state = warm.state;
  near_zero.frames = samples(program, 12, 20);
  near_wrap.frames = samples(program, 12, 20);
  for (Frame& frame : near_wrap.frames) frame.tick += 65536 - 22;
  near_wrap.record = true;
  const Outcome a = run(program, near_zero), b = run(program, near_wrap);
  REQUIRE(a.fault == "");
  REQUIRE(b.fault == "");
  CHECK(a.first_difference(b) == "");
  CHECK(a.cycles == b.cycles);
  // and ticks did wrap on the wire
  bool before = false, after = false;
  for (const Sent& sent : b.sent) {
    CHECK(sent.packet.tick < 65536);
    if (sent.kind() == PacketKind::activity)
      before = before || sent.packet.tick > 65500, after = after || sent.packet.tick < 20;
  }
  CHECK(before);
  CHECK(after);
}

}  // namespace
}  // namespace trifactor
