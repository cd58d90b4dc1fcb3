// Units whose result depends on what came before: accumulate, history, label, random, reduce.
#include <Vunit_accumulate.h>
#include <Vunit_history.h>
#include <Vunit_label.h>
#include <Vunit_random.h>
#include <Vunit_reduce.h>

#include <algorithm>
#include <deque>

#include "rtl/units/accumulate/golden.hpp"
#include "rtl/units/cycles.hpp"
#include "rtl/units/history/golden.hpp"
#include "rtl/units/label/golden.hpp"
#include "rtl/units/random/golden.hpp"
#include "rtl/units/reduce/golden.hpp"
#include "sim/lockstep/model.hpp"
#include "sim/lockstep/stream.hpp"
#include "sim/lockstep/unit_subjects.hpp"

namespace trifactor::lockstep {
namespace {

constexpr std::size_t accumulate_lanes = 8;

class AccumulateSubject final : public StreamSubject {
 public:
  std::string name() const override { return "accumulate"; }
  std::vector<Field> fields() const override {
    return {{"gap"}, {"first"}, {"last"}, {"value"}, {"weight", accumulate_lanes}};
  }
  std::vector<std::string> bins() const override {
    return {"block of one burst", "block of many bursts", "value -32768", "value 32768",
            "weight -32768",      "sum beyond 40 bits",   "sum negative", "after a gap"};
  }
  /// Episode 0: 2^12 bursts of the largest products into one sum.
  std::uint64_t directed() const override { return 17; }
  Episode episode(std::uint64_t index, Dice& dice) const override {
    Episode e;
    std::int64_t left = 0;
    const std::int64_t bursts = index == 0 ? 4096 : 256;
    for (std::int64_t i = 0; i < bursts; ++i) {
      const bool first = left == 0;
      if (first) left = index == 0 ? bursts : (dice.one_in(3) ? 1 : dice.between(2, 40));
      --left;
      e.words.insert(e.words.end(),
                     {index != 0 && dice.one_in(4) ? dice.between(1, 3) : 0, first, left == 0});
      e.words.push_back(index == 0       ? 32768
                        : dice.one_in(8) ? 32768
                                         : dice.corner_signed(dice.one_in(2) ? 16 : 17));
      for (std::size_t k = 0; k < accumulate_lanes; ++k)
        e.words.push_back(index == 0 ? (k % 2 == 0 ? -32768 : 32767) : dice.corner_signed(16));
    }
    return e;
  }

 private:
  int latency() const override { return accumulate_latency; }
  std::vector<std::string> outputs() const override {
    std::vector<std::string> names;
    for (std::size_t k = 0; k < accumulate_lanes; ++k)
      names.push_back(std::string("sum ") + std::to_string(k));
    return names;
  }
  void reset() override { model_.reset(); }
  void clock() override { model_.clock(); }
  bool done() override { return model_->done; }
  void show(const std::int64_t* v, bool valid) override {
    model_->burst = valid;
    model_->first = v[1] & 1;
    model_->last = v[2] & 1;
    model_->value = static_cast<IData>(v[3] & 0x1ffff);
    for (std::size_t k = 0; k < accumulate_lanes; ++k)
      put_bits(model_->weights, 16 * k, 16, static_cast<std::uint64_t>(v[4 + k]));
  }
  void read(std::vector<std::int64_t>& out) override {
    for (std::size_t k = 0; k < accumulate_lanes; ++k)
      out.push_back(as_signed(get_bits(model_->sums, 48 * k, sum_bits), sum_bits));
  }
  bool expect(const std::int64_t* v, std::vector<std::int64_t>& out, Coverage& coverage) override {
    for (std::size_t k = 0; k < accumulate_lanes; ++k) {
      if (v[1] != 0) sums_[k] = 0;
      sums_[k] = accumulate(sums_[k], static_cast<std::int32_t>(v[4 + k]), static_cast<std::int32_t>(v[3]));
      out.push_back(sums_[k]);
      coverage.hit(4, v[4 + k] == -32768);
      coverage.hit(5, std::abs(sums_[k]) >= std::int64_t{1} << 40);
      coverage.hit(6, sums_[k] < 0);
    }
    coverage.hit(0, v[1] != 0 && v[2] != 0);
    coverage.hit(1, v[1] == 0 && v[2] != 0);
    coverage.hit(2, v[3] == -32768);
    coverage.hit(3, v[3] == 32768);
    coverage.hit(7, v[0] > 0);
    return v[2] != 0;
  }

  Clocked<Vunit_accumulate> model_;
  std::int64_t sums_[accumulate_lanes] = {};
};

class HistorySubject final : public Subject {
 public:
  std::string name() const override { return "history"; }
  std::vector<Field> fields() const override {
    return {{"slots"}, {"load"}, {"sample"}, {"advance"}, {"age"}, {"depth"}};
  }
  std::vector<std::string> bins() const override {
    return {"age 0",
            "age wraps",
            "oldest slot",
            "head wraps",
            "loaded",
            "fewer samples than depth",
            "as many as depth",
            "one slot",
            "count at its limit"};
  }
  std::uint64_t directed() const override { return 40; }
  Episode episode(std::uint64_t index, Dice& dice) const override {
    Episode e;
    const std::int64_t slots =
        index < 4 ? 1 + static_cast<std::int64_t>(index) : dice.between(1, dice.one_in(8) ? 65535 : 40);
    std::int64_t sample = 0;
    for (int i = 0; i < 256; ++i) {
      const bool load = dice.one_in(64), advance = dice.one_in(2);
      const std::int64_t oldest = std::min(sample, slots - 1);
      const std::int64_t age = dice.one_in(4) ? oldest : dice.between(0, oldest);
      const std::int64_t target = dice.corner_unsigned(static_cast<int>(dice.between(1, 62)));
      e.words.insert(e.words.end(), {slots, load, load ? target : 0, advance, age,
                                     dice.one_in(16) ? 65535 : dice.between(0, 40)});
      sample = load ? target : sample + advance;
    }
    return e;
  }
  std::optional<Divergence> run(const Episode& episode, Coverage& coverage) override {
    std::uint64_t sample = 0;
    model_->load = model_->advance = 0;
    model_->slots = 1;
    model_.reset();
    for (std::size_t at = 0; at * 6 < episode.words.size(); ++at) {
      const std::int64_t* v = episode.words.data() + at * 6;
      const auto slots = static_cast<std::uint32_t>(v[0]), age = static_cast<std::uint32_t>(v[4]);
      const auto depth = static_cast<std::uint32_t>(v[5]);
      model_->slots = static_cast<SData>(v[0]);
      model_->load = v[1] != 0;
      model_->load_head = static_cast<SData>(static_cast<std::uint64_t>(v[2]) % slots);
      model_->load_past = static_cast<SData>(std::min<std::int64_t>(v[2], 65535));
      model_->advance = v[3] != 0;
      model_->age = static_cast<SData>(v[4]);
      model_->depth = static_cast<SData>(v[5]);
      model_.settle();
      const std::uint32_t slot = history_slot(sample, age, slots), count = history_count(sample, depth);
      if (model_->slot != slot) return Divergence{at, "slot", slot, model_->slot};
      if (model_->count != count) return Divergence{at, "count", count, model_->count};
      const bool seen[] = {age == 0,
                           sample % slots < age,
                           age == slots - 1 && slots > 1,
                           sample % slots == slots - 1 && v[3] != 0,
                           v[1] != 0,
                           sample < depth,
                           sample == depth,
                           slots == 1,
                           count == 65535};
      for (std::size_t bin = 0; bin < std::size(seen); ++bin) coverage.hit(bin, seen[bin]);
      model_.clock();
      sample = v[1] != 0 ? static_cast<std::uint64_t>(v[2]) : sample + (v[3] != 0);
    }
    return std::nullopt;
  }

 private:
  Clocked<Vunit_history> model_;
};

class LabelSubject final : public Subject {
 public:
  std::string name() const override { return "label"; }
  std::vector<Field> fields() const override { return {{"slots"}, {"partners"}, {"gap"}, {"class"}}; }
  std::vector<std::string> bins() const override {
    return {"no partner yet",   "fewer partners than asked",
            "all partners",     "32 partners",
            "same class",       "other class",
            "ring wrapped",     "class 65535",
            "ring exactly full"};
  }
  std::uint64_t directed() const override { return 33 * 2; }
  Episode episode(std::uint64_t index, Dice& dice) const override {
    Episode e;
    const std::int64_t partners =
        index < directed() ? static_cast<std::int64_t>(index / 2) : dice.between(0, 32);
    const std::int64_t slots = index % 2 == 0 ? partners + 1 : dice.between(partners + 1, 40);
    const std::int64_t classes = dice.one_in(4) ? 1 << 16 : dice.between(1, 4);
    for (int i = 0; i < 100; ++i)
      e.words.insert(e.words.end(), {slots, partners, dice.one_in(3) ? dice.between(1, 3) : 0,
                                     dice.one_in(16) ? 65535 : dice.below(classes)});
    return e;
  }
  std::optional<Divergence> run(const Episode& episode, Coverage& coverage) override {
    std::vector<std::uint16_t> ring;
    model_->store = 0;
    model_.reset();
    for (std::size_t at = 0; at * 4 < episode.words.size(); ++at) {
      const std::int64_t* v = episode.words.data() + at * 4;
      const auto slots = static_cast<std::uint32_t>(v[0]), partners = static_cast<std::uint32_t>(v[1]);
      ring.resize(slots);
      model_->slots = static_cast<SData>(slots);
      model_->partners = static_cast<CData>(partners);
      for (std::int64_t gap = v[2]; gap > 0; --gap) {
        model_->class_in = static_cast<SData>(v[3] + gap);
        model_.clock();
        if (model_->done) return Divergence{at, "done", 0, 1};
      }
      ring[history_slot(at, 0, slots)] = static_cast<std::uint16_t>(v[3]);
      const std::uint32_t count = history_count(at, partners), bits = label_bits(ring, at, count);
      model_->store = 1;
      model_->class_in = static_cast<SData>(v[3]);
      for (int cycle = 1; cycle <= label_latency(static_cast<int>(count)); ++cycle) {
        model_.clock();
        model_->store = 0;
        model_->class_in = static_cast<SData>(~v[3]);
        model_.settle();
        const bool due = cycle == label_latency(static_cast<int>(count));
        if (model_->done != due) return Divergence{at, "done", due, model_->done};
      }
      if (model_->bits != bits) return Divergence{at, "bits", bits, model_->bits};
      if (model_->count != count) return Divergence{at, "count", count, model_->count};
      model_.clock();
      const bool seen[] = {count == 0,  count < partners, count == partners && count > 0,
                           count == 32, bits != 0,        count > 0 && bits == 0,
                           at >= slots, v[3] == 65535,    slots == partners + 1 && at >= slots};
      for (std::size_t bin = 0; bin < std::size(seen); ++bin) coverage.hit(bin, seen[bin]);
    }
    return std::nullopt;
  }

 private:
  Clocked<Vunit_label> model_;
};

class RandomSubject final : public Subject {
 public:
  std::string name() const override { return "random"; }
  std::vector<Field> fields() const override { return {{"load"}, {"seed"}, {"draw"}}; }
  std::vector<std::string> bins() const override { return {"loaded", "drawn", "kept", "load with draw"}; }
  std::uint64_t directed() const override { return 4; }
  Episode episode(std::uint64_t, Dice& dice) const override {
    Episode e;
    for (int i = 0; i < 1024; ++i)
      e.words.insert(e.words.end(),
                     {i == 0 || dice.one_in(50), dice.corner_unsigned(32) | 1, !dice.one_in(4)});
    return e;
  }
  std::optional<Divergence> run(const Episode& episode, Coverage& coverage) override {
    std::uint32_t state = 0;
    for (std::size_t at = 0; at * 3 < episode.words.size(); ++at) {
      const std::int64_t* v = episode.words.data() + at * 3;
      model_->load = v[0] != 0;
      model_->seed = static_cast<IData>(v[1]);
      model_->draw = v[2] != 0;
      model_.clock();
      if (v[0] != 0)
        state = static_cast<std::uint32_t>(v[1]);
      else if (v[2] != 0)
        state = xorshift32(state);
      if (model_->word != state) return Divergence{at, "word", state, model_->word};
      coverage.hit(0, v[0] != 0);
      coverage.hit(1, v[0] == 0 && v[2] != 0);
      coverage.hit(2, v[0] == 0 && v[2] == 0);
      coverage.hit(3, v[0] != 0 && v[2] != 0);
    }
    return std::nullopt;
  }

 private:
  Clocked<Vunit_random> model_;
};

constexpr std::size_t reduce_children = 4;

/// A vector is a cycle: which children offer their next word (they hold it until taken) and whether the
/// parent takes a result.
class ReduceSubject final : public Subject {
 public:
  std::string name() const override { return "reduce"; }
  std::vector<Field> fields() const override {
    return {{"used"}, {"ready"}, {"offer", reduce_children}, {"word", reduce_children}};
  }
  std::vector<std::string> bins() const override {
    return {
        "one child",    "all children",       "a child waits", "output waits", "results in successive cycles",
        "sum negative", "sum beyond 46 bits", "no child used"};
  }
  std::uint64_t directed() const override { return 32; }
  Episode episode(std::uint64_t index, Dice& dice) const override {
    Episode e;
    const std::int64_t used = static_cast<std::int64_t>(index % 16);
    const bool eager = index / 16 % 2 == 0;
    for (int i = 0; i < 256; ++i) {
      e.words.insert(e.words.end(), {used, eager || dice.one_in(2)});
      for (std::size_t c = 0; c < reduce_children; ++c) e.words.push_back(eager || !dice.one_in(3));
      for (std::size_t c = 0; c < reduce_children; ++c)  // no total leaves 48 bits
        e.words.push_back(dice.corner_signed(static_cast<int>(dice.one_in(2) ? 46 : dice.between(2, 46))));
    }
    return e;
  }
  std::optional<Divergence> run(const Episode& episode, Coverage& coverage) override {
    std::deque<std::int64_t> waiting[reduce_children];
    bool offered[reduce_children] = {};
    std::int64_t result = 0;
    bool holds = false, took_before = false;
    model_->child_valid = 0;
    model_->used = 0;
    model_->out_ready = 0;
    model_.reset();
    for (std::size_t at = 0; at < episode.words.size() / stride(); ++at) {
      const std::int64_t* v = episode.words.data() + at * stride();
      bool complete = v[0] != 0;
      CData valid = 0;
      for (std::size_t c = 0; c < reduce_children; ++c) {
        waiting[c].push_back(v[2 + reduce_children + c]);
        offered[c] = offered[c] || v[2 + c] != 0;
        if (offered[c]) valid = static_cast<CData>(valid | 1 << c);
        if ((v[0] >> c & 1) != 0) complete = complete && offered[c];
        put_bits(model_->child_word, 48 * c, 48, static_cast<std::uint64_t>(waiting[c].front()));
      }
      model_->used = static_cast<CData>(v[0]);
      model_->child_valid = valid;
      model_->out_ready = v[1] != 0;
      model_.settle();
      const bool take = complete && (!holds || v[1] != 0);
      const std::int64_t ready = take ? v[0] : 0;
      if (model_->child_ready != ready) return Divergence{at, "child_ready", ready, model_->child_ready};
      model_.clock();
      coverage.hit(2, v[0] != 0 && valid != 0 && !complete);
      coverage.hit(3, holds && v[1] == 0);
      coverage.hit(4, take && took_before);
      coverage.hit(7, v[0] == 0);
      took_before = take;
      if (v[1] != 0) holds = false;
      if (take) {
        std::int64_t total = 0;
        for (std::size_t c = 0; c < reduce_children; ++c)
          if ((v[0] >> c & 1) != 0) {
            reduce_add({&waiting[c].front(), 1}, {&total, 1});
            waiting[c].pop_front();
            offered[c] = false;
          }
        result = total;
        holds = true;
        coverage.hit(0, (v[0] & (v[0] - 1)) == 0);
        coverage.hit(1, v[0] == (1 << reduce_children) - 1);
        coverage.hit(5, total < 0);
        coverage.hit(6, std::abs(total) >= std::int64_t{1} << 46);
      }
      if (model_->out_valid != holds) return Divergence{at, "out_valid", holds, model_->out_valid};
      const std::int64_t word = as_signed(model_->out_word, reduction_bits);
      if (holds && word != result) return Divergence{at, "out_word", result, word};
    }
    return std::nullopt;
  }

 private:
  Clocked<Vunit_reduce> model_;
};

}  // namespace

std::unique_ptr<Subject> accumulate_subject() { return std::make_unique<AccumulateSubject>(); }
std::unique_ptr<Subject> history_subject() { return std::make_unique<HistorySubject>(); }
std::unique_ptr<Subject> label_subject() { return std::make_unique<LabelSubject>(); }
std::unique_ptr<Subject> random_subject() { return std::make_unique<RandomSubject>(); }
std::unique_ptr<Subject> reduce_subject() { return std::make_unique<ReduceSubject>(); }

}  // namespace trifactor::lockstep
