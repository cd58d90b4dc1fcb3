// eval of the fixed-point delta rules beside the float reference: errors that come from a layer's own target.
#pragma once

#include <span>
#include <vector>

#include "rtl/rules/fixed_bench.hpp"

namespace trifactor {

/// delta of one sample's neurons before any rounding to a word, for DeltaKind softmax, linear or hinge. z:
/// (neurons). The case has parameter mu where the kind is hinge.
std::vector<Bounded> bounded_target_errors(const FixedCase& c, std::span<const Bounded> z,
                                           std::size_t target);

}  // namespace trifactor
