// The units of a core as compiled SystemVerilog, behind the interface that the golden ones have.
#pragma once

#include <memory>
#include <vector>

#include "rtl/core/arithmetic.hpp"

namespace trifactor {

/// Lane counts for which lanes were built, ascending.
std::vector<int> verilated_lane_counts();

/// Units that run the same source files as synthesis reads. Every unit holds a model of its own, so that
/// units may run in different threads. `lanes`: update lanes of a core. Throws does_not_fit TF-RTL-001 for a
/// number of lanes that was not built; the units' makers throw TF-RTL-002 for a rule without RTL.
std::unique_ptr<Arithmetic> verilated_arithmetic(int lanes);

}  // namespace trifactor
