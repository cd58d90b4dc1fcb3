#include "rtl/rules/delta_bench.hpp"

#include "rtl/rules/delta.hpp"

namespace trifactor {
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
    const bool known = std::isfinite(sum_high);  // else the sums may be anything
    const double least = known && low[i] > 0 ? low[i] / (low[i] + sum_high - high[i]) : 0;
    const double most = known ? high[i] / (high[i] + sum_low - low[i]) : 1;
    p.push_back(rounded(within(value[i] / sum, least * (1 - reciprocal_unit), most * (1 + reciprocal_unit)),
                        0x1p-15));
  }
  return p;
}

/// The circuit's transfer function settled, of a sum h with S = 1; plain so that it can be asked at bounds.
double settled(double h, bool presented, double mu, double m, double excess) {
  const auto transfer = [&](double input) {
    return input > 2 * m + 1     ? 1 + excess
           : input >= m          ? 1
           : input > -m          ? 0
           : input >= -2 * m - 1 ? -mu
                                 : -mu - excess;
  };
  const double driven = h + (presented ? 2 * m : -2 * m), first = transfer(driven);
  return transfer(first > 1 ? driven - 2 * m : first < -mu ? driven + 2 * m : driven);
}

/// It is constant between the corners, so the hardware's result is one of those at and beside them.
Bounded circuit_error(const FixedCase& c, Bounded z, bool presented, double mu, double held_mu) {
  const double m = c.number("circuit_m"), excess = std::ldexp(circuit_excess_word, -15);
  const double value = settled(z.value, presented, mu, m, excess);
  double error = 0;
  const auto ask = [&](double h) {
    if (h < z.low() || h > z.high()) return;
    error = std::max(error, std::abs(settled(h, presented, held_mu, m, excess) - value));
  };
  ask(z.low()), ask(z.high()), ask(z.value);
  for (const double corner : {1.0, m, 3 * m, 2 * m + 1, 4 * m + 1})
    for (const double sign : {-1.0, 1.0})
      for (const double beside : {-1e-9, 0.0, 1e-9}) ask(sign * corner + beside);
  return {value, error};
}

}  // namespace

std::vector<Bounded> bounded_target_errors(const FixedCase& c, std::span<const Bounded> z,
                                           std::size_t target) {
  const DeltaKind kind = static_cast<DeltaKind>(c.plan.post[delta_kind]);
  std::vector<Bounded> delta;
  if (kind == DeltaKind::softmax) delta = softmax(z);
  for (std::size_t i = 0; i < z.size(); ++i) {
    const Bounded wanted{i == target ? 1.0 : 0.0, 0};
    if (kind == DeltaKind::softmax) delta[i] = wanted - delta[i];
    if (kind == DeltaKind::linear) delta.push_back(wanted - z[i]);
    if (kind != DeltaKind::hinge && kind != DeltaKind::circuit) continue;
    const double given = c.number("mu"), mu = given > 0 ? given : 1.0 / (c.layer.classes - 1);
    const double held = std::ldexp(c.plan.post[delta_mu], -15);
    if (kind == DeltaKind::circuit) {
      delta.push_back(circuit_error(c, z[i], i == target, mu, held));
      continue;
    }
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

}  // namespace trifactor
