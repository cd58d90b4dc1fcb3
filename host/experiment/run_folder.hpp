// The folder a run writes: never overwritten by accident, never left behind half-filled.
#pragma once

#include <filesystem>
#include <vector>

namespace trifactor {

/// Refuses an existing, non-empty folder (cannot_write TF-OUT-002) unless forced.
void refuse_existing(const std::filesystem::path& folder, bool force);

/// The same, then makes the folder. Throws cannot_write TF-OUT-001 when that fails.
void prepare_output_folder(const std::filesystem::path& folder, bool force);

/// A run folder under way. It holds files of one run only: with `force`, an earlier run's are removed. Until
/// keep() is called, destruction removes what the run wrote and every folder it made. A resumed run keeps
/// all.
class RunFolder {
 public:
  RunFolder(std::filesystem::path folder, bool force, bool resuming);
  RunFolder(const RunFolder&) = delete;
  RunFolder& operator=(const RunFolder&) = delete;
  ~RunFolder();

  /// From here on there is something worth keeping: all results, or a checkpoint to resume from.
  void keep() { keep_ = true; }

 private:
  void clear() const;

  std::filesystem::path folder_;
  std::vector<std::filesystem::path> made_;  ///< folders made by this run, innermost first
  bool keep_;
};

}  // namespace trifactor
