// What the codes of messages stand for: the letters name the subject, the number the mistake.
#pragma once

#include <string>
#include <vector>

namespace trifactor {

struct CodeFamily {
  const char* prefix;   ///< "TF-NET"
  const char* subject;  ///< what kind of mistake
  const char* advice;   ///< where to look and what to do
  const char* exit;     ///< exit statuses it ends with
};

const std::vector<CodeFamily>& code_families();

/// What an exit status means; for several ("2, 3") the first's.
std::string exit_meaning(const std::string& exit);

}  // namespace trifactor
