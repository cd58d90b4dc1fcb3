#include "rtl/units/accumulate/rows.hpp"

#include "rtl/units/transform/golden.hpp"

#include <algorithm>
#include <cstdlib>
#include <cstring>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rtl/units/accumulate/rows.cpp"
#include <hwy/foreach_target.h>
// after foreach_target, as Highway asks
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace trifactor {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

inline constexpr std::size_t tile_columns = 1024;

using D32 = hn::ScalableTag<std::int32_t>;
using D16 = hn::ScalableTag<std::int16_t>;

#if HWY_TARGET == HWY_SCALAR || HWY_TARGET == HWY_EMU128 || !HWY_ARCH_X86
/// Where no instruction multiplies 16-bit pairs into 32-bit sums: one product at a time.
template <class Word>
void accumulate_tile(std::span<const AxonValue> axons, const Word* weights, std::size_t stride,
                     std::size_t columns, std::int64_t* sums) {
  for (const AxonValue& axon : axons)
    for (std::size_t i = 0; i < columns; ++i)
      sums[i] += std::int64_t{weights[axon.row * stride + i]} * axon.value;
}
#else
HWY_INLINE hn::Vec<D16> load_words(const std::int16_t* from) { return hn::LoadU(D16(), from); }
HWY_INLINE hn::Vec<D16> load_words(const std::int8_t* from) {
  const hn::Rebind<std::int8_t, D16> narrow;
  return hn::PromoteTo(D16(), hn::LoadU(narrow, from));
}

/// (x, y) in every pair of 16-bit lanes.
hn::Vec<D16> pair_of(std::int32_t x, std::int32_t y) {
  const std::uint32_t word = static_cast<std::uint16_t>(x) | static_cast<std::uint32_t>(y) << 16;
  return hn::BitCast(D16(), hn::Set(D32(), static_cast<std::int32_t>(word)));
}

/// Adds four rows to 32-bit sums. kSplit keeps the low and high halves of each pair's sum apart, so that
/// 2^15 pairs fit. Sums are in the order InterleaveLower/Upper leave: lower halves of 128-bit blocks first.
template <class Word, bool kSplit>
void add_four_rows(const Word* const rows[4], const std::int32_t values[4], std::size_t columns,
                   std::int32_t* low, std::int32_t* high) {
  const D32 d32;
  const D16 d16;
  const std::size_t lanes = hn::Lanes(d16), half = hn::Lanes(d32);
  const auto x01 = pair_of(values[0], values[1]), x23 = pair_of(values[2], values[3]);
  const auto sixteen = hn::Set(d32, 0xffff);
  auto none = hn::Zero(d32);
  for (std::size_t i = 0; i < columns; i += lanes) {
    const auto w0 = load_words(rows[0] + i), w1 = load_words(rows[1] + i);
    const auto w2 = load_words(rows[2] + i), w3 = load_words(rows[3] + i);
    const auto l01 =
        hn::ReorderWidenMulAccumulate(d32, hn::InterleaveLower(d16, w0, w1), x01, hn::Zero(d32), none);
    const auto u01 =
        hn::ReorderWidenMulAccumulate(d32, hn::InterleaveUpper(d16, w0, w1), x01, hn::Zero(d32), none);
    const auto l23 =
        hn::ReorderWidenMulAccumulate(d32, hn::InterleaveLower(d16, w2, w3), x23, hn::Zero(d32), none);
    const auto u23 =
        hn::ReorderWidenMulAccumulate(d32, hn::InterleaveUpper(d16, w2, w3), x23, hn::Zero(d32), none);
    auto sl = hn::LoadU(d32, low + i), su = hn::LoadU(d32, low + i + half);
    if (kSplit) {
      auto hl = hn::LoadU(d32, high + i), hu = hn::LoadU(d32, high + i + half);
      sl = hn::Add(sl, hn::Add(hn::And(l01, sixteen), hn::And(l23, sixteen)));
      su = hn::Add(su, hn::Add(hn::And(u01, sixteen), hn::And(u23, sixteen)));
      hl = hn::Add(hl, hn::Add(hn::ShiftRight<16>(l01), hn::ShiftRight<16>(l23)));
      hu = hn::Add(hu, hn::Add(hn::ShiftRight<16>(u01), hn::ShiftRight<16>(u23)));
      hn::StoreU(hl, d32, high + i);
      hn::StoreU(hu, d32, high + i + half);
    } else {
      sl = hn::Add(sl, hn::Add(l01, l23));
      su = hn::Add(su, hn::Add(u01, u23));
    }
    hn::StoreU(sl, d32, low + i);
    hn::StoreU(su, d32, low + i + half);
  }
}

template <class Word, bool kSplit>
void accumulate_chunk(std::span<const AxonValue> axons, const Word* weights, std::size_t stride,
                      std::size_t columns, std::int64_t* sums) {
  alignas(64) std::int32_t low[tile_columns];
  alignas(64) std::int32_t high[tile_columns];
  std::fill_n(low, columns, 0);
  if (kSplit) std::fill_n(high, columns, 0);
  for (std::size_t k = 0; k < axons.size(); k += 4) {
    const Word* rows[4];
    std::int32_t values[4];
    for (std::size_t r = 0; r < 4; ++r) {
      const bool present = k + r < axons.size();
      rows[r] = weights + axons[present ? k + r : k].row * stride;
      values[r] = present ? axons[k + r].value : 0;
    }
    add_four_rows<Word, kSplit>(rows, values, columns, low, high);
  }
  const std::size_t lanes = hn::Lanes(D16()), half = hn::Lanes(D32());
  for (std::size_t i = 0; i < columns; i += lanes) {
    for (std::size_t t = 0; t < half; ++t) {
      const std::size_t column = i + (t / 4) * 8 + t % 4;
      for (std::size_t upper = 0; upper < 2; ++upper) {
        const std::size_t at = i + upper * half + t;
        sums[column + 4 * upper] +=
            kSplit ? std::int64_t{low[at]} + (std::int64_t{high[at]} << 16) : std::int64_t{low[at]};
      }
    }
  }
}

template <class Word>
void accumulate_tile(std::span<const AxonValue> axons, const Word* weights, std::size_t stride,
                     std::size_t columns, std::int64_t* sums) {
  std::int64_t largest = 1;
  for (const AxonValue& axon : axons) largest = std::max<std::int64_t>(largest, std::abs(axon.value));
  const std::int64_t product = largest << (8 * sizeof(Word) - 1);
  const std::int64_t direct = ((std::int64_t{1} << 31) - 1) / product / 4 * 4;
  const std::size_t chunk = direct >= 16 ? static_cast<std::size_t>(direct) : std::size_t{1} << 15;
  for (std::size_t k = 0; k < axons.size(); k += chunk) {
    const auto part = axons.subspan(k, std::min(chunk, axons.size() - k));
    if (direct >= 16)
      accumulate_chunk<Word, false>(part, weights, stride, columns, sums);
    else
      accumulate_chunk<Word, true>(part, weights, stride, columns, sums);
  }
}
#endif

template <class Word>
void accumulate_words(std::span<const AxonValue> axons, const WeightBlock& block, std::int64_t* sums) {
  const Word* weights = static_cast<const Word*>(block.words);
  for (std::size_t i = 0; i < block.columns; i += tile_columns)
    accumulate_tile(axons, weights + i, block.columns, std::min(tile_columns, block.columns - i), sums + i);
}

void accumulate_all(std::span<const AxonValue> axons, const WeightBlock& block, std::int64_t* sums) {
  if (block.narrow)
    accumulate_words<std::int8_t>(axons, block, sums);
  else
    accumulate_words<std::int16_t>(axons, block, sums);
}

#if HWY_TARGET == HWY_SCALAR
template <class Word>
void raise_words(const Word* from, std::size_t columns, int power, int weight_bits, std::int16_t* to) {
  for (std::size_t i = 0; i < columns; ++i)
    to[i] = static_cast<std::int16_t>(transform_weight(power, weight_bits, from[i]));
}
#else
/// The cube of a = |w| in 32 bits: with a^2 = h 2^15 + l, (a^3 + 2^29) >> 30 = (a h + ((a l + 2^29) >> 15))
/// >> 15.
template <class Word>
void raise_words(const Word* from, std::size_t columns, int power, int weight_bits, std::int16_t* to) {
  const hn::ScalableTag<std::int32_t> d32;
  const hn::Rebind<Word, decltype(d32)> narrow;
  const hn::Rebind<std::int16_t, decltype(d32)> half;
  const auto low_bits = hn::Set(d32, 0x7fff), half_square = hn::Set(d32, 1 << 14),
             half_cube = hn::Set(d32, 1 << 29);
  for (std::size_t i = 0; i < columns; i += hn::Lanes(d32)) {
    const auto w = hn::PromoteTo(d32, hn::LoadU(narrow, from + i));
    const auto a = hn::ShiftLeftSame(hn::Abs(w), 16 - weight_bits);
    const auto square = hn::Mul(a, a);
    auto t = a;
    if (power == 3) {
      t = hn::ShiftRight<15>(hn::Add(square, half_square));
    } else if (power == 4) {
      const auto low = hn::ShiftRight<15>(hn::Add(hn::Mul(a, hn::And(square, low_bits)), half_cube));
      t = hn::ShiftRight<15>(hn::Add(hn::Mul(a, hn::ShiftRight<15>(square)), low));
    }
    t = hn::IfThenElse(hn::Lt(w, hn::Zero(d32)), hn::Neg(t), t);
    hn::StoreU(hn::DemoteTo(half, t), half, to + i);
  }
}
#endif

void raise_row(const WeightBlock& block, std::size_t first, std::size_t columns, int power, int weight_bits,
               std::int16_t* to) {
  if (block.narrow)
    raise_words(static_cast<const std::int8_t*>(block.words) + first, columns, power, weight_bits, to);
  else
    raise_words(static_cast<const std::int16_t*>(block.words) + first, columns, power, weight_bits, to);
}

}  // namespace HWY_NAMESPACE
}  // namespace trifactor
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trifactor {
HWY_EXPORT(accumulate_all);
HWY_EXPORT(raise_row);

void accumulate_rows(std::span<const AxonValue> axons, const WeightBlock& weights, std::int64_t* sums) {
  // -2^15 x -2^15 twice leaves 32 bits and 17-bit values leave 16, so such values are added in two parts.
  const auto wide = [](const AxonValue& axon) { return axon.value <= -32768 || axon.value > 32767; };
  if (std::none_of(axons.begin(), axons.end(), wide)) {
    HWY_DYNAMIC_DISPATCH(accumulate_all)(axons, weights, sums);
    return;
  }
  for (const AxonValue& axon : axons) {
    std::int32_t left = axon.value;
    do {  // one product at a time, so that no pair of products meets in 32 bits
      const AxonValue part{axon.row, std::clamp(left, -32767, 32767)};
      HWY_DYNAMIC_DISPATCH(accumulate_all)(std::span(&part, 1), weights, sums);
      left -= part.value;
    } while (left != 0);
  }
}

void accumulate_raised_rows(std::span<const AxonValue> axons, const WeightBlock& weights, int power,
                            int weight_bits, std::int64_t* sums) {
  constexpr std::size_t tile = 1024, rows = 16;  // 32 KiB of raised weights
  alignas(64) std::int16_t raised[rows * tile];
  for (std::size_t i = 0; i < weights.columns; i += tile) {
    const std::size_t columns = std::min(tile, weights.columns - i);
    for (std::size_t k = 0; k < axons.size(); k += rows) {
      AxonValue part[rows];
      const std::size_t count = std::min(rows, axons.size() - k);
      for (std::size_t r = 0; r < count; ++r) {
        part[r] = {static_cast<std::uint32_t>(r), axons[k + r].value};
        HWY_DYNAMIC_DISPATCH(raise_row)
        (weights, axons[k + r].row * weights.columns + i, columns, power, weight_bits, raised + r * columns);
      }
      accumulate_rows(std::span(part, count), {raised, false, columns, nullptr}, sums + i);
    }
  }
}

namespace {
struct Targets {
  const char* names[64] = {};
  std::int64_t bits[64] = {};
  std::size_t count = 0;
};
Targets supported() {
  Targets targets;
  for (std::int64_t bit = 1; bit > 0; bit <<= 1)
    if ((hwy::SupportedTargets() & HWY_TARGETS & bit) != 0) {
      targets.names[targets.count] = hwy::TargetName(bit);
      targets.bits[targets.count++] = bit;
    }
  return targets;
}
}  // namespace

std::span<const char* const> simd_targets() {
  static const Targets all = supported();
  return {all.names, all.count};
}

bool choose_simd(const char* target) {
  (void)simd_targets();
  hwy::SetSupportedTargetsForTest(0);
  bool found = std::strcmp(target, "best") == 0;
  const Targets all = supported();
  for (std::size_t i = 0; i < all.count; ++i)
    if (strcasecmp(all.names[i], target) == 0) {
      hwy::SetSupportedTargetsForTest(all.bits[i]);
      found = true;
    }
  hwy::GetChosenTarget().Update(hwy::SupportedTargets());
  return found;
}
}  // namespace trifactor
#endif
