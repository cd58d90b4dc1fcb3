#include "host/experiment/run_folder.hpp"

#include <system_error>
#include <utility>

#include "rtl/spec/diagnostic.hpp"

namespace trifactor {

void refuse_existing(const std::filesystem::path& folder, bool force) {
  std::error_code error;
  if (!std::filesystem::exists(folder, error) || force) return;
  if (std::filesystem::is_directory(folder, error) && std::filesystem::is_empty(folder, error)) return;
  throw Error(ExitCode::cannot_write, {"TF-OUT-002", folder.string(), "already exists",
                                       "a folder that is not there yet", "use --force to write over it"});
}

void prepare_output_folder(const std::filesystem::path& folder, bool force) {
  refuse_existing(folder, force);
  std::error_code error;
  std::filesystem::create_directories(folder, error);
  if (!error && !std::filesystem::is_directory(folder, error))
    error = std::make_error_code(std::errc::not_a_directory);
  if (error)
    throw Error(ExitCode::cannot_write, {"TF-OUT-001", folder.string(), "cannot be made: " + error.message(),
                                         "", "write elsewhere with -o"});
}

RunFolder::RunFolder(std::filesystem::path folder, bool force, bool resuming)
    : folder_(std::move(folder)), keep_(resuming) {
  std::error_code error;
  for (std::filesystem::path part = folder_; !part.empty() && !std::filesystem::exists(part, error) && !error;
       part = part.parent_path())
    made_.push_back(part);
  prepare_output_folder(folder_, force || resuming);
  if (!resuming) clear();
}

RunFolder::~RunFolder() {
  if (keep_) return;
  clear();
  std::error_code error;
  for (const std::filesystem::path& part : made_) std::filesystem::remove(part, error);  // only while empty
}

void RunFolder::clear() const {
  std::error_code error;
  for (const char* name : {"run.json", "summary.json", "per_core.csv", "per_width.csv", "per_step.csv",
                           "accuracy.csv", "technology.json", "weights.npz", "digests.csv", "report.html"})
    if (!std::filesystem::is_directory(folder_ / name, error)) std::filesystem::remove(folder_ / name, error);
}

}  // namespace trifactor
