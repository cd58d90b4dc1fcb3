#include "rtl/rules/phsic_gaussian/cycles.hpp"

#include "rtl/rules/phsic_gaussian/golden.hpp"

namespace trifactor::phsic_gaussian {

int teach_cycles(const RulePlan& plan) {
  const bool grouped = plan.teacher[teacher_groups] != 0;
  return 4 + plan.partners * (grouped ? 13 : 8) + (grouped ? 2 : 0);
}

}  // namespace trifactor::phsic_gaussian
