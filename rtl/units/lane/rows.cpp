#include "rtl/units/lane/rows.hpp"

#include <cstdlib>
#include <vector>

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
HWY_INLINE V32 load_words(const Word* from) {
  const hn::Rebind<Word, D32> narrow;
  return hn::PromoteTo(D32(), hn::LoadU(narrow, from));
}

template <class Word>
HWY_INLINE void store_words(V32 value, Word* to) {
  const hn::Rebind<Word, D32> narrow;
  hn::StoreU(hn::DemoteTo(narrow, value), narrow, to);
}

HWY_INLINE hn::Vec<U32> step_generator(hn::Vec<U32> s) {
  s = hn::Xor(s, hn::ShiftLeft<13>(s));
  s = hn::Xor(s, hn::ShiftRight<17>(s));
  return hn::Xor(s, hn::ShiftLeft<5>(s));
}

using D64 = hn::Repartition<std::uint64_t, D32>;

/// How many lanes of how many vectors: in a register of the processor where masks are such registers, in the
/// lanes of a vector elsewhere (then emptied before 2^31).
class LaneCount {
 public:
#if HWY_TARGET <= HWY_AVX3
  HWY_INLINE void clear() { total_ = 0; }
  HWY_INLINE void add(hn::Mask<D32> where) { total_ += hn::CountTrue(D32(), where); }
  HWY_INLINE std::uint64_t total() const { return total_; }

 private:
  std::uint64_t total_;
#else
  HWY_INLINE void clear() { lanes_ = hn::Zero(D32()); }
  HWY_INLINE void add(hn::Mask<D32> where) { lanes_ = hn::Sub(lanes_, hn::VecFromMask(D32(), where)); }
  HWY_INLINE std::uint64_t total() const {
    alignas(64) std::int32_t lanes[hn::MaxLanes(D32())];
    hn::Store(lanes_, D32(), lanes);
    std::uint64_t sum = 0;
    for (std::size_t i = 0; i < hn::Lanes(D32()); ++i) sum += static_cast<std::uint32_t>(lanes[i]);
    return sum;
  }

 private:
  V32 lanes_;
#endif
};

/// Vector counters. The 32-bit ones take at most 2^16 a step and are emptied every 2^14 vectors; the sum of
/// magnitudes is held as sum(odd << 32 + even) modulo 2^64 beside sum(odd), which is exact for 2^32 steps.
struct VectorLosses {
  LaneCount unchanged, sum_zero, in_range;  // equality is the comparison that every target has
  std::uint64_t seen = 0;                   ///< lanes
  V32 change;
  hn::Vec<D64> both, odd;

  HWY_INLINE void clear() {
    unchanged.clear(), sum_zero.clear(), in_range.clear();
    seen = 0;
    change = hn::Zero(D32());
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
  /// Unsigned 32-bit magnitudes, or sums of two of them: 2 x 3 x 2^29 stays below 2^32.
  HWY_INLINE void add_magnitudes(V32 magnitudes) {
    const auto pairs = hn::BitCast(D64(), magnitudes);
    both = hn::Add(both, pairs);
    odd = hn::Add(odd, hn::ShiftRight<32>(pairs));
  }
  HWY_INLINE void flush(LaneLosses& losses) {
    const std::uint64_t same = unchanged.total();
    losses.applied += seen - same;
    losses.rounded_to_zero += same - sum_zero.total();  // a sum of 0 never changes a weight
    losses.saturated += seen - in_range.total();
    losses.change += total(U32(), hn::BitCast(U32(), change), static_cast<std::uint32_t*>(nullptr));
    const std::uint64_t odds = total(D64(), odd, static_cast<std::uint64_t*>(nullptr));
    losses.intended += total(D64(), both, static_cast<std::uint64_t*>(nullptr)) - (odds << 32) + odds;
    clear();
  }
};

/// All bits of the columns that have a factor: of rows with a scalar, and of rows without.
struct EnabledColumns {
  std::vector<std::int32_t> active, decaying;

  EnabledColumns(const ColumnFactors& factors, std::size_t columns, bool second, bool decay)
      : active(columns) {
    for (std::size_t i = 0; i < columns; ++i) {
      const int any = factors.a0[i] | (second ? factors.a1[i] : 0) | (decay ? factors.c[i] : 0);
      active[i] = any != 0 ? -1 : 0;
    }
    if (!decay) return;
    decaying.resize(columns);
    for (std::size_t i = 0; i < columns; ++i) decaying[i] = factors.c[i] != 0 ? -1 : 0;
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
  const EnabledColumns columns(factors, kCount ? block.columns : 0, kSecond, kDecay);
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
    const std::int32_t* enabled_columns = active ? columns.active.data() : columns.decaying.data();
    if (kCount) {
      if (vectors_until_flush < vectors) {
        counters.flush(losses);
        vectors_until_flush = std::size_t{1} << 14;
      }
      vectors_until_flush -= vectors;
      counters.seen += block.columns;
    }
    // One vector; returns the magnitudes of its sums.
    const auto update_vector = [&](std::size_t i) HWY_ATTR {
      V32 sum = hn::Mul(load_words(factors.a0 + i), b0);
      if (kSecond) sum = hn::Add(sum, hn::Mul(load_words(factors.a1 + i), b1));
      const V32 weight = load_words(weights + i);
      if (kDecay) sum = hn::Sub(sum, hn::Mul(load_words(factors.c + i), weight));
      V32 enabled = zero;
      if (kCount) enabled = hn::LoadU(d, enabled_columns + i);
      if (kMasked) {
        std::uint8_t bits[8] = {};
        const std::size_t bytes = (lanes + 7) / 8;
        for (std::size_t k = 0; k < bytes; ++k) bits[k] = mask[(i / 8) + k];
        if (lanes < 8) bits[0] = static_cast<std::uint8_t>(bits[0] >> (i % 8));
        enabled = hn::IfThenElseZero(hn::LoadMaskBits(d, bits), enabled);
        // Without a mask, a pair that is not enabled has sum 0 and keeps its weight by arithmetic alone.
        sum = hn::And(enabled, sum);
      }
      V32 added = half;
      if (kStochastic) {
        const auto old = hn::LoadU(u, generator + i);
        const auto next = step_generator(old);
        added = hn::And(hn::BitCast(d, next), fraction_mask);
        hn::StoreU(kCount ? hn::IfVecThenElse(hn::BitCast(u, enabled), next, old) : next, u, generator + i);
      }
      const V32 change = hn::ShiftRightSame(hn::Add(sum, added), config.shift);
      const V32 wide = hn::Add(weight, change);
      const V32 result = hn::Min(hn::Max(wide, low), high);
      store_words(result, weights + i);
      if (kCount) {
        counters.unchanged.add(hn::Eq(result, weight));
        counters.sum_zero.add(hn::Eq(sum, zero));
        counters.in_range.add(hn::Eq(result, wide));
        counters.change = hn::Add(counters.change, hn::Abs(hn::Sub(result, weight)));
      }
      return kCount ? hn::Abs(sum) : zero;
    };
    for (std::size_t i = 0; i < block.columns; i += 2 * lanes) {
      V32 magnitudes = update_vector(i);
      if (i + lanes < block.columns) magnitudes = hn::Add(magnitudes, update_vector(i + lanes));
      if (kCount) counters.add_magnitudes(magnitudes);
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
