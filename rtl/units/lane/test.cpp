// The definition of a weight update: exact, unbiased, without overflow.
#include <rapidcheck.h>
#include <catch2/catch.hpp>
#include <cstdlib>
#include <vector>

#include "rtl/units/accumulate/rows.hpp"
#include "rtl/units/lane/golden.hpp"
#include "rtl/units/lane/rows.hpp"
#include "rtl/units/random/golden.hpp"

using namespace trifactor;

namespace {

/// The same update in 64 bits, with division instead of shifts.
LaneResult wide_update(const LaneConfig& config, std::int64_t a0, std::int64_t b0, std::int64_t a1,
                       std::int64_t b1, std::int64_t c, std::int64_t weight, std::uint32_t random) {
  const std::int64_t sum = a0 * b0 + a1 * b1 - c * weight, unit = std::int64_t{1} << config.shift;
  const std::int64_t added = config.stochastic ? random % unit : unit / 2;
  std::int64_t change = (sum + added) / unit;
  if ((sum + added) % unit < 0) --change;
  const std::int64_t wide = weight + change, high = (std::int64_t{1} << (config.weight_bits - 1)) - 1;
  const std::int64_t clipped = wide > high ? high : (wide < -high - 1 ? -high - 1 : wide);
  return {static_cast<std::int32_t>(clipped), static_cast<std::int32_t>(sum), clipped != wide};
}

bool same(const LaneResult& x, const LaneResult& y) {
  return x.weight == y.weight && x.sum == y.sum && x.saturated == y.saturated;
}

}  // namespace

TEST_CASE("stochastic rounding: over all random words the mean is exact, and each result is a neighbour") {
  for (int shift = 0; shift <= 8; ++shift) {
    const LaneConfig config{shift, 16, true};
    for (std::int32_t sum = -600; sum <= 600; ++sum) {
      std::int64_t total = 0;
      for (std::uint32_t random = 0; random < 1u << shift; ++random) {
        const std::int32_t change = lane_update(config, sum, 1, 0, 0, 0, 0, random).weight;
        REQUIRE((change == sum >> shift || change == (sum >> shift) + 1));
        // bits above F play no part
        REQUIRE(lane_update(config, sum, 1, 0, 0, 0, 0, random | 0xffffffffu << shift).weight == change);
        total += change;
      }
      REQUIRE(total == sum);
    }
  }
}

TEST_CASE("nothing overflows at any combination of extremes, F from 0 to 28") {
  const std::int32_t factors[] = {-16384, 16383, -1, 0, 1}, words[] = {-32768, 32767, -1, 0, 1};
  for (const int shift : {0, 1, 14, 27, 28})
    for (const bool stochastic : {false, true})
      for (const std::uint32_t random : {0u, 0xffffffffu})
        for (const std::int32_t a0 : factors)
          for (const std::int32_t b0 : words)
            for (const std::int32_t a1 : factors)
              for (const std::int32_t b1 : words)
                for (const std::int32_t c : factors)
                  for (const std::int32_t w : words) {
                    const LaneConfig config{shift, 16, stochastic};
                    REQUIRE(same(lane_update(config, a0, b0, a1, b1, c, w, random),
                                 wide_update(config, a0, b0, a1, b1, c, w, random)));
                  }
}

TEST_CASE("the lane equals division in 64 bits") {
  CHECK(rc::check("lane_update", [] {
    const LaneConfig config{*rc::gen::inRange(0, 29), *rc::gen::inRange(2, 17), *rc::gen::arbitrary<bool>()};
    const std::int32_t bound = 1 << (config.weight_bits - 1);
    const auto factor = rc::gen::inRange(-16384, 16384), word = rc::gen::inRange(-32768, 32768);
    const std::int32_t a0 = *factor, a1 = *factor, c = *factor, b0 = *word, b1 = *word;
    const std::int32_t weight = *rc::gen::inRange(-bound, bound);
    const std::uint32_t random = *rc::gen::arbitrary<std::uint32_t>();
    const LaneResult got = lane_update(config, a0, b0, a1, b1, c, weight, random);
    RC_ASSERT(same(got, wide_update(config, a0, b0, a1, b1, c, weight, random)));
    RC_ASSERT((got.weight >= -bound && got.weight < bound));
  }));
}

TEST_CASE("rounding to nearest: halves go towards plus infinity") {
  const LaneConfig config{4, 16, false};
  CHECK(lane_update(config, 8, 1, 0, 0, 0, 0, 0).weight == 1);
  CHECK(lane_update(config, -8, 1, 0, 0, 0, 0, 0).weight == 0);
  CHECK(lane_update(config, -9, 1, 0, 0, 0, 0, 0).weight == -1);
  CHECK(lane_update(config, 7, 1, 0, 0, 0, 0, 0xffffffff).weight == 0);
}

TEST_CASE("a pair is enabled exactly when its products can be other than 0 for some weight") {
  for (const bool exists : {false, true})
    for (int bits = 0; bits < 32; ++bits) {
      const std::int32_t a0 = bits & 1, b0 = bits >> 1 & 1, a1 = bits >> 2 & 1, b1 = bits >> 3 & 1,
                         c = bits >> 4 & 1;
      CHECK(lane_enabled(exists, a0, b0, a1, b1, c) == (exists && (((a0 || a1) && (b0 || b1)) || c)));
      if (!lane_enabled(true, a0, b0, a1, b1, c)) {  // then the update would do nothing anyway
        for (const bool stochastic : {false, true}) {
          const LaneResult result = lane_update({9, 8, stochastic}, a0, b0, a1, b1, c, 77, 0xffffffff);
          CHECK(result.weight == 77);
          CHECK(result.sum == 0);
        }
      }
    }
}

// ---- whole rows ----------------------------------------------------------------------------------------

namespace {

struct RowsCase {
  LaneConfig config;
  std::size_t rows = 12, columns = 128, passes = 40;  ///< passes: update rows, repeating
  bool second = true, decay = true, masked = true, extreme = false;
};

/// Everything an update pass reads and writes.
template <class Word>
struct Synapses {
  std::vector<Word> weights;
  std::vector<std::uint8_t> mask;
  std::vector<std::int16_t> a0, a1, c;
  std::vector<std::uint32_t> generators;
  std::vector<UpdateRow> rows;
  LaneLosses losses;
};

template <class Word>
Synapses<Word> make_synapses(const RowsCase& test) {
  std::uint64_t seed = test.columns * 7 + static_cast<std::uint64_t>(test.config.shift);
  const auto pick = [&](std::int64_t low, std::int64_t high, std::uint64_t zero_in) -> std::int64_t {
    const std::uint64_t word = mix64(++seed);
    if (test.extreme) return (word & 1) != 0 ? low : high;
    if (word % zero_in == 0) return 0;
    if ((word >> 8) % 8 == 0) return low;
    if ((word >> 8) % 8 == 1) return high;
    return low + static_cast<std::int64_t>((word >> 16) % static_cast<std::uint64_t>(high - low + 1));
  };
  Synapses<Word> s;
  const std::int64_t bound = std::int64_t{1} << (test.config.weight_bits - 1);
  const std::int64_t factor = test.extreme ? 16383 : 1 << (seed % 15);
  for (std::size_t i = 0; i < test.rows * test.columns; ++i)
    s.weights.push_back(static_cast<Word>(pick(-bound, bound - 1, 50)));
  for (std::size_t i = 0; i < test.rows * test.columns / 8; ++i)
    s.mask.push_back(static_cast<std::uint8_t>(i % 5 == 0 ? 0 : i % 5 == 1 ? 255 : mix64(++seed)));
  for (std::size_t i = 0; i < test.columns; ++i) {
    s.a0.push_back(static_cast<std::int16_t>(pick(-factor - 1, factor, 3)));
    s.a1.push_back(static_cast<std::int16_t>(pick(-factor - 1, factor, 3)));
    s.c.push_back(static_cast<std::int16_t>(pick(-factor - 1, factor, 2)));
    s.generators.push_back(static_cast<std::uint32_t>(mix64(++seed)) | 1);
  }
  for (std::size_t i = 0; i < test.passes; ++i)
    s.rows.push_back({static_cast<std::uint32_t>(i % test.rows),
                      static_cast<std::int32_t>(pick(-32768, 32767, 3)),
                      static_cast<std::int32_t>(pick(-32768, 32767, 3))});
  return s;
}

template <class Word>
void scalar_update(const RowsCase& test, Synapses<Word>& s, bool bare = false) {
  for (const UpdateRow& row : s.rows)
    for (std::size_t i = 0; i < test.columns; ++i) {
      const std::size_t at = row.row * test.columns + i;
      const bool exists = !test.masked || (s.mask[at / 8] >> (at % 8) & 1) != 0;
      const std::int32_t a1 = test.second ? s.a1[i] : 0, c = test.decay ? s.c[i] : 0, old = s.weights[at];
      const std::int32_t b1 = row.b1;
      if (!bare && !lane_enabled(exists, s.a0[i], row.b0, a1, b1, c)) continue;
      if (test.config.stochastic) s.generators[i] = xorshift32(s.generators[i]);
      const LaneResult result = lane_update(test.config, s.a0[i], row.b0, a1, b1, c, old, s.generators[i]);
      s.weights[at] = static_cast<Word>(result.weight);
      s.losses.applied += result.weight != old;
      s.losses.rounded_to_zero += result.weight == old && result.sum != 0;
      s.losses.saturated += result.saturated;
      s.losses.intended += static_cast<std::uint64_t>(std::abs(std::int64_t{result.sum}));
      s.losses.change += static_cast<std::uint64_t>(std::abs(result.weight - old));
    }
}

template <class Word>
void compare_rows(const RowsCase& test) {
  Synapses<Word> expected = make_synapses<Word>(test), got = expected, bare = expected,
                 expected_bare = expected;
  scalar_update(test, expected);
  const auto run = [&](Synapses<Word>& s, bool counted) {
    const ColumnFactors factors{s.a0.data(), test.second ? s.a1.data() : nullptr,
                                test.decay ? s.c.data() : nullptr};
    const WeightBlock block{s.weights.data(), sizeof(Word) == 1, test.columns,
                            test.masked ? s.mask.data() : nullptr};
    if (counted)
      update_rows(test.config, factors, s.rows, block, s.generators.data(), s.losses);
    else
      update_rows_bare(test.config, factors, s.rows, block, s.generators.data());
  };
  run(got, true);
  CHECK(got.weights == expected.weights);
  CHECK(got.generators == expected.generators);
  CHECK(got.losses.applied == expected.losses.applied);
  CHECK(got.losses.rounded_to_zero == expected.losses.rounded_to_zero);
  CHECK(got.losses.saturated == expected.losses.saturated);
  CHECK(got.losses.intended == expected.losses.intended);
  CHECK(got.losses.change == expected.losses.change);
  if (test.masked) return;
  run(bare, false);
  scalar_update(test, expected_bare, true);
  CHECK(bare.weights == expected_bare.weights);
  if (!test.config.stochastic) CHECK(bare.weights == expected.weights);
}

void compare_both(const RowsCase& test) {
  INFO("F " << test.config.shift << " bits " << test.config.weight_bits << " stochastic "
            << test.config.stochastic << " a1 " << test.second << " c " << test.decay << " mask "
            << test.masked << " extreme " << test.extreme);
  if (test.config.weight_bits <= 8) compare_rows<std::int8_t>(test);
  compare_rows<std::int16_t>(test);
}

struct RestoreTarget {
  ~RestoreTarget() { choose_simd("best"); }
};

}  // namespace

TEST_CASE("update_rows equals the lane pair by pair on every target") {
  const RestoreTarget restore;
  for (const char* target : simd_targets()) {
    REQUIRE(choose_simd(target));
    INFO(target);
    for (int bits = 4; bits <= 16; ++bits)
      for (int shift = 0; shift <= 28; shift += bits % 3 == 0 ? 1 : 7)
        for (int form = 0; form < 16; ++form) {
          RowsCase test;
          test.config = {shift, bits, (form & 1) != 0};
          test.second = (form & 2) != 0;
          test.decay = (form & 4) != 0;
          test.masked = (form & 8) != 0;
          test.passes = 20;
          test.columns = bits % 2 == 0 ? 64 : 128;
          compare_both(test);
        }
  }
}

TEST_CASE("update_rows at the extremes, where sums are largest") {
  const RestoreTarget restore;
  for (const char* target : simd_targets()) {
    REQUIRE(choose_simd(target));
    INFO(target);
    for (const int shift : {0, 1, 14, 28})
      for (const bool stochastic : {false, true})
        for (const int bits : {4, 8, 16}) {
          RowsCase test;
          test.config = {shift, bits, stochastic};
          test.extreme = true;
          test.masked = false;
          compare_both(test);
        }
  }
}

TEST_CASE("counters stay exact beyond the limits at which vector counters are emptied") {
  const RestoreTarget restore;
  for (const char* target : simd_targets()) {
    REQUIRE(choose_simd(target));
    INFO(target);
    for (const bool extreme : {false, true})
      for (const std::size_t passes : {1023u, 1024u, 1025u, 2049u, 9000u}) {
        RowsCase test;
        test.config = {extreme ? 0 : 12, 16, true};
        test.extreme = extreme;
        test.masked = passes % 2 == 0;
        test.rows = 64;
        test.columns = 64;
        test.passes = passes;
        compare_rows<std::int16_t>(test);
      }
  }
}
