// How long a chip takes, against a slow model written for this test: cycle by cycle where memory is
// concerned, packet by packet on a lone path. Equal means tight: an answer a cycle early fails as one a cycle
// late does.
#include <catch2/catch.hpp>

#include "rtl/units/cycles.hpp"
#include "rtl/units/random/golden.hpp"
#include "tests/timing/chip_bench.hpp"

namespace trifactor {
namespace {

using Cycle = std::uint64_t;

/// Packets that one tile sends another over `hops` links: when each is complete there. One enters a cycle,
/// each occupies link and buffer for `serial` cycles, buffers hold `depth`.
std::vector<Cycle> travel(const std::vector<Cycle>& ready, Cycle hops, Cycle hop_cycles, Cycle serial,
                          std::size_t depth) {
  std::vector<Cycle> enters, leaves, arrives;
  for (std::size_t i = 0; i < ready.size(); ++i) {
    Cycle enter = ready[i];
    if (i > 0) enter = std::max(enter, enters[i - 1] + 1);
    if (i >= depth) enter = std::max(enter, leaves[i - depth] + serial);
    enters.push_back(enter);
    Cycle leave = enter;  // into the core, or over the first link
    if (i > 0) leave = std::max(leave, leaves[i - 1] + serial);
    if (i >= depth && hops > 0)
      leave = std::max(leave, leaves[i - depth] + hop_cycles + serial);  // a slot at the far end
    leaves.push_back(leave);
    arrives.push_back(leave + hops * hop_cycles + serial);
  }
  return arrives;
}

Cycle packet_cycles(const Machine& machine, MessageClass c) {
  const Cycle bits = packet_bits_of_class[static_cast<std::size_t>(c)],
              link = static_cast<Cycle>(machine.mesh.link_bits);
  return (bits + link - 1) / link;
}

/// The memory serves one burst a cycle to rows that have arrived, in order: the first cycle after the last
/// burst.
Cycle stream_rows(const std::vector<Cycle>& arrivals, Cycle bursts) {
  Cycle now = 0;
  std::size_t next = 0;
  Cycle left = 0;
  while (next < arrivals.size() || left > 0) {
    if (left == 0 && next < arrivals.size() && arrivals[next] <= now) left = bursts, ++next;
    if (left > 0) --left;
    ++now;
  }
  return now;
}

struct Expected {
  Cycle input_done = 0;  ///< input core complete
  Cycle evaluated = 0;
  Cycle answered = 0;
};

/// One sample through pixels -> scores on two tiles side by side, nothing else on the chip. The frame enters
/// at 0.
Expected lone_sample(const Program& program, const Frame& frame) {
  const Machine& m = program.machine;
  const std::size_t inputs = program.populations[0].neurons, outputs = program.populations[1].neurons;
  const Cycle word = static_cast<Cycle>(m.host.cycles_per_word), hop = static_cast<Cycle>(m.mesh.hop_cycles);
  const std::size_t depth = static_cast<std::size_t>(m.mesh.buffer_packets);

  // Host words: learn, class, then two values each; four values a packet, then the end.
  std::vector<Cycle> ready;
  for (std::size_t first = 0; first < inputs; first += 4)
    ready.push_back((2 + std::min(first + 4, inputs) / 2 + std::min(first + 4, inputs) % 2) * word);
  ready.push_back(frame.words.size() * word);
  Expected expected;
  expected.input_done = travel(ready, 0, hop, packet_cycles(m, MessageClass::configuration), depth).back();

  // The input core's buffer is free at once: its credit takes the first cycle. Then activities that are not
  // zero, one a cycle, and the end.
  ready.clear();
  std::size_t active = 0;
  for (std::size_t i = 0; i < inputs; ++i) active += sample_value(frame, i) != 0;
  for (std::size_t i = 0; i <= active; ++i) ready.push_back(expected.input_done + 2 + i);
  const std::vector<Cycle> arrivals = travel(ready, 1, hop, packet_cycles(m, MessageClass::activity), depth);
  const Cycle closed = arrivals.back();

  // The row of the bias is there from the start, read when the first row is.
  std::vector<Cycle> rows(arrivals.begin(), arrivals.end() - 1);
  rows.insert(rows.begin(), arrivals.front());
  const Cycle bursts =
      (outputs + static_cast<std::size_t>(m.core.lanes) - 1) / static_cast<std::size_t>(m.core.lanes);
  const Cycle last_address = stream_rows(rows, bursts) - 1;
  const Cycle sums =
      std::max(closed, last_address + static_cast<Cycle>(m.core.synapse_latency) + accumulate_latency);
  expected.evaluated = sums + outputs + activation_latency;

  // Without learning the scores' credits leave first and take the link for their length.
  ready.clear();
  const Cycle credit = frame.words[0] == 0 ? packet_cycles(m, MessageClass::broadcast) : 0;
  for (std::size_t i = 0; i < outputs; i += 4)
    ready.push_back(expected.evaluated + 1 + std::max<Cycle>(i / 4, credit));
  const Cycle result = travel(ready, 1, hop, packet_cycles(m, MessageClass::reduction), depth).back();
  expected.answered = result + (outputs + 1) / 2 * word + 1;
  return expected;
}

Setup one_layer(std::uint64_t inputs, std::uint64_t outputs, std::vector<std::string> machine_sets) {
  Setup setup{"readout.toml", {}, std::move(machine_sets), "small"};
  setup.network_sets = {"population.pixels.shape=[" + std::to_string(inputs) + "]",
                        "population.scores.shape=[" + std::to_string(outputs) + "]",
                        "network.classes=" + std::to_string(outputs)};
  setup.machine_sets.insert(setup.machine_sets.end(),
                            {"mesh.width=2", "mesh.height=1", "mesh.buffer_packets=4"});
  return setup;
}

std::string set(const char* key, std::uint64_t value) {
  return std::string(key) + "=" + std::to_string(value);
}

TEST_CASE("a lone sample is answered in the cycle that the units' claims add up to") {
  int checked = 0;
  for (std::uint64_t round = 0; round < 60; ++round) {
    const auto draw = [&](std::uint64_t use, std::initializer_list<std::uint64_t> choices) {
      return choices.begin()[mix64(round * 100 + use) % choices.size()];
    };
    const Setup setup = one_layer(
        draw(0, {1, 2, 3, 7, 12, 24, 61}), draw(1, {2, 4, 9, 17}),
        {set("core.lanes", draw(2, {1, 2, 8, 64})), set("mesh.link_bits", draw(3, {8, 16, 32, 56, 128})),
         set("mesh.hop_cycles", draw(4, {1, 2, 5})), set("core.synapse_latency", draw(5, {1, 2, 4})),
         set("host.cycles_per_word", draw(6, {1, 2, 7}))});
    const Program program = compile(setup);
    Plan plan;
    plan.frames = samples(program, 0, 1, round, false);
    const Outcome outcome = run(program, plan);
    std::string text;
    for (const std::string& s : setup.network_sets) text += s + " ";
    for (const std::string& s : setup.machine_sets) text += s + " ";
    INFO(text);
    REQUIRE(outcome.fault == "");
    bool any = false;
    for (std::uint32_t i = 0; i < program.populations[0].neurons; ++i)
      any = any || sample_value(plan.frames[0], i) != 0;
    if (!any) continue;  // then the end packet opens the pass
    CHECK(outcome.result(0).entered_cycle == 1);
    CHECK(outcome.result(0).answered_cycle == lone_sample(program, plan.frames[0]).answered);
    ++checked;
  }
  CHECK(checked >= 50);
}

/// The cycle in which the core gives its buffers back after learning: when its credit is ready to leave, less
/// one.
Cycle learned_at(const Outcome& outcome, std::uint32_t core) {
  for (const Sent& sent : outcome.sent)
    if (sent.kind() == PacketKind::credit && sent.tile == core) return sent.cycle - 1;
  return 0;
}

TEST_CASE("a lone sample is learned from in the cycle that the units' claims add up to") {
  int full = 0;
  for (std::uint64_t round = 0; round < 40; ++round) {
    const auto draw = [&](std::uint64_t use, std::initializer_list<std::uint64_t> choices) {
      return choices.begin()[mix64(round * 100 + use) % choices.size()];
    };
    const Program program = compile(one_layer(
        draw(0, {4, 12, 24}), draw(1, {2, 4, 9, 17}),
        {set("core.lanes", draw(2, {1, 2, 8, 64})), set("core.synapse_latency", draw(3, {1, 2, 3, 4})),
         set("core.synapse_ports", draw(4, {1, 2}))}));
    Plan plan;
    plan.record = true;
    plan.frames = samples(program, 0, 1, round);
    const Outcome outcome = run(program, plan);
    REQUIRE(outcome.fault == "");
    const CoreImage& scores = program.cores.back();
    const EventCounts& events = outcome.counters.at(scores.core).events;
    const std::uint64_t rows = events[Event::update_row];
    if (rows == 0 || events[Event::update] != rows * scores.neurons) continue;  // bursts were skipped
    const PassShape pass{static_cast<std::int64_t>(rows), scores.neurons, program.machine.core.lanes,
                         program.machine.core.synapse_latency, program.machine.core.synapse_ports};
    const Cycle formed = lone_sample(program, plan.frames[0]).evaluated +
                         static_cast<Cycle>(scores.blocks[0].plasticity.form_cycles);
    INFO("rows " << rows << " neurons " << scores.neurons << " lanes " << program.machine.core.lanes
                 << " latency " << pass.memory_latency << " ports " << pass.ports << " form "
                 << scores.blocks[0].plasticity.form_cycles);
    CHECK(learned_at(outcome, scores.core) == formed + static_cast<Cycle>(update_cycles(pass)));
    ++full;
  }
  CHECK(full >= 20);
}

TEST_CASE("a third factor goes up, is formed and comes down in the cycles of tree and teacher") {
  // Layers on tiles 0 (pixels), 1 (hidden) and, in a row of three, 2 (scores); each teacher beside its layer
  // or next to it.
  for (const std::uint64_t hop : {1, 3, 6}) {
    const Program program =
        compile(Setup{"small.toml",
                      {},
                      {set("tree.hop_cycles", hop), "mesh.width=3", "mesh.height=1", "core.lanes=4"},
                      "small"});
    REQUIRE(program.teachers.size() == 1);
    const TeacherImage& teacher = program.teachers[0];
    REQUIRE(teacher.contributors.size() == 1);
    const std::uint32_t core = teacher.contributors[0];
    Plan plan;
    plan.record = true;
    plan.frames = samples(program, 0, 1);
    const Outcome outcome = run(program, plan);
    REQUIRE(outcome.fault == "");
    Cycle up = 0, down = 0;
    for (const Sent& sent : outcome.sent) {
      if (sent.kind() == PacketKind::partial && up == 0) up = sent.cycle;
      if (sent.kind() == PacketKind::word && down == 0) down = sent.cycle;
    }
    const Cycle distance = core > teacher.tile ? core - teacher.tile : teacher.tile - core;
    // a word a cycle: the last is complete `up_words` cycles after the first set out
    CHECK(down == up + distance * hop + static_cast<Cycle>(teacher.up_words + teacher.teach_cycles));
    for (const CoreImage& image : program.cores)
      if (image.core == core) {
        const PlasticityImage& p = image.blocks[0].plasticity;
        const EventCounts& events = outcome.counters.at(core).events;
        // The first sample has no past: nothing changes, so forming ends it.
        CHECK(events[Event::update_row] == 0);
        CHECK(learned_at(outcome, core) ==
              down + distance * hop + static_cast<Cycle>(teacher.down_words + p.form_cycles));
      }
  }
}

Cycle length(const std::vector<std::string>& machine_sets, const Setup& base) {
  Setup setup = base;
  setup.machine_sets.insert(setup.machine_sets.end(), machine_sets.begin(), machine_sets.end());
  const Program program = compile(setup);
  Plan plan;
  plan.frames = samples(program, 0, 20);
  const Outcome outcome = run(program, plan);
  REQUIRE(outcome.fault == "");
  return outcome.result(19).answered_cycle;
}

TEST_CASE("more lanes are never slower, a second memory port neither, and either is faster somewhere") {
  for (const Setup& base : {Setup{}, cut_by_columns(), cut_by_rows()}) {
    Cycle before = ~Cycle{0}, first = 0;
    for (const char* lanes :
         {"core.lanes=1", "core.lanes=2", "core.lanes=4", "core.lanes=8", "core.lanes=16", "core.lanes=64"}) {
      const Cycle now = length({lanes}, base);
      INFO(lanes);
      CHECK(now <= before);
      if (first == 0) first = now;
      before = now;
    }
    CHECK(before < first);
    for (const char* lanes : {"core.lanes=1", "core.lanes=4"})
      CHECK(length({lanes, "core.synapse_ports=2"}, base) < length({lanes, "core.synapse_ports=1"}, base));
  }
}

TEST_CASE("waiting for memory is counted where passes meet: a single port waits for every write") {
  const auto waiting = [](const char* ports) {
    Setup setup;
    setup.machine_sets = {"core.lanes=1", ports};
    const Program program = compile(setup);
    Plan plan;
    plan.frames = samples(program, 0, 20);
    std::uint64_t sum = 0, computing = 0;
    for (const auto& [unit, counters] : run(program, plan).counters) {
      sum += counters.cycles[static_cast<std::size_t>(CycleCause::waiting_for_memory)];
      computing += counters.cycles[static_cast<std::size_t>(CycleCause::computing)];
    }
    CHECK(computing > 0);
    return sum;
  };
  CHECK(waiting("core.synapse_ports=1") > 2 * waiting("core.synapse_ports=2"));
}

}  // namespace
}  // namespace trifactor
