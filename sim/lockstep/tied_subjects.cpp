// Tied weights: the share of a copy in an increment, and the step of the weight.
#include <Vunit_tied.h>
#include <Vunit_tied_increment.h>

#include <algorithm>

#include "rtl/units/cycles.hpp"
#include "rtl/units/random/golden.hpp"
#include "rtl/units/tied/golden.hpp"
#include "sim/lockstep/model.hpp"
#include "sim/lockstep/stream.hpp"
#include "sim/lockstep/unit_subjects.hpp"

namespace trifactor::lockstep {
namespace {

constexpr std::uint64_t wire48 = 0xffff'ffff'ffffu;
/// What the sum and the decay of so many copies may be (golden.hpp).
constexpr std::int64_t most_sum = most_copies << 30, most_decay = most_copies << 14;

class IncrementSubject final : public StreamSubject {
 public:
  std::string name() const override { return "tied_increment"; }
  std::vector<Field> fields() const override {
    return {{"gap"}, {"exists"}, {"a0"}, {"b0"}, {"a1"}, {"b1"}, {"c"}, {"sum"}, {"decay"}, {"enabled"}};
  }
  std::vector<std::string> bins() const override {
    return {"not there",  "no factor",  "decay only", "largest share", "most copies",
            "first pair", "later pair", "nobody yet", "after a gap"};
  }
  std::uint64_t directed() const override { return 8; }
  Episode episode(std::uint64_t, Dice& dice) const override {
    Episode e;
    for (int i = 0; i < 256; ++i) {
      const bool extreme = dice.one_in(8);
      const auto word = [&](int bits) {
        return extreme ? -(std::int64_t{1} << (bits - 1)) : dice.one_in(4) ? 0 : dice.corner_signed(bits);
      };
      e.words.insert(
          e.words.end(),
          {dice.one_in(4) ? dice.between(1, 3) : 0, extreme || !dice.one_in(4), word(15), word(16), word(15),
           word(16), word(15),
           dice.one_in(8) ? most_sum - (std::int64_t{1} << 30)
                          : std::clamp(dice.corner_signed(48), -most_sum, most_sum - (1 << 30)),
           std::clamp(dice.corner_signed(32), -most_decay + (1 << 14), most_decay), dice.below(2)});
    }
    return e;
  }

 private:
  int latency() const override { return increment_latency; }
  std::vector<std::string> outputs() const override { return {"sum", "decay", "enabled"}; }
  void reset() override { model_.reset(); }
  void clock() override { model_.clock(); }
  bool done() override { return model_->done; }
  void show(const std::int64_t* v, bool valid) override {
    model_->start = valid;
    model_->exists = v[1] != 0;
    model_->a0 = static_cast<SData>(v[2] & 0x7fff), model_->b0 = static_cast<SData>(v[3] & 0xffff);
    model_->a1 = static_cast<SData>(v[4] & 0x7fff), model_->b1 = static_cast<SData>(v[5] & 0xffff);
    model_->c = static_cast<SData>(v[6] & 0x7fff);
    model_->sum = static_cast<QData>(v[7]) & wire48;
    model_->decay = static_cast<IData>(v[8]);
    model_->enabled = v[9] != 0;
  }
  void read(std::vector<std::int64_t>& out) override {
    out.push_back(as_signed(model_->new_sum, 48));
    out.push_back(as_signed(model_->new_decay, 32));
    out.push_back(model_->new_enabled);
  }
  bool expect(const std::int64_t* v, std::vector<std::int64_t>& out, Coverage& coverage) override {
    const auto word = [&](int k) { return static_cast<std::int32_t>(v[k]); };
    const bool pair = lane_enabled(v[1] != 0, word(2), word(3), word(4), word(5), word(6));
    out.push_back(pair ? tied_increment(v[7], word(2), word(3), word(4), word(5)) : v[7]);
    out.push_back(pair ? v[8] + v[6] : v[8]);
    out.push_back(pair || v[9] != 0);
    const bool factors = (v[2] | v[4] | v[6]) != 0;
    const bool seen[] = {v[1] == 0,
                         v[1] != 0 && !factors,
                         pair && (v[2] | v[4]) == 0,
                         out[0] - v[7] == std::int64_t{1} << 30,
                         out[0] == most_sum,
                         pair && v[9] == 0,
                         pair && v[9] != 0,
                         !pair && v[9] == 0,
                         v[0] > 0};
    for (std::size_t bin = 0; bin < std::size(seen); ++bin) coverage.hit(bin, seen[bin]);
    return true;
  }

  Clocked<Vunit_tied_increment> model_;
};

class TiedSubject final : public StreamSubject {
 public:
  std::string name() const override { return "tied"; }
  std::vector<Field> fields() const override {
    return {{"gap"}, {"shift"}, {"weight_bits"}, {"stochastic"},
            {"sum"}, {"decay"}, {"weight"},      {"generator"}};
  }
  std::vector<std::string> bins() const override {
    return {"nearest",  "stochastic",    "saturates high", "saturates low", "rounded to nothing",
            "no shift", "longest shift", "8 bits",         "16 bits",       "2 bits",
            "decays",   "most decay",    "no sum",         "after a gap",   "beyond 32 bits"};
  }
  std::uint64_t directed() const override { return std::size(widths) * (max_lane_shift + 1); }
  /// The configuration of an episode stays; directed ones have every shift with each of the widths.
  Episode episode(std::uint64_t index, Dice& dice) const override {
    Episode e;
    const bool random = index >= directed();
    const auto number = static_cast<std::int64_t>(index);
    const std::int64_t shift = !random          ? number % (max_lane_shift + 1)
                               : dice.one_in(4) ? dice.below(2) * max_lane_shift
                                                : dice.below(max_lane_shift + 1);
    const std::int64_t bits = !random          ? widths[number / (max_lane_shift + 1)]
                              : dice.one_in(2) ? 8 << dice.below(2)
                                               : dice.between(2, 16);
    const std::int64_t stochastic = random ? dice.below(2) : number % 2;
    for (int i = 0; i < 128; ++i) {
      // Changes of all sizes: most words of 48 bits would saturate.
      const std::int64_t sum = dice.one_in(3) ? std::clamp(dice.corner_signed(48), -most_sum, most_sum)
                                              : dice.corner_signed(static_cast<int>(shift + bits));
      const std::int64_t decay = dice.one_in(2)   ? 0
                                 : dice.one_in(4) ? most_decay * (1 - 2 * dice.below(2))
                                                  : dice.corner_signed(static_cast<int>(2 + shift));
      e.words.insert(e.words.end(), {dice.one_in(4) ? dice.between(1, 3) : 0, shift, bits, stochastic, sum,
                                     decay, dice.corner_signed(static_cast<int>(bits)),
                                     static_cast<std::int64_t>(dice.word() & 0xffff'ffffu) | 1});
    }
    return e;
  }

 private:
  static constexpr int widths[] = {2, 8, 16};

  int latency() const override { return tied_latency; }
  std::vector<std::string> outputs() const override { return {"weight", "saturated", "change", "generator"}; }
  std::size_t steady_words() const override { return 3; }
  void reset() override { model_.reset(); }
  void clock() override { model_.clock(); }
  bool done() override { return model_->done; }
  void show(const std::int64_t* v, bool valid) override {
    model_->start = valid;
    model_->shift = static_cast<CData>(v[1] & 31);
    model_->weight_bits = static_cast<CData>(v[2] & 31);
    model_->stochastic = v[3] != 0;
    model_->sum = static_cast<QData>(v[4]) & wire48;
    model_->decay = static_cast<IData>(v[5]);
    model_->weight = static_cast<SData>(v[6] & 0xffff);
    model_->generator = static_cast<IData>(v[7]);
  }
  void read(std::vector<std::int64_t>& out) override {
    out.push_back(as_signed(model_->new_weight, 16));
    out.push_back(model_->saturated);
    out.push_back(as_signed(model_->change, 48));
    out.push_back(static_cast<std::int64_t>(model_->next_generator));
  }
  bool expect(const std::int64_t* v, std::vector<std::int64_t>& out, Coverage& coverage) override {
    const LaneConfig config{static_cast<int>(v[1]), static_cast<int>(v[2]), v[3] != 0};
    const auto weight = static_cast<std::int32_t>(v[6]), decay = static_cast<std::int32_t>(v[5]);
    const auto generator = static_cast<std::uint32_t>(v[7]);
    const std::uint32_t next = config.stochastic ? xorshift32(generator) : generator;
    const TiedResult result = tied_update(config, v[4], decay, weight, next);
    out.push_back(result.weight);
    out.push_back(result.saturated);
    out.push_back(result.sum);
    out.push_back(next);
    const bool seen[] = {v[3] == 0,
                         v[3] != 0,
                         result.saturated && result.weight > 0,
                         result.saturated && result.weight < 0,
                         result.weight == weight && result.sum != 0,
                         v[1] == 0,
                         v[1] == max_lane_shift,
                         v[2] == 8,
                         v[2] == 16,
                         v[2] == 2,
                         decay != 0 && weight != 0,
                         std::abs(v[5]) == most_decay,
                         result.sum == 0,
                         v[0] > 0,
                         std::abs(result.sum) >> 31 != 0};
    for (std::size_t bin = 0; bin < std::size(seen); ++bin) coverage.hit(bin, seen[bin]);
    return true;
  }

  Clocked<Vunit_tied> model_;
};

}  // namespace

std::unique_ptr<Subject> tied_subject() { return std::make_unique<TiedSubject>(); }
std::unique_ptr<Subject> tied_increment_subject() { return std::make_unique<IncrementSubject>(); }

}  // namespace trifactor::lockstep
