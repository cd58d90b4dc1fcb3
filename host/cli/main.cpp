#include <fmt/format.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <exception>

#include "host/cli/commands.hpp"
#include "rtl/units/accumulate/rows.hpp"

namespace trifactor {
namespace {

std::atomic<bool> interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free, "the signal handler sets it");

extern "C" void on_interrupt(int) {
  if (interrupted.exchange(true))
    _exit(static_cast<int>(ExitCode::interrupted));  // the second Ctrl-C does not wait
}

/// Options that some commands act on; for the others they are mistakes.
enum Takes : unsigned { seed = 1, set = 2, output = 4, force = 8, threads = 16, simd = 32 };

struct Entry {
  const char* name;
  const char* summary;
  AddCommand add;
  unsigned takes;
};

constexpr Entry entries[] = {
    {"demo", "the whole story on drawn digits: compile, learn on the chip, verify the RTL, report", add_demo,
     seed | set | output | force | simd},
    {"compile", "network (TOML) to core layout", add_compile, seed | set | output | force},
    {"run", "stream data through a layout, learn, count, measure", add_run, output | force | threads | simd},
    {"report", "energy, throughput, accuracy of a finished run", add_report, output | force},
    {"reference", "the same experiment in floating point, or a baseline", add_reference,
     seed | output | force | threads},
    {"verify", "RTL against the golden model, in lock-step", add_verify, seed | output | simd},
    {"eval", "one update of one rule on arrays of your own", add_eval, seed | force | simd},
    {"sweep", "a grid of settings, one machine: accuracy against energy", add_sweep,
     seed | set | output | force | threads | simd},
    {"compare", "where two runs part: digests, weights, counts", add_compare, 0},
    {"list", "rules, machines, technologies, datasets, engines, units", add_list, 0},
    {"explain", "what an error code means", add_explain, 0},
    {"doctor", "what is installed", add_doctor, 0},
};

/// An option that another command takes is named with those that do, instead of being an unknown word.
void refuse(CLI::App& command, const Entry& entry, Takes what, const char* flags) {
  if ((entry.takes & what) != 0) return;
  std::string takers;
  for (const Entry& other : entries)
    if ((other.takes & what) != 0) takers += (takers.empty() ? "" : ", ") + std::string(other.name);
  const std::string name = std::string("trifactor ") + entry.name, shown = flags;
  const auto mistake = [=] {
    throw Error(ExitCode::configuration,
                {"TF-CLI-010", name, "has no option " + shown, "",
                 "it belongs to " + takers +
                     (what == seed || what == set ? "; a layout is fixed when compiled" : "")});
  };
  if (what == force)
    command.add_flag_function(flags, [=](std::int64_t) { mistake(); })->group("");
  else
    command.add_option_function<std::string>(flags, [=](const std::string&) { mistake(); })->group("");
}

void add_common(CLI::App& command, const Entry& entry, Common& common) {
  command.add_flag("--json", common.json, "machine-readable output");
  if (entry.takes & seed)
    command.add_option("--seed", common.seed, "seed of the network, or of the random vectors")
        ->check(at_least(0));
  if (entry.takes & threads)
    command
        .add_option("--threads", common.threads,
                    "threads of the functional and rtl engines, and of mini-batches")
        ->check(CLI::Range(1, 256))
        ->capture_default_str();
  if (entry.takes & simd)
    command.add_option("--simd", common.simd, "SIMD target, or best")->capture_default_str();
  if (entry.takes & set)
    command.add_option("--set", common.set, "override an entry of the machine, KEY=VALUE (repeat)")
        ->allow_extra_args(false);
  if (entry.takes & output) command.add_option("-o,--output", common.out, "where results go");
  if (entry.takes & force) command.add_flag("--force", common.force, "write over what is there");
  refuse(command, entry, seed, "--seed");
  refuse(command, entry, threads, "--threads");
  refuse(command, entry, simd, "--simd");
  refuse(command, entry, set, "--set");
  refuse(command, entry, output, "-o,--output");
  refuse(command, entry, force, "--force");
  command.add_flag("-v,--verbose", common.verbose, "say more");
  command.add_flag("-q,--quiet", common.quiet, "say only what is wrong");
  command.add_option("--progress", common.progress, "auto, bar, plain or none")
      ->check(CLI::IsMember({"auto", "bar", "plain", "none"}))
      ->capture_default_str();
  command.add_option("--color", common.color, "auto, always or never")
      ->check(CLI::IsMember({"auto", "always", "never"}))
      ->capture_default_str();
}

void choose_target(const Common& common) {
  if (choose_simd(common.simd.c_str())) return;
  std::string targets;
  for (const char* target : simd_targets()) targets += (targets.empty() ? "" : ", ") + std::string(target);
  throw Error(
      ExitCode::configuration,
      {"TF-CLI-006", "--simd", "this processor has no target '" + common.simd + "'", "best, " + targets, ""});
}

/// The parser would only say that a command is required.
void check_command(const std::vector<std::string>& argv) {
  if (argv.size() < 2 || argv[1].starts_with('-')) return;
  std::vector<std::string> names;
  std::string list;
  for (const Entry& entry : entries) {
    if (argv[1] == entry.name) return;
    names.emplace_back(entry.name);
    list += (list.empty() ? "" : ", ") + std::string(entry.name);
  }
  const std::string near = nearest(argv[1], names);
  throw Error(ExitCode::configuration, {"TF-CLI-001", "trifactor", "there is no command '" + argv[1] + "'",
                                        list, near.empty() ? "" : "did you mean '" + near + "'?"});
}

/// Whether all that was printed went through: a full disk shows only when the buffer is emptied.
bool written_out() { return std::fflush(stdout) == 0 && std::ferror(stdout) == 0; }

int cannot_write_out(const Common& common, int error) {
  if (error != EPIPE)  // whoever read has heard enough: `trifactor list rules | head -1`
    fmt::print(
        stderr, "{}",
        error_text({{"TF-OUT-003", "standard output",
                     std::string("cannot be written: ") + std::strerror(error), "", "free some space"}},
                   common.style()));
  return static_cast<int>(ExitCode::cannot_write);
}

int run_program(int argc, char** argv) {
  CLI::App app("trifactor " + tool_version() +
               ": emulate neuromorphic chips that learn; prove their update RTL; read off what they cost");
  app.require_subcommand(1);
  app.set_version_flag("--version", tool_version());
  Common common;
  for (int i = 0; i < argc; ++i) common.argv.emplace_back(argv[i]);
  Action chosen;
  for (const Entry& entry : entries) {
    CLI::App* command = app.add_subcommand(entry.name, entry.summary);
    add_common(*command, entry, common);
    const Action action = entry.add(*command, common);
    command->callback([&chosen, action] { chosen = action; });
  }
  try {
    check_command(common.argv);
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    const int status = app.exit(error);
    return status == 0 ? 0 : static_cast<int>(ExitCode::configuration);
  } catch (const Error& error) {
    fmt::print(stderr, "{}", error_text(error.items(), common.style()));
    return static_cast<int>(error.exit());
  }
  try {
    choose_target(common);
    const int status = chosen();
    return written_out() ? status : cannot_write_out(common, errno);
  } catch (const Error& error) {
    fmt::print(stderr, "{}", error_text(error.items(), common.style()));
    return static_cast<int>(error.exit());
  } catch (const std::bad_alloc&) {
    fmt::print(stderr, "{}",
               error_text({{"TF-CLI-007", "", "out of memory", "", "use a smaller network or data set"}},
                          common.style()));
    return static_cast<int>(ExitCode::internal);
  } catch (const std::exception& error) {
    if (std::ferror(stdout) != 0) return cannot_write_out(common, errno);
    fmt::print(stderr, "{}",
               error_text({{"TF-CLI-008", "", std::string("internal fault: ") + error.what(), "",
                            "please report it with the command line"}},
                          common.style()));
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
  action.sa_flags = SA_RESTART;  // the flag stops a run at the next sample; calls under way are finished
  sigaction(SIGINT, &action, nullptr);
  signal(SIGPIPE, SIG_IGN);
  signal(SIGXFSZ, SIG_IGN);  // a limit on file sizes is then an error of write(), as a full disk is
  return trifactor::run_program(argc, argv);
}
