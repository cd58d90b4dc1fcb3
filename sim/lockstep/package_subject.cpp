// The package functions that modules of other folders call, over their whole range.
#include <Vunit_package_probe.h>

#include "rtl/units/activation/golden.hpp"
#include "rtl/units/exp/golden.hpp"
#include "rtl/units/power/golden.hpp"
#include "rtl/units/reciprocal/golden.hpp"
#include "rtl/units/trace/golden.hpp"
#include "sim/lockstep/model.hpp"
#include "sim/lockstep/unit_subjects.hpp"

namespace trifactor::lockstep {
namespace {

class PackagesSubject final : public Subject {
 public:
  std::string name() const override { return "packages"; }
  std::vector<Field> fields() const override {
    return {{"value"}, {"other"}, {"random"}, {"shift"}, {"bits"},  {"rate"},
            {"y"},     {"frac"},  {"to"},     {"kind"},  {"slope"}, {"exponent"}};
  }
  std::vector<std::string> bins() const override {
    return {"shift 0",        "shift 32",
            "shift 33",       "shift 62",
            "tie rounded up", "carry from the random word",
            "saturated high", "saturated low",
            "not saturated",  "random word all ones",
            "value negative", "exp2 saturated",
            "exp2 0",         "rescaled up",
            "power of 0"};
  }
  std::uint64_t directed() const override { return 63; }
  Episode episode(std::uint64_t index, Dice& dice) const override {
    Episode e;
    for (int i = 0; i < 256; ++i) {
      const std::int64_t shift = index < 63 ? static_cast<std::int64_t>(index) : dice.between(0, 62);
      std::int64_t value = dice.corner_signed(static_cast<int>(dice.between(2, 62)));
      if (dice.one_in(4) && shift > 0) value = (value >> shift << shift) + (std::int64_t{1} << (shift - 1));
      const std::int64_t frac = dice.between(0, 46);
      const std::int64_t exponent = dice.corner_signed(dice.one_in(2) ? 17 : 21);
      e.words.insert(e.words.end(),
                     {value, dice.corner_signed(17), dice.one_in(4) ? 0xffffffff : dice.corner_unsigned(32),
                      shift, dice.between(2, 62), 1 + dice.below(65536),
                      dice.corner_signed(static_cast<int>(dice.between(2, 24))), frac, dice.between(0, 16),
                      dice.below(4), dice.corner_unsigned(16),
                      exponent < -524288  ? -524288
                      : exponent > 524288 ? 524288
                                          : exponent});
    }
    return e;
  }

  std::optional<Divergence> run(const Episode& episode, Coverage& coverage) override {
    for (std::size_t at = 0; at * 12 < episode.words.size(); ++at) {
      const std::int64_t* v = episode.words.data() + at * 12;
      show(v);
      model_.clock();
      const std::optional<Divergence> found = compare(v, at);
      if (found) return found;
      cover(v, coverage);
    }
    return std::nullopt;
  }

 private:
  void show(const std::int64_t* v) {
    model_->value = static_cast<QData>(v[0]);
    model_->other = static_cast<QData>(v[1]);
    model_->random = static_cast<IData>(v[2]);
    model_->shift = static_cast<CData>(v[3]);
    model_->bits = static_cast<CData>(v[4]);
    model_->rate = static_cast<IData>(v[5]);
    model_->y = static_cast<IData>(v[6]);
    model_->frac = static_cast<CData>(v[7]);
    model_->to = static_cast<CData>(v[8]);
    model_->kind = static_cast<CData>(v[9]);
    model_->slope = static_cast<SData>(v[10]);
    model_->exponent = static_cast<IData>(v[11] & 0x1fffff);
  }

  std::optional<Divergence> compare(const std::int64_t* v, std::size_t at) {
    const auto raw = static_cast<std::uint64_t>(v[0]);
    const std::int64_t value40 = as_signed(raw, 40), value47 = as_signed(raw, 47),
                       value62 = as_signed(raw, 62);
    const std::uint64_t positive = raw & ((std::uint64_t{1} << 49) - 1);
    const std::int64_t magnitude = static_cast<std::int64_t>(raw & ((std::uint64_t{1} << 62) - 1));
    const int shift = static_cast<int>(v[3]), frac = static_cast<int>(v[7]), to = static_cast<int>(v[8]);
    const std::int32_t exponent = static_cast<std::int32_t>(v[11]);
    const TraceConfig trace{static_cast<std::int32_t>(v[5]), shift & 31};
    const int mean_extra = trace.extra;
    const ActivationConfig activation{static_cast<Activation>(v[9]), frac, to,
                                      static_cast<std::int32_t>(v[10])};
    // tanh and saturated linear are defined for values of at most 15 fraction bits
    const bool activates = v[9] < 2 || to <= 15;
    const NeuronValue neuron = activates ? activate(activation, value47) : NeuronValue{};
    const Reciprocal inverse = positive == 0 ? Reciprocal{} : reciprocal(positive);

    const auto word = [](QData got) { return static_cast<std::int64_t>(got); };
    struct Check {
      const char* signal;
      std::int64_t golden, rtl;
    };
    const Check checks[] = {
        {"saturate_signed", saturate_signed(value62, static_cast<int>(v[4])), word(model_->saturated)},
        {"saturate16", saturate_signed(v[0], 16), as_signed(model_->saturated16, 16)},
        {"round_shift", round_shift(value62, shift), word(model_->rounded)},
        {"stochastic_shift", stochastic_shift(value62, shift, static_cast<std::uint32_t>(v[2])),
         word(model_->stochastic)},
        {"highest_bit", raw == 0 ? 0 : highest_bit(raw), model_->highest},
        {"trace_step", mean_extra <= 20 ? trace_step(trace, value40, v[1]) : word(model_->stepped),
         word(model_->stepped)},
        {"trace_value", trace_value(trace, value40), word(model_->mean)},
        {"exp2_word", exp2_word(v[6], frac), model_->exp2},
        {"exp_negative", exp_negative(magnitude), model_->exp},
        {"log2_word", positive == 0 ? as_signed(model_->log2, 32) : log2_word(positive, frac),
         as_signed(model_->log2, 32)},
        {"power_word", power_word(positive, frac, exponent, to), model_->power},
        {"reciprocal", positive == 0 ? model_->inverse : inverse.exponent << 18 | inverse.mantissa,
         model_->inverse},
        {"rescale", rescale(value47, frac, to), word(model_->rescaled)},
        {"activate", activates ? std::int64_t{neuron.fprime} << 16 | (neuron.z & 0xffff) : model_->activated,
         model_->activated},
    };
    for (const Check& check : checks)
      if (check.golden != check.rtl) return Divergence{at, check.signal, check.golden, check.rtl};
    return std::nullopt;
  }

  static void cover(const std::int64_t* v, Coverage& coverage) {
    const std::int64_t value = as_signed(static_cast<std::uint64_t>(v[0]), 62);
    const int shift = static_cast<int>(v[3]);
    const std::int64_t mask = (std::int64_t{1} << shift) - 1;
    const std::int64_t narrow = saturate_signed(value, static_cast<int>(v[4]));
    const bool seen[] = {
        shift == 0,
        shift == 32,
        shift == 33,
        shift == 62,
        shift > 0 && (value & mask) == (mask + 1) / 2,
        shift > 0 && stochastic_shift(value, shift, static_cast<std::uint32_t>(v[2])) != value >> shift,
        narrow<value, narrow>
            value,
        narrow == value,
        v[2] == 0xffffffff,
        value < 0,
        exp2_word(v[6], static_cast<int>(v[7])) == 0xffff,
        exp2_word(v[6], static_cast<int>(v[7])) == 0,
        v[7] < v[8],
        (v[0] & ((std::int64_t{1} << 49) - 1)) == 0};
    for (std::size_t bin = 0; bin < std::size(seen); ++bin) coverage.hit(bin, seen[bin]);
  }

  Clocked<Vunit_package_probe> model_;
};

}  // namespace

std::unique_ptr<Subject> packages_subject() { return std::make_unique<PackagesSubject>(); }

}  // namespace trifactor::lockstep
