// The commands of the program. Each registers its options and, when chosen, does its work and returns the
// exit status; mistakes are thrown as Error and turned into text by main.
#pragma once

#include <CLI/CLI.hpp>
#include <atomic>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/cli/terminal.hpp"

namespace trifactor {

/// Options that every command understands.
struct Common {
  bool json = false, force = false, quiet = false;
  int verbose = 0;
  std::uint32_t threads = 1;
  std::optional<std::uint64_t> seed;
  std::string simd = "best", progress = "auto", color = "auto", out;
  std::vector<std::string> set;
  std::vector<std::string> argv;

  TerminalStyle style() const { return terminal_style(color, progress, quiet, json); }
};

/// Set by Ctrl-C; commands that stream stop at the next sample and keep what they have.
const std::atomic<bool>& interrupt_flag();

using Action = std::function<int()>;
/// Adds a subcommand; `run` is called after parsing when it was chosen.
using AddCommand = Action (*)(CLI::App& command, Common& common);

Action add_compile(CLI::App& command, Common& common);
Action add_run(CLI::App& command, Common& common);
Action add_report(CLI::App& command, Common& common);
Action add_list(CLI::App& command, Common& common);
Action add_explain(CLI::App& command, Common& common);
Action add_doctor(CLI::App& command, Common& common);
Action add_demo(CLI::App& command, Common& common);
Action add_verify(CLI::App& command, Common& common);
Action add_reference(CLI::App& command, Common& common);
Action add_eval(CLI::App& command, Common& common);
Action add_sweep(CLI::App& command, Common& common);
Action add_compare(CLI::App& command, Common& common);

/// Checks of an option's value that say in words what is wrong (CLI11's name the largest double).
CLI::Validator at_least(std::uint64_t least);
CLI::Validator above_zero();

std::string tool_version();

/// Engines and baselines with a line each; RTL units that `verify` knows.
std::vector<std::pair<std::string, std::string>> engine_list();
std::vector<std::pair<std::string, std::string>> baseline_list();
std::vector<std::string> unit_list();

}  // namespace trifactor
