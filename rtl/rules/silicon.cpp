#include "rtl/rules/rule.hpp"

namespace trifactor {

Rule in_folder(Rule rule, const std::string& folder) {
  if (rule.name != folder)
    throw std::logic_error("rtl/rules/" + folder + "/descriptor.cpp names its rule '" + rule.name +
                           "'; a rule has the name of its folder");
  return rule;
}

std::vector<std::string> silicon_rules() {
  std::vector<std::string> names;
  for (const Rule& rule : rule_catalogue())
    if (rule.renderings.chip) names.push_back(rule.name);
  return names;
}

}  // namespace trifactor
