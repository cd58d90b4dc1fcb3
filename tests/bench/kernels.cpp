// The kernels of the functional engine on 1,024 x 1,024 synapses, operands drawn over their full range.
#include <cstdint>
#include <memory>
#include <random>
#include <vector>

#include "rtl/core/core.hpp"
#include "rtl/units/accumulate/rows.hpp"
#include "rtl/units/lane/rows.hpp"
#include "tests/bench/clocks.hpp"
#include "tests/bench/figures.hpp"

namespace trifactor::bench {
namespace {

constexpr int factor_limit = 1 << (factor_bits - 1);

template <class Word>
std::vector<Word> drawn(std::mt19937& random, std::size_t count, int low, int high) {
  std::vector<Word> words(count);
  for (Word& word : words) word = static_cast<Word>(std::uniform_int_distribution<int>(low, high)(random));
  return words;
}

/// Everything one update pass needs.
struct Pass {
  explicit Pass(std::size_t side, std::mt19937& random) : size(side * side) {
    a0 = drawn<std::int16_t>(random, side, -factor_limit, factor_limit - 1);
    a1 = drawn<std::int16_t>(random, side, -factor_limit, factor_limit - 1);
    c = drawn<std::int16_t>(random, side, -factor_limit, factor_limit - 1);
    weights = drawn<std::int16_t>(random, size, -32768, 32767);
    for (std::size_t i = 0; i < side; ++i) generators.push_back(static_cast<std::uint32_t>(random()) | 1u);
    for (std::uint32_t row = 0; row < side; ++row) {
      std::uniform_int_distribution<int> scalar(-32768, 32767);
      rows.push_back({row, scalar(random), scalar(random)});
    }
    block = {weights.data(), false, side, nullptr};
  }
  ColumnFactors factors() const { return {a0.data(), a1.data(), c.data()}; }

  std::size_t size;
  std::vector<std::int16_t> a0, a1, c, weights;
  std::vector<std::uint32_t> generators;
  std::vector<UpdateRow> rows;
  WeightBlock block;
};

constexpr LaneConfig lane{20, 16, true};

/// A core whose factors come from elsewhere: accept and update are its part of learning.
class LearningCore {
 public:
  LearningCore(const Pass& pass, std::uint32_t side, std::mt19937& random) : pass_(pass), side_(side) {
    CoreImage image;
    image.core = 1, image.owner = 0;
    image.neurons = side;
    BlockImage block;
    block.rows = side;
    block.weight_bits = 16, block.activity_bits = 16;
    block.plastic = true;
    block.plasticity.b0 = RowTrace::now, block.plasticity.b1 = RowTrace::before;
    block.plasticity.uses_a1 = block.plasticity.uses_c = true;
    block.plasticity.lane_shift = lane.shift;
    block.weights = pass.weights;
    image.blocks.push_back(block);
    arithmetic_ = golden_arithmetic();
    core_ = std::make_unique<Core>(std::move(image), *arithmetic_, 64);
    for (auto& values : values_) values = drawn<std::int16_t>(random, side, -32768, 32767);
    sums_.assign(side, 0);
  }

  /// Synapses, and seconds of accept and update for one sample; the forward pass runs but is not timed here.
  double update() {
    const double seconds = present();
    return seconds;
  }

  std::uint64_t applied() const { return core_->update_counts(0).applied; }

 private:
  double present() {
    const std::uint64_t now = presentation_++;
    for (std::uint32_t row = 0; row < side_; ++row)
      if (values_[now % 2][row] != 0) core_->deliver(now, 0, row, values_[now % 2][row]);
    core_->accumulate(now, sums_, true);
    const double start = thread_seconds();
    core_->accept(now, 0, pass_.a0, pass_.a1, pass_.c);
    core_->update(0);
    const double seconds = thread_seconds() - start;
    core_->release(now);
    return seconds;
  }

  const Pass& pass_;
  std::uint32_t side_;
  std::unique_ptr<Arithmetic> arithmetic_;
  std::unique_ptr<Core> core_;
  std::vector<std::int16_t> values_[2];
  std::vector<std::int64_t> sums_;
  std::uint64_t presentation_ = 0;
};

void measure_updates(const Plan& plan, Section& section) {
  const std::uint32_t side = plan.quick ? 256 : 1024;
  const int passes = plan.quick ? 4 : 20, rounds = plan.quick ? 3 : 15;
  std::mt19937 random(1);
  Pass counted(side, random), bare(side, random);
  LearningCore core(counted, side, random);
  LaneLosses losses;
  const double work = static_cast<double>(counted.size) * passes;
  const auto functional = [&] {
    const double start = thread_seconds();
    for (int i = 0; i < passes; ++i)
      update_rows(lane, counted.factors(), counted.rows, counted.block, counted.generators.data(), losses);
    return work / (thread_seconds() - start);
  };
  const auto yardstick = [&] {
    const double start = thread_seconds();
    for (int i = 0; i < passes; ++i)
      update_rows_bare(lane, bare.factors(), bare.rows, bare.block, bare.generators.data());
    return work / (thread_seconds() - start);
  };
  const auto in_core = [&] {
    double seconds = 0;
    for (int i = 0; i < passes; ++i) seconds += core.update();
    return work / seconds;
  };
  const Pair kernel = interleaved(rounds, functional, yardstick);
  section.set("row kernel", kernel.first);
  section.set("row kernel, bare", kernel.second);
  section.set("row kernel / bare", kernel.ratio);
  const Pair cores = interleaved(rounds, in_core, yardstick);
  section.set("core, accept and update", cores.first);
  section.set("core, accept and update / bare", cores.ratio);
}

template <class Word>
double accumulations(const Plan& plan, int bits) {
  const std::uint32_t side = plan.quick ? 256 : 1024;
  const int passes = plan.quick ? 8 : 60, rounds = plan.quick ? 3 : 15;
  std::mt19937 random(2);
  const int limit = 1 << (bits - 1);
  auto weights = drawn<Word>(random, std::size_t{side} * side, -limit, limit - 1);
  const auto values = drawn<std::int16_t>(random, side, -limit, limit - 1);
  std::vector<AxonValue> axons;
  for (std::uint32_t row = 0; row < side; ++row) axons.push_back({row, values[row]});
  std::vector<std::int64_t> sums(side);
  const WeightBlock block{weights.data(), sizeof(Word) == 1, side, nullptr};
  std::vector<double> rates;
  for (int round = 0; round < rounds; ++round) {
    const double start = thread_seconds();
    for (int i = 0; i < passes; ++i) accumulate_rows(axons, block, sums.data());
    rates.push_back(static_cast<double>(side) * side * passes / (thread_seconds() - start));
  }
  return median(rates);
}

void measure_accumulations(const Plan& plan, Section& section) {
  section.set("accumulate 16 x 16 bits", accumulations<std::int16_t>(plan, 16));
  section.set("accumulate 8 x 8 bits", accumulations<std::int8_t>(plan, 8));
}

}  // namespace

Section kernel_section() {
  return {{{"row kernel", "updates/s", Bound::at_least, 2e9},
           {"row kernel, bare", "updates/s"},
           {"row kernel / bare", "", Bound::at_least, 0.6},
           {"core, accept and update", "updates/s", Bound::at_least, 2e9},
           {"core, accept and update / bare", "", Bound::at_least, 0.6}},
          measure_updates};
}

Section accumulate_section() {
  return {{{"accumulate 16 x 16 bits", "products/s", Bound::at_least, 5e9},
           {"accumulate 8 x 8 bits", "products/s", Bound::at_least, 1e10}},
          measure_accumulations};
}

}  // namespace trifactor::bench
