// A window's result is what sorting gives, whatever the order in which activities come and however many do
// not.
#include <algorithm>
#include <catch2/catch.hpp>
#include <numeric>
#include <vector>

#include "rtl/units/pool/golden.hpp"
#include "rtl/units/random/golden.hpp"

using namespace trifactor;

namespace {

struct Tap {
  std::int16_t value;
  std::uint32_t index;
};

/// All taps of a window, 0 where nothing is sent; `outside` more lie outside the image.
PoolState largest(std::vector<Tap> taps, std::uint32_t outside) {
  const std::uint32_t window = static_cast<std::uint32_t>(taps.size()) + outside;
  std::sort(taps.begin(), taps.end(), [](const Tap& a, const Tap& b) {
    return a.value != b.value ? a.value > b.value : a.index < b.index;
  });
  if (taps.empty() || (outside > 0 && taps[0].value < 0) || taps[0].value == 0)
    return {0, window, pool_nobody};
  return {taps[0].value, window, taps[0].index};
}

}  // namespace

TEST_CASE("every order of every window of four small values gives the largest and the first that had it") {
  int ties = 0, nobody = 0;
  for (int code = 0; code < 5 * 5 * 5 * 5; ++code)
    for (std::uint32_t outside = 0; outside < 2; ++outside) {
      std::vector<Tap> taps;
      for (int i = 0, left = code; i < 4; ++i, left /= 5)
        taps.push_back({static_cast<std::int16_t>(left % 5 - 2), static_cast<std::uint32_t>(10 + 3 * i)});
      const PoolState wanted = largest(taps, outside);
      nobody += wanted.winner == pool_nobody;
      std::vector<int> order(4);
      std::iota(order.begin(), order.end(), 0);
      do {
        PoolState state;
        for (const int i : order)
          if (const Tap& tap = taps[static_cast<std::size_t>(i)]; tap.value != 0)
            pool_step(state, tap.value, tap.index);
        ties += state.came > 1 && state.winner != 10;
        const PoolState got = pool_result(state, 4 + outside);
        REQUIRE(got.largest == wanted.largest);
        REQUIRE(got.winner == wanted.winner);
      } while (std::next_permutation(order.begin(), order.end()));
    }
  CHECK(ties > 0);
  CHECK(nobody > 0);
}

TEST_CASE("the ends of the range are values like others") {
  for (const std::int16_t low : {std::int16_t{-32768}, std::int16_t{-1}})
    for (const std::int16_t high : {std::int16_t{1}, std::int16_t{32767}}) {
      PoolState state;
      pool_step(state, low, 3);
      CHECK(pool_result(state, 1).largest == low);
      CHECK(pool_result(state, 2).winner == pool_nobody);
      pool_step(state, high, 9);
      pool_step(state, high, 4);
      CHECK(pool_result(state, 3).largest == high);
      CHECK(pool_result(state, 8).winner == 4);
    }
}

TEST_CASE("a window to which nothing came is 0 and nobody's") {
  CHECK(pool_result({}, 9).largest == 0);
  CHECK(pool_result({}, 9).winner == pool_nobody);
}
