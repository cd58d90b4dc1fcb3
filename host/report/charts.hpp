// The charts of report.html, each as one inline SVG with a text alternative. Colours come from CSS classes
// (s0 to s5 for series, see html_style.cpp) so that light and dark need one drawing; series differ in dash
// pattern and marker too, never in colour alone.
#pragma once

#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/report/energy.hpp"
#include "host/report/run_record.hpp"

namespace trifactor {

struct Series {
  std::string name;
  std::vector<std::pair<double, double>> points;  ///< x, y; points that are not finite are left out
};

struct LineChart {
  std::string title;  ///< text alternative begins with it
  std::string x_label, y_label;
  std::optional<double> y_low, y_high;                 ///< fixed ends of the axis
  std::vector<Series> series;                          ///< drawn in the styles s0, s1 ... (at most six)
  std::vector<std::pair<std::string, double>> levels;  ///< horizontal reference lines
  bool percent = false;                                ///< y values are fractions shown as percent
};
inline constexpr std::size_t series_styles = 6;

/// The drawing and its legend (when there is more than one series).
std::string line_chart(const LineChart& chart);

/// A bar from 0 to nominal with a whisker from low to high, on a scale from 0 to `full`. No text: the row it
/// stands in says the values. `learning` picks the second fill.
std::string whisker_bar(const EnergyRange& range, Picojoules full, bool learning);

/// The axis under rows of whisker bars: ticks in the unit that fits `full`.
std::string whisker_axis(Picojoules full);

/// Shares of a whole side by side, in the styles of cycle causes (k0 to k4).
std::string stacked_bar(const std::vector<double>& shares);

/// The mesh, one cell a tile (blocks of tiles when wider than 64), shaded by load, with a scale below.
std::string core_map(const RunRecord& run, const std::vector<double>& loads, const EnergyReport& energy);

}  // namespace trifactor
