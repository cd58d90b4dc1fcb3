#include "rtl/core/update_columns.hpp"

#include <bit>

namespace trifactor {

UpdateColumns::UpdateColumns(const PendingUpdate& update, std::uint32_t columns, int lanes,
                             const std::uint8_t* mask)
    : lanes_(static_cast<std::uint32_t>(lanes)), mask_(mask) {
  const auto at = [](const std::vector<std::int16_t>& v, std::uint32_t i) { return v.empty() ? 0 : v[i]; };
  const std::size_t words = padded_columns(columns) / 64;
  driven_.bits.assign(words, 0), decaying_.bits.assign(words, 0);
  for (std::uint32_t i = 0; i < columns; ++i) {
    const std::uint64_t bit = std::uint64_t{1} << (i % 64);
    if ((update.a0[i] | at(update.a1, i) | at(update.c, i)) != 0) driven_.bits[i / 64] |= bit;
    if (at(update.c, i) != 0) decaying_.bits[i / 64] |= bit;
  }
  driven_.all = count(driven_.bits, nullptr);
  decaying_.all = count(decaying_.bits, nullptr);
}

EnabledPairs UpdateColumns::of(const UpdateRow& row) const {
  const Columns& columns = (row.b0 | row.b1) != 0 ? driven_ : decaying_;
  if (mask_ == nullptr || columns.all.columns == 0) return columns.all;
  return count(columns.bits, mask_ + row.row * (columns.bits.size() * 8));
}

EnabledPairs UpdateColumns::count(const std::vector<std::uint64_t>& bits, const std::uint8_t* row) const {
  EnabledPairs found;
  std::uint32_t next = 0;  // the first column behind the last burst counted
  for (std::size_t k = 0; k < bits.size(); ++k) {
    std::uint64_t word = bits[k];
    if (row != nullptr)
      for (std::size_t byte = 0; byte < 8; ++byte)
        word &= ~(std::uint64_t{static_cast<std::uint8_t>(~row[k * 8 + byte])} << (8 * byte));
    found.columns += static_cast<std::uint32_t>(std::popcount(word));
    for (; word != 0; word &= word - 1) {
      const std::uint32_t column =
          static_cast<std::uint32_t>(k * 64) + static_cast<std::uint32_t>(std::countr_zero(word));
      if (column < next) continue;
      ++found.bursts;
      next = (column / lanes_ + 1) * lanes_;
    }
  }
  return found;
}

}  // namespace trifactor
