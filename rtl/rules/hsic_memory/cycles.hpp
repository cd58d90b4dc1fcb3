// Clock cycles that the teacher unit of this rule claims to take; a timing test holds them against the RTL.
#pragma once

#include "rtl/rules/rule.hpp"

namespace trifactor::hsic_memory {

int teach_cycles(const RulePlan& plan);

}  // namespace trifactor::hsic_memory
