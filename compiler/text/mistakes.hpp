// All mistakes of one input, in the order in which a person meets them in the file.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "compiler/text/place.hpp"
#include "rtl/spec/diagnostic.hpp"

namespace trifactor {

class Mistakes {
 public:
  void add(std::string code, const SourcePlace& place, std::string found, std::string expected = "",
           std::string hint = "");
  bool empty() const { return items_.empty(); }

  /// Throws Error (configuration) with every mistake, sorted by place; a hundred at most, then how many more.
  void throw_if_any() const;

 private:
  std::vector<std::pair<SourcePlace, Diagnostic>> items_;
  std::size_t beyond_ = 0;  ///< counted, not kept: a hostile file can make millions
};

/// "did you mean 'x'?" or nothing.
std::string did_you_mean(std::string_view word, const std::vector<std::string>& candidates);

/// `text` fit for one line of a message: control characters escaped, cut when long.
std::string printable(std::string_view text);

/// "a, b, c"; cut after twenty.
std::string listed(const std::vector<std::string>& words);

}  // namespace trifactor
