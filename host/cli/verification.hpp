// RTL against golden, for the commands that ask for it.
#pragma once

#include <string>
#include <vector>

#include "sim/lockstep/verify.hpp"

namespace trifactor {

/// Units and rules by name, all when none is named. Throws Error (configuration) for unknown names.
std::vector<VerifyResult> verify_names(const std::vector<std::string>& names, const VerifyOptions& options);

}  // namespace trifactor
