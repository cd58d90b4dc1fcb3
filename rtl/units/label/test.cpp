// One bit for each partner: does it come from the right sample?
#include "rtl/units/label/golden.hpp"

#include <catch2/catch.hpp>
#include <vector>

#include "rtl/units/random/golden.hpp"

using namespace trifactor;

TEST_CASE("bits equal a comparison with the whole past") {
  std::uint32_t random = 1;
  for (const std::uint32_t partners : {1u, 2u, 8u, 31u, 32u})
    for (const std::uint32_t slots : {partners + 1, partners + 2, 2 * partners + 3})
      for (const std::uint32_t classes : {2u, 10u, 65536u}) {
        std::vector<std::uint16_t> past, ring(slots);
        for (std::uint64_t sample = 0; sample < 150; ++sample) {
          random = xorshift32(random);
          past.push_back(static_cast<std::uint16_t>(random % classes));
          ring[history_slot(sample, 0, slots)] = past.back();
          const std::uint32_t count = history_count(sample, partners), bits = label_bits(ring, sample, count);
          for (std::uint32_t p = 1; p <= 32; ++p)
            REQUIRE((bits >> (p - 1) & 1) == (p <= count && past[sample - p] == past[sample]));
        }
      }
}

TEST_CASE("the first sample has no partner") {
  const std::vector<std::uint16_t> ring = {0, 0, 0};
  CHECK(label_bits(ring, 0, 0) == 0);
  CHECK(label_bits(ring, 2, 2) == 3);
}
