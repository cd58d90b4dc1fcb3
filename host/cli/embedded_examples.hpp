// Example networks that the program carries with it.
#pragma once

#include <string_view>

namespace trifactor {

/// host/examples/strokes-phsic.toml
std::string_view demo_network();

}  // namespace trifactor
