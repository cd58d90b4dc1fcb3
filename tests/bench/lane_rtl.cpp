// The Verilated lane, alone and inside a learning run.
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "compiler/machine_io/machine_file.hpp"
#include "compiler/network/network.hpp"
#include "compiler/passes/passes.hpp"
#include "rtl/units/lane/rows.hpp"
#include "sim/engine/functional.hpp"
#include "sim/rtl/verilated.hpp"
#include "tests/bench/chips.hpp"
#include "tests/bench/clocks.hpp"
#include "tests/bench/figures.hpp"

namespace trifactor::bench {
namespace {

/// 256 columns x 784 rows, rank two with decay, stochastic.
double alone(const Plan& plan) {
  const std::uint32_t columns = 256, row_count = plan.quick ? 32 : 784;
  std::mt19937 random(3);
  std::uniform_int_distribution<int> factor(-(1 << (factor_bits - 1)), (1 << (factor_bits - 1)) - 1),
      word(-32768, 32767);
  std::vector<std::int16_t> a0(columns), a1(columns), c(columns), weights(columns * row_count);
  for (auto* list : {&a0, &a1, &c})
    for (std::int16_t& value : *list) value = static_cast<std::int16_t>(factor(random));
  for (std::int16_t& weight : weights) weight = static_cast<std::int16_t>(word(random));
  std::vector<std::uint32_t> generators(columns);
  for (std::uint32_t& state : generators) state = static_cast<std::uint32_t>(random()) | 1u;
  std::vector<UpdateRow> rows;
  for (std::uint32_t row = 0; row < row_count; ++row) rows.push_back({row, word(random), word(random)});
  const std::unique_ptr<LaneUnit> unit = verilated_arithmetic(64)->lane();
  std::vector<double> rates;
  LaneLosses losses;
  for (int round = 0; round < (plan.quick ? 2 : 9); ++round) {
    const int passes = plan.quick ? 1 : 20;
    const double start = thread_seconds();
    for (int i = 0; i < passes; ++i)
      unit->update({20, 16, true}, {a0.data(), a1.data(), c.data()}, rows,
                   {weights.data(), false, columns, nullptr}, generators.data(), losses);
    rates.push_back(static_cast<double>(weights.size()) * passes / (thread_seconds() - start));
  }
  return median(rates);
}

/// The 784-256-128-10 example with every unit of learning in RTL.
double in_a_run(const Plan& plan) {
  const Network network = read_network(TRIFACTOR_BENCH_EXAMPLES "/mnist-phsic.toml");
  const Program program = compile(network, read_machine("generic"));
  Loaded chip(make_functional_device("rtl", verilated_arithmetic(64)), program);
  std::vector<double> rates;
  for (int round = 0; round < (plan.quick ? 1 : 5); ++round) {
    const std::uint64_t samples = plan.quick ? 2 : 60;
    const std::uint64_t before = chip.counters().events[Event::update];
    const double rate = chip.learn(samples);
    const std::uint64_t updates = chip.counters().events[Event::update] - before;
    rates.push_back(static_cast<double>(updates) * rate / static_cast<double>(samples));
  }
  return median(rates);
}

void measure(const Plan& plan, Section& section) {
  section.set("lane RTL, alone", alone(plan));
  section.set("lane RTL, in a learning run of the rtl engine", in_a_run(plan));
}

}  // namespace

Section lane_rtl_section() {
  return {{{"lane RTL, alone", "updates/s", Bound::at_least, 6e7},
           {"lane RTL, in a learning run of the rtl engine", "updates/s", Bound::at_least, 3e7}},
          measure};
}

}  // namespace trifactor::bench
