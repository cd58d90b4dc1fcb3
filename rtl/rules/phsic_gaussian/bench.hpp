// eval of the fixed-point pHSIC layer beside the float reference.
#pragma once

#include "rtl/rules/fixed_bench.hpp"

namespace trifactor::phsic_gaussian {

/// z, fprime, b3, dw and the factors a0, a1, c; grouped also r and uq. Two-point forms: kernel (T),
/// third_factor (T), grouped third_factor_scalar (T), which is what is broadcast there. With partners:
/// third_factor (T, K) and kernel_mean (T), the mean over the partners there are.
BoundedArrays bench(const FixedCase& c);

}  // namespace trifactor::phsic_gaussian
