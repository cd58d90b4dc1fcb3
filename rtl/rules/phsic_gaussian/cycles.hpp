// Clock cycles that the hardware units of this rule claim to take; a timing test holds them against the RTL.
#pragma once

#include "rtl/rules/rule.hpp"

namespace trifactor::phsic_gaussian {

int contribute_cycles(const RulePlan& plan, int neurons, int group_size);
int form_cycles(const RulePlan& plan, int neurons, int group_size);
int teach_cycles(const RulePlan& plan);

}  // namespace trifactor::phsic_gaussian
