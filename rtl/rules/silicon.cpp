#include "rtl/rules/rule.hpp"

namespace trifactor {

std::vector<std::string> silicon_rules() {
  std::vector<std::string> names;
  for (const Rule& rule : rule_catalogue())
    if (rule.renderings.chip) names.push_back(rule.name);
  return names;
}

}  // namespace trifactor
