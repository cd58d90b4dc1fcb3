#include "rtl/rules/delta.hpp"

#include <algorithm>
#include <cmath>

#include "rtl/rules/factor.hpp"
#include "rtl/units/exp/golden.hpp"
#include "rtl/units/reciprocal/golden.hpp"

namespace trifactor {
namespace {

class DeltaPost final : public PostUnit {
 public:
  void form(const PostView& view, std::span<const std::int16_t>, int target, PostResult& result) override {
    const auto& reg = view.registers;
    const DeltaKind kind = static_cast<DeltaKind>(reg[delta_kind]);
    const FactorRounder round{reg[delta_stochastic] != 0, reg[delta_a_shift]};
    const FactorRounder round_c{reg[delta_stochastic] != 0, reg[delta_c_shift]};
    if (kind == DeltaKind::softmax) prepare_softmax(view);
    for (int i = 0; i < view.neurons; ++i) {
      std::int64_t delta = exact(view, kind, i, i == target);
      std::int64_t word = saturate_signed(round_shift(delta, reg[delta_word_shift]), reg[delta_word_bits]);
      if (kind == DeltaKind::returned)
        word = reg[delta_circuit_k] != 0 ? circuit_gate(view, i, word)
                                         : round_shift(word * view.now.fprime[i], 15);
      if (reg[delta_from_word] != 0) delta = word;
      result.a0[i] = round(delta * view.eta, result.generators[i], result.losses);
      if (!result.c.empty())
        result.c[i] =
            round_c(std::int64_t{view.eta} * reg[delta_c_rate], result.generators[i], result.losses);
      if (!result.error.empty()) result.error[i] = static_cast<std::int16_t>(word);
    }
  }

 private:
  void prepare_softmax(const PostView& view) {
    largest_ = *std::max_element(view.now.z, view.now.z + view.neurons);
    std::int64_t total = 0;
    for (int i = 0; i < view.neurons; ++i) total += exponential(view, i);
    normaliser_ = reciprocal(static_cast<std::uint64_t>(total));
  }

  std::int64_t exponential(const PostView& view, int i) const {
    return exp_negative((largest_ - view.now.z[i]) << (16 - view.registers[delta_value_frac]));
  }

  std::int64_t exact(const PostView& view, DeltaKind kind, int i, bool is_target) const {
    const std::int64_t z = view.now.z[i], one = std::int64_t{1} << view.registers[delta_value_frac];
    switch (kind) {
      case DeltaKind::softmax:
        return (is_target ? 32768 : 0) -
               round_shift(exponential(view, i) * normaliser_.mantissa, normaliser_.exponent + 1);
      case DeltaKind::linear:
        return (is_target ? one : 0) - z;
      case DeltaKind::hinge:
        if (is_target) return z < one ? 32768 : 0;
        return z > -one ? -view.registers[delta_mu] : 0;
      case DeltaKind::returned:
        return view.error == nullptr ? 0 : view.error[i];
      case DeltaKind::circuit:
        return circuit(view, z, one, is_target);
      case DeltaKind::own:
        break;
    }
    return z;
  }

  /// States of the neuron: 2 and -2 are those that excite the control neuron.
  static int transfer(std::int64_t input, std::int64_t m, std::int64_t threshold) {
    if (input > 2 * m + threshold) return 2;
    if (input >= m) return 1;
    if (input > -m) return 0;
    return input >= -2 * m - threshold ? -1 : -2;
  }

  static std::int64_t circuit(const PostView& view, std::int64_t z, std::int64_t one, bool is_target) {
    const std::int64_t m = view.registers[delta_circuit_m], mu = view.registers[delta_mu];
    std::int64_t driven = z + (is_target ? 2 * m : -2 * m);
    const int first = transfer(driven, m, one);
    if (first == 2) driven -= 2 * m;
    if (first == -2) driven += 2 * m;
    switch (transfer(driven, m, one)) {
      case 2:
        return 32768 + circuit_excess_word;
      case 1:
        return 32768;
      case -1:
        return -mu;
      case -2:
        return -mu - circuit_excess_word;
      default:
        return 0;
    }
  }

  /// 1 in the format of z is its largest value where the format ends below 1.
  static std::int64_t circuit_gate(const PostView& view, int i, std::int64_t word) {
    const std::int64_t one = std::int64_t{1} << view.registers[delta_value_frac],
                       k = view.registers[delta_circuit_k];
    const std::int64_t z = view.now.z[i];
    const bool shut = z >= std::min<std::int64_t>(one, 32767) || z <= std::max<std::int64_t>(-one, -32768);
    const std::int64_t input = shut ? word - 2 * k : word;
    return input >= -k ? input : 0;
  }

  std::int64_t largest_ = 0;
  Reciprocal normaliser_;
};

}  // namespace

std::unique_ptr<PostUnit> delta_post() { return std::make_unique<DeltaPost>(); }

std::int32_t hinge_mu(const Parameters& p, int classes) {
  const double mu = p.number("mu") > 0 ? p.number("mu") : 1.0 / (classes - 1);
  return static_cast<std::int32_t>(std::lround(std::ldexp(mu, 15)));
}

int delta_contribute_cycles(const RulePlan&, int, int) { return 1; }

int delta_form_cycles(const RulePlan& plan, int neurons, int) {
  const DeltaKind kind = static_cast<DeltaKind>(plan.post[delta_kind]);
  const int more = (plan.uses_c ? 1 : 0) + (plan.post[delta_from_word] != 0 ? 1 : 0) +
                   (kind == DeltaKind::returned ? 2 : 0);
  if (kind != DeltaKind::softmax) return 2 + neurons * (3 + more);
  // largest and sum: an address a cycle each, with 1 and 3 cycles behind; 3 for the reciprocal
  return 2 + (neurons + 1) + (neurons + 3) + 3 + neurons * (6 + more);
}

}  // namespace trifactor
