// Where in a file something was written.
#pragma once

#include <string>

namespace trifactor {

/// "file:line:column", for messages. Line 0: not a place in a file; then `file` alone says where it came from
/// (an override).
struct SourcePlace {
  std::string file;
  int line = 0, column = 0;

  friend bool operator==(const SourcePlace&, const SourcePlace&) = default;
};
std::string to_string(const SourcePlace& place);

}  // namespace trifactor
