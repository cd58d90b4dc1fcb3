#include "rtl/rules/readout/bench.hpp"

#include "rtl/rules/readout/golden.hpp"

namespace trifactor::readout {
namespace {

constexpr double reciprocal_unit =
    0x1p-13 * 0.5744 + 0x1p-16;       // 2^-13.8 as its header claims, and the cut to 17 bits
constexpr double exp_unit = 0x1p-15;  // of 2^f
constexpr double ln2 = 0.6931471805599453;

/// Probabilities: e_i / sum e with e_i = exp(z_i - largest). The hardware's common factor, exp of its own
/// largest, cancels but for the half step that each e_i is rounded by.
std::vector<Bounded> softmax(std::span<const Bounded> z) {
  double largest = z[0].value, shift = 0;
  for (const Bounded& b : z) largest = std::max(largest, b.value), shift = std::max(shift, b.error);
  const double absolute = 0x1p-16 * std::exp(shift);
  std::vector<double> value, low, high;
  double sum = 0, sum_low = 0, sum_high = 0;
  for (const Bounded& b : z) {
    const double below = std::min(32.0, largest - b.value + b.error + shift);
    const double relative =
        exp_unit + ln2 * (below * 7.1e-6 + 0x1p-17);  // log2 e held as 94548 / 2^16, half a step
    value.push_back(std::exp(b.value - largest));
    low.push_back(std::max(0.0, std::exp(b.low() - largest) * (1 - relative) - absolute));
    high.push_back(std::exp(b.high() - largest) * (1 + relative) * (1 + relative) + absolute);
    sum += value.back(), sum_low += low.back(), sum_high += high.back();
  }
  std::vector<Bounded> p;
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double least = low[i] > 0 ? low[i] / (low[i] + sum_high - high[i]) : 0;
    const double most = high[i] / (high[i] + sum_low - low[i]);
    p.push_back(rounded(within(value[i] / sum, least * (1 - reciprocal_unit), most * (1 + reciprocal_unit)),
                        0x1p-15));
  }
  return p;
}

std::vector<Bounded> errors(const FixedCase& c, std::span<const Bounded> z, std::size_t target) {
  const ErrorKind kind = static_cast<ErrorKind>(c.plan.post[post_error]);
  std::vector<Bounded> delta;
  if (kind == ErrorKind::softmax) delta = softmax(z);
  for (std::size_t i = 0; i < z.size(); ++i) {
    const Bounded wanted{i == target ? 1.0 : 0.0, 0};
    if (kind == ErrorKind::softmax) delta[i] = wanted - delta[i];
    if (kind == ErrorKind::linear) delta.push_back(wanted - z[i]);
    if (kind != ErrorKind::hinge) continue;
    const double given = c.number("mu"), mu = given > 0 ? given : 1.0 / (c.layer.classes - 1);
    const double held = std::ldexp(c.plan.post[post_mu], -15);
    // The step lies at 1 from below for the target, at -1 from above for the others, both strict.
    const bool target_now = i == target;
    const bool may_hold = target_now ? z[i].low() < 1 : z[i].high() > -1;
    const bool may_fail = target_now ? z[i].high() >= 1 : z[i].low() <= -1;
    const bool holds = target_now ? z[i].value < 1 : z[i].value > -1;
    const double value = holds ? (target_now ? 1 : -mu) : 0, hardware = target_now ? 1 : -held;
    delta.push_back(
        {value, std::max(may_hold ? std::abs(hardware - value) : 0, may_fail ? std::abs(value) : 0)});
  }
  return delta;
}

}  // namespace

BoundedArrays bench(const FixedCase& c) {
  const FixedTrace& t = c.trace;
  const BoundedForward f = bounded_forward(c);
  const ErrorKind kind = static_cast<ErrorKind>(c.plan.post[post_error]);
  const int error_frac = kind == ErrorKind::linear ? c.layer.value.frac : 15;
  const Bounded eta = bounded_eta(c, error_frac, c.plan.post[post_a_shift]);
  std::vector<BoundedFactors> factors;
  for (std::size_t s = 0; s < t.samples; ++s) {
    BoundedFactors now;
    const auto target = static_cast<std::size_t>(c.input("labels").values[s]);
    for (const Bounded& delta : errors(c, std::span(f.z).subspan(s * t.neurons, t.neurons), target))
      now.a0.push_back(bounded_factor(c, eta * delta));
    const auto x = std::span(f.x).subspan(s * t.inputs, t.inputs);
    now.b0.assign(x.begin(), x.end());
    now.c = bounded_decay(c, c.plan.post[post_c_rate], c.plan.post[post_c_shift],
                          c.number("eta") * c.number("decay"));
    factors.push_back(std::move(now));
  }
  BoundedArrays out;
  put_fixed(c, f, factors, out);
  if (kind == ErrorKind::softmax) {
    auto node = out.extract("z");
    node.key() = "h";
    out.insert(std::move(node));
  }
  return out;
}

}  // namespace trifactor::readout
