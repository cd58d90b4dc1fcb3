#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "host/cli/codes.hpp"
#include "host/cli/commands.hpp"

namespace trifactor {

Action add_explain(CLI::App& command, Common& common) {
  auto code = std::make_shared<std::string>();
  command.add_option("code", *code, "code of a message, for example TF-FIT-001")->required();
  return [=, &common] {
    std::string wanted = *code;
    std::transform(wanted.begin(), wanted.end(), wanted.begin(),
                   [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    std::vector<std::string> names;
    for (const CodeFamily& family : code_families()) {
      names.emplace_back(family.prefix);
      if (wanted.rfind(family.prefix, 0) == 0) {
        nlohmann::json exits = nlohmann::json::array();
        std::string meanings;
        for (const char digit : std::string(family.exit)) {
          if (digit < '0' || digit > '9') continue;
          exits.push_back(digit - '0');
          meanings += fmt::format("\nexit status {}: {}", digit, exit_meaning(std::string(1, digit)));
        }
        if (common.json)
          fmt::print(
              "{}\n",
              nlohmann::json(
                  {{"code", wanted}, {"subject", family.subject}, {"advice", family.advice}, {"exit", exits}})
                  .dump(2));
        else
          fmt::print("{}: {}\n\n{}\n{}\n", wanted, family.subject, family.advice, meanings);
        return 0;
      }
    }
    const std::string near = nearest(wanted.substr(0, wanted.rfind('-')), names);
    throw Error(ExitCode::configuration, {"TF-CLI-009", *code, "no message has this code",
                                          "a code as messages print it, such as TF-FIT-001",
                                          near.empty() ? "" : "did you mean " + near + "-...?"});
  };
}

}  // namespace trifactor
