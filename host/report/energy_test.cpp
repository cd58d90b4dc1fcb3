// Is every joule accounted for once, by the figure it names, and by no other?
#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>

#include "host/report/energy.hpp"
#include "host/report/sample_run.hpp"
#include "host/report/technology_file.hpp"
#include "rtl/spec/diagnostic.hpp"

using namespace trifactor;

namespace {

const EnergyCause& cause(const EnergyReport& report, const std::string& name) {
  for (const EnergyCause& c : report.causes) {
    if (c.name == name) return c;
  }
  FAIL("no cause " << name);
  return report.causes[0];
}

bool names(const std::vector<std::string>& all, const std::string& name) {
  return std::find(all.begin(), all.end(), name) != all.end();
}

/// Something happened to the first core, in the first of its widths.
void count(RunRecord& run, Event event, std::uint64_t times) {
  CoreRecord& core = run.cores[0];
  core.events[event] += times;
  if (has_width(event)) core.widths[0].events[event] += times;
}

/// A run of one core in which only `event` happened.
RunRecord run_of(Event event, std::uint64_t times) {
  RunRecord run = sample_run(true, 1, 1);
  CoreRecord& core = run.cores[0];
  core.role = "synaptic";
  core.lanes = 16;
  core.synapse_bytes = 64 * 1024;
  core.events = {};
  core.widths = {{8, 8, {}}};
  run.chip_events = {};
  count(run, event, times);
  return run;
}

/// A run of one core in which every event happened, each another number of times: `factor` times that.
RunRecord run_of_all(int weight_bits, int activity_bits, std::uint64_t factor) {
  RunRecord run = run_of(Event::update, 0);
  run.cores[0].widths = {{weight_bits, activity_bits, {}}};
  for (std::size_t e = 0; e < static_cast<std::size_t>(first_network_event); ++e)
    count(run, static_cast<Event>(e), factor * (1000 + 37 * e));
  return run;
}

}  // namespace

TEST_CASE("widening one figure's band moves exactly the causes that name it, and no nominal value") {
  const std::string node = GENERATE("45nm", "28nm", "22nm");
  const int ports = GENERATE(1, 2);
  const bool timed = GENERATE(true, false);
  RunRecord run = sample_run(timed);
  run.machine.core.synapse_ports = ports;
  // Widths of 4 to 16 bits, so that every multiplier and adder figure is used.
  run.cores[1].widths[0].weight_bits = 4;
  run.cores[2].widths[0].weight_bits = 16;
  run.cores[3].widths[0].weight_bits = 12;
  const Technology technology = load_technology(node);
  const EnergyReport before = cost(run, technology);
  int moved_by_something = 0;
  for (std::size_t i = 0; i < technology.constants.size(); ++i) {
    Technology widened = technology;
    Band& band = widened.constants[i].value;
    band.low *= .5;
    band.high *= 2;
    const EnergyReport after = cost(run, widened);
    const std::string& name = technology.constants[i].name;
    bool any = false;
    for (std::size_t c = 0; c < before.causes.size(); ++c) {
      INFO(node << ", " << ports << " ports, " << name << ", " << before.causes[c].name);
      const auto& old_energy = before.causes[c].energy;
      const auto& new_energy = after.causes[c].energy;
      REQUIRE(old_energy.has_value() == new_energy.has_value());
      if (!old_energy) continue;
      CHECK(new_energy->nominal == old_energy->nominal);
      const bool moves = names(before.causes[c].constants(), name);
      CHECK((new_energy->low < old_energy->low) == moves);
      CHECK((new_energy->high > old_energy->high) == moves);
      any = any || moves;
    }
    CHECK(after.total.nominal == before.total.nominal);
    const std::string& kind = technology.constants[i].kind;
    if (kind == "input" || kind == "comparison") CHECK_FALSE(any);
    if (kind == "datapath") CHECK(any);
    moved_by_something += any ? 1 : 0;
  }
  CHECK(moved_by_something > 20);
}

TEST_CASE("a multiplier's band stays inside its own lanes") {
  const RunRecord run = run_of(Event::accumulate, 1000);
  Technology technology = load_technology("28nm");
  const EnergyReport before = cost(run, technology);
  for (Constant& c : technology.constants) {
    if (c.name == "int8_mul") c.value.high *= 2;
  }
  const EnergyReport after = cost(run, technology);
  for (std::size_t c = 0; c < before.causes.size(); ++c) {
    const bool own = before.causes[c].name == "accumulate lanes";
    CHECK((before.causes[c].energy->high != after.causes[c].energy->high) == own);
    CHECK(before.causes[c].energy->low == after.causes[c].energy->low);
  }
}

TEST_CASE("energies agree with sums made by hand") {
  const Technology t = load_technology("28nm");
  const auto v = [&](const char* name) { return find_constant(t, name).value.nominal; };
  const double kappa = 3;
  SECTION("accumulate, 8 x 8") {
    const double each = v("int8_mul") + v("int32_add") * 48 / 32;
    const EnergyReport e = cost(run_of(Event::accumulate, 1000), t);
    CHECK(cause(e, "accumulate lanes").energy->nominal.value == Approx(1000 * each * kappa));
    CHECK(e.per_synaptic_operation->nominal.value == Approx(each * kappa));
  }
  SECTION("a read burst of 16 lanes of 8 bits from 64 KB") {
    const EnergyReport e = cost(run_of(Event::synapse_read, 10), t);
    const double each = (v("sram_read_a") + v("sram_read_b") * 128) * 8;
    CHECK(cause(e, "synapse read, forward").energy->nominal.value == Approx(10 * each * kappa));
    CHECK(cause(e, "synapse read, update").energy->nominal.value == 0);
  }
  SECTION("a read burst of 64 lanes of 8 bits comes from two banks of 32 KB") {
    RunRecord run = run_of(Event::synapse_read, 10);
    run.cores[0].lanes = 64;
    const double each = 2 * (v("sram_read_a") + v("sram_read_b") * 256) * std::sqrt(32.0);
    CHECK(cause(cost(run, t), "synapse read, forward").energy->nominal.value == Approx(10 * each * kappa));
  }
  SECTION("an update burst is one read and one write; two ports cost more") {
    RunRecord run = run_of(Event::synapse_read, 10);
    count(run, Event::synapse_write, 4);
    const EnergyReport e = cost(run, t);
    const double read = (v("sram_read_a") + v("sram_read_b") * 128) * 8;
    const double write = v("sram_write_0") + (v("sram_write_a") + v("sram_write_b") * 128) * 8;
    CHECK(cause(e, "synapse read, update").energy->nominal.value == Approx(4 * read * kappa));
    CHECK(cause(e, "synapse read, forward").energy->nominal.value == Approx(6 * read * kappa));
    CHECK(cause(e, "synapse write, update").energy->nominal.value == Approx(4 * write * kappa));
    run.machine.core.synapse_ports = 2;
    const EnergyReport two = cost(run, t);
    CHECK(cause(two, "synapse write, update").energy->nominal.value ==
          Approx(4 * write * kappa * v("two_port_energy")));
    CHECK(two.area.parts[0].area.nominal.value ==
          Approx(e.area.parts[0].area.nominal.value * v("two_port_area")));
    CHECK(cause(two, "leakage").energy->nominal > cause(e, "leakage").energy->nominal);
  }
  SECTION("the network is not multiplied by the overhead") {
    const EnergyReport e = cost(run_of(Event::link_bit, 100 * 64), t);
    const double pitch = std::sqrt(e.area.total.nominal.value);
    CHECK(cause(e, "mesh and trees").energy->nominal.value ==
          Approx(100 * 64 * (v("router_bit") + v("link_bit_mm") * pitch)));
    CHECK(e.overhead_share.nominal.value == 0);
  }
  SECTION("clock and leakage go with time and silicon") {
    const RunRecord run = run_of(Event::update, 0);
    const EnergyReport e = cost(run, t);
    const double cycles = static_cast<double>(*run.cycles);
    CHECK(cause(e, "clock").energy->nominal.value ==
          Approx(cycles * v("clock_mm2") * e.area.total.nominal.value));
    const double kb = (64 * 1024 + 8192 + 4096 + 16384) / 1024.0;
    double logic = 0;
    for (std::size_t p = 4; p < e.area.parts.size(); ++p) logic += e.area.parts[p].area.nominal.value;
    const double milliwatts = (kb * v("leak_sram") + logic * v("leak_logic")) * 1e-3;
    CHECK(cause(e, "leakage").energy->nominal.value == Approx(milliwatts * cycles * 5));  // 5 ns at 200 MHz
    CHECK(e.total.nominal == cause(e, "clock").energy->nominal + cause(e, "leakage").energy->nominal);
  }
}

TEST_CASE("energies add up, over causes and over cores") {
  const EnergyReport e = cost(sample_run(), load_technology(GENERATE("45nm", "28nm", "22nm")));
  EnergyRange causes{}, places = e.outside_cores;
  for (const EnergyCause& c : e.causes) {
    EnergyRange parts{};
    for (const EnergyPart& part : c.parts) parts += part.energy;
    CHECK(parts.high.value == Approx(c.energy->high.value));
    causes += *c.energy;
    CHECK(c.energy->low <= c.energy->nominal);
    CHECK(c.energy->nominal <= c.energy->high);
  }
  for (const EnergyRange& core : e.core) places += core;
  CHECK(causes.low.value == Approx(e.total.low.value));
  CHECK(causes.nominal.value == Approx(e.total.nominal.value));
  CHECK(causes.high.value == Approx(e.total.high.value));
  CHECK(places.low.value == Approx(e.total.low.value));
  CHECK(places.nominal.value == Approx(e.total.nominal.value));
  CHECK(places.high.value == Approx(e.total.high.value));
  AreaRange parts{}, tiles{};
  for (const AreaPart& part : e.area.parts) parts += part.area;
  for (const AreaRange& core : e.area.core) tiles += core;
  CHECK(parts.nominal.value == Approx(e.area.total.nominal.value));
  CHECK(tiles.high.value == Approx(e.area.total.high.value));
}

TEST_CASE("every event of the list is charged, or is known to cost nothing of its own") {
  // Rows are charged as bursts; a skipped row is no access; packets and hops are charged by their bits.
  const std::vector<Event> free = {
      Event::accumulate_row, Event::update_row,    Event::skipped_row, Event::packet,
      Event::end_packet,     Event::credit_packet, Event::hop,         Event::tree_hop};
  const Technology t = load_technology("28nm");
  for (std::size_t i = 0; i < event_count; ++i) {
    const auto event = static_cast<Event>(i);
    const EnergyReport none = cost(run_of(event, 0), t), some = cost(run_of(event, 1000000), t);
    INFO(event_names[i]);
    const bool is_free = std::find(free.begin(), free.end(), event) != free.end();
    CHECK((some.total.nominal > none.total.nominal) == !is_free);
  }
}

TEST_CASE("two blocks of different widths in one core cost what each costs alone") {
  const Technology t = load_technology(GENERATE("45nm", "28nm", "22nm"));
  CHECK(rc::check("widths", [&] {
    const auto bits = [] { return *rc::gen::inRange(2, 17); };
    const int w0 = bits(), a0 = bits(), w1 = bits(), a1 = bits();
    RC_PRE(w0 != w1 || a0 != a1);
    const RunRecord one = run_of_all(w0, a0, 3), other = run_of_all(w1, a1, 5);
    RunRecord both = one;
    CoreRecord& core = both.cores[0];
    core.events += other.cores[0].events;
    core.widths.push_back(other.cores[0].widths[0]);
    RC_ASSERT(width_mistake(both).empty());
    const EnergyReport a = cost(one, t), b = cost(other, t), sum = cost(both, t);
    for (std::size_t c = 0; c < sum.causes.size(); ++c) {
      const std::string& name = sum.causes[c].name;
      if (name == "clock" || name == "leakage") continue;  // of the same silicon for the same time
      const double apart = a.causes[c].energy->nominal.value + b.causes[c].energy->nominal.value;
      RC_ASSERT(sum.causes[c].energy->nominal.value == Approx(apart).epsilon(1e-12));
    }
  }));
}

TEST_CASE("narrower weights or activities make exactly the events with a width cheaper") {
  const Technology t = load_technology("28nm");
  for (std::size_t i = 0; i < event_count; ++i) {
    const auto event = static_cast<Event>(i);
    INFO(event_names[i]);
    const auto at = [&](int weight_bits, int activity_bits) {
      RunRecord run = run_of(event, 1000);
      run.cores[0].widths[0].weight_bits = weight_bits;
      run.cores[0].widths[0].activity_bits = activity_bits;
      return cost(run, t).total.nominal.value;
    };
    CHECK((at(8, 16) < at(16, 16) || at(16, 8) < at(16, 16)) == has_width(event));
    CHECK(at(8, 16) <= at(16, 16));
    CHECK(at(16, 8) <= at(16, 16));
  }
}

TEST_CASE("the reads of an update are told from those of a forward pass width by width") {
  // All writes belong to the narrow block: so do the reads before them.
  const Technology t = load_technology("28nm");
  RunRecord run = run_of(Event::synapse_read, 10);
  count(run, Event::synapse_write, 10);
  run.cores[0].widths.push_back({16, 8, {}});
  run.cores[0].widths[1].events[Event::synapse_read] = 7;
  run.cores[0].events[Event::synapse_read] += 7;
  const EnergyReport e = cost(run, t);
  const auto v = [&](const char* name) { return find_constant(t, name).value.nominal; };
  const auto burst = [&](int bits) { return (v("sram_read_a") + v("sram_read_b") * 16 * bits) * 8 * 3; };
  CHECK(cause(e, "synapse read, update").energy->nominal.value == Approx(10 * burst(8)));
  CHECK(cause(e, "synapse read, forward").energy->nominal.value == Approx(7 * burst(16)));
}

TEST_CASE("clock and leakage go to the samples that were on the chip meanwhile") {
  const Technology technology = load_technology("45nm");
  RunRecord run = sample_run();
  const auto total = [&](const EnergyReport& e) {
    double sum = static_cast<double>(run.learn_samples) * e.per_learning_sample->nominal.value;
    if (e.per_inference)
      sum += static_cast<double>(run.samples - run.learn_samples) * e.per_inference->nominal.value;
    return sum;
  };
  const EnergyReport mixed = cost(run, technology);
  CHECK(total(mixed) == Approx(mixed.total.nominal.value));
  run.learn_cycles = *run.cycles / 2;
  const EnergyReport half = cost(run, technology);
  CHECK(total(half) == Approx(half.total.nominal.value));
  CHECK(half.per_inference->nominal.value > mixed.per_inference->nominal.value);
  CHECK(half.per_learning_sample->nominal.value < mixed.per_learning_sample->nominal.value);
  run.learn_samples = run.samples, run.learn_cycles = run.cycles;
  const EnergyReport pure = cost(run, technology);
  CHECK_FALSE(pure.per_inference);
  CHECK(total(pure) == Approx(pure.total.nominal.value));
}

TEST_CASE("no events cost no dynamic energy") {
  RunRecord run = sample_run();
  for (CoreRecord& core : run.cores) core.events = {}, core.widths = {};
  run.chip_events = {};
  const EnergyReport e = cost(run, load_technology("28nm"));
  for (const EnergyCause& c : e.causes) {
    const bool by_time = c.name == "clock" || c.name == "leakage";
    CHECK((c.energy->high.value > 0) == by_time);
  }
  CHECK_FALSE(e.per_update.has_value());
  CHECK_FALSE(e.per_synaptic_operation.has_value());
}

TEST_CASE("without time the network, clock and leakage are not measured, and the rest is the same") {
  const Technology t = load_technology("28nm");
  RunRecord timed = sample_run(true), untimed = sample_run(false);
  const EnergyReport a = cost(timed, t), b = cost(untimed, t);
  CHECK(b.dynamic_only);
  CHECK_FALSE(b.time.has_value());
  for (std::size_t i = 0; i < a.causes.size(); ++i) {
    const std::string& name = a.causes[i].name;
    const bool needs_time = name == "mesh and trees" || name == "clock" || name == "leakage";
    CHECK(b.causes[i].energy.has_value() == !needs_time);
    if (!needs_time) CHECK(*b.causes[i].energy == *a.causes[i].energy);
  }
}

TEST_CASE("costing a run that was read back equals costing the original") {
  const auto folder = std::filesystem::temp_directory_path() / "trifactor-energy-test";
  const RunRecord run = sample_run();
  write_run(folder, run, load_technology("45nm"));
  const RunRecord again = read_run(folder);
  for (const char* node : {"45nm", "28nm", "22nm"}) {
    const Technology t = load_technology(node);
    const EnergyReport a = cost(run, t), b = cost(again, t);
    CHECK(a.total == b.total);
    CHECK(a.core == b.core);
    for (std::size_t i = 0; i < a.causes.size(); ++i) CHECK(a.causes[i].energy == b.causes[i].energy);
  }
  // And the table that was written costs what the file it came from does.
  CHECK(cost(run, read_run_technology(folder)).total == cost(run, load_technology("45nm")).total);
  std::filesystem::remove_all(folder);
}

TEST_CASE("idle silicon is charged, and a missing tile is refused") {
  const Technology t = load_technology("28nm");
  RunRecord run = sample_run();
  const EnergyReport e = cost(run, t);
  REQUIRE(run.cores.back().role == "idle");
  CHECK(e.core.back().nominal.value > 0);
  CHECK(e.area.core.back().nominal.value > 0);
  run.cores.pop_back();
  CHECK_THROWS_AS(cost(run, t), Error);
}

TEST_CASE("an update outside 1 to 20 pJ is remarked on") {
  const Technology t = load_technology("28nm");
  const auto update_of = [&](std::uint64_t updates, std::uint64_t bursts) {
    RunRecord run = run_of(Event::update, updates);
    count(run, Event::random_draw, updates);
    count(run, Event::synapse_read, bursts);
    count(run, Event::synapse_write, bursts);
    return cost(run, t);
  };
  const EnergyReport dense = update_of(16000, 1000);
  CHECK(dense.per_update->nominal.value > 5);
  CHECK(dense.per_update->nominal.value < 20);
  CHECK(dense.update_remark.empty());
  const EnergyReport sparse = update_of(1000, 1000);  // one enabled pair a burst pays for the whole burst
  CHECK(sparse.per_update->nominal.value > 20);
  CHECK(sparse.update_remark.find("above 20 pJ") != std::string::npos);
}
