#include "rtl/rules/phsic_descriptor.hpp"
#include "rtl/rules/phsic_linear/reference.hpp"

namespace trifactor {

Rule make_phsic_linear() {
  return phsic_batch_rule("phsic_linear", "a linear kernel", phsic_linear_reference());
}

}  // namespace trifactor
