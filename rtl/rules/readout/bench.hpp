// eval of the fixed-point read-out beside the float reference.
#pragma once

#include "rtl/rules/fixed_bench.hpp"

namespace trifactor::readout {

/// z (linear and hinge; softmax: h, the neuron's sum w x, because the probabilities never leave the post
/// unit), fprime, a0 = eta delta, c, dw.
BoundedArrays bench(const FixedCase& c);

}  // namespace trifactor::readout
