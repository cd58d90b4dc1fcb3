// Units that compare: distance, pool, rank.
#include <Vunit_distance.h>
#include <Vunit_pool.h>
#include <Vunit_rank.h>

#include <algorithm>

#include "rtl/units/cycles.hpp"
#include "rtl/units/distance/golden.hpp"
#include "rtl/units/pool/golden.hpp"
#include "rtl/units/rank/golden.hpp"
#include "sim/lockstep/model.hpp"
#include "sim/lockstep/stream.hpp"
#include "sim/lockstep/unit_subjects.hpp"

namespace trifactor::lockstep {
namespace {

class DistanceSubject final : public StreamSubject {
 public:
  std::string name() const override { return "distance"; }
  std::vector<Field> fields() const override { return {{"gap"}, {"first"}, {"last"}, {"a"}, {"b"}}; }
  std::vector<std::string> bins() const override {
    return {"vector of one pair",          "vector of many pairs", "difference 65535", "difference -65535",
            "nothing between the vectors", "sum beyond 44 bits",   "after a gap"};
  }
  /// Episode 0: 2^13 of the largest squares into one sum.
  std::uint64_t directed() const override { return 17; }
  Episode episode(std::uint64_t index, Dice& dice) const override {
    Episode e;
    std::int64_t left = 0;
    const std::int64_t pairs = index == 0 ? 8192 : 256;
    for (std::int64_t i = 0; i < pairs; ++i) {
      const bool first = left == 0;
      if (first) left = index == 0 ? pairs : (dice.one_in(3) ? 1 : dice.between(2, 40));
      --left;
      const std::int64_t a = index == 0 ? -32768 : dice.corner_signed(16);
      const std::int64_t b = index == 0 ? 32767 : dice.one_in(4) ? a : dice.corner_signed(16);
      e.words.insert(e.words.end(),
                     {index != 0 && dice.one_in(4) ? dice.between(1, 3) : 0, first, left == 0, a, b});
    }
    return e;
  }

 private:
  int latency() const override { return distance_latency; }
  std::vector<std::string> outputs() const override { return {"sum"}; }
  void reset() override { model_.reset(); }
  void clock() override { model_.clock(); }
  bool done() override { return model_->done; }
  void show(const std::int64_t* v, bool valid) override {
    model_->valid = valid;
    model_->first = v[1] & 1;
    model_->last = v[2] & 1;
    model_->a = static_cast<SData>(v[3]);
    model_->b = static_cast<SData>(v[4]);
  }
  void read(std::vector<std::int64_t>& out) override { out.push_back(as_signed(model_->sum, 48)); }
  bool expect(const std::int64_t* v, std::vector<std::int64_t>& out, Coverage& coverage) override {
    const std::int16_t a = static_cast<std::int16_t>(v[3]), b = static_cast<std::int16_t>(v[4]);
    if (v[1] != 0) sum_ = 0;
    add_squared_distance({&a, 1}, {&b, 1}, sum_);
    out.push_back(sum_);
    const bool seen[] = {
        v[1] != 0 && v[2] != 0, v[1] == 0 && v[2] != 0,        a - b == 65535, a - b == -65535,
        v[2] != 0 && sum_ == 0, sum_ >= std::int64_t{1} << 44, v[0] > 0};
    for (std::size_t bin = 0; bin < std::size(seen); ++bin) coverage.hit(bin, seen[bin]);
    return v[2] != 0;
  }

  Clocked<Vunit_distance> model_;
  std::int64_t sum_ = 0;
};

constexpr std::size_t rank_depth = 8;

/// A vector is a cycle; it may clear, bring a key, do both or nothing.
class RankSubject final : public StreamSubject {
 public:
  std::string name() const override { return "rank"; }
  std::vector<Field> fields() const override { return {{"gap"}, {"clear"}, {"key_valid"}, {"key"}}; }
  std::vector<std::string> bins() const override {
    return {
        "key at the top",           "key in the middle",       "key at the end", "key below a full list",
        "key equal to an entry",    "value equal, index not",  "list full",      "cleared",
        "cleared instead of a key", "nothing asked for",       "key not valid",  "lowest and highest value",
        "key that is nobody",       "clear of a list of keys", "after a gap"};
  }
  std::uint64_t directed() const override { return 8; }
  Episode episode(std::uint64_t, Dice& dice) const override {
    Episode e;
    std::int64_t last = 0;
    const bool few = dice.one_in(2);  // values that meet often
    for (int i = 0; i < 256; ++i) {
      const std::int64_t value = few ? dice.between(-2, 2) : dice.corner_signed(16);
      const std::int64_t index = dice.one_in(2) ? dice.between(0, 9) : dice.corner_unsigned(32);
      std::int64_t key = rank_key(static_cast<std::int16_t>(value), static_cast<std::uint32_t>(index));
      if (dice.one_in(16)) key = last;
      if (dice.one_in(64)) key = rank_nobody;
      last = key;
      e.words.insert(e.words.end(),
                     {dice.one_in(6) ? dice.between(1, 3) : 0, dice.one_in(24), !dice.one_in(5), key});
    }
    return e;
  }

 private:
  int latency() const override { return rank_latency; }
  std::vector<std::string> outputs() const override {
    std::vector<std::string> names;
    for (std::size_t i = 0; i < rank_depth; ++i) names.push_back("rank " + std::to_string(i));
    return names;
  }
  void reset() override {  // what the unit has for a reset
    model_->clear = 1;
    model_->key_valid = 0;
    model_.clock();
  }
  void reset_golden() override { std::fill_n(list_, rank_depth, rank_nobody); }
  void clock() override { model_.clock(); }
  bool done() override { return false; }  // the list stands always
  void show(const std::int64_t* v, bool valid) override {
    model_->clear = valid && v[1] != 0;
    model_->key_valid = valid && v[2] != 0;
    model_->key = static_cast<QData>(v[3]) & 0xffff'ffff'ffffull;
  }
  void read(std::vector<std::int64_t>& out) override {
    for (std::size_t i = 0; i < rank_depth; ++i)
      out.push_back(as_signed(get_bits(model_->ranked, 48 * i, 48), 48));
  }
  bool expect(const std::int64_t* v, std::vector<std::int64_t>& out, Coverage& coverage) override {
    const bool held = list_[0] != rank_nobody, clears = v[1] != 0, given = v[2] != 0,
               brings = given && !clears;
    if (clears) std::fill_n(list_, rank_depth, rank_nobody);
    const std::int64_t key = v[3], lowest = list_[rank_depth - 1];
    const auto same_value = [key](std::int64_t entry) { return entry >> 32 == key >> 32 && entry != key; };
    const bool equal = std::find(list_, list_ + rank_depth, key) != list_ + rank_depth,
               near = std::any_of(list_, list_ + rank_depth, same_value);
    if (brings) rank_insert(list_, key);
    const std::size_t at = static_cast<std::size_t>(std::find(list_, list_ + rank_depth, key) - list_);
    const bool seen[] = {brings && at == 0,
                         brings && at > 0 && at < rank_depth - 1,
                         brings && at == rank_depth - 1,
                         brings && key < lowest,
                         brings && equal && key != rank_nobody,
                         brings && near,
                         lowest != rank_nobody,
                         clears && !given,
                         clears && given,
                         !clears && !given,
                         !given && key > list_[0],
                         list_[0] >> 32 == 32767 && key >> 32 == -32768,
                         brings && key == rank_nobody,
                         clears && held,
                         v[0] > 0};
    for (std::size_t bin = 0; bin < std::size(seen); ++bin) coverage.hit(bin, seen[bin]);
    out.assign(list_, list_ + rank_depth);
    return false;
  }

  Clocked<Vunit_rank> model_;
  std::int64_t list_[rank_depth] = {};
};

/// A vector is a cycle; it may clear, bring a value, do both or nothing.
class PoolSubject final : public StreamSubject {
 public:
  std::string name() const override { return "pool"; }
  std::vector<Field> fields() const override {
    return {{"gap"}, {"clear"}, {"value_valid"}, {"value"}, {"index"}, {"window"}};
  }
  std::vector<std::string> bins() const override {
    return {"first of a window",
            "first and not above 0",
            "larger",
            "smaller",
            "equal, lower index",
            "equal, higher index",
            "window full, largest < 0",
            "window full, largest 0",
            "window not full, largest < 0",
            "window not full, above 0",
            "window not full, largest 0",
            "cleared and brought",
            "cleared alone",
            "nothing asked for",
            "value not valid",
            "lowest and highest value",
            "after a gap"};
  }
  std::uint64_t directed() const override { return 8; }
  /// Directed ones have windows of 1 to 3, which are often full, of few values and of any.
  Episode episode(std::uint64_t index, Dice& dice) const override {
    Episode e;
    const bool few = index < directed() ? index % 2 == 0 : dice.one_in(2);  // values that meet often
    const std::int64_t window = index < 6        ? static_cast<std::int64_t>(index / 2 + 1)
                                : dice.one_in(8) ? dice.corner_unsigned(24)
                                                 : dice.between(1, 12);
    for (int i = 0; i < 256; ++i)
      e.words.insert(e.words.end(), {dice.one_in(6) ? dice.between(1, 3) : 0, dice.one_in(10),
                                     !dice.one_in(5), few ? dice.between(-2, 2) : dice.corner_signed(16),
                                     dice.one_in(2) ? dice.between(0, 9) : dice.corner_unsigned(24), window});
    return e;
  }

 private:
  int latency() const override { return pool_latency; }
  std::vector<std::string> outputs() const override { return {"largest", "winner"}; }
  void reset() override {  // what the unit has for a reset
    model_->clear = 1;
    model_->value_valid = 0;
    model_.clock();
  }
  void reset_golden() override { state_ = {}; }
  void clock() override { model_.clock(); }
  bool done() override { return false; }  // the result stands always
  void show(const std::int64_t* v, bool valid) override {
    model_->clear = valid && v[1] != 0;
    model_->value_valid = valid && v[2] != 0;
    model_->value = static_cast<SData>(v[3]);
    model_->index = static_cast<IData>(v[4]);
    model_->window = static_cast<IData>(v[5]);
  }
  void read(std::vector<std::int64_t>& out) override {
    out = {static_cast<std::int16_t>(model_->largest), static_cast<std::int64_t>(model_->winner)};
  }
  bool expect(const std::int64_t* v, std::vector<std::int64_t>& out, Coverage& coverage) override {
    const bool clears = v[1] != 0, brings = v[2] != 0;
    const auto value = static_cast<std::int16_t>(v[3]);
    const auto index = static_cast<std::uint32_t>(v[4]), window = static_cast<std::uint32_t>(v[5]);
    if (clears) state_ = {};
    const PoolState before = state_;
    if (brings) pool_step(state_, value, index);
    const bool full = state_.came == window, later = brings && before.came > 0,
               equal = later && value == before.largest;
    const bool seen[] = {brings && before.came == 0,
                         brings && before.came == 0 && value <= 0,
                         later && value > before.largest,
                         later && value < before.largest,
                         equal && index < before.winner,
                         equal && index > before.winner,
                         full && state_.largest < 0,
                         full && state_.largest == 0,
                         !full && state_.largest < 0,
                         !full && state_.largest > 0,
                         !full && state_.came > 0 && state_.largest == 0,
                         clears && brings,
                         clears && !brings,
                         !clears && !brings,
                         !brings && before.came > 0 && value > before.largest,
                         later && before.largest == 32767 && value == -32768,
                         v[0] > 0};
    for (std::size_t bin = 0; bin < std::size(seen); ++bin) coverage.hit(bin, seen[bin]);
    const PoolState result = pool_result(state_, window);
    out = {result.largest, result.winner};
    return false;
  }

  Clocked<Vunit_pool> model_;
  PoolState state_;
};

}  // namespace

std::unique_ptr<Subject> pool_subject() { return std::make_unique<PoolSubject>(); }
std::unique_ptr<Subject> distance_subject() { return std::make_unique<DistanceSubject>(); }
std::unique_ptr<Subject> rank_subject() { return std::make_unique<RankSubject>(); }

}  // namespace trifactor::lockstep
