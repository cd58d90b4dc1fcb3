#include "host/cli/devices.hpp"

#include <filesystem>

#include "host/cli/commands.hpp"
#include "rtl/core/arithmetic.hpp"
#include "rtl/spec/diagnostic.hpp"
#include "sim/engine/functional.hpp"
#include "sim/engine/systemc.hpp"
#include "sim/rtl/verilated.hpp"

namespace trifactor {

std::vector<std::pair<std::string, std::string>> engine_list() {
  return {{"functional", "golden arithmetic without time: the fastest exact emulation"},
          {"systemc", "golden arithmetic with time: cores, mesh, trees, memories; in a worker process"},
          {"rtl", "Verilated lane, post and teacher units in the loop"}};
}

std::unique_ptr<Device> make_device(const std::string& engine, int lanes) {
  if (engine == "functional") return make_functional_device(engine, golden_arithmetic());
  if (engine == "systemc")
    return make_systemc_device(std::filesystem::read_symlink("/proc/self/exe").parent_path().parent_path() /
                               "libexec/trifactor-sysc");
  if (engine == "rtl") return make_functional_device(engine, verilated_arithmetic(lanes));
  std::vector<std::string> names;
  for (const auto& [name, text] : engine_list()) names.push_back(name);
  const std::string near = nearest(engine, names);
  throw Error(ExitCode::configuration,
              {"TF-CLI-002", "--engine", "unknown engine '" + engine + "'", "functional, systemc or rtl",
               near.empty() ? "" : "did you mean '" + near + "'?"});
}

}  // namespace trifactor
