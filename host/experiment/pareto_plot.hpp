// The plot of a sweep: accuracy against energy, one mark a point, the best trades joined and numbered.
#pragma once

#include <string>
#include <vector>

#include "host/experiment/sweep_table.hpp"

namespace trifactor {

struct ParetoPlot {
  std::string title;
  std::string energy_label;             ///< of the axis, without the unit
  std::vector<std::string> axis_names;  ///< of the values in PointSummary::point
  std::vector<PointSummary> points;
};

/// A whole SVG file: style inside, light and dark by the reader's preference, nothing fetched. Marks carry
/// their values as tooltips; the best trades are listed below with theirs, so that no number needs a pointer.
std::string pareto_svg(const ParetoPlot& plot);

}  // namespace trifactor
