#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "host/cli/codes.hpp"
#include "host/cli/commands.hpp"

namespace trifactor {

Action add_explain(CLI::App& command, Common&) {
  auto code = std::make_shared<std::string>();
  command.add_option("code", *code, "code of a message, for example TF-FIT-001")->required();
  return [=] {
    std::string wanted = *code;
    std::transform(wanted.begin(), wanted.end(), wanted.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    std::vector<std::string> names;
    for (const CodeFamily& family : code_families()) {
      names.emplace_back(family.prefix);
      if (wanted.rfind(family.prefix, 0) == 0) {
        fmt::print("{}: {}\n\n{}\n\nexit status {}: {}\n", wanted, family.subject, family.advice, family.exit, exit_meaning(family.exit));
        return 0;
      }
    }
    const std::string near = nearest(wanted.substr(0, wanted.rfind('-')), names);
    throw Error(ExitCode::configuration, {"TF-CLI-009", *code, "no message has this code", "a code as messages print it, such as TF-FIT-001",
                                          near.empty() ? "" : "did you mean " + near + "-...?"});
  };
}

}  // namespace trifactor
