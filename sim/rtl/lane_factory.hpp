// The generated table of lane arrays that were built.
#pragma once

#include <memory>
#include <vector>

#include "rtl/core/arithmetic.hpp"

namespace trifactor {

struct VerilatedLanes {
  int lanes = 0;
  std::unique_ptr<LaneUnit> (*make)() = nullptr;
};

/// Ascending. Generated.
const std::vector<VerilatedLanes>& verilated_lanes();

}  // namespace trifactor
