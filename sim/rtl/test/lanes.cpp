// Do the Verilated lanes do what the vector kernel of the golden model does: weights, generators and
// counters, for every storage, mask, padding, binary point and rounding?
#include <catch2/catch.hpp>
#include <chrono>
#include <random>

#include "rtl/units/lane/rows.hpp"
#include "sim/rtl/verilated.hpp"

using namespace trifactor;

namespace {
using Random = std::mt19937_64;
int uniform(Random& random, int low, int high) {
  return std::uniform_int_distribution<int>(low, high)(random);
}

/// A word of `bits` bits: a corner, 0, or anything.
int word(Random& random, int bits) {
  const int bound = 1 << (bits - 1);
  switch (uniform(random, 0, 5)) {
    case 0:
      return -bound;
    case 1:
      return bound - 1;
    case 2:
      return 0;
    default:
      return uniform(random, -bound, bound - 1);
  }
}

struct Block {
  std::vector<std::int16_t> wide;
  std::vector<std::int8_t> narrow;
  std::vector<std::uint8_t> mask;
  std::vector<std::uint32_t> generators;
  WeightBlock view(bool is_narrow, std::size_t columns) {
    return {is_narrow ? static_cast<void*>(narrow.data()) : wide.data(), is_narrow, columns,
            mask.empty() ? nullptr : mask.data()};
  }
};

void compare(LaneUnit& lane, Random& random) {
  const int used = uniform(random, 1, 200);
  const std::size_t columns = padded_columns(static_cast<std::size_t>(used));
  const std::uint32_t rows = static_cast<std::uint32_t>(uniform(random, 1, 40));
  const LaneConfig config{uniform(random, 0, max_lane_shift), uniform(random, 2, 16),
                          uniform(random, 0, 1) == 1};
  const bool narrow = config.weight_bits <= 8 && uniform(random, 0, 3) > 0;
  const bool second = uniform(random, 0, 1) == 1, decay = uniform(random, 0, 1) == 1,
             masked = uniform(random, 0, 1) == 1;
  CAPTURE(used, rows, config.shift, config.weight_bits, config.stochastic, narrow, second, decay, masked);

  Block golden;
  golden.wide.assign(columns * rows, 0);
  golden.narrow.assign(columns * rows, 0);
  golden.generators.resize(columns);
  if (masked) golden.mask.assign(columns * rows / 8, 0);
  std::vector<std::int16_t> a0(columns, 0), a1(columns, 0), c(columns, 0);
  for (std::size_t i = 0; i < columns; ++i) {
    golden.generators[i] = static_cast<std::uint32_t>(random()) | 1u;
    if (i >= static_cast<std::size_t>(used)) continue;  // padding: no synapse, weight 0, factors 0
    a0[i] = static_cast<std::int16_t>(word(random, factor_bits));
    a1[i] = static_cast<std::int16_t>(word(random, factor_bits));
    c[i] = static_cast<std::int16_t>(word(random, factor_bits));
    for (std::uint32_t r = 0; r < rows; ++r) {
      const std::size_t at = r * columns + i;
      if (masked && uniform(random, 0, 2) == 0) continue;
      if (masked) golden.mask[at / 8] = static_cast<std::uint8_t>(golden.mask[at / 8] | 1 << (i % 8));
      golden.wide[at] = static_cast<std::int16_t>(word(random, config.weight_bits));
      golden.narrow[at] = static_cast<std::int8_t>(narrow ? golden.wide[at] : 0);
    }
  }
  Block rtl = golden;
  const ColumnFactors factors{a0.data(), second ? a1.data() : nullptr, decay ? c.data() : nullptr};
  LaneLosses golden_losses, rtl_losses;
  for (int pass = 0; pass < 2; ++pass) {
    std::vector<UpdateRow> walk;
    for (std::uint32_t r = 0; r < rows; ++r) {
      UpdateRow row{r, word(random, 16), second ? word(random, 16) : 0};
      if (row.b0 == 0 && row.b1 == 0 && !decay) continue;  // such a row has no enabled pair and is not given
      walk.push_back(row);
    }
    if (pass == 1)  // a row that comes twice, at once or soon after
      for (std::size_t k = 0; k + 2 < walk.size(); k += 4) walk[k + 1 + k % 2] = walk[k];
    update_rows(config, factors, walk, golden.view(narrow, columns), golden.generators.data(), golden_losses);
    lane.update(config, factors, walk, rtl.view(narrow, columns), rtl.generators.data(), rtl_losses);
    REQUIRE(golden.wide == rtl.wide);
    REQUIRE(golden.narrow == rtl.narrow);
    REQUIRE(golden.generators == rtl.generators);
    REQUIRE(golden_losses == rtl_losses);
  }
}

}  // namespace

TEST_CASE("Verilated lanes equal the golden row kernel") {
  Random random(3);
  for (const int lanes : verilated_lane_counts()) {
    CAPTURE(lanes);
    const std::unique_ptr<LaneUnit> lane = verilated_arithmetic(lanes)->lane();
    for (int trial = 0; trial < 400; ++trial) {
      CAPTURE(trial);
      compare(*lane, random);
    }
  }
}

TEST_CASE("updates a second of the Verilated lanes", "[.bench]") {
  constexpr std::size_t columns = 256, rows = 800;
  for (const int lanes : verilated_lane_counts()) {
    const std::unique_ptr<LaneUnit> lane = verilated_arithmetic(lanes)->lane();
    std::vector<std::int8_t> weights(columns * rows, 1);
    std::vector<std::int16_t> a0(columns, 77), a1(columns, -35);
    std::vector<std::uint32_t> generators(columns, 12345);
    std::vector<UpdateRow> walk;
    for (std::uint32_t r = 0; r < rows; ++r) walk.push_back({r, static_cast<std::int32_t>(r) - 200, 20});
    LaneLosses losses;
    double best = 0;
    for (int repeat = 0; repeat < 10; ++repeat) {
      const auto start = std::chrono::steady_clock::now();
      lane->update({12, 8, true}, {a0.data(), a1.data(), nullptr}, walk,
                   {weights.data(), true, columns, nullptr}, generators.data(), losses);
      const std::chrono::duration<double> time = std::chrono::steady_clock::now() - start;
      best = std::max(best, static_cast<double>(columns * rows) / time.count());
    }
    WARN(lanes << " lanes: " << best << " updates/s");
    CHECK(best > 3e7);
  }
}
