#include "rtl/rules/fixed_bench.hpp"

#include "rtl/spec/diagnostic.hpp"
#include "rtl/units/lane/golden.hpp"
#include "rtl/units/power/normalise.hpp"

namespace trifactor {
namespace {

// Errors of the function units, from how their tables are built: entries rounded to nearest (half a step of
// 2^-16), straight lines over 1/64 (error at most h^2/8 max |f''|), results rounded to nearest.
constexpr double half_word = 0x1p-17;  // half a step of 16 fraction bits
constexpr double log2_e_exact = 1.4426950408889634;
constexpr double segment = 1.0 / 64;
constexpr double log2_unit = segment * segment / 8 * log2_e_exact  // |(log2 x)''| <= log2 e on [1, 2]
                             + 2 * half_word                       // entry and interpolation
                             + 0x1p-16 * log2_e_exact;             // mantissa cut to 17 bits
constexpr double exp2_unit = 0x1p-15;  // of a mantissa in [1, 2), as its header claims
constexpr double ln2 = 0.6931471805599453;
constexpr double tanh_unit = segment * segment / 8 * 0.7698003589195010  // |tanh''| <= 4 / (3 sqrt 3)
                             + 2 * 0x1p-16  // entry and interpolation, of 15 fraction bits
                             + 0x1p-22;     // beyond 8 the last entry stands for all
constexpr double tanh_argument = 0x1p-13;   // half a step of an argument with 12 fraction bits

/// u^e for u in [low, high] as power_word() gives it with `frac` fraction bits, saturated at `top`.
Bounded bounded_power(Bounded u, double e, std::int32_t word, int frac, double top) {
  const double smallest = std::ldexp(1.0, -variance_frac);  // a value of 0 counts as one step
  const double held = std::ldexp(word, -15);
  const auto raise = [&](double base, double sign) {
    const double b = std::max(base, smallest), l = std::log2(b);
    const double y = held * l + sign * (log2_unit * std::abs(held) + half_word);
    return std::exp2(y) * (1 + sign * exp2_unit) + sign * std::ldexp(0.5, -frac);
  };
  const bool rising = held >= 0;
  const double low = std::max(0.0, raise(rising ? u.low() : u.high(), -1)),
               high = raise(rising ? u.high() : u.low(), 1);
  return clipped(within(std::pow(u.value, e), low, high), 0, top);
}

void normalise(const FixedCase& c, std::span<const Bounded> z, std::span<Bounded> r, Bounded& uq) {
  const NormaliseImage& image = c.normalise;
  const double n = static_cast<double>(z.size()), p = c.layer.power, delta = c.number("delta");
  double mean = 0, mean_error = 0, variance = 0, slack = 0;
  for (const Bounded& b : z) mean += b.value / n, mean_error += b.error / n;
  for (const Bounded& b : z) {
    variance += (b.value - mean) * (b.value - mean) / n;
    slack += (2 * std::abs(b.value - mean) * b.error + b.error * b.error) / n;
  }
  const double held =
      std::ldexp(image.variance_mantissa, -(image.variance_shift + variance_frac - 2 * c.layer.value.frac)) *
      n * n;
  const Bounded u = rounded(Bounded{variance, slack} * about(1, held), std::ldexp(1.0, -variance_frac)) +
                    about(delta / n, std::ldexp(image.offset, -variance_frac));
  const Bounded inverse =
      bounded_power(u, -p, image.minus_p, scale_power_frac, std::ldexp(65535.0, -scale_power_frac));
  uq = bounded_power(u, 1 - p, image.q, image.scale_frac, std::ldexp(32767.0, -image.scale_frac));
  const int mean_shift = image.mean_shift - c.layer.value.frac - scale_power_frac + c.layer.output.frac;
  const Bounded share = about(1, std::ldexp(image.mean_mantissa, -mean_shift) * n);
  for (std::size_t i = 0; i < z.size(); ++i)
    r[i] = stored(
        Bounded{z[i].value - mean, z[i].error * (1 - 1 / n) + mean_error - z[i].error / n} * inverse * share,
        c.layer.output);
}

void activate_tanh(const FixedCase& c, Bounded h, Bounded& z, Bounded& fprime) {
  const auto hardware = [](double sum, double sign) {
    return std::clamp(std::tanh(std::clamp(sum + sign * tanh_argument, -8.0, 8.0)) + sign * tanh_unit, -1.0,
                      1.0);
  };
  const Bounded y = within(std::tanh(h.value), hardware(h.low(), -1), hardware(h.high(), 1));
  z = stored(y, c.layer.value);
  fprime = clipped(Bounded{1, 0} - rounded(y * y, 0x1p-15), 0, 1);
}

/// z and f' of one neuron.
void activate(const FixedCase& c, Bounded h, Bounded& z, Bounded& fprime) {
  if (c.activation == Activation::tanh) return activate_tanh(c, h, z, fprime);
  if (c.activation == Activation::saturated_linear) {
    const auto given = c.request.parameters.numbers.find("scale");
    const double one = given == c.request.parameters.numbers.end() ? 1 : given->second;
    const auto clip = [one](double sum) { return std::clamp(sum / one, -1.0, 1.0); };
    z = stored(within(clip(h.value), clip(h.low()), clip(h.high())), c.layer.value);
    const bool crosses = (h.low() <= one && h.high() > one) || (h.low() < -one && h.high() >= -one);
    fprime = {std::abs(h.value) <= one ? 1 / one : 0, crosses ? 1 / one : 0};
    return;
  }
  const auto given = c.request.parameters.numbers.find("slope");
  if (given == c.request.parameters.numbers.end()) {
    z = stored(h, c.layer.value);
    fprime = {1, 0};
    return;
  }
  const double slope = given->second, held = std::ldexp(std::round(std::ldexp(slope, 15)), -15);
  const auto hardware = [held](double sum) { return sum > 0 ? sum : held * sum; };
  z = stored(within(h.value > 0 ? h.value : slope * h.value, hardware(h.low()), hardware(h.high())),
             c.layer.value);
  const double derivative = h.value > 0 ? 1 : slope;
  fprime = within(derivative, h.low() > 0 ? 1 : held, h.high() > 0 ? 1 : held);
}

BoundedArray array_of(std::vector<std::size_t> shape, const std::vector<std::int64_t>& words, double step,
                      const std::vector<Bounded>& bounds) {
  BoundedArray out;
  out.shape = std::move(shape);
  for (std::size_t i = 0; i < words.size(); ++i) put(out, static_cast<double>(words[i]) * step, bounds[i]);
  return out;
}

}  // namespace

BoundedForward bounded_forward(const FixedCase& c) {
  const FixedTrace& t = c.trace;
  BoundedForward f;
  const auto quantised = [](const std::vector<double>& values, const NumberFormat& format) {
    std::vector<Bounded> all;
    for (const double v : values) all.push_back(about(v, format.real(format.quantise(v))));
    return all;
  };
  f.x = quantised(c.input("x").values, c.layer.activity);
  f.w = quantised(c.input("w").values, c.layer.weight);
  f.z.resize(t.samples * t.neurons), f.fprime.resize(f.z.size());
  f.r.resize(t.groups > 0 ? f.z.size() : 0), f.uq.resize(t.samples * t.groups);
  for (std::size_t s = 0; s < t.samples; ++s) {
    for (std::size_t i = 0; i < t.neurons; ++i) {
      Bounded h;
      double magnitude = 0;
      for (std::size_t j = 0; j < t.inputs; ++j) {
        const Bounded product = f.w[i * t.inputs + j] * f.x[s * t.inputs + j];
        h = h + product;
        magnitude += std::abs(product.value);
      }
      h.error += 0x1p-52 * static_cast<double>(t.inputs) * magnitude;  // the float sum's own rounding
      f.h.push_back(h);
      activate(c, h, f.z[s * t.neurons + i], f.fprime[s * t.neurons + i]);
    }
    const std::size_t size = t.groups > 0 ? t.neurons / t.groups : 0;
    for (std::size_t g = 0; g < t.groups; ++g)
      normalise(c, std::span(f.z).subspan(s * t.neurons + g * size, size),
                std::span(f.r).subspan(s * t.neurons + g * size, size), f.uq[s * t.groups + g]);
  }
  return f;
}

NumberFormat plan_format(const RulePlan& plan, const std::string& array) {
  for (const NamedFormat& f : plan.formats)
    if (f.array == array) return f.format;
  throw Error(ExitCode::internal, {"TF-EVL-020", array, "the plan names no format of that array", "", ""});
}

Bounded bounded_factor(const FixedCase& c, Bounded product) {
  return stored(product, plan_format(c.plan, "a0"), c.layer.stochastic);
}

Bounded bounded_c(const FixedCase& c, Bounded product) {
  return stored(product, plan_format(c.plan, "c"), c.layer.stochastic);
}

std::vector<Bounded> bounded_decay(const FixedCase& c, std::int32_t rate, std::int32_t shift, double wanted) {
  if (!c.plan.uses_c) return {};
  const double held = std::ldexp(static_cast<double>(c.plan.eta_mantissa) * rate, -shift - c.plan.lane.shift);
  return std::vector<Bounded>(c.trace.neurons, bounded_c(c, about(wanted, held)));
}

Bounded bounded_eta(const FixedCase& c, int product_frac, std::int32_t shift) {
  const int eta_shift = shift + plan_format(c.plan, "a0").frac - product_frac;
  return about(c.number("eta"), std::ldexp(c.plan.eta_mantissa, -eta_shift));
}

Bounded bounded_exp_negative(Bounded x) {
  constexpr double log2_e_held = 94548.0 / 65536;
  const auto hardware = [](double at, double sign) {
    const double limited = std::clamp(at, 0.0, 32.0);
    const double y = -limited * log2_e_held + sign * half_word;
    return std::exp(y * ln2) * (1 + sign * exp2_unit) + sign * 0x1p-16;
  };
  return within(std::exp(-x.value), std::max(0.0, hardware(x.high(), -1)),
                std::min(1.0, hardware(x.low(), 1)));
}

Bounded bounded_mean_step(Bounded mean, Bounded value, double alpha, double rate, int frac) {
  const double now = (1 - alpha) * mean.value + alpha * value.value;
  return {now, (1 - rate) * mean.error + rate * value.error +
                   std::abs(rate - alpha) * std::abs(value.value - mean.value) + std::ldexp(0.5, -frac)};
}

void put_fixed(const FixedCase& c, const BoundedForward& f, const std::vector<BoundedFactors>& factors,
               BoundedArrays& out) {
  const FixedTrace& t = c.trace;
  out["z"] = array_of({t.samples, t.neurons}, t.z, c.layer.value.step(), f.z);
  out["fprime"] = array_of({t.samples, t.neurons}, t.fprime, 0x1p-15, f.fprime);
  if (t.groups > 0) {
    out["r"] = array_of({t.samples, t.neurons}, t.r, c.layer.output.step(), f.r);
    out["uq"] = array_of({t.samples, t.groups}, t.uq, c.layer.group_scale.step(), f.uq);
  }
  BoundedArray a0{{t.samples, t.neurons}, {}, {}, {}}, a1 = a0, decay = a0,
                                                       dw{{t.samples, t.neurons, t.inputs}, {}, {}, {}};
  const double a_step = plan_format(c.plan, "a0").step(), w_step = c.layer.weight.step();
  for (std::size_t s = 0; s < t.samples; ++s) {
    const BoundedFactors& now = factors[s];
    for (std::size_t i = 0; i < t.neurons; ++i) {
      put(a0, static_cast<double>(t.a0[s * t.neurons + i]) * a_step, now.a0[i]);
      if (!t.a1.empty()) put(a1, static_cast<double>(t.a1[s * t.neurons + i]) * a_step, now.a1[i]);
      if (!t.c.empty())
        put(decay, std::ldexp(static_cast<double>(t.c[s * t.neurons + i]), -c.plan.lane.shift), now.c[i]);
      for (std::size_t j = 0; j < t.inputs; ++j) {
        const Bounded w = f.w[i * t.inputs + j];
        Bounded change = now.a0[i] * now.b0[j];
        if (!now.c.empty()) change = change - now.c[i] * w;
        if (!now.a1.empty()) change = change + now.a1[i] * now.b1[j];
        const double start = c.layer.weight.real(t.w[i * t.inputs + j]);
        change = clipped(rounded(change, w_step, c.layer.stochastic),
                         c.layer.weight.real(c.layer.weight.low()) - start, c.layer.weight.largest() - start);
        put(dw, static_cast<double>(t.dw[(s * t.neurons + i) * t.inputs + j]) * w_step, change);
      }
    }
  }
  out["a0"] = std::move(a0);
  if (!t.a1.empty()) out["a1"] = std::move(a1);
  if (!t.c.empty()) out["c"] = std::move(decay);
  out["dw"] = std::move(dw);
}

}  // namespace trifactor
