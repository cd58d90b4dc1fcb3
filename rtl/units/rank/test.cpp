// The list of a rank unit is what sorting gives, whatever the order of the keys.
#include "rtl/units/rank/golden.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <functional>
#include <numeric>
#include <vector>

#include "rtl/units/random/golden.hpp"

using namespace trifactor;

TEST_CASE("a list holds the highest keys in order, empty entries last") {
  std::uint64_t seed = 1;
  for (int trial = 0; trial < 500; ++trial) {
    std::vector<std::int64_t> keys;
    const int values = trial % 2 == 0 ? 3 : 65536;  // many equal ones, or almost none
    for (std::uint32_t i = 0; i < static_cast<std::uint32_t>(trial % 20); ++i)
      keys.push_back(
          rank_key(static_cast<std::int16_t>(mix64(++seed) % static_cast<std::uint64_t>(values)), i));
    for (std::size_t i = keys.size(); i > 1; --i) std::swap(keys[i - 1], keys[mix64(++seed) % i]);
    std::vector<std::int64_t> list(1 + trial % 9, rank_nobody), sorted = keys;
    for (const std::int64_t key : keys) rank_insert(list, key);
    std::sort(sorted.begin(), sorted.end(), std::greater<>());
    sorted.resize(list.size(), rank_nobody);
    REQUIRE(list == sorted);
  }
}

TEST_CASE("every order of five keys with equal ones among them gives one list") {
  std::vector<std::int64_t> keys = {rank_key(-3, 1), rank_key(7, 0), rank_key(7, 4), rank_key(-3, 1),
                                    rank_key(0, 9)};
  std::sort(keys.begin(), keys.end());
  const std::vector<std::int64_t> wanted = {keys[4], keys[3], keys[2]};
  do {
    std::vector<std::int64_t> list(3, rank_nobody);
    for (const std::int64_t key : keys) rank_insert(list, key);
    REQUIRE(list == wanted);
  } while (std::next_permutation(keys.begin(), keys.end()));
}

TEST_CASE("keys order by value, then by index; the index comes back; nobody is below all") {
  for (const int value : {-32768, -1, 0, 1, 32767})
    for (const std::uint32_t index : {0u, 1u, 0x7fffffffu, 0xffffffffu}) {
      const std::int64_t key = rank_key(static_cast<std::int16_t>(value), index);
      CHECK(rank_index(key) == index);
      CHECK(key < std::int64_t{1} << 47);
      CHECK((key > rank_nobody || (value == -32768 && index == 0)));
      if (value < 32767) CHECK(key < rank_key(static_cast<std::int16_t>(value + 1), 0));
    }
}
