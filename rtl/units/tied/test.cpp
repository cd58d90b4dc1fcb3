// A tied weight with one copy is a synapse of its own; with many it moves by their exact sum, rounded once;
// nothing that may come overflows 48 bits.
#include <rapidcheck.h>
#include <catch2/catch.hpp>
#include <cmath>

#include "rtl/units/random/golden.hpp"
#include "rtl/units/tied/golden.hpp"

using namespace trifactor;

namespace {

std::int32_t word(int bits) {
  const std::int32_t bound = 1 << (bits - 1);
  return *rc::gen::oneOf(rc::gen::inRange(-bound, bound), rc::gen::element(-bound, bound - 1, 0, 1, -1));
}

}  // namespace

TEST_CASE("with one copy it is the lane") {
  CHECK(rc::check("", [] {
    const LaneConfig config{*rc::gen::inRange(0, max_lane_shift + 1), *rc::gen::inRange(2, 17),
                            *rc::gen::arbitrary<bool>()};
    const std::int32_t a0 = word(15), b0 = word(16), a1 = word(15), b1 = word(16), c = word(15),
                       w = word(config.weight_bits);
    const auto random = *rc::gen::arbitrary<std::uint32_t>();
    const LaneResult lane = lane_update(config, a0, b0, a1, b1, c, w, random);
    const TiedResult tied = tied_update(config, tied_increment(0, a0, b0, a1, b1), c, w, random);
    RC_ASSERT(tied.weight == lane.weight);
    RC_ASSERT(tied.sum == lane.sum);
    RC_ASSERT(tied.saturated == lane.saturated);
  }));
}

TEST_CASE("with many copies it moves by the nearest step to their sum") {
  CHECK(rc::check("", [] {
    const LaneConfig config{*rc::gen::inRange(0, max_lane_shift + 1), *rc::gen::inRange(2, 17), false};
    const std::int32_t w = word(config.weight_bits);
    std::int64_t sum = 0;
    std::int32_t decay = 0;
    long double exact = 0;
    for (int copies = *rc::gen::inRange(1, 200); copies > 0; --copies) {
      const std::int32_t a0 = word(15), b0 = word(16), a1 = word(15), b1 = word(16), c = word(15);
      sum = tied_increment(sum, a0, b0, a1, b1);
      decay += c;
      exact += static_cast<long double>(a0) * b0 + static_cast<long double>(a1) * b1 -
               static_cast<long double>(c) * w;
    }
    const long double bound = std::ldexp(1.0L, config.weight_bits - 1),
                      wide = w + std::floor(std::ldexp(exact, -config.shift) + 0.5L);
    const TiedResult result = tied_update(config, sum, decay, w, 0);
    RC_ASSERT(static_cast<long double>(result.weight) == std::min(std::max(wide, -bound), bound - 1));
    RC_ASSERT(static_cast<long double>(result.sum) == exact);
    RC_ASSERT(result.saturated == (wide < -bound || wide > bound - 1));
  }));
}

TEST_CASE("the most copies fit the increment, its decay and all that is added") {
  // -2^14 x -2^15 twice; c = -2^14 with w = 32767 adds as much again
  const std::int64_t share = tied_increment(0, -16384, -32768, -16384, -32768), decay = most_copies * -16384;
  const std::int64_t sum = most_copies * share, limit = std::int64_t{1} << (increment_bits - 1);
  CHECK(share == std::int64_t{1} << 30);
  CHECK(decay >= -(std::int64_t{1} << (decay_bits - 1)));
  CHECK(sum - decay * 32768 + (std::int64_t{1} << max_lane_shift) + 32768 < limit);
  CHECK(2 * (sum - decay * 32768) >= limit);  // twice the copies would not
  const LaneConfig config{max_lane_shift, 16, true};
  CHECK(tied_update(config, sum, static_cast<std::int32_t>(decay), 32767, ~0u).saturated);
}

TEST_CASE("a random word rounds up as often as the fraction says") {
  const LaneConfig config{10, 16, true};
  std::uint32_t generator = 12345;
  const std::int64_t sum = (std::int64_t{3} << 10) + 256;  // 3.25
  std::int64_t moved = 0;
  const int draws = 20000;
  for (int i = 0; i < draws; ++i) {
    generator = xorshift32(generator);
    moved += tied_update(config, sum, 0, 100, generator).weight - 100;
  }
  CHECK(std::abs(static_cast<double>(moved) - 3.25 * draws) < 4 * std::sqrt(draws * 0.25 * 0.75));
}
