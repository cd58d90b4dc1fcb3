#include "host/experiment/run_checks.hpp"

#include <fmt/format.h>

#include "rtl/spec/diagnostic.hpp"
#include "runtime/wire/frame.hpp"

namespace trifactor {

std::unique_ptr<Dataset> open_samples(const std::string& spec, const std::string& input, std::size_t neurons,
                                      int classes) {
  std::unique_ptr<Dataset> data = open_dataset(parse_data_spec(spec));
  if (data->features() != neurons)
    throw Error(
        ExitCode::configuration,
        {"TF-RUN-101", spec, fmt::format("samples of {} values", data->features()),
         fmt::format("{} (population {})", neurons, input), "use the data the network was written for"});
  if (data->classes() > classes)
    throw Error(ExitCode::configuration,
                {"TF-RUN-102", spec, fmt::format("labels up to {}", data->classes() - 1),
                 fmt::format("{} classes at most", classes), "set classes in [network] (and compile again)"});
  return data;
}

void check_checkpoint(const Checkpoint& checkpoint, const RunOptions& options, std::uint64_t total) {
  if (checkpoint.data != options.data || checkpoint.test != options.test.value_or("") ||
      checkpoint.total != total || checkpoint.every != options.checkpoint_every)
    throw Error(ExitCode::configuration,
                {"TF-CKPT-004", options.resume->string(),
                 "the checkpoint belongs to a run with other --data, --test, --epochs, --every or --no-learn",
                 fmt::format("--data {} and {} learning samples in all, --every {}", checkpoint.data,
                             checkpoint.total, checkpoint.every),
                 "repeat the options of the interrupted run"});
  if (options.digests != (checkpoint.digest_bytes > 0))
    throw Error(
        ExitCode::configuration,
        {"TF-CKPT-004", options.resume->string(), "the checkpoint belongs to a run with other --digests",
         options.digests ? "no --digests" : "--digests", "repeat the options of the interrupted run"});
  if (options.digests) {
    const std::filesystem::path table = options.out / "digests.csv";
    std::error_code error;
    const std::uintmax_t bytes = std::filesystem::file_size(table, error);
    if (error || bytes < checkpoint.digest_bytes)
      throw Error(
          error ? ExitCode::configuration : ExitCode::data,
          {"TF-CKPT-005", table.string(),
           error ? "there is no such table to go on with" : fmt::format("the table has {} bytes", bytes),
           fmt::format("the interrupted run's table, of {} bytes or more", checkpoint.digest_bytes),
           "resume into the folder of the interrupted run"});
  }
}

void check_checkpoint_time(const Checkpoint& checkpoint, const ChipCounters& now, const RunOptions& options) {
  const bool timed = now.units.contains(network_unit);
  if (timed == checkpoint.counters.units.contains(network_unit)) return;
  throw Error(ExitCode::configuration,
              {"TF-CKPT-004", options.resume->string(),
               timed ? "the checkpoint belongs to a run without time, whose cycles nobody counted"
                     : "the checkpoint belongs to a run with time, whose cycles the rest would lack",
               timed ? "--engine functional or rtl" : "--engine systemc",
               "resume with the engine of the interrupted run"});
}

void check_checkpoint_place(const RunOptions& options) {
  if (!options.checkpoint) return;
  const std::filesystem::path& file = *options.checkpoint;
  std::error_code error;
  if (std::filesystem::is_directory(file, error))
    throw Error(ExitCode::cannot_write,
                {"TF-OUT-001", file.string(), "is a folder", "the name of a file for checkpoints", ""});
  const std::filesystem::path parent =
      file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
  const bool in_run_folder = std::filesystem::weakly_canonical(parent, error) ==
                             std::filesystem::weakly_canonical(options.out, error);
  if (!in_run_folder && !std::filesystem::is_directory(parent, error))
    throw Error(ExitCode::cannot_write, {"TF-OUT-001", file.string(), "there is no such folder",
                                         "a folder that is there", "make it, or name another"});
  const bool resumed = options.resume && std::filesystem::equivalent(file, *options.resume, error);
  if (std::filesystem::exists(file, error) && !resumed && !options.force)
    throw Error(ExitCode::cannot_write, {"TF-OUT-002", file.string(), "already exists",
                                         "a name that is not taken", "use --force to write over it"});
}

}  // namespace trifactor
