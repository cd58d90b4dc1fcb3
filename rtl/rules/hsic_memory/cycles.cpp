#include "rtl/rules/hsic_memory/cycles.hpp"

namespace trifactor::hsic_memory {

// A cycle for the first word, 7 a partner for its kernels, 2 for the sum, 3 a partner for its word.
int teach_cycles(const RulePlan& plan) { return 3 + plan.partners * (7 + 3); }

}  // namespace trifactor::hsic_memory
