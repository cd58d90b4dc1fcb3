// What a user did wrong, as data. Libraries throw Error; only the program's main turns it into text.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace trifactor {

/// The program's exit status for each kind of mistake.
enum class ExitCode : int {
  ok = 0,
  check_failed = 1,   ///< a comparison or bound did not hold
  configuration = 2,  ///< command line, TOML files, a file that is not there
  data = 3,           ///< model, data, layout or checkpoint file unsupported or damaged
  does_not_fit = 4,   ///< the network needs more than the machine has
  internal = 5,       ///< a fault of the program or of the modelled hardware
  cannot_write = 6,   ///< output exists, disk full, no permission
  interrupted = 130,
};

/// One mistake: where it is, what was found, what was expected, a way out. Empty parts are not shown.
struct Diagnostic {
  std::string code;      ///< for example TF-NET-004; `trifactor explain CODE` says more
  std::string where;     ///< file:line:column, an HDF5 path or the name of an object
  std::string found;     ///< what is wrong, in one sentence
  std::string expected;  ///< what would be right
  std::string hint;      ///< what to try
};

class Error : public std::exception {
 public:
  Error(ExitCode exit, std::vector<Diagnostic> items) : exit_(exit), items_(std::move(items)) {}
  Error(ExitCode exit, Diagnostic item) : Error(exit, std::vector<Diagnostic>{std::move(item)}) {}

  ExitCode exit() const { return exit_; }
  const std::vector<Diagnostic>& items() const { return items_; }
  const char* what() const noexcept override { return items_.empty() ? "error" : items_[0].found.c_str(); }

 private:
  ExitCode exit_;
  std::vector<Diagnostic> items_;
};

/// Collects all mistakes of one input, then throws them together.
class Diagnostics {
 public:
  void add(Diagnostic item) { items_.push_back(std::move(item)); }
  bool empty() const { return items_.empty(); }
  const std::vector<Diagnostic>& items() const { return items_; }
  void throw_if_any(ExitCode exit) const {
    if (!items_.empty()) throw Error(exit, items_);
  }

 private:
  std::vector<Diagnostic> items_;
};

/// The candidate nearest to `word` by edit distance, or empty when none is within a third of its length.
std::string nearest(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace trifactor
