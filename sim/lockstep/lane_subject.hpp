// The update lanes against golden, cycle by cycle, for every form of ports they have. `Ports` tells how the
// model's ports are reached.
#pragma once

#include <array>
#include <cstdlib>

#include "rtl/units/cycles.hpp"
#include "rtl/units/lane/rows.hpp"
#include "rtl/units/random/golden.hpp"
#include "sim/lockstep/model.hpp"
#include "sim/lockstep/subject.hpp"

namespace trifactor::lockstep {

/// A vector is a cycle: op 0 burst, 1 load of a block, 2 nothing (inputs move), 3 counters cleared.
/// The configuration belongs to the whole episode: that of its first vector.
template <class Ports>
class LaneSubject final : public Subject {
 public:
  static constexpr std::size_t lanes = Ports::lanes;
  enum Word : std::size_t {
    op,
    shift,
    bits,
    stochastic,
    b0,
    b1,
    a0,
    a1 = a0 + lanes,
    c = a1 + lanes,
    seed = c + lanes,
    weight = seed + lanes,
    exists = weight + lanes,
    words = exists + lanes
  };

  std::string name() const override { return Ports::name; }
  std::vector<Field> fields() const override {
    return {{"op"},
            {"shift"},
            {"weight_bits"},
            {"stochastic"},
            {"b0"},
            {"b1"},
            {"a0", lanes},
            {"a1", lanes},
            {"c", lanes},
            {"generator", lanes},
            {"weight", lanes},
            {"exists", lanes}};
  }
  std::vector<std::string> bins() const override {
    return {"saturated high",
            "saturated low",
            "F 0",
            "F 28",
            "weight 2 bits",
            "weight 4 bits",
            "weight 8 bits",
            "weight 16 bits",
            "stochastic",
            "nearest",
            "no synapse",
            "synapse but nothing to do",
            "only c",
            "only a0 b0",
            "only a1 b1",
            "rounded to zero",
            "carry from the random word",
            "tie rounded up",
            "sum at its highest",
            "sum at its lowest",
            "burst without an enabled pair",
            "bursts in successive cycles",
            "counters cleared while a burst arrives",
            "block loaded right after a burst"};
  }
  std::uint64_t directed() const override { return small_episodes + corner_episodes; }

  Episode episode(std::uint64_t index, Dice& dice) const override {
    return index < small_episodes ? small(index) : mixed(index, dice);
  }

  std::optional<Divergence> run(const Episode& episode, Coverage& coverage) override {
    Golden golden;
    ports_.quiet();
    if (episode.words.empty()) return std::nullopt;
    golden.config = {static_cast<int>(episode.words[shift]), static_cast<int>(episode.words[bits]),
                     episode.words[stochastic] != 0};
    ports_.configure(golden.config);
    ports_.reset();
    std::optional<Divergence> found;
    const std::size_t count = episode.words.size() / words;
    for (std::size_t v = 0; v < count + 4 && !found; ++v) {
      static constexpr std::array<std::int64_t, words> idle = {2};
      const std::int64_t* vector = v < count ? episode.words.data() + v * words : idle.data();
      ports_.show(vector);
      const bool loaded = golden.loaded;  // before the first load the factors are unknown
      const bool active = golden.cycle(vector, v, coverage);
      ports_.settle();
      if (loaded && ports_.active() != active) found = Divergence{v, "active", active, ports_.active()};
      ports_.clock();
      if (!found) found = compare(golden, v);
    }
    return found;
  }

 private:
  // Weights, factors and scalars of few bits, all of them: a0, a1, c and b of 2 bits, weights of 4. What the
  // lanes need for 8 columns at once is spread over the lanes.
  static constexpr std::uint64_t small_shifts = 4;
  static constexpr std::uint64_t small_blocks = 64 / (lanes < 64 ? lanes : 64);
  static constexpr std::uint64_t small_episodes = small_shifts * 2 * small_blocks;
  static constexpr std::uint64_t corner_episodes = 29 * 6;

  /// One golden cycle at a time; what arrives later waits in rings indexed by cycle.
  struct Golden {
    struct Result {
      bool valid = false;
      std::size_t vector = 0;
      std::array<std::int32_t, lanes> weight;
      std::array<bool, lanes> enabled, saturated;
      LaneLosses losses;
    };
    LaneConfig config;
    bool loaded = false, burst_before = false;
    std::array<std::int32_t, lanes> a0{}, a1{}, c{};
    std::array<std::uint32_t, lanes> generator{};
    std::array<Result, 4> results;  // of the last four cycles
    LaneLosses total;
    std::size_t now = 0;

    bool cycle(const std::int64_t* v, std::size_t index, Coverage& coverage);
    const Result& ago(std::size_t cycles) const { return results[(now + 4 - cycles) % 4]; }
  };

  static void add(std::vector<std::int64_t>& out, const std::array<std::int64_t, words>& v) {
    for (const std::int64_t word : v) out.push_back(word);
  }

  static Episode small(std::uint64_t index) {
    Episode e;
    std::array<std::int64_t, words> v{};
    v[shift] = static_cast<std::int64_t>(index % small_shifts);
    v[stochastic] = index / small_shifts % 2;
    v[bits] = 4;
    v[op] = 1;
    const std::uint64_t block = index / small_shifts / 2;
    for (std::size_t k = 0; k < lanes; ++k) {
      const std::uint64_t all = (block * lanes + k) % 64;  // 2 bits signed each
      v[a0 + k] = as_signed(all, 2);
      v[a1 + k] = as_signed(all >> 2, 2);
      v[c + k] = as_signed(all >> 4, 2);
      v[seed + k] = static_cast<std::int64_t>(mix64(all + 1) >> 32 | 1);
    }
    add(e.words, v);
    v[op] = 0;
    for (std::uint64_t b = 0; b < 16 * 16; ++b) {
      v[b0] = as_signed(b, 2);
      v[b1] = as_signed(b >> 2, 2);
      for (std::size_t k = 0; k < lanes; ++k) {
        v[weight + k] = as_signed(b >> 4, 4);
        v[exists + k] = 1;
      }
      add(e.words, v);
    }
    return e;
  }

  /// Every F with each of six widths and both roundings over the seeds, corners everywhere.
  static Episode mixed(std::uint64_t index, Dice& dice) {
    static constexpr int widths[] = {2, 4, 5, 8, 12, 16};
    Episode e;
    std::array<std::int64_t, words> v{};
    const bool directed_now = index < small_episodes + corner_episodes;
    const std::uint64_t corner = index - small_episodes;
    v[shift] = directed_now ? static_cast<std::int64_t>(corner % 29) : dice.between(0, 28);
    v[bits] = directed_now ? widths[corner / 29] : dice.between(2, 16);
    v[stochastic] = directed_now ? static_cast<std::int64_t>((corner + corner / 29) % 2) : dice.below(2);
    const std::int64_t bound = std::int64_t{1} << (v[bits] - 1);
    const bool extreme = dice.one_in(4);  // all three products at their largest
    const int size = static_cast<int>(dice.between(2, 15));
    for (int i = 0; i < 96; ++i) {
      const bool previous_burst = i > 0 && v[op] == 0;
      const std::int64_t dice_op = dice.below(24);
      v[op] = i == 0 || dice_op == 0 ? 1 : dice_op == 1 ? 2 : dice_op == 2 && previous_burst ? 3 : 0;
      v[b0] = extreme ? -32768 : dice.corner_signed(16);
      v[b1] = extreme ? -32768 : dice.one_in(3) ? 0 : dice.corner_signed(16);
      if (dice.one_in(8)) v[b0] = 0;
      const bool nothing = dice.one_in(12);
      const std::int64_t sign = dice.one_in(2) ? -16384 : 16383;
      for (std::size_t k = 0; k < lanes; ++k) {
        v[a0 + k] = extreme ? sign : dice.one_in(4) ? 0 : dice.corner_signed(dice.one_in(3) ? 15 : size);
        v[a1 + k] = extreme ? sign : dice.one_in(3) ? 0 : dice.corner_signed(dice.one_in(3) ? 15 : size);
        v[c + k] = extreme          ? (sign < 0 ? 16383 : -16384)
                   : dice.one_in(3) ? 0
                                    : dice.corner_signed(dice.one_in(3) ? 15 : size);
        v[seed + k] = dice.corner_unsigned(32) | 1;
        v[weight + k] =
            extreme ? (dice.one_in(2) ? -bound : bound - 1) : dice.corner_signed(static_cast<int>(v[bits]));
        v[exists + k] = !nothing && !dice.one_in(5);
      }
      add(e.words, v);
    }
    return e;
  }

  std::optional<Divergence> compare(const Golden& golden, std::size_t v) {
    const auto differ = [&](std::size_t vector, const std::string& signal, std::int64_t want,
                            std::int64_t got) {
      return want == got ? std::nullopt : std::optional<Divergence>({vector, signal, want, got});
    };
    const auto lane_of = [](const char* what, std::size_t k) {
      std::string text(what);
      text.push_back('[');
      text += std::to_string(k);
      text.push_back(']');
      return text;
    };
    std::optional<Divergence> found;
    if (golden.loaded)
      for (std::size_t k = 0; k < lanes; ++k)
        if (golden.generator[k] != ports_.generator(k))
          return differ(v, lane_of("generator", k), golden.generator[k], ports_.generator(k));
    const auto& due = golden.ago(lane_latency - 1);
    if ((found = differ(due.vector, "done", due.valid, ports_.done()))) return found;
    for (std::size_t k = 0; due.valid && k < lanes; ++k) {
      if (due.weight[k] != ports_.weight(k))
        return differ(due.vector, lane_of("weight", k), due.weight[k], ports_.weight(k));
      if (due.enabled[k] != ports_.enabled(k))
        return differ(due.vector, lane_of("enabled", k), due.enabled[k], ports_.enabled(k));
      if (due.saturated[k] != ports_.saturated(k))
        return differ(due.vector, lane_of("saturated", k), due.saturated[k], ports_.saturated(k));
    }
    const LaneLosses got = ports_.losses();
    const auto number = [](std::uint64_t x) { return static_cast<std::int64_t>(x); };
    if ((found = differ(v, "applied", number(golden.total.applied), number(got.applied)))) return found;
    if ((found =
             differ(v, "rounded_to_zero", number(golden.total.rounded_to_zero), number(got.rounded_to_zero))))
      return found;
    if ((found = differ(v, "saturations", number(golden.total.saturated), number(got.saturated))))
      return found;
    if ((found = differ(v, "intended", number(golden.total.intended), number(got.intended)))) return found;
    return differ(v, "change", number(golden.total.change), number(got.change));
  }

  Ports ports_;
};

template <class Ports>
bool LaneSubject<Ports>::Golden::cycle(const std::int64_t* v, std::size_t index, Coverage& coverage) {
  now = (now + 1) % 4;
  Result& result = results[now];
  result = Result{};
  result.vector = index;
  result.valid = v[op] == 0;
  bool active = false;
  const Result& arriving = ago(lane_counter_latency - 1);
  if (v[op] == 3) total = LaneLosses{};
  if (arriving.valid) {
    total.applied += arriving.losses.applied;
    total.rounded_to_zero += arriving.losses.rounded_to_zero;
    total.saturated += arriving.losses.saturated;
    total.intended += arriving.losses.intended;
    total.change += arriving.losses.change;
    coverage.hit(22, v[op] == 3);
  }
  for (std::size_t k = 0; k < lanes; ++k) {
    const auto number = [&](std::size_t word) { return static_cast<std::int32_t>(v[word]); };
    const std::int32_t old = number(weight + k);
    const bool enabled = lane_enabled(v[exists + k] != 0, a0[k], number(b0), a1[k], number(b1), c[k]);
    active = active || enabled;
    if (v[op] != 0) continue;
    result.weight[k] = old;
    result.enabled[k] = enabled;
    result.saturated[k] = false;
    coverage.hit(10, v[exists + k] == 0);
    coverage.hit(11, v[exists + k] != 0 && !enabled);
    if (!enabled) continue;
    if (config.stochastic) generator[k] = xorshift32(generator[k]);
    const LaneResult done =
        lane_update(config, a0[k], number(b0), a1[k], number(b1), c[k], old, generator[k]);
    result.weight[k] = done.weight;
    result.saturated[k] = done.saturated;
    LaneLosses& losses = result.losses;
    losses.applied += done.weight != old;
    losses.rounded_to_zero += done.weight == old && done.sum != 0;
    losses.saturated += done.saturated;
    losses.intended += static_cast<std::uint64_t>(std::abs(std::int64_t{done.sum}));
    losses.change += static_cast<std::uint64_t>(std::abs(done.weight - old));
    const std::int32_t mask = (1 << config.shift) - 1;
    const bool first = a0[k] != 0 && v[b0] != 0, second = a1[k] != 0 && v[b1] != 0;
    const bool seen[] = {done.saturated && done.weight > 0,
                         done.saturated && done.weight < 0,
                         config.shift == 0,
                         config.shift == 28,
                         config.weight_bits == 2,
                         config.weight_bits == 4,
                         config.weight_bits == 8,
                         config.weight_bits == 16,
                         config.stochastic,
                         !config.stochastic};
    for (std::size_t bin = 0; bin < std::size(seen); ++bin) coverage.hit(bin, seen[bin]);
    coverage.hit(12, c[k] != 0 && !first && !second);
    coverage.hit(13, c[k] == 0 && first && !second);
    coverage.hit(14, c[k] == 0 && !first && second);
    coverage.hit(15, done.weight == old && done.sum != 0);
    coverage.hit(16, config.stochastic && !done.saturated && done.weight - old != done.sum >> config.shift);
    coverage.hit(17, !config.stochastic && mask != 0 && (done.sum & mask) == (mask + 1) / 2);
    coverage.hit(18, done.sum > 3 * (1 << 29) - (1 << 18));
    coverage.hit(19, done.sum < -3 * (1 << 29) + (1 << 18));
  }
  coverage.hit(20, v[op] == 0 && !active);
  coverage.hit(21, v[op] == 0 && burst_before);
  coverage.hit(23, v[op] == 1 && burst_before);
  burst_before = v[op] == 0;
  if (v[op] == 1) {
    loaded = true;
    for (std::size_t k = 0; k < lanes; ++k) {
      a0[k] = static_cast<std::int32_t>(v[LaneSubject::a0 + k]);
      a1[k] = static_cast<std::int32_t>(v[LaneSubject::a1 + k]);
      c[k] = static_cast<std::int32_t>(v[LaneSubject::c + k]);
      generator[k] = static_cast<std::uint32_t>(v[seed + k]);
    }
  }
  return active;
}

}  // namespace trifactor::lockstep
