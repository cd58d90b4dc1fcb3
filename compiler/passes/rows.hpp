// The rows that end in a population, projection by projection, each with its bias row last. Row slices take
// their part of every projection, so that whoever evaluates or learns finds all projections in all of them.
#pragma once

#include <algorithm>
#include <limits>

#include "compiler/passes/passes.hpp"

namespace trifactor {

/// The part of one projection that a slice holds.
struct RowRange {
  std::size_t projection = 0;
  int first_row = 0, rows = 0;  ///< presynaptic neurons
  bool bias = false;
};

inline int projection_rows(const Network& network, std::size_t projection) {
  const ProjectionSpec& spec = network.projections[projection];
  return network.populations[static_cast<std::size_t>(spec.from)].neurons() + (spec.bias ? 1 : 0);
}

inline int total_rows(const Network& network, std::size_t population) {
  int rows = 0;
  for (std::size_t k = 0; k < network.projections.size(); ++k)
    if (static_cast<std::size_t>(network.projections[k].to) == population)
      rows += projection_rows(network, k);
  return rows;
}

/// The most row slices of a population: each needs a row, other than a bias, of every projection that learns
/// (factors go to all of them) or carries errors back (all send partial sums), and of one at all that is not
/// late (its sources open and close a step).
inline int most_row_slices(const Network& network, std::size_t population) {
  int largest = 1, learning = std::numeric_limits<int>::max();
  for (const ProjectionSpec& spec : network.projections) {
    if (static_cast<std::size_t>(spec.to) != population) continue;
    const int inputs = network.populations[static_cast<std::size_t>(spec.from)].neurons();
    if (!spec.feedback && !spec.late) largest = std::max(largest, inputs);
    if (spec.connect == Connect::max_pool) learning = 1;  // a window's largest needs all of it
    if (spec.plasticity || spec.feedback) learning = std::min(learning, inputs);
  }
  return std::min(largest, learning);
}

/// What of each projection lies in part `slice` of `slices`.
inline std::vector<RowRange> row_ranges(const Network& network, std::size_t population, int slice,
                                        int slices) {
  std::vector<RowRange> ranges;
  for (std::size_t k = 0; k < network.projections.size(); ++k) {
    if (static_cast<std::size_t>(network.projections[k].to) != population) continue;
    const std::int64_t rows = projection_rows(network, k);
    const int begin = static_cast<int>(rows * slice / slices),
              end = static_cast<int>(rows * (slice + 1) / slices);
    if (begin == end) continue;
    const bool bias = network.projections[k].bias && end == rows;
    ranges.push_back({k, begin, end - begin - (bias ? 1 : 0), bias});
  }
  return ranges;
}

}  // namespace trifactor
