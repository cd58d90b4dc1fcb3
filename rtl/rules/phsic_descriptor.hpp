// What the descriptors of the pHSIC rules share.
#pragma once

#include "rtl/rules/rule.hpp"

namespace trifactor {

/// The layer that eval builds: classes, slope, groups, p, delta.
std::vector<ParameterSpec> phsic_layer_parameters();

/// A rule that exists in floating point and whole batches alone, its kernel without a width. kernel: as in "a
/// cosine kernel".
Rule phsic_batch_rule(const std::string& name, const std::string& kernel, FloatRule floating);

}  // namespace trifactor
