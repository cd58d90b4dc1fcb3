#include "rtl/rules/readout/cycles.hpp"

#include "rtl/rules/readout/golden.hpp"

namespace trifactor::readout {

int contribute_cycles(const RulePlan&, int, int) { return 1; }

int form_cycles(const RulePlan& plan, int neurons, int) {
  const int c = plan.uses_c ? 1 : 0;
  if (static_cast<ErrorKind>(plan.post[post_error]) != ErrorKind::softmax) return 2 + neurons * (3 + c);
  // largest and sum: an address a cycle each, with 1 and 3 cycles behind; 3 for the reciprocal
  return 2 + (neurons + 1) + (neurons + 3) + 3 + neurons * (6 + c);
}

}  // namespace trifactor::readout
