// sweep.csv: one row a run; and what the rows say about the points when taken over their seeds.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "host/experiment/sweep_grid.hpp"

namespace trifactor {

/// One run. What was not measured, or not run because it does not fit, is empty.
struct SweepRow {
  SweepPoint point;
  std::uint64_t seed = 0;
  bool fits = true;                           ///< false: the machine of this point cannot hold the network
  std::optional<double> validation_accuracy;  ///< fraction, after the last epoch
  std::optional<double> energy_pJ, energy_low_pJ, energy_high_pJ;  ///< of the whole run, validation included
  std::optional<double> learning_sample_pJ, inference_pJ;          ///< nominal
  std::optional<double> area_mm2;
  std::optional<double> latency_p50_ns;  ///< from input to result; engines with time
  /// |applied| / |intended| change of the learning projection that loses most; near 1 is good.
  std::optional<double> applied_share;
  double seconds = 0;

  friend bool operator==(const SweepRow&, const SweepRow&) = default;
};

std::string sweep_header(const std::vector<SweepAxis>& axes);
std::string sweep_line(const SweepRow& row);

/// Reads a table back. A last line without its end (a write that a crash cut) is dropped, that run is done
/// again. Throws Error(data): TF-RUN-005 to 007 not such a table, TF-SWP-009 a row that is not of `points`
/// and seeds first_seed, first_seed + 1 ..., or stands twice.
std::vector<SweepRow> read_sweep(std::string_view text, const std::string& where,
                                 const std::vector<SweepAxis>& axes, const std::vector<SweepPoint>& points,
                                 std::uint64_t first_seed, std::uint64_t seeds);

/// The rows of one point taken together; only points with at least one measured run.
struct PointSummary {
  SweepPoint point;
  std::size_t runs = 0;
  double accuracy = 0, accuracy_low = 0, accuracy_high = 0;  ///< mean and extremes over seeds
  double energy_pJ = 0;                                      ///< mean of nominal, of the whole run
  double area_mm2 = 0;
  std::optional<double> latency_p50_ns;
  bool best_trade = false;  ///< no point is better in accuracy or energy without being worse in the other
};

/// In the order of the grid.
std::vector<PointSummary> summarise(const std::vector<SweepRow>& rows, const std::vector<SweepPoint>& points);

}  // namespace trifactor
