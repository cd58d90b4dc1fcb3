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
  std::size_t next = 0;  // the first column behind the last burst counted
  for (std::size_t k = 0; k < bits.size(); ++k) {
    const std::size_t begin = k * 64, end = begin + 64;
    std::uint64_t word = bits[k];
    if (row != nullptr) {
      std::uint64_t mask = 0;
      for (std::size_t byte = 0; byte < 8; ++byte) mask |= std::uint64_t{row[k * 8 + byte]} << (8 * byte);
      word &= mask;
    }
    found.columns += static_cast<std::uint32_t>(std::popcount(word));
    const auto uncounted = [&] {
      if (next >= end) return std::uint64_t{0};
      return next > begin ? word & ~std::uint64_t{0} << (next - begin) : word;
    };
    for (std::uint64_t left = uncounted(); left != 0; left = uncounted()) {
      ++found.bursts;
      next = ((begin + static_cast<std::size_t>(std::countr_zero(left))) / lanes_ + 1) * lanes_;
    }
  }
  return found;
}

}  // namespace trifactor
