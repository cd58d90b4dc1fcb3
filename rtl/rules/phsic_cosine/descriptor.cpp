#include "rtl/rules/phsic_cosine/reference.hpp"
#include "rtl/rules/phsic_descriptor.hpp"

namespace trifactor {

Rule make_phsic_cosine() {
  return phsic_batch_rule("phsic_cosine", "a cosine kernel", phsic_cosine_reference());
}

}  // namespace trifactor
