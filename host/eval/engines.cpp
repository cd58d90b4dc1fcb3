#include "host/eval/fixed.hpp"
#include "sim/rtl/verilated.hpp"

namespace trifactor {

std::unique_ptr<Arithmetic> eval_arithmetic(const std::string& engine) {
  if (engine == "rtl") return verilated_arithmetic(verilated_lane_counts().front());
  return golden_arithmetic();
}

}  // namespace trifactor
