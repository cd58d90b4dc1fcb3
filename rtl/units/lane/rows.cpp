#include "rtl/units/lane/rows.hpp"

#include <cstdlib>

#include "rtl/units/random/golden.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "rtl/units/lane/rows.cpp"
#include <hwy/foreach_target.h>
// after foreach_target, as Highway asks
#include <hwy/highway.h>

HWY_BEFORE_NAMESPACE();
namespace trifactor {
namespace HWY_NAMESPACE {
namespace hn = hwy::HWY_NAMESPACE;

#if HWY_TARGET == HWY_SCALAR
/// Without vectors the definition itself runs, pair by pair.
template <class Word, bool kSecond, bool kDecay, bool kStochastic, bool kMasked, bool kCount>
void update_pass(const LaneConfig& config, const ColumnFactors& factors, std::span<const UpdateRow> rows,
                 const WeightBlock& block, std::uint32_t* generator, LaneLosses& losses) {
  for (const UpdateRow& row : rows) {
    Word* weights = static_cast<Word*>(block.words) + row.row * block.columns;
    for (std::size_t i = 0; i < block.columns; ++i) {
      const std::int32_t a0 = factors.a0[i], a1 = kSecond ? factors.a1[i] : 0, c = kDecay ? factors.c[i] : 0;
      const bool exists = !kMasked || (block.mask[(row.row * block.columns + i) / 8] >> (i % 8) & 1) != 0;
      if (kCount && !lane_enabled(exists, a0, row.b0, a1, row.b1, c)) continue;
      if (kStochastic) generator[i] = xorshift32(generator[i]);
      const std::int32_t old = weights[i];
      const LaneResult result = lane_update(config, a0, row.b0, a1, row.b1, c, old, generator[i]);
      weights[i] = static_cast<Word>(result.weight);
      if (!kCount) continue;
      losses.applied += result.weight != old;
      losses.rounded_to_zero += result.weight == old && result.sum != 0;
      losses.saturated += result.saturated;
      losses.intended += static_cast<std::uint64_t>(std::abs(std::int64_t{result.sum}));
      losses.change += static_cast<std::uint64_t>(std::abs(result.weight - old));
    }
  }
}
#else
using D32 = hn::ScalableTag<std::int32_t>;
using U32 = hn::ScalableTag<std::uint32_t>;
using V32 = hn::Vec<D32>;

template <class Word>
V32 load_words(const Word* from) {
  const hn::Rebind<Word, D32> narrow;
  return hn::PromoteTo(D32(), hn::LoadU(narrow, from));
}

template <class Word>
void store_words(V32 value, Word* to) {
  const hn::Rebind<Word, D32> narrow;
  hn::StoreU(hn::DemoteTo(narrow, value), narrow, to);
}

HWY_INLINE hn::Vec<U32> step_generator(hn::Vec<U32> s) {
  s = hn::Xor(s, hn::ShiftLeft<13>(s));
  s = hn::Xor(s, hn::ShiftRight<17>(s));
  return hn::Xor(s, hn::ShiftLeft<5>(s));
}

using D64 = hn::Repartition<std::uint64_t, D32>;

/// `counter` + 1 in the lanes of `where`.
HWY_INLINE V32 count(V32 counter, hn::Mask<D32> where) {
#if HWY_TARGET <= HWY_AVX3
  return hn::IfThenElse(where, hn::Add(counter, hn::Set(D32(), 1)), counter);
#else
  return hn::Sub(counter, hn::VecFromMask(D32(), where));
#endif
}

/// Vector counters. The 32-bit ones take at most 2^17 a step and are emptied every 2^14 vectors; the sum of
/// magnitudes is held as sum(odd << 32 + even) modulo 2^64 beside sum(odd), which is exact for 2^32 steps.
struct VectorLosses {
  V32 applied, not_zero, saturated, change;
  hn::Vec<D64> both, odd;

  HWY_INLINE void clear() {
    applied = not_zero = saturated = change = hn::Zero(D32());
    both = odd = hn::Zero(D64());
  }
  template <class D, class Word>
  static HWY_INLINE std::uint64_t total(D d, hn::Vec<D> v, Word*) {
    alignas(64) Word lanes[hn::MaxLanes(D())];
    hn::Store(v, d, lanes);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < hn::Lanes(d); ++i) sum += lanes[i];
    return sum;
  }
  static HWY_INLINE std::uint64_t total(V32 v) {
    return total(U32(), hn::BitCast(U32(), v), static_cast<std::uint32_t*>(nullptr));
  }
  HWY_INLINE void flush(LaneLosses& losses) {
    const std::uint64_t changed = total(applied);
    losses.applied += changed;
    losses.rounded_to_zero += total(not_zero) - changed;  // a sum of 0 never changes a weight
    losses.saturated += total(saturated);
    losses.change += total(change);
    const std::uint64_t odds = total(D64(), odd, static_cast<std::uint64_t*>(nullptr));
    losses.intended += total(D64(), both, static_cast<std::uint64_t*>(nullptr)) - (odds << 32) + odds;
    clear();
  }
};

template <class Word, bool kSecond, bool kDecay, bool kStochastic, bool kMasked, bool kCount>
void update_pass(const LaneConfig& config, const ColumnFactors& factors, std::span<const UpdateRow> rows,
                 const WeightBlock& block, std::uint32_t* generator, LaneLosses& losses) {
  const D32 d;
  const U32 u;
  const std::size_t lanes = hn::Lanes(d);
  const std::int32_t bound = std::int32_t{1} << (config.weight_bits - 1);
  const V32 low = hn::Set(d, -bound), high = hn::Set(d, bound - 1);
  const std::uint32_t fraction = (std::uint32_t{1} << config.shift) - 1;
  const V32 fraction_mask = hn::Set(d, static_cast<std::int32_t>(fraction));
  const V32 half = hn::Set(d, static_cast<std::int32_t>((fraction + 1) >> 1));
  const V32 zero = hn::Zero(d);
  VectorLosses counters;
  counters.clear();
  std::size_t vectors_until_flush = std::size_t{1} << 14;
  const std::size_t vectors = block.columns / lanes;

  for (const UpdateRow& row : rows) {
    Word* weights = static_cast<Word*>(block.words) + row.row * block.columns;
    const std::uint8_t* mask = kMasked ? block.mask + row.row * (block.columns / 8) : nullptr;
    const V32 b0 = hn::Set(d, row.b0), b1 = hn::Set(d, row.b1);
    const bool active = (row.b0 | row.b1) != 0;
    if (kCount && !kDecay && !active) continue;  // no pair of this row is enabled: no generator moves
    if (kCount) {
      if (vectors_until_flush < vectors) {
        counters.flush(losses);
        vectors_until_flush = std::size_t{1} << 14;
      }
      vectors_until_flush -= vectors;
    }
    for (std::size_t i = 0; i < block.columns; i += lanes) {
      const V32 a0 = load_words(factors.a0 + i);
      V32 sum = hn::Mul(a0, b0);
      V32 any = a0;
      if (kSecond) {
        const V32 a1 = load_words(factors.a1 + i);
        sum = hn::Add(sum, hn::Mul(a1, b1));
        any = hn::Or(any, a1);
      }
      const V32 weight = load_words(weights + i);
      if (kDecay) {
        const V32 c = load_words(factors.c + i);
        sum = hn::Sub(sum, hn::Mul(c, weight));
        any = active ? hn::Or(any, c) : c;
      }
      V32 added = half;
      hn::Mask<D32> enabled = hn::Ne(any, zero);
      if (kMasked) {
        std::uint8_t bits[8] = {};
        const std::size_t bytes = (lanes + 7) / 8;
        for (std::size_t k = 0; k < bytes; ++k) bits[k] = mask[(i / 8) + k];
        if (lanes < 8) bits[0] = static_cast<std::uint8_t>(bits[0] >> (i % 8));
        enabled = hn::And(enabled, hn::LoadMaskBits(d, bits));
      }
      if (kStochastic) {
        const auto old = hn::LoadU(u, generator + i);
        const auto next = step_generator(old);
        added = hn::And(hn::BitCast(d, next), fraction_mask);
        if (kCount)
          hn::StoreU(hn::IfThenElse(hn::RebindMask(u, enabled), next, old), u, generator + i);
        else
          hn::StoreU(next, u, generator + i);
      }
      // Without a mask, a pair that is not enabled has sum 0 and keeps its weight by arithmetic alone.
      if (kMasked) sum = hn::IfThenElseZero(enabled, sum);
      const V32 change = hn::ShiftRightSame(hn::Add(sum, added), config.shift);
      const V32 wide = hn::Add(weight, change);
      const V32 result = hn::Min(hn::Max(wide, low), high);
      store_words(result, weights + i);
      if (kCount) {
        const V32 applied = hn::Sub(result, weight);
        const V32 magnitude = hn::Abs(sum);
        counters.applied = count(counters.applied, hn::Ne(applied, zero));
        counters.not_zero = count(counters.not_zero, hn::Ne(sum, zero));
        counters.saturated = count(counters.saturated, hn::Ne(result, wide));
        counters.change = hn::Add(counters.change, hn::Abs(applied));
        const auto pairs = hn::BitCast(D64(), magnitude);
        counters.both = hn::Add(counters.both, pairs);
        counters.odd = hn::Add(counters.odd, hn::ShiftRight<32>(pairs));
      }
    }
  }
  if (kCount) counters.flush(losses);
}
#endif

template <class Word, bool kCount>
void dispatch(const LaneConfig& config, const ColumnFactors& factors, std::span<const UpdateRow> rows,
              const WeightBlock& block, std::uint32_t* generator, LaneLosses& losses) {
  const auto with_mask = [&]<bool S, bool D, bool R>() {
    if (block.mask != nullptr && kCount)
      update_pass<Word, S, D, R, true, kCount>(config, factors, rows, block, generator, losses);
    else
      update_pass<Word, S, D, R, false, kCount>(config, factors, rows, block, generator, losses);
  };
  const bool second = factors.a1 != nullptr, decay = factors.c != nullptr, random = config.stochastic;
  if (second && decay && random) return with_mask.template operator()<true, true, true>();
  if (second && decay) return with_mask.template operator()<true, true, false>();
  if (second && random) return with_mask.template operator()<true, false, true>();
  if (second) return with_mask.template operator()<true, false, false>();
  if (decay && random) return with_mask.template operator()<false, true, true>();
  if (decay) return with_mask.template operator()<false, true, false>();
  if (random) return with_mask.template operator()<false, false, true>();
  return with_mask.template operator()<false, false, false>();
}

void update_counted(const LaneConfig& config, const ColumnFactors& factors, std::span<const UpdateRow> rows,
                    const WeightBlock& block, std::uint32_t* generator, LaneLosses& losses) {
  if (block.narrow)
    dispatch<std::int8_t, true>(config, factors, rows, block, generator, losses);
  else
    dispatch<std::int16_t, true>(config, factors, rows, block, generator, losses);
}

void update_bare(const LaneConfig& config, const ColumnFactors& factors, std::span<const UpdateRow> rows,
                 const WeightBlock& block, std::uint32_t* generator, LaneLosses& losses) {
  if (block.narrow)
    dispatch<std::int8_t, false>(config, factors, rows, block, generator, losses);
  else
    dispatch<std::int16_t, false>(config, factors, rows, block, generator, losses);
}

}  // namespace HWY_NAMESPACE
}  // namespace trifactor
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace trifactor {
HWY_EXPORT(update_counted);
HWY_EXPORT(update_bare);

void update_rows(const LaneConfig& config, const ColumnFactors& factors, std::span<const UpdateRow> rows,
                 const WeightBlock& weights, std::uint32_t* generator, LaneLosses& losses) {
  HWY_DYNAMIC_DISPATCH(update_counted)(config, factors, rows, weights, generator, losses);
}

void update_rows_bare(const LaneConfig& config, const ColumnFactors& factors, std::span<const UpdateRow> rows,
                      const WeightBlock& weights, std::uint32_t* generator) {
  LaneLosses unused;
  HWY_DYNAMIC_DISPATCH(update_bare)(config, factors, rows, weights, generator, unused);
}
}  // namespace trifactor
#endif
