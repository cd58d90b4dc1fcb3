// The equations of README.md beside this file once more, with the errors of the hardware's words carried
// along. Where currents lie so near one another that rounding may have chosen another neuron, its factors are
// bounded by what they are when it is chosen.
#include "rtl/rules/competing/bench.hpp"

#include "rtl/rules/competing/golden.hpp"

namespace trifactor::competing {
namespace {

/// g of a neuron as float has it, and how far the hardware's may be from it.
Bounded strength(std::span<const Bounded> current, std::size_t i, std::size_t k, Bounded kth) {
  std::size_t above = 0, surely = 0, perhaps = 0;  // neurons before this one: in float; in any hardware
  for (std::size_t j = 0; j < current.size(); ++j) {
    if (j == i) continue;
    above += current[j].value > current[i].value || (current[j].value == current[i].value && j > i);
    surely += current[j].low() > current[i].high();
    perhaps += current[j].high() >= current[i].low();
  }
  const double g = above == 0 ? 1 : above == k - 1 ? kth.value : 0;
  const auto distance = [&](double other) { return std::abs(other - g); };
  double error = above == k - 1 ? kth.error : 0;
  if (surely == 0) error = std::max(error, distance(1));
  if (surely <= k - 1 && perhaps >= k - 1) error = std::max(error, distance(kth.value) + kth.error);
  if (perhaps > surely) error = std::max(error, distance(0));
  return {g, error};
}

/// Where weights are raised to a power: the sums of all samples and neurons, with each power rounded to its
/// format. Else the plain sums.
std::vector<Bounded> currents_of(const FixedCase& c, const BoundedForward& f) {
  if (c.plan.weight_power == 2) return f.h;
  const FixedTrace& t = c.trace;
  const NumberFormat format = plan_format(c.plan, "raised_weight");
  const auto raise = [&](double w) { return std::copysign(std::pow(std::abs(w), c.number("p") - 1), w); };
  std::vector<Bounded> raised, sums;
  for (std::size_t k = 0; k < t.w.size(); ++k) {
    const double wanted = f.w[k].value, held = c.layer.weight.real(t.w[k]);
    raised.push_back(rounded(about(raise(wanted), raise(held)), format.step()));
  }
  for (std::size_t s = 0; s < t.samples; ++s)
    for (std::size_t i = 0; i < t.neurons; ++i) {
      Bounded sum;
      double magnitude = 0;
      for (std::size_t j = 0; j < t.inputs; ++j) {
        const Bounded product = raised[i * t.inputs + j] * f.x[s * t.inputs + j];
        sum = sum + product;
        magnitude += std::abs(product.value);
      }
      sum.error += 0x1p-52 * static_cast<double>(t.inputs + 4) * magnitude;  // the float reference's rounding
      sums.push_back(sum);
    }
  return sums;
}

/// g that was broadcast for a neuron; 0 for most.
std::int64_t word_of(const FixedTrace& t, std::size_t sample, std::size_t neuron) {
  for (int pair = 0; pair < pairs; ++pair) {
    const auto* words = &t.words[sample * 2 * pairs + 2 * static_cast<std::size_t>(pair)];
    if (static_cast<std::uint16_t>(words[0]) == neuron) return words[1];
  }
  return 0;
}

}  // namespace

BoundedArrays bench(const FixedCase& c) {
  const FixedTrace& t = c.trace;
  const BoundedForward f = bounded_forward(c);
  const NumberFormat current_format = plan_format(c.plan, "current"),
                     g_format = plan_format(c.plan, "third_factor");
  const Bounded eta = bounded_eta(c, g_format.frac, c.plan.post[post_a_shift]);
  const Bounded kth = about(-c.number("delta"), g_format.real(c.plan.teacher[teacher_kth]));
  const std::vector<Bounded> sums = currents_of(c, f);
  const auto k = static_cast<std::size_t>(c.plan.teacher[teacher_ranks]);
  BoundedArray currents{{t.samples, t.neurons}, {}, {}, {}}, strengths = currents;
  std::vector<BoundedFactors> factors;
  for (std::size_t s = 0; s < t.samples; ++s) {
    std::vector<Bounded> current;
    for (std::size_t i = 0; i < t.neurons; ++i) {
      current.push_back(stored(sums[s * t.neurons + i], current_format));
      put(currents, current_format.real(t.current[s * t.neurons + i]), current.back());
    }
    BoundedFactors now;
    for (std::size_t i = 0; i < t.neurons; ++i) {
      const Bounded g = strength(current, i, k, kth);
      put(strengths, g_format.real(word_of(t, s, i)), g);
      now.a0.push_back(bounded_factor(c, eta * g));
      now.c.push_back(bounded_c(c, eta * g * current[i]));
      if (g.value == 0 && g.error == 0) now.a0.back() = now.c.back() = {};  // nothing is formed for it
    }
    const auto x = std::span(f.x).subspan(s * t.inputs, t.inputs);
    now.b0.assign(x.begin(), x.end());
    factors.push_back(std::move(now));
  }
  BoundedArrays out;
  put_fixed(c, f, factors, out);
  out["current"] = std::move(currents);
  out["g"] = std::move(strengths);
  return out;
}

}  // namespace trifactor::competing
