// Memory sizes that a machine file writes as sums of products: "2 x neuron_bytes + 4 KiB".
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "compiler/text/mistakes.hpp"

namespace trifactor {

struct MemorySize {
  std::string text;  ///< the expression; empty: `bytes` was given as a number
  std::int64_t bytes = 0;
  std::int64_t low = 1, high = 0;  ///< allowed
  SourcePlace place;
};

/// Fills in `bytes` of every size that has a text. Terms are joined by '+', factors by 'x' or '*'; a factor
/// is a number, a number of KiB or MiB, or the name of another size. What cannot be resolved is reported,
/// once each.
void resolve_memory_sizes(std::map<std::string, MemorySize>& sizes, Mistakes& mistakes);

}  // namespace trifactor
