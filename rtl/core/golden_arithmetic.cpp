#include "rtl/core/arithmetic.hpp"

#include <cstdlib>

#include "rtl/rules/rule.hpp"
#include "rtl/units/random/golden.hpp"
#include "rtl/units/tied/golden.hpp"

namespace trifactor {
namespace {

class GoldenLane final : public LaneUnit {
 public:
  void update(const LaneConfig& config, const ColumnFactors& factors, std::span<const UpdateRow> rows,
              const WeightBlock& weights, std::uint32_t* generator, LaneLosses& losses) override {
    update_rows(config, factors, rows, weights, generator, losses);
  }
};

class GoldenTied final : public TiedUnit {
 public:
  std::int32_t update(const LaneConfig& config, std::int64_t increment, std::int32_t decay,
                      std::int32_t weight, std::uint32_t& generator, LaneLosses& losses) override {
    if (config.stochastic) generator = xorshift32(generator);
    const TiedResult result = tied_update(config, increment, decay, weight, generator);
    losses.applied += result.weight != weight;
    losses.rounded_to_zero += result.weight == weight && result.sum != 0;
    losses.saturated += result.saturated;
    losses.intended += static_cast<std::uint64_t>(std::abs(result.sum));
    losses.change += static_cast<std::uint64_t>(std::abs(result.weight - weight));
    return result.weight;
  }
};

class GoldenArithmetic final : public Arithmetic {
 public:
  std::unique_ptr<LaneUnit> lane() const override { return std::make_unique<GoldenLane>(); }
  std::unique_ptr<TiedUnit> tied() const override { return std::make_unique<GoldenTied>(); }
  std::unique_ptr<PostUnit> post(const std::string& rule) const override {
    return find_rule(rule)->golden_post();
  }
  std::unique_ptr<TeacherUnit> teacher(const std::string& rule) const override {
    const Rule* found = find_rule(rule);
    return found->golden_teacher == nullptr ? nullptr : found->golden_teacher();
  }
};

}  // namespace

std::unique_ptr<Arithmetic> golden_arithmetic() { return std::make_unique<GoldenArithmetic>(); }

}  // namespace trifactor
