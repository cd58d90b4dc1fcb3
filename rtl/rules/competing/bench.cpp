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

}  // namespace

BoundedArrays bench(const FixedCase& c) {
  const FixedTrace& t = c.trace;
  const BoundedForward f = bounded_forward(c);
  const NumberFormat current_format = plan_format(c.plan, "current"),
                     g_format = plan_format(c.plan, "third_factor");
  const Bounded eta = bounded_eta(c, g_format.frac, c.plan.post[post_a_shift]);
  const Bounded kth = about(-c.number("delta"), g_format.real(c.plan.teacher[teacher_kth]));
  const auto k = static_cast<std::size_t>(c.plan.teacher[teacher_ranks]);
  BoundedArray currents{{t.samples, t.neurons}, {}, {}, {}};
  std::vector<BoundedFactors> factors;
  for (std::size_t s = 0; s < t.samples; ++s) {
    std::vector<Bounded> current;
    for (std::size_t i = 0; i < t.neurons; ++i) {
      current.push_back(stored(f.h[s * t.neurons + i], current_format));
      put(currents, current_format.real(t.current[s * t.neurons + i]), current.back());
    }
    BoundedFactors now;
    for (std::size_t i = 0; i < t.neurons; ++i) {
      const Bounded g = strength(current, i, k, kth);
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
  return out;
}

}  // namespace trifactor::competing
