#include "rtl/rules/readout/bench.hpp"

#include "rtl/rules/delta.hpp"
#include "rtl/rules/delta_bench.hpp"

namespace trifactor::readout {

BoundedArrays bench(const FixedCase& c) {
  const FixedTrace& t = c.trace;
  const BoundedForward f = bounded_forward(c);
  const DeltaKind kind = static_cast<DeltaKind>(c.plan.post[delta_kind]);
  const int error_frac = kind == DeltaKind::linear ? c.layer.value.frac : 15;
  const Bounded eta = bounded_eta(c, error_frac, c.plan.post[delta_a_shift]);
  std::vector<BoundedFactors> factors;
  for (std::size_t s = 0; s < t.samples; ++s) {
    BoundedFactors now;
    const auto target = static_cast<std::size_t>(c.input("labels").values[s]);
    for (const Bounded& delta :
         bounded_target_errors(c, std::span(f.z).subspan(s * t.neurons, t.neurons), target))
      now.a0.push_back(bounded_factor(c, eta * delta));
    const auto x = std::span(f.x).subspan(s * t.inputs, t.inputs);
    now.b0.assign(x.begin(), x.end());
    now.c = bounded_decay(c, c.plan.post[delta_c_rate], c.plan.post[delta_c_shift],
                          c.number("eta") * c.number("decay"));
    factors.push_back(std::move(now));
  }
  BoundedArrays out;
  put_fixed(c, f, factors, out);
  if (kind == DeltaKind::softmax) {
    auto node = out.extract("z");
    node.key() = "h";
    out.insert(std::move(node));
  }
  return out;
}

}  // namespace trifactor::readout
