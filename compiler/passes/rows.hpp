// The rows that end in a population, numbered through: projection by projection, each with its bias row last.
#pragma once

#include <algorithm>

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

/// What of each projection lies in rows [first, first + count) of the population.
inline std::vector<RowRange> row_ranges(const Network& network, std::size_t population, int first,
                                        int count) {
  std::vector<RowRange> ranges;
  int start = 0;
  for (std::size_t k = 0; k < network.projections.size(); ++k) {
    if (static_cast<std::size_t>(network.projections[k].to) != population) continue;
    const int rows = projection_rows(network, k);
    const int begin = std::max(first, start), end = std::min(first + count, start + rows);
    if (begin < end) {
      const bool bias = network.projections[k].bias && end == start + rows;
      ranges.push_back({k, begin - start, end - begin - (bias ? 1 : 0), bias});
    }
    start += rows;
  }
  return ranges;
}

}  // namespace trifactor
