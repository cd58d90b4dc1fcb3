// The text of the technology files, compiled into the program.
#pragma once

#include <string_view>
#include <vector>

namespace trifactor {

struct EmbeddedTechnology {
  std::string_view name;  ///< the file's stem
  std::string_view text;
};

const std::vector<EmbeddedTechnology>& embedded_technologies();

}  // namespace trifactor
