// What the hardware of this rule may differ from the float reference by.
#pragma once

#include "rtl/rules/fixed_bench.hpp"

namespace trifactor::competing {

BoundedArrays bench(const FixedCase& c);

}  // namespace trifactor::competing
