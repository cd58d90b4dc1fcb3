#include "rtl/rules/readout/golden.hpp"

#include <algorithm>

#include "rtl/rules/factor.hpp"
#include "rtl/units/exp/golden.hpp"
#include "rtl/units/reciprocal/golden.hpp"

namespace trifactor::readout {
namespace {

class GoldenPost final : public PostUnit {
 public:
  void form(const PostView& view, std::span<const std::int16_t>, int target, PostResult& result) override {
    const auto& reg = view.registers;
    const ErrorKind kind = static_cast<ErrorKind>(reg[post_error]);
    const int value_frac = reg[post_value_frac];
    const std::int64_t one = std::int64_t{1} << value_frac;
    const FactorRounder round{reg[post_stochastic] != 0, reg[post_a_shift]};
    const FactorRounder round_c{reg[post_stochastic] != 0, reg[post_c_shift]};

    std::int64_t largest = 0, total = 0;
    if (kind == ErrorKind::softmax) {
      largest = *std::max_element(view.now.z, view.now.z + view.neurons);
      for (int i = 0; i < view.neurons; ++i) total += exponential(largest - view.now.z[i], value_frac);
    }
    const Reciprocal normaliser =
        kind == ErrorKind::softmax ? reciprocal(static_cast<std::uint64_t>(total)) : Reciprocal{};

    for (int i = 0; i < view.neurons; ++i) {
      const std::int64_t z = view.now.z[i];
      const bool is_target = i == target;
      std::int64_t delta = 0;
      switch (kind) {
        case ErrorKind::softmax:
          delta = (is_target ? 32768 : 0) -
                  round_shift(exponential(largest - z, value_frac) * normaliser.mantissa,
                              normaliser.exponent + 1);
          break;
        case ErrorKind::linear:
          delta = (is_target ? one : 0) - z;
          break;
        case ErrorKind::hinge:
          if (is_target && z < one) delta = 32768;
          if (!is_target && z > -one) delta = -reg[post_mu];
          break;
      }
      result.a0[i] = round(delta * view.eta, result.generators[i], result.losses);
      if (!result.c.empty())
        result.c[i] = round_c(std::int64_t{view.eta} * reg[post_c_rate], result.generators[i], result.losses);
    }
  }

 private:
  static std::int64_t exponential(std::int64_t below_largest, int value_frac) {
    return exp_negative(below_largest << (16 - value_frac));
  }
};

}  // namespace

std::unique_ptr<PostUnit> golden_post() { return std::make_unique<GoldenPost>(); }

}  // namespace trifactor::readout
