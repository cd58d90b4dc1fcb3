// Checks of an option's value.
#include <fmt/format.h>

#include "host/cli/commands.hpp"

namespace trifactor {

CLI::Validator at_least(std::uint64_t least) {
  const auto check = [least](std::string& text) {
    std::uint64_t value = 0;
    const bool negative = !text.empty() && text.front() == '-';  // would wrap round
    const bool good = !negative && CLI::detail::lexical_cast(text, value) && value >= least;
    return good ? std::string() : fmt::format("{} is not a whole number of {} or more", text, least);
  };
  return {check, fmt::format(">={}", least)};
}

CLI::Validator above_zero() {
  const auto check = [](std::string& text) {
    double value = 0;
    const bool good = CLI::detail::lexical_cast(text, value) && value > 0;
    return good ? std::string() : text + " is not a number above 0";
  };
  return {check, ">0"};
}

}  // namespace trifactor
