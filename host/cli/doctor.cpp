#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <thread>

#include "host/cli/commands.hpp"
#include "host/cli/devices.hpp"
#include "rtl/rules/rule.hpp"
#include "rtl/units/accumulate/rows.hpp"

namespace trifactor {

Action add_doctor(CLI::App&, Common&) {
  return [] {
    std::string targets, engines;
    for (const char* target : simd_targets()) targets += (targets.empty() ? "" : ", ") + std::string(target);
    for (const auto& [name, text] : engine_list()) engines += (engines.empty() ? "" : ", ") + name;
    const char* data = std::getenv("TRIFACTOR_DATA");
    std::vector<std::vector<std::string>> rows;
    const auto say = [](const std::string& what, const std::string& value) { fmt::print("{:<14}{}\n", what, value); };
    say("version", tool_version());
    say("engines", engines);
    say("SIMD", targets);
    say("threads", std::to_string(std::thread::hardware_concurrency()));
    say("rules", std::to_string(rule_catalogue().size()));
    if (data == nullptr)
      say("TRIFACTOR_DATA", "not set: tests that need MNIST are skipped");
    else
      say("TRIFACTOR_DATA", fmt::format("{} ({})", data, std::filesystem::exists(std::filesystem::path(data) / "mnist") ? "has mnist/" : "has no mnist/"));
    return 0;
  };
}

}  // namespace trifactor
