// Text for people: diagnostics, progress, tables. The only place that turns data into messages.
#pragma once

#include <string>
#include <vector>

#include "host/experiment/run.hpp"
#include "rtl/spec/diagnostic.hpp"

namespace trifactor {

struct TerminalStyle {
  bool color = false;
  enum class Progress { none, plain, bar } progress = Progress::none;
  bool quiet = false;
  bool json = false;
};

/// `--color auto|always|never`, `--progress auto|bar|plain|none`: auto looks whether stderr is a terminal.
TerminalStyle terminal_style(const std::string& color, const std::string& progress, bool quiet, bool json);

/// One message a diagnostic: code, place, what was found, what was expected, what to try. Ends with a
/// newline.
std::string error_text(const std::vector<Diagnostic>& items, const TerminalStyle& style);

/// Prints progress to stderr; returns a function for RunOptions.
std::function<void(const Progress&)> progress_printer(const TerminalStyle& style);

/// Columns aligned, the first to the left, the others to the right.
std::string table(const std::vector<std::vector<std::string>>& rows);

}  // namespace trifactor
