// The presets of machines/, compiled in so that the program works without its source tree.
#pragma once

#include <map>
#include <string>

namespace trifactor {

/// Name -> text of the file.
std::map<std::string, std::string> embedded_machines();

}  // namespace trifactor
