// What a run's counts mean: its speed and what limits it, what learning lost, which kernels are stuck.
#pragma once

#include <array>
#include <optional>
#include <string>
#include <vector>

#include "host/report/run_record.hpp"
#include "rtl/spec/quantity.hpp"

namespace trifactor {

/// A core's cycles as fractions of the run, in the order of CycleCause.
std::array<double, cycle_cause_count> cycle_shares(const CoreRecord& core);

/// For each core the fraction of its cycles it was not idle; without time, its synapse accesses relative to
/// those of the core with the most.
std::vector<double> loads(const RunRecord& run);

struct Throughput {
  std::optional<Nanoseconds> time;
  std::optional<double> samples_per_s, updates_per_s, operations_per_s;  ///< of the modelled chip
  std::optional<Nanoseconds> latency_p50, latency_p99;
  std::optional<std::size_t> busiest;  ///< index of the core that bounds throughput
  std::string bottleneck;              ///< one sentence: which core, which cause, and what would help
};
Throughput throughput(const RunRecord& run);

/// The sigma at which a kernel of mean `mean_kernel` at `sigma` would have mean `wanted`, from the mean
/// distance -2 sigma^2 ln(mean_kernel). A kernel at the end of its range hides the distance; `bound` then
/// says that the answer is only a limit in that direction.
struct SigmaAdvice {
  double sigma;
  enum class Bound { none, at_least, at_most } bound;
};
SigmaAdvice advise_sigma(double mean_kernel, double sigma, double wanted = .25);

/// Warnings a person should act on, worst first; each is one or two sentences.
std::vector<std::string> warnings(const RunRecord& run);

}  // namespace trifactor
