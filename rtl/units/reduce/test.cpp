// Exact sums: the result depends neither on the order of the cores nor on the shape of the tree.
#include "rtl/units/reduce/golden.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <vector>

#include "rtl/units/random/golden.hpp"

using namespace trifactor;

TEST_CASE("every order and every tree give the same words") {
  std::uint64_t seed = 1;
  for (int trial = 0; trial < 50; ++trial) {
    std::vector<std::vector<std::int64_t>> partials(1 + trial % 16, std::vector<std::int64_t>(5));
    for (auto& partial : partials)
      for (auto& word : partial) word = static_cast<std::int64_t>(mix64(++seed)) >> 21;  // 43 bits
    std::vector<std::int64_t> forward(5), backward(5), left(5), right(5);
    for (const auto& partial : partials) reduce_add(partial, forward);
    for (auto it = partials.rbegin(); it != partials.rend(); ++it) reduce_add(*it, backward);
    for (std::size_t i = 0; i < partials.size(); ++i) reduce_add(partials[i], i % 2 == 0 ? left : right);
    reduce_add(right, left);
    CHECK(forward == backward);
    CHECK(forward == left);
    for (std::size_t w = 0; w < 5; ++w) {
      __extension__ __int128 exact = 0;
      for (const auto& partial : partials) exact += partial[w];
      CHECK(exact == forward[w]);
      CHECK(std::abs(forward[w]) < std::int64_t{1} << (reduction_bits - 1));
    }
  }
}
