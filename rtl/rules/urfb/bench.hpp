// eval of fixed-point urfb beside the float reference.
#pragma once

#include "rtl/rules/fixed_bench.hpp"

namespace trifactor::urfb {

/// The output shape: z, fprime, delta, a0, dw. A hidden layer (inputs r and delta_next): also third_factor
/// (the exact sum of the errors that came back), gate and dr.
BoundedArrays bench(const FixedCase& c);

}  // namespace trifactor::urfb
