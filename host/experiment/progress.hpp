// How far a run is and how fast it goes, for whoever watches.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

namespace trifactor {

/// What a running experiment tells whoever watches.
struct Progress {
  std::string stage;  ///< "learning", "testing"
  std::uint64_t done = 0, total = 0;
  double samples_per_s = 0;
  std::optional<double> accuracy;  ///< running, of this stage
};

using Clock = std::chrono::steady_clock;

inline double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class ProgressMeter {
 public:
  explicit ProgressMeter(std::function<void(const Progress&)> tell)
      : tell_(std::move(tell)), started_(Clock::now()) {}

  void answered(std::uint64_t samples = 1) { answers_ += samples; }
  /// Tells at most five times a second, and always the end of a stage.
  void report(const char* stage, std::uint64_t done, std::uint64_t total, std::optional<double> accuracy);

 private:
  struct Moment {
    std::uint64_t answers = 0;
    double seconds = 0;
  };
  std::function<void(const Progress&)> tell_;
  Clock::time_point started_;
  std::uint64_t answers_ = 0;  ///< all stages
  double last_ = 0;
  std::string stage_;
  Moment began_;
  std::optional<Moment> first_;
};

}  // namespace trifactor
