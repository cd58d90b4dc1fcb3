// The rows that end in a population, projection by projection, each with its bias row last. Row slices take
// their part of every projection, so that whoever evaluates or learns finds all projections in all of them.
// Errors that are said are summed where they are used: their rows lie in the first slice, the neurons' owner.
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
/// (factors go to all of them) or carries errors back (all send partial sums), and of one at all that is
/// neither late nor of errors that are said (its sources open and close a step).
inline int most_row_slices(const Network& network, std::size_t population) {
  int largest = 1, learning = std::numeric_limits<int>::max();
  for (const ProjectionSpec& spec : network.projections) {
    if (static_cast<std::size_t>(spec.to) != population) continue;
    const int inputs = network.populations[static_cast<std::size_t>(spec.from)].neurons();
    if (!spec.feedback && !spec.late && !spec.error) largest = std::max(largest, inputs);
    if (spec.connect == Connect::max_pool && !spec.feedback) learning = 1;  // a window's largest needs all
    if (spec.plasticity || spec.feedback) learning = std::min(learning, inputs);
  }
  return std::min(largest, learning);
}

/// The rows that neurons [first, first + neurons) can have a synapse of, one at least: of a population that
/// is not cut by rows the others are neither stored nor sent.
inline std::pair<int, int> rows_reached(const Connectivity& connectivity, int first, int neurons) {
  std::size_t low = std::numeric_limits<std::size_t>::max(), high = 0;
  for (int i = first; i < first + neurons; ++i) {
    const auto [begin, end] = connectivity.rows_of(static_cast<std::size_t>(i));
    if (begin == end) continue;
    low = std::min(low, begin), high = std::max(high, end);
  }
  if (high == 0) return {0, 1};
  return {static_cast<int>(low), static_cast<int>(high)};
}

/// What of each projection lies in part `slice` of `slices`.
inline std::vector<RowRange> row_ranges(const Network& network, std::size_t population, int slice,
                                        int slices) {
  std::vector<RowRange> ranges;
  for (std::size_t k = 0; k < network.projections.size(); ++k) {
    if (static_cast<std::size_t>(network.projections[k].to) != population) continue;
    const std::int64_t rows = projection_rows(network, k);
    if (network.projections[k].error) {
      if (slice == 0) ranges.push_back({k, 0, static_cast<int>(rows), false});
      continue;
    }
    const int begin = static_cast<int>(rows * slice / slices),
              end = static_cast<int>(rows * (slice + 1) / slices);
    if (begin == end) continue;
    const bool bias = network.projections[k].bias && end == rows;
    ranges.push_back({k, begin, end - begin - (bias ? 1 : 0), bias});
  }
  return ranges;
}

/// The same less what the slice's neurons have no synapse of.
inline std::vector<RowRange> row_ranges(const Network& network, const Slice& slice) {
  std::vector<RowRange> ranges = row_ranges(network, slice.population, slice.row_slice, slice.row_slices);
  for (RowRange& range : ranges) {
    if (slice.row_slices > 1 && !network.projections[range.projection].error) continue;
    const auto [begin, end] =
        rows_reached(Connectivity(network, range.projection), slice.first_neuron, slice.neurons);
    range.first_row = begin, range.rows = end - begin;
  }
  return ranges;
}

/// The most rows that any `neurons` neighbours can have a synapse of.
inline int most_rows_reached(const Network& network, std::size_t projection, int neurons) {
  const ProjectionSpec& spec = network.projections[projection];
  const int all = network.populations[static_cast<std::size_t>(spec.to)].neurons();
  const Connectivity connectivity(network, projection);
  if (spec.connect == Connect::dense)
    return network.populations[static_cast<std::size_t>(spec.from)].neurons();
  int most = 1;
  for (int first = 0; first + neurons <= all; ++first) {
    const auto [begin, end] = rows_reached(connectivity, first, neurons);
    most = std::max(most, end - begin);
  }
  return most;
}

}  // namespace trifactor
