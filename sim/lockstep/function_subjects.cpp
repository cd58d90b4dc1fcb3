// The function units that take one request a cycle: activation, exp, membrane, noise, power, reciprocal,
// trace.
#include <Vunit_activation.h>
#include <Vunit_exp_unit.h>
#include <Vunit_membrane.h>
#include <Vunit_noise.h>
#include <Vunit_power.h>
#include <Vunit_reciprocal.h>
#include <Vunit_trace.h>

#include "rtl/units/activation/golden.hpp"
#include "rtl/units/cycles.hpp"
#include "rtl/units/exp/golden.hpp"
#include "rtl/units/membrane/golden.hpp"
#include "rtl/units/noise/golden.hpp"
#include "rtl/units/power/golden.hpp"
#include "rtl/units/reciprocal/golden.hpp"
#include "rtl/units/trace/golden.hpp"
#include "sim/lockstep/model.hpp"
#include "sim/lockstep/stream.hpp"
#include "sim/lockstep/unit_subjects.hpp"

namespace trifactor::lockstep {
namespace {

constexpr std::int64_t chunk = 4096;  ///< vectors of an exhaustive episode

constexpr std::uint64_t low_bits(std::int64_t value, int bits) {
  return static_cast<std::uint64_t>(value) & ((std::uint64_t{1} << bits) - 1);
}

/// What the streams of one Verilated model share.
template <class Model>
class ModelStream : public StreamSubject {
 protected:
  void reset() final { model_.reset(); }
  void clock() final { model_.clock(); }
  bool done() final { return model_->done; }
  Clocked<Model> model_;
};

class ExpSubject final : public ModelStream<Vunit_exp_unit> {
 public:
  std::string name() const override { return "exp"; }
  std::vector<Field> fields() const override { return {{"gap"}, {"x"}}; }
  std::vector<std::string> bins() const override {
    return {"x is 0",   "x at its limit", "x beyond its limit", "result 1",
            "result 0", "result between", "after a gap"};
  }
  /// Every x up to the limit and a little beyond.
  std::uint64_t directed() const override { return (1 << 21) / chunk + 1; }
  Episode episode(std::uint64_t index, Dice& dice) const override {
    Episode e;
    const std::int64_t base = static_cast<std::int64_t>(index) * chunk;
    for (std::int64_t i = 0; i < chunk; ++i) {
      const bool random = index >= directed();
      e.words.push_back(random && dice.one_in(4) ? dice.between(1, 3) : 0);
      e.words.push_back(random ? dice.corner_unsigned(static_cast<int>(dice.between(1, 62))) : base + i);
    }
    return e;
  }

 private:
  int latency() const override { return exp_latency; }
  std::vector<std::string> outputs() const override { return {"result"}; }
  void show(const std::int64_t* v, bool valid) override {
    model_->start = valid;
    model_->x = low_bits(v[1], 63);
  }
  void read(std::vector<std::int64_t>& out) override { out.push_back(model_->result); }
  bool expect(const std::int64_t* v, std::vector<std::int64_t>& out, Coverage& coverage) override {
    out.push_back(exp_negative(v[1]));
    coverage.hit(0, v[1] == 0);
    coverage.hit(1, v[1] == 1 << 21);
    coverage.hit(2, v[1] > 1 << 21);
    coverage.hit(3, out[0] == 32768);
    coverage.hit(4, out[0] == 0);
    coverage.hit(5, out[0] > 0 && out[0] < 32768);
    coverage.hit(6, v[0] > 0);
    return true;
  }
};

class ReciprocalSubject final : public ModelStream<Vunit_reciprocal> {
 public:
  std::string name() const override { return "reciprocal"; }
  std::vector<Field> fields() const override { return {{"gap"}, {"value"}}; }
  std::vector<std::string> bins() const override {
    return {"value 1",    "value 2^40",    "power of two", "below 2^16",
            "above 2^17", "mantissa 2^15", "after a gap"};
  }
  /// Every value to 2^17: every mantissa of 17 bits.
  std::uint64_t directed() const override { return (1 << 17) / chunk + 2; }
  Episode episode(std::uint64_t index, Dice& dice) const override {
    Episode e;
    const std::int64_t base = static_cast<std::int64_t>(index) * chunk;
    const bool random = index + 1 >= directed();
    for (std::int64_t i = 0; i < chunk; ++i) {
      e.words.push_back(random && dice.one_in(4) ? dice.between(1, 3) : 0);
      const std::int64_t value =
          random ? dice.corner_unsigned(static_cast<int>(dice.between(1, 41))) : base + i;
      e.words.push_back(value < 1 ? 1 : (value > std::int64_t{1} << 40 ? std::int64_t{1} << 40 : value));
    }
    return e;
  }

 private:
  int latency() const override { return reciprocal_latency; }
  std::vector<std::string> outputs() const override { return {"mantissa", "exponent"}; }
  void show(const std::int64_t* v, bool valid) override {
    model_->start = valid;
    model_->value = low_bits(v[1], 41);
  }
  void read(std::vector<std::int64_t>& out) override {
    out.push_back(model_->mantissa);
    out.push_back(model_->exponent);
  }
  bool expect(const std::int64_t* v, std::vector<std::int64_t>& out, Coverage& coverage) override {
    const Reciprocal golden = reciprocal(static_cast<std::uint64_t>(v[1]));
    out.push_back(golden.mantissa);
    out.push_back(golden.exponent);
    coverage.hit(0, v[1] == 1);
    coverage.hit(1, v[1] == std::int64_t{1} << 40);
    coverage.hit(2, (v[1] & (v[1] - 1)) == 0);
    coverage.hit(3, v[1] < 1 << 16);
    coverage.hit(4, v[1] > 1 << 17);
    coverage.hit(5, golden.mantissa == 32768);
    coverage.hit(6, v[0] > 0);
    return true;
  }
};

class PowerSubject final : public ModelStream<Vunit_power> {
 public:
  std::string name() const override { return "power"; }
  std::vector<Field> fields() const override {
    return {{"gap"}, {"value"}, {"frac"}, {"exponent"}, {"out_frac"}};
  }
  std::vector<std::string> bins() const override {
    return {"value 0",    "value 2^48",        "value 1",    "exponent -1", "exponent 0",
            "exponent 1", "exponent beyond 1", "saturated",  "result 0",    "result between",
            "frac 0",     "frac 48",           "out_frac 0", "out_frac 31", "after a gap"};
  }
  /// Every mantissa of log2 and, through u^1 and u^-1, every fraction of exp2.
  std::uint64_t directed() const override { return 2 * (1 << 16) / chunk + 4; }
  Episode episode(std::uint64_t index, Dice& dice) const override {
    Episode e;
    const std::int64_t base = static_cast<std::int64_t>(index) * chunk;
    for (std::int64_t i = 0; i < chunk; ++i) {
      if (index < 2 * (1 << 16) / chunk) {
        const std::int64_t at = base + i;
        e.words.insert(e.words.end(), {0, (1 << 16) + at / 2, 16, at % 2 == 0 ? 32768 : -32768, 14});
        continue;
      }
      const std::int64_t value = dice.corner_unsigned(static_cast<int>(dice.between(1, 49)));
      const std::int64_t top = std::int64_t{1} << 48;
      const std::int64_t exponent = dice.corner_signed(dice.one_in(2) ? 17 : 21);
      e.words.insert(e.words.end(), {dice.one_in(4) ? dice.between(1, 3) : 0, value > top ? top : value,
                                     dice.one_in(3) ? 48 * dice.below(2) : dice.between(0, 48),
                                     exponent < -524288 ? -524288 : (exponent > 524288 ? 524288 : exponent),
                                     dice.one_in(3) ? 31 * dice.below(2) : dice.between(0, 31)});
    }
    return e;
  }

 private:
  int latency() const override { return power_latency; }
  std::vector<std::string> outputs() const override { return {"result"}; }
  void show(const std::int64_t* v, bool valid) override {
    model_->start = valid;
    model_->value = low_bits(v[1], 49);
    model_->frac = static_cast<CData>(low_bits(v[2], 6));
    model_->exponent = static_cast<IData>(low_bits(v[3], 21));
    model_->out_frac = static_cast<CData>(low_bits(v[4], 5));
  }
  void read(std::vector<std::int64_t>& out) override { out.push_back(model_->result); }
  bool expect(const std::int64_t* v, std::vector<std::int64_t>& out, Coverage& coverage) override {
    out.push_back(power_word(static_cast<std::uint64_t>(v[1]), static_cast<int>(v[2]),
                             static_cast<std::int32_t>(v[3]), static_cast<int>(v[4])));
    const bool seen[] = {
        v[1] == 0,    v[1] == std::int64_t{1} << 48,
        v[1] == 1,    v[3] == -32768,
        v[3] == 0,    v[3] == 32768,
        v[3] > 32768, out[0] == 0xffff,
        out[0] == 0,  out[0] > 0 && out[0]<0xffff, v[2] == 0, v[2] == 48, v[4] == 0, v[4] == 31, v[0]> 0};
    for (std::size_t bin = 0; bin < std::size(seen); ++bin) coverage.hit(bin, seen[bin]);
    return true;
  }
};

class ActivationSubject final : public ModelStream<Vunit_activation> {
 public:
  std::string name() const override { return "activation"; }
  std::vector<Field> fields() const override {
    return {{"gap"}, {"kind"}, {"sum_frac"}, {"value_frac"}, {"slope"}, {"sum"}};
  }
  std::vector<std::string> bins() const override {
    return {"linear",
            "leaky ReLU above 0",
            "leaky ReLU at 0",
            "leaky ReLU below 0",
            "saturated linear inside",
            "saturated linear at its bound",
            "saturated linear outside",
            "tanh",
            "z at its highest",
            "z at its lowest",
            "shifted up",
            "slope 0",
            "slope 65535",
            "sum_frac 0",
            "sum_frac 46",
            "after a gap"};
  }
  /// Every argument of tanh in two formats of z, then corners of every kind.
  std::uint64_t directed() const override { return tanh_episodes + 64; }
  Episode episode(std::uint64_t index, Dice& dice) const override {
    Episode e;
    if (index < tanh_episodes) {
      const std::int64_t base = static_cast<std::int64_t>(index / 2) * chunk - 34816;
      for (std::int64_t i = 0; i < chunk; ++i)
        e.words.insert(e.words.end(), {0, 3, 12, index % 2 == 0 ? 15 : 13, 0, base + i});
      return e;
    }
    const std::int64_t kind = static_cast<std::int64_t>(index % 4);
    const std::int64_t sum_frac = dice.one_in(3) ? 46 * dice.below(2) : dice.between(0, 46);
    const std::int64_t value_frac = dice.between(0, kind < 2 ? 16 : 15);
    const std::int64_t slope = dice.one_in(2) ? 65535 * dice.below(2) : dice.corner_unsigned(16);
    for (std::int64_t i = 0; i < 256; ++i) {
      std::int64_t sum = dice.corner_signed(static_cast<int>(dice.between(2, 48)));
      if (dice.one_in(3))
        sum = (dice.one_in(2) ? 1 : -1) * (std::int64_t{1} << sum_frac) + dice.between(-1, 1);
      if (sum == -(std::int64_t{1} << 47)) ++sum;
      e.words.insert(e.words.end(),
                     {dice.one_in(4) ? dice.between(1, 4) : 0, kind, sum_frac, value_frac, slope, sum});
    }
    return e;
  }

 private:
  static constexpr std::uint64_t tanh_episodes = 2 * 17;

  int latency() const override { return activation_latency; }
  std::size_t steady_words() const override { return 4; }
  std::vector<std::string> outputs() const override { return {"z", "fprime"}; }
  void show(const std::int64_t* v, bool valid) override {
    model_->start = valid;
    model_->kind = static_cast<CData>(low_bits(v[1], 2));
    model_->sum_frac = static_cast<CData>(low_bits(v[2], 6));
    model_->value_frac = static_cast<CData>(low_bits(v[3], 5));
    model_->slope = static_cast<SData>(low_bits(v[4], 16));
    model_->sum = low_bits(v[5], 48);
  }
  void read(std::vector<std::int64_t>& out) override {
    out.push_back(as_signed(model_->z, 16));
    out.push_back(model_->fprime);
  }
  bool expect(const std::int64_t* v, std::vector<std::int64_t>& out, Coverage& coverage) override {
    const ActivationConfig config{static_cast<Activation>(v[1]), static_cast<int>(v[2]),
                                  static_cast<int>(v[3]), static_cast<std::int32_t>(v[4])};
    const NeuronValue golden = activate(config, v[5]);
    out.push_back(golden.z);
    out.push_back(golden.fprime);
    const std::int64_t one = std::int64_t{1} << v[2], size = v[5] < 0 ? -v[5] : v[5];
    const bool seen[] = {v[1] == 0,
                         v[1] == 1 && v[5] > 0,
                         v[1] == 1 && v[5] == 0,
                         v[1] == 1 && v[5] < 0,
                         v[1] == 2 && size < one,
                         v[1] == 2 && size == one,
                         v[1] == 2 && size > one,
                         v[1] == 3,
                         golden.z == 32767,
                         golden.z == -32768,
                         v[2]<v[3], v[4] == 0, v[4] == 65535, v[2] == 0, v[2] == 46, v[0]> 0};
    for (std::size_t bin = 0; bin < std::size(seen); ++bin) coverage.hit(bin, seen[bin]);
    return true;
  }
};

class TraceSubject final : public ModelStream<Vunit_trace> {
 public:
  std::string name() const override { return "trace"; }
  std::vector<Field> fields() const override {
    return {{"gap"}, {"rate"}, {"extra"}, {"begins"}, {"value"}, {"mean"}};
  }
  std::vector<std::string> bins() const override {
    return {"rate 1",
            "rate 65536",
            "extra 0",
            "extra 20",
            "begins",
            "mean rises",
            "mean falls",
            "mean stays",
            "value at its lowest",
            "value at its highest",
            "after a gap"};
  }
  std::uint64_t directed() const override { return 16; }
  Episode episode(std::uint64_t, Dice& dice) const override {
    Episode e;
    for (int i = 0; i < 256; ++i) {
      const std::int64_t extra = dice.one_in(3) ? 20 * dice.below(2) : dice.between(0, 20);
      const std::int64_t rate = dice.one_in(3) ? 1 + 65535 * dice.below(2) : 1 + dice.corner_unsigned(16);
      e.words.insert(e.words.end(),
                     {dice.one_in(4) ? dice.between(1, 3) : 0, rate, extra, dice.one_in(4),
                      dice.corner_signed(17), dice.corner_signed(17 + static_cast<int>(extra))});
    }
    return e;
  }

 private:
  int latency() const override { return trace_latency; }
  std::vector<std::string> outputs() const override { return {"new_mean", "used"}; }
  void show(const std::int64_t* v, bool valid) override {
    model_->start = valid;
    model_->rate = static_cast<IData>(low_bits(v[1], 17));
    model_->extra = static_cast<CData>(low_bits(v[2], 5));
    model_->begins = static_cast<CData>(low_bits(v[3], 1));
    model_->value = static_cast<IData>(low_bits(v[4], 17));
    model_->mean = low_bits(v[5], 40);
  }
  void read(std::vector<std::int64_t>& out) override {
    out.push_back(as_signed(model_->new_mean, 40));
    out.push_back(as_signed(model_->used, 17));
  }
  bool expect(const std::int64_t* v, std::vector<std::int64_t>& out, Coverage& coverage) override {
    const TraceConfig config{static_cast<std::int32_t>(v[1]), static_cast<int>(v[2])};
    const std::int64_t mean = v[3] != 0 ? v[4] << config.extra : v[5];
    out.push_back(trace_step(config, mean, v[4]));
    // the largest mean rounds up to one more than the value's format holds; the port wraps as two's
    // complement
    out.push_back(as_signed(static_cast<std::uint64_t>(trace_value(config, mean)), 17));
    const bool seen[] = {v[1] == 1,
                         v[1] == 65536,
                         v[2] == 0,
                         v[2] == 20,
                         v[3] != 0,
                         out[0] > mean,
                         out[0]<mean, out[0] == mean, v[4] == -65536, v[4] == 65535, v[0]> 0};
    for (std::size_t bin = 0; bin < std::size(seen); ++bin) coverage.hit(bin, seen[bin]);
    return true;
  }
};

class MembraneSubject final : public ModelStream<Vunit_membrane> {
 public:
  std::string name() const override { return "membrane"; }
  std::vector<Field> fields() const override {
    return {{"gap"}, {"sum_frac"}, {"input_frac"}, {"extra"}, {"rate"}, {"sum"}, {"u"}};
  }
  std::vector<std::string> bins() const override {
    return {"rate 1",        "rate 65536", "extra 0", "extra 20",   "sum is rounded", "sum is shifted up",
            "sum saturates", "u rises",    "u falls", "after a gap"};
  }
  std::uint64_t directed() const override { return 16; }
  /// An episode's configuration stays; directed ones have both ends of each part with one another.
  Episode episode(std::uint64_t index, Dice& dice) const override {
    Episode e;
    const bool random = index >= directed();
    const auto end = [&](int part) { return static_cast<std::int64_t>(index >> part & 1); };
    const std::int64_t sum_frac = random ? dice.between(0, 46) : 46 * end(0);
    const std::int64_t input_frac = dice.between(1, 24) - (random ? dice.below(2) : 0);
    const std::int64_t extra = !random          ? 20 * end(1)
                               : dice.one_in(3) ? 20 * dice.below(2)
                                                : dice.between(0, 20);
    const std::int64_t rate = !random          ? 1 + 65535 * end(2)
                              : dice.one_in(3) ? 1 + 65535 * dice.below(2)
                                               : 1 + dice.corner_unsigned(16);
    const bool far = random ? dice.one_in(4) : end(3) != 0;
    for (int i = 0; i < 128; ++i)
      e.words.insert(
          e.words.end(),
          {dice.one_in(4) ? dice.between(1, 3) : 0, sum_frac, input_frac, extra, rate,
           dice.corner_signed(far ? 48 : static_cast<int>(dice.between(2, 48))), dice.corner_signed(46)});
    return e;
  }

 private:
  int latency() const override { return membrane_latency; }
  std::size_t steady_words() const override { return 4; }
  std::vector<std::string> outputs() const override { return {"new_u"}; }
  void show(const std::int64_t* v, bool valid) override {
    model_->start = valid;
    model_->sum_frac = static_cast<CData>(low_bits(v[1], 6));
    model_->input_frac = static_cast<CData>(low_bits(v[2], 5));
    model_->extra = static_cast<CData>(low_bits(v[3], 5));
    model_->rate = static_cast<IData>(low_bits(v[4], 17));
    model_->sum = low_bits(v[5], 48);
    model_->u = low_bits(v[6], 46);
  }
  void read(std::vector<std::int64_t>& out) override { out.push_back(as_signed(model_->new_u, 46)); }
  bool expect(const std::int64_t* v, std::vector<std::int64_t>& out, Coverage& coverage) override {
    MembraneImage image;
    image.input_frac = static_cast<std::int32_t>(v[2]), image.extra = static_cast<std::int32_t>(v[3]);
    image.rate = static_cast<std::int32_t>(v[4]);
    out.push_back(membrane_step(image, static_cast<int>(v[1]), v[6], v[5]));
    const std::int64_t rounded = rescale(v[5], static_cast<int>(v[1]), image.input_frac);
    const bool seen[] = {v[4] == 1,
                         v[4] == 65536,
                         v[3] == 0,
                         v[3] == 20,
                         v[1] > v[2],
                         v[1]<v[2], rounded != saturate_signed(rounded, membrane_bits - image.extra), out[0]>
                             v[6],
                         out[0]<v[6], v[0]> 0};
    for (std::size_t bin = 0; bin < std::size(seen); ++bin) coverage.hit(bin, seen[bin]);
    return true;
  }
};

class NoiseSubject final : public ModelStream<Vunit_noise> {
 public:
  std::string name() const override { return "noise"; }
  std::vector<Field> fields() const override {
    return {{"gap"}, {"tanh"}, {"value_frac"}, {"amplitude"}, {"word"}, {"z"}, {"fprime"}};
  }
  std::vector<std::string> bins() const override {
    return {"tanh",
            "not tanh",
            "amplitude 0",
            "amplitude 32767",
            "saturates above",
            "saturates below",
            "derivative 0",
            "derivative beyond 1/2",
            "after a gap"};
  }
  std::uint64_t directed() const override { return 16; }
  /// As above. Directed ones have no noise, the loudest and any, and begin with the four largest sums.
  Episode episode(std::uint64_t index, Dice& dice) const override {
    Episode e;
    const bool random = index >= directed();
    const std::int64_t tanh = random ? dice.below(2) : static_cast<std::int64_t>(index % 2);
    const std::int64_t frac = dice.one_in(2) ? 15 : dice.between(0, 15);
    const std::int64_t amplitude = !random && index < 8 ? 32767 * static_cast<std::int64_t>(index / 4)
                                   : dice.one_in(4)     ? 32767 * dice.below(2)
                                                        : dice.corner_unsigned(15);
    for (int i = 0; i < 128; ++i) {
      const bool largest = !random && i < 4;
      e.words.insert(e.words.end(),
                     {dice.one_in(4) ? dice.between(1, 3) : 0, tanh, frac, amplitude,
                      largest ? (i % 2 == 0 ? 0x8000'0000 : 0x7fff'ffff) : dice.corner_unsigned(32),
                      largest ? (i / 2 == 0 ? -32767 : 32766)
                              : dice.corner_signed(static_cast<int>(dice.between(2, 16))),
                      dice.between(0, 32768)});
    }
    return e;
  }

 private:
  int latency() const override { return noise_latency; }
  std::size_t steady_words() const override { return 3; }
  std::vector<std::string> outputs() const override { return {"new_z", "new_fprime"}; }
  void show(const std::int64_t* v, bool valid) override {
    model_->start = valid;
    model_->tanh = static_cast<CData>(low_bits(v[1], 1));
    model_->value_frac = static_cast<CData>(low_bits(v[2], 4));
    model_->amplitude = static_cast<SData>(low_bits(v[3], 15));
    model_->part = static_cast<SData>(low_bits(v[4] >> 16, 16));
    model_->z = static_cast<SData>(low_bits(v[5], 16));
    model_->fprime = static_cast<SData>(low_bits(v[6], 16));
  }
  void read(std::vector<std::int64_t>& out) override {
    out.push_back(as_signed(model_->new_z, 16));
    out.push_back(model_->new_fprime);
  }
  bool expect(const std::int64_t* v, std::vector<std::int64_t>& out, Coverage& coverage) override {
    const NeuronValue value =
        add_noise(v[1] != 0 ? Activation::tanh : Activation::linear, static_cast<int>(v[2]),
                  static_cast<std::int32_t>(v[3]), static_cast<std::uint32_t>(v[4]),
                  {static_cast<std::int32_t>(v[5]), static_cast<std::int32_t>(v[6])});
    out.push_back(value.z);
    out.push_back(value.fprime);
    const bool seen[] = {v[1] != 0,
                         v[1] == 0,
                         v[3] == 0,
                         v[3] == 32767,
                         value.z == 32767 && v[5] != 32767,
                         value.z == -32768 && v[5] != -32768,
                         v[1] != 0 && value.fprime == 0,
                         v[1] != 0 && value.fprime > 16384,
                         v[0] > 0};
    for (std::size_t bin = 0; bin < std::size(seen); ++bin) coverage.hit(bin, seen[bin]);
    return true;
  }
};

}  // namespace

std::unique_ptr<Subject> activation_subject() { return std::make_unique<ActivationSubject>(); }
std::unique_ptr<Subject> exp_subject() { return std::make_unique<ExpSubject>(); }
std::unique_ptr<Subject> membrane_subject() { return std::make_unique<MembraneSubject>(); }
std::unique_ptr<Subject> noise_subject() { return std::make_unique<NoiseSubject>(); }
std::unique_ptr<Subject> power_subject() { return std::make_unique<PowerSubject>(); }
std::unique_ptr<Subject> reciprocal_subject() { return std::make_unique<ReciprocalSubject>(); }
std::unique_ptr<Subject> trace_subject() { return std::make_unique<TraceSubject>(); }

}  // namespace trifactor::lockstep
