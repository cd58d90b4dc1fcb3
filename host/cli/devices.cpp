#include "host/cli/devices.hpp"

#include "host/cli/commands.hpp"
#include "rtl/core/arithmetic.hpp"
#include "rtl/spec/diagnostic.hpp"
#include "sim/engine/functional.hpp"

namespace trifactor {

std::vector<std::string> engine_names() { return {"functional"}; }

std::unique_ptr<Device> make_device(const std::string& engine, int) {
  if (engine == "functional") return make_functional_device(engine, golden_arithmetic());
  const std::string near = nearest(engine, engine_names());
  throw Error(ExitCode::configuration, {"TF-CLI-002", "--engine", "unknown engine '" + engine + "'", "functional, systemc or rtl",
                                        near.empty() ? "" : "did you mean '" + near + "'?"});
}

std::vector<std::pair<std::string, std::string>> engine_list() { return {{"functional", "golden arithmetic without time: the fastest exact emulation"}}; }
std::vector<std::string> unit_list() { return {}; }

}  // namespace trifactor
