// RTL against golden in lock-step: what a caller asks and what it learns.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <utility>
#include <vector>

namespace trifactor {

struct VerifyOptions {
  std::uint64_t vectors = 100000;  ///< constrained random ones; directed ones always run in full
  std::uint64_t seed = 1;
  std::filesystem::path replay_folder;  ///< where a divergence is written; empty: nowhere
};

struct VerifyResult {
  std::string name;
  std::uint64_t vectors = 0;        ///< compared
  std::string divergence;           ///< the first difference with its inputs; empty: none was found
  std::vector<std::string> unseen;  ///< situations that must occur and did not: nothing is said about these
  std::vector<std::pair<std::string, std::uint64_t>> coverage;
  std::string replay_file;  ///< path of the file that replays the divergence, empty if none

  bool passed() const { return divergence.empty() && unseen.empty(); }
  /// equal, DIFFER, or INCOMPLETE: no difference, but not everything was seen.
  const char* verdict() const;
  /// What is wrong; empty when passed.
  std::string complaint() const;
};

/// The units whose RTL is built in, in alphabetical order.
std::vector<std::string> verifiable_units();

/// Throws Error (configuration, TF-VER-001) for a name not in verifiable_units().
VerifyResult verify_unit(const std::string& name, const VerifyOptions& options);

/// Runs the vectors of a replay file of one of the units again. Throws Error: TF-VER-001 unknown unit,
/// TF-VER-002 file unreadable or not a replay file of this version. Coverage is reported, not demanded.
VerifyResult replay(const std::filesystem::path& file);

}  // namespace trifactor
