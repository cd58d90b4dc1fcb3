// Enabled pairs and bursts of a row: against the definition of a lane, pair by pair.
#include <rapidcheck.h>

#include <catch2/catch.hpp>
#include <set>

#include "rtl/core/update_columns.hpp"

namespace trifactor {

TEST_CASE("columns and bursts are those that lanes enable") {
  CHECK(rc::check("columns", [] {
    const auto number = [](int low, int high) {
      return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(low, high + 1));
    };
    const std::uint32_t columns = static_cast<std::uint32_t>(number(1, 200)), rows = 3;
    const int lanes = number(1, 140), sparse = number(0, 3);
    const bool second = number(0, 1) == 1, decay = number(0, 1) == 1, masked = number(0, 3) != 0;
    const std::size_t padded = padded_columns(columns);
    PendingUpdate update;
    const auto fill = [&](std::vector<std::int16_t>& v) {
      v.assign(padded, 0);
      for (std::uint32_t i = 0; i < columns; ++i)
        if (number(0, sparse) == 0) v[i] = static_cast<std::int16_t>(number(-2, 2));
    };
    fill(update.a0);
    if (second) fill(update.a1);
    if (decay) fill(update.c);
    std::vector<std::uint8_t> mask(rows * padded / 8);
    for (std::uint8_t& byte : mask) byte = static_cast<std::uint8_t>(number(0, 255));
    const UpdateColumns counts(update, columns, lanes, masked ? mask.data() : nullptr);
    for (std::uint32_t row = 0; row < rows; ++row) {
      const std::int32_t b0 = number(0, 1), b1 = second ? number(0, 1) : 0;
      std::uint32_t wanted = 0;
      std::set<std::uint32_t> bursts;
      for (std::uint32_t i = 0; i < columns; ++i) {
        const bool exists = !masked || (mask[row * padded / 8 + i / 8] >> (i % 8) & 1) != 0;
        if (!lane_enabled(exists, update.a0[i], b0, second ? update.a1[i] : 0, b1, decay ? update.c[i] : 0))
          continue;
        ++wanted;
        bursts.insert(i / static_cast<std::uint32_t>(lanes));
      }
      const EnabledPairs got = counts.of({row, b0, b1});
      RC_ASSERT(got.columns == wanted);
      RC_ASSERT(got.bursts == bursts.size());
    }
  }));
}

}  // namespace trifactor
