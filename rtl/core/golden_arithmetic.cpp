#include "rtl/core/arithmetic.hpp"
#include "rtl/rules/rule.hpp"

namespace trifactor {
namespace {

class GoldenLane final : public LaneUnit {
 public:
  void update(const LaneConfig& config, const ColumnFactors& factors, std::span<const UpdateRow> rows,
              const WeightBlock& weights, std::uint32_t* generator, LaneLosses& losses) override {
    update_rows(config, factors, rows, weights, generator, losses);
  }
};

class GoldenArithmetic final : public Arithmetic {
 public:
  std::unique_ptr<LaneUnit> lane() const override { return std::make_unique<GoldenLane>(); }
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
