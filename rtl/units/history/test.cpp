// The ring holds the right samples: each age its own slot, and the slot a sample had when it was new.
#include "rtl/units/history/golden.hpp"

#include <catch2/catch.hpp>
#include <set>

using namespace trifactor;

TEST_CASE("ages fill the ring without meeting, and a sample keeps its slot as it ages") {
  for (std::uint32_t slots = 1; slots <= 40; ++slots)
    for (std::uint64_t sample : {std::uint64_t{0}, std::uint64_t{5}, std::uint64_t{39}, std::uint64_t{1000},
                                 ~std::uint64_t{0} - 3}) {
      std::set<std::uint32_t> seen;
      for (std::uint32_t age = 0; age < slots && age <= sample; ++age) {
        const std::uint32_t slot = history_slot(sample, age, slots);
        CHECK(slot < slots);
        CHECK(seen.insert(slot).second);
        CHECK(slot == history_slot(sample - age, 0, slots));
      }
    }
}

TEST_CASE("a history written by number is read by age") {
  constexpr std::uint32_t slots = 7;
  std::uint64_t ring[slots] = {};
  for (std::uint64_t sample = 0; sample < 100; ++sample) {
    ring[history_slot(sample, 0, slots)] = sample;
    for (std::uint32_t age = 0; age <= history_count(sample, slots - 1); ++age)
      REQUIRE(ring[history_slot(sample, age, slots)] == sample - age);
  }
}

TEST_CASE("as many past samples exist as came, up to the depth") {
  CHECK(history_count(0, 5) == 0);
  CHECK(history_count(4, 5) == 4);
  CHECK(history_count(5, 5) == 5);
  CHECK(history_count(6, 5) == 5);
  CHECK(history_count(std::uint64_t{1} << 40, 5) == 5);
  CHECK(history_count(3, 0) == 0);
}
