// eval of the fixed-point HSIC bottleneck beside the float reference.
#pragma once

#include "rtl/rules/fixed_bench.hpp"

namespace trifactor::hsic_memory {

/// z, fprime, a0 and dw; kernel_x, kernel_z and a (T, N) from what the teacher kept, the kernels of p = 0
/// being 1; xi and third_factor (T, neurons), the sum over the words as broadcast, before the post unit
/// rounds it.
BoundedArrays bench(const FixedCase& c);

}  // namespace trifactor::hsic_memory
