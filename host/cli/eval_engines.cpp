#include "host/cli/eval_fixed.hpp"
#include "rtl/spec/diagnostic.hpp"
#ifdef TRIFACTOR_WITH_RTL
#include "sim/rtl/verilated.hpp"
#endif

namespace trifactor {

std::unique_ptr<Arithmetic> eval_arithmetic(const std::string& engine) {
  if (engine == "functional") return golden_arithmetic();
#ifdef TRIFACTOR_WITH_RTL
  if (engine == "rtl") return verilated_arithmetic(verilated_lane_counts().front());
#endif
  throw Error(ExitCode::configuration, {"TF-EVL-021", "--engine " + engine, "this program was built without that engine", "float or functional", ""});
}

}  // namespace trifactor
