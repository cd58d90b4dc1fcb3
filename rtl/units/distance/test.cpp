// Squared distances against floating point where that is exact, and their place in 48 bits.
#include "rtl/units/distance/golden.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "rtl/units/random/golden.hpp"

using namespace trifactor;

TEST_CASE("distances are exact, symmetric, and add to what is there") {
  std::uint64_t seed = 1;
  for (int trial = 0; trial < 200; ++trial) {
    std::vector<std::int16_t> a(1 + trial % 40), b(a.size());
    for (auto* vector : {&a, &b})
      for (std::int16_t& value : *vector) value = static_cast<std::int16_t>(mix64(++seed));
    double wanted = 0;  // below 2^53: exact
    for (std::size_t i = 0; i < a.size(); ++i)
      wanted += (double{1} * a[i] - b[i]) * (double{1} * a[i] - b[i]);
    std::int64_t total = 77, back = 77, self = 5;
    add_squared_distance(a, b, total);
    add_squared_distance(b, a, back);
    add_squared_distance(a, a, self);
    CHECK(static_cast<double>(total - 77) == wanted);
    CHECK(back == total);
    CHECK(self == 5);
  }
}

TEST_CASE("parts of a vector add to the whole: cores may split it") {
  std::vector<std::int16_t> a, b;
  for (std::uint64_t i = 0; i < 100; ++i) {
    a.push_back(static_cast<std::int16_t>(mix64(i)));
    b.push_back(static_cast<std::int16_t>(mix64(i + 1000)));
  }
  std::int64_t whole = 0;
  add_squared_distance(a, b, whole);
  for (std::size_t cut = 0; cut <= a.size(); ++cut) {
    std::int64_t parts = 0;
    add_squared_distance(std::span(a).first(cut), std::span(b).first(cut), parts);
    add_squared_distance(std::span(a).subspan(cut), std::span(b).subspan(cut), parts);
    REQUIRE(parts == whole);
  }
}

TEST_CASE("2^13 of the very largest differences stay within 48 bits") {
  const std::vector<std::int16_t> low(1 << 13, -32768), high(1 << 13, 32767);
  std::int64_t total = 0;
  add_squared_distance(low, high, total);
  CHECK(total == (std::int64_t{65535} * 65535) << 13);
  CHECK(total < std::int64_t{1} << 47);
}
