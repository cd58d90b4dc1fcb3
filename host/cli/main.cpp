#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cstdio>
#include <exception>

#include "host/cli/commands.hpp"
#include "rtl/units/accumulate/rows.hpp"

namespace trifactor {
namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "the signal handler sets it");

extern "C" void on_interrupt(int) {
  if (interrupted.exchange(true)) _exit(static_cast<int>(ExitCode::interrupted));  // the second Ctrl-C does not wait
}

struct Entry {
  const char* name;
  const char* summary;
  AddCommand add;
};

constexpr Entry entries[] = {
    {"demo", "the whole story on drawn digits: compile, learn on the chip, verify the RTL, report", add_demo},
    {"compile", "network (TOML) to core layout", add_compile},
    {"run", "stream data through a layout, learn, count, measure", add_run},
    {"report", "energy, throughput, accuracy of a finished run", add_report},
    {"reference", "the same experiment in floating point, or a baseline", add_reference},
    {"verify", "RTL against the golden model, in lock-step", add_verify},
    {"eval", "one update of one rule on arrays of your own", add_eval},
    {"list", "rules, machines, technologies, datasets, units", add_list},
    {"explain", "what an error code means", add_explain},
    {"doctor", "what is installed", add_doctor},
};

void add_common(CLI::App& command, Common& common) {
  command.add_flag("--json", common.json, "machine-readable output");
  command.add_option("--seed", common.seed, "seed of the network");
  command.add_option("--threads", common.threads, "threads of the functional and rtl engines")->check(CLI::Range(1, 256))->capture_default_str();
  command.add_option("--simd", common.simd, "SIMD target, or best")->capture_default_str();
  command.add_option("--set", common.set, "override an entry of the machine, KEY=VALUE (repeat)")->allow_extra_args(false);
  command.add_option("-o,--output", common.out, "where results go");
  command.add_flag("--force", common.force, "write over what is there");
  command.add_flag("-v,--verbose", common.verbose, "say more");
  command.add_flag("-q,--quiet", common.quiet, "say only what is wrong");
  command.add_option("--progress", common.progress, "auto, bar, plain or none")->check(CLI::IsMember({"auto", "bar", "plain", "none"}))->capture_default_str();
  command.add_option("--color", common.color, "auto, always or never")->check(CLI::IsMember({"auto", "always", "never"}))->capture_default_str();
}

void choose_target(const Common& common) {
  if (choose_simd(common.simd.c_str())) return;
  std::string targets;
  for (const char* target : simd_targets()) targets += (targets.empty() ? "" : ", ") + std::string(target);
  throw Error(ExitCode::configuration, {"TF-CLI-006", "--simd", "this processor has no target '" + common.simd + "'", "best, " + targets, ""});
}

int run_program(int argc, char** argv) {
  CLI::App app("trifactor " + tool_version() + ": emulate neuromorphic chips that learn; prove their update RTL; read off what they cost");
  app.require_subcommand(1);
  app.set_version_flag("--version", tool_version());
  Common common;
  for (int i = 0; i < argc; ++i) common.argv.emplace_back(argv[i]);
  Action chosen;
  for (const Entry& entry : entries) {
    CLI::App* command = app.add_subcommand(entry.name, entry.summary);
    add_common(*command, common);
    const Action action = entry.add(*command, common);
    command->callback([&chosen, action] { chosen = action; });
  }
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);
    return status == 0 ? 0 : static_cast<int>(ExitCode::configuration);
  }
  try {
    choose_target(common);
    return chosen();
  } catch (const Error& error) {
    fmt::print(stderr, "{}", error_text(error.items(), common.style()));
    return static_cast<int>(error.exit());
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "{}", error_text({{"TF-CLI-007", "", "out of memory", "", "use a smaller network or data set"}}, common.style()));
    return static_cast<int>(ExitCode::internal);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}", error_text({{"TF-CLI-008", "", std::string("internal fault: ") + error.what(), "", "please report it with the command line"}}, common.style()));
    return static_cast<int>(ExitCode::internal);
  }
}

}  // namespace

const std::atomic<bool>& interrupt_flag() { return interrupted; }

std::string tool_version() { return TRIFACTOR_VERSION; }

}  // namespace trifactor

int main(int argc, char** argv) {
  struct sigaction action {};
  action.sa_handler = trifactor::on_interrupt;
  sigaction(SIGINT, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
  return trifactor::run_program(argc, argv);
}
