#include <fmt/format.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <thread>

#include "host/cli/commands.hpp"
#include "host/cli/devices.hpp"
#include "rtl/rules/rule.hpp"
#include "rtl/units/accumulate/rows.hpp"

namespace trifactor {

Action add_doctor(CLI::App&, Common& common) {
  return [&common] {
    std::vector<std::string> targets, engines, rules;
    for (const char* target : simd_targets()) targets.emplace_back(target);
    for (const auto& [name, text] : engine_list()) engines.push_back(name);
    for (const Rule& rule : rule_catalogue()) rules.push_back(rule.name);
    const char* data = std::getenv("TRIFACTOR_DATA");
    std::error_code error;
    const bool mnist =
        data != nullptr && std::filesystem::exists(std::filesystem::path(data) / "mnist", error);
    if (common.json) {
      const nlohmann::json all = {{"version", tool_version()},
                                  {"engines", engines},
                                  {"targets", targets},
                                  {"rules", rules},
                                  {"threads", std::thread::hardware_concurrency()},
                                  {"data", data == nullptr ? nlohmann::json(nullptr) : nlohmann::json(data)},
                                  {"mnist", mnist}};
      fmt::print("{}\n", all.dump(2));
      return 0;
    }
    const auto say = [](const std::string& what, const std::string& value) {
      fmt::print("{:<16}{}\n", what, value);
    };
    say("version", tool_version());
    say("engines", fmt::format("{}", fmt::join(engines, ", ")));
    say("SIMD", fmt::format("{}", fmt::join(targets, ", ")));
    say("threads", std::to_string(std::thread::hardware_concurrency()));
    say("rules", fmt::format("{}", fmt::join(rules, ", ")));
    if (data == nullptr)
      say("TRIFACTOR_DATA", "not set: tests that need MNIST are skipped");
    else
      say("TRIFACTOR_DATA", fmt::format("{} ({})", data, mnist ? "has mnist/" : "has no mnist/"));
    return 0;
  };
}

}  // namespace trifactor
