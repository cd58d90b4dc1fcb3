#include "rtl/rules/urfb/bench.hpp"

#include "rtl/rules/delta.hpp"
#include "rtl/rules/delta_bench.hpp"

namespace trifactor::urfb {
namespace {

/// What came back to a hidden layer: R, delta of the layer behind it, and their product before the gate.
struct Returned {
  std::vector<Bounded> r, next, sum;  ///< (neurons, next), (T, next), (T, neurons)
};

Returned bounded_returned(const FixedCase& c) {
  const FixedTrace& t = c.trace;
  const NumberFormat word = plan_format(c.plan, "delta"), weight = c.feedback->layer.weight;
  Returned b;
  for (const double v : c.input("r").values) b.r.push_back(about(v, weight.real(weight.quantise(v))));
  for (const double v : c.input("delta_next").values) b.next.push_back(about(v, word.real(word.quantise(v))));
  for (std::size_t s = 0; s < t.samples; ++s)
    for (std::size_t i = 0; i < t.neurons; ++i) {
      Bounded sum;
      double magnitude = 0;
      for (std::size_t j = 0; j < t.next; ++j) {
        const Bounded product = b.r[i * t.next + j] * b.next[s * t.next + j];
        sum = sum + product;
        magnitude += std::abs(product.value);
      }
      sum.error += 0x1p-52 * static_cast<double>(t.next) * magnitude;  // the float sum's own rounding
      b.sum.push_back(sum);
    }
  return b;
}

BoundedArray array_of(std::vector<std::size_t> shape, const std::vector<std::int64_t>& words, double step,
                      const std::vector<Bounded>& bounds) {
  BoundedArray out{std::move(shape), {}, {}, {}};
  for (std::size_t k = 0; k < bounds.size(); ++k) put(out, static_cast<double>(words[k]) * step, bounds[k]);
  return out;
}

/// The feedback projection's own update: a0 = eta z as it is sent, b0 = delta that came back.
BoundedArray feedback_change(const FixedCase& c, const BoundedForward& f, const Returned& back) {
  const FixedTrace& t = c.trace;
  const FixedFeedback& feedback = *c.feedback;
  const NumberFormat weight = feedback.layer.weight, factor = plan_format(feedback.plan, "a0");
  const NumberFormat sent = feedback.layer.sent;
  const int eta_shift = feedback.plan.post[delta_a_shift] + factor.frac - sent.frac;
  const Bounded eta = about(c.number("eta"), std::ldexp(feedback.plan.eta_mantissa, -eta_shift));
  BoundedArray out{{t.samples, t.neurons, t.next}, {}, {}, {}};
  for (std::size_t s = 0; s < t.samples; ++s)
    for (std::size_t i = 0; i < t.neurons; ++i) {
      const Bounded a0 = stored(eta * stored(f.z[s * t.neurons + i], sent), factor, c.layer.stochastic);
      for (std::size_t j = 0; j < t.next; ++j) {
        const double start = weight.real(t.back[i * t.next + j]);
        put(out, static_cast<double>(t.dr[(s * t.neurons + i) * t.next + j]) * weight.step(),
            clipped(rounded(a0 * back.next[s * t.next + j], weight.step(), c.layer.stochastic),
                    weight.real(weight.low()) - start, weight.largest() - start));
      }
    }
  return out;
}

/// Whether the neurons u and v of the circuit may, and may not, shut a gate.
struct Shut {
  bool value, possible, certain;
};
Shut shut(Bounded z) {
  const double last = 1 - 0x1p-15;  // 1 in a format that ends below it
  return {std::abs(z.value) >= 1, z.high() >= last || z.low() <= -1, z.low() >= 1 || z.high() <= -1};
}

/// sigma(delta - 2K) or sigma(delta), whichever may be.
Bounded circuit_gate(const FixedCase& c, Bounded sum, Bounded z) {
  const double k = c.number("circuit_k"),
               held = std::ldexp(c.plan.post[delta_circuit_k], -plan_format(c.plan, "delta").frac);
  const Shut gate = shut(z);
  const auto pass = [](double input, double limit) { return input >= -limit ? input : 0; };
  const double value = pass(sum.value - (gate.value ? 2 * k : 0), k);
  double low = value, high = value;
  for (const bool closed : {false, true}) {
    if (closed ? !gate.possible : gate.certain) continue;
    const double from = sum.low() - (closed ? 2 * held : 0), to = sum.high() - (closed ? 2 * held : 0);
    for (const double at : {pass(from, held), pass(to, held)})
      low = std::min(low, at), high = std::max(high, at);
    if (from < -held && to >= -held) low = std::min(low, -held), high = std::max(high, 0.0);
  }
  return within(value, low, high);
}

BoundedArray open_gates(const FixedCase& c, const BoundedForward& f) {
  BoundedArray out{{c.trace.samples, c.trace.neurons}, {}, {}, {}};
  const std::int64_t one = std::int64_t{1} << c.layer.value.frac;
  for (std::size_t k = 0; k < f.z.size(); ++k) {
    const Shut gate = shut(f.z[k]);
    const bool open = c.trace.z[k] < std::min<std::int64_t>(one, 32767) && c.trace.z[k] > -one;
    put(out, open ? 1 : 0, {gate.value ? 0.0 : 1.0, gate.possible && !gate.certain ? 1.0 : 0.0});
  }
  return out;
}

}  // namespace

BoundedArrays bench(const FixedCase& c) {
  const FixedTrace& t = c.trace;
  const BoundedForward f = bounded_forward(c);
  const NumberFormat word = plan_format(c.plan, "delta");
  const Bounded eta = bounded_eta(c, word.frac, c.plan.post[delta_a_shift]);
  const bool hidden = c.feedback != nullptr, circuit = c.plan.post[delta_circuit_k] != 0;
  const Returned back = hidden ? bounded_returned(c) : Returned{};
  std::vector<BoundedFactors> factors(t.samples);
  std::vector<Bounded> delta;
  for (std::size_t s = 0; s < t.samples; ++s) {
    if (hidden) {
      for (std::size_t i = s * t.neurons; i < (s + 1) * t.neurons; ++i) {
        const Bounded sum = stored(back.sum[i], word);
        delta.push_back(circuit ? circuit_gate(c, sum, f.z[i]) : rounded(f.fprime[i] * sum, word.step()));
      }
    } else {
      const auto target = static_cast<std::size_t>(c.input("labels").values[s]);
      for (const Bounded& d :
           bounded_target_errors(c, std::span(f.z).subspan(s * t.neurons, t.neurons), target))
        delta.push_back(stored(d, word));
    }
    for (std::size_t i = s * t.neurons; i < (s + 1) * t.neurons; ++i)
      factors[s].a0.push_back(bounded_factor(c, eta * delta[i]));
    const auto x = std::span(f.x).subspan(s * t.inputs, t.inputs);
    factors[s].b0.assign(x.begin(), x.end());
  }
  BoundedArrays out;
  put_fixed(c, f, factors, out);
  out["delta"] = array_of({t.samples, t.neurons}, t.error, word.step(), delta);
  if (!hidden) return out;
  out["gate"] = circuit ? open_gates(c, f) : out["fprime"];
  out["third_factor"] =
      array_of({t.samples, t.neurons}, t.error_sums, std::ldexp(1.0, -c.layer.error_sum_frac), back.sum);
  // FRFB: no unit ever touches R, so there is nothing to compare.
  if (c.request.parameters.words.at("update_r") == "true") out["dr"] = feedback_change(c, f, back);
  return out;
}

}  // namespace trifactor::urfb
