#include "host/report/charts.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/report/format.hpp"
#include "host/report/svg.hpp"

namespace trifactor {
namespace {

constexpr double width = 440, height = 250;
constexpr double left = 52, right = 14, top = 14, bottom = 44;

struct Extent {
  double low = 0, high = 0;
  bool any = false;
  void take(double value) {
    if (!std::isfinite(value)) return;
    low = any ? std::min(low, value) : value;
    high = any ? std::max(high, value) : value;
    any = true;
  }
};

/// Long runs have more points than pixels: keep the first and last of each pixel column, and its extremes.
std::vector<std::pair<double, double>> thinned(const std::vector<std::pair<double, double>>& points) {
  std::vector<std::pair<double, double>> finite;
  for (const auto& p : points) {
    if (std::isfinite(p.first) && std::isfinite(p.second)) finite.push_back(p);
  }
  constexpr std::size_t columns = 400;
  if (finite.size() <= 2 * columns) return finite;
  std::vector<std::pair<double, double>> kept;
  const std::size_t group = (finite.size() + columns - 1) / columns;
  for (std::size_t i = 0; i < finite.size(); i += group) {
    const auto begin = finite.begin() + static_cast<std::ptrdiff_t>(i);
    const auto end = finite.begin() + static_cast<std::ptrdiff_t>(std::min(finite.size(), i + group));
    auto [least, most] =
        std::minmax_element(begin, end, [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most < least) std::swap(least, most);
    kept.push_back(*least);
    if (most != least) kept.push_back(*most);
  }
  return kept;
}

std::string legend(const LineChart& chart) {
  if (chart.series.size() < 2) return "";
  std::string html = R"(<ul class="legend">)";
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    html += fmt::format(
        R"(<li><svg width="26" height="10" aria-hidden="true"><line x1="1" y1="5" x2="25" y2="5" class="curve s{}"/></svg>{}</li>)",
        i % series_styles, escape_html(chart.series[i].name));
  }
  return html + "</ul>";
}

std::string describe(const LineChart& chart) {
  std::string text = fmt::format("{}: {} over {}.", chart.title, chart.y_label, chart.x_label);
  for (const Series& s : chart.series) {
    const auto points = thinned(s.points);
    if (points.empty()) continue;
    const auto show = [&](double v) { return chart.percent ? format_percent(v) : short_number(v); };
    text +=
        fmt::format(" {}: from {} to {}.", s.name, show(points.front().second), show(points.back().second));
  }
  return text;
}

}  // namespace

std::string line_chart(const LineChart& chart) {
  Extent x, y;
  for (const Series& s : chart.series) {
    for (const auto& [px, py] : s.points) {
      if (!std::isfinite(px) || !std::isfinite(py)) continue;
      x.take(px);
      y.take(py);
    }
  }
  for (const auto& [name, level] : chart.levels) y.take(level);
  if (!x.any) return R"(<p class="muted">Nothing was recorded.</p>)";
  const auto x_ticks = nice_ticks(x.low, x.high, 5);
  const auto y_ticks = nice_ticks(chart.y_low.value_or(y.low), chart.y_high.value_or(y.high), 5);
  const auto px = [&](double v) {
    return left + (v - x_ticks.front()) / (x_ticks.back() - x_ticks.front()) * (width - left - right);
  };
  const auto py = [&](double v) {
    return height - bottom -
           (v - y_ticks.front()) / (y_ticks.back() - y_ticks.front()) * (height - top - bottom);
  };
  std::string out = fmt::format(R"(<svg class="chart" viewBox="0 0 {} {}" role="img" aria-label="{}">)",
                                width, height, escape_html(describe(chart)));
  for (const double tick : y_ticks) {
    out += svg::line(left, py(tick), width - right, py(tick), "grid");
    out += svg::text(left - 7, py(tick) + 4, "end", "tick",
                     chart.percent ? fmt::format("{:.4g}", 100 * tick) : short_number(tick));
  }
  for (const double tick : x_ticks) {
    out += svg::line(px(tick), height - bottom, px(tick), height - bottom + 4, "axis");
    out += svg::text(px(tick), height - bottom + 17, "middle", "tick", short_number(tick));
  }
  out += svg::line(left, height - bottom, width - right, height - bottom, "axis");
  out += svg::text((left + width - right) / 2, height - 8, "middle", "axis-label", chart.x_label);
  out += fmt::format(
      R"svg(<text transform="translate(12 {:.5g}) rotate(-90)" text-anchor="middle" class="axis-label">{}</text>)svg",
      (top + height - bottom) / 2, escape_html(chart.y_label));
  double last_label = -100;
  auto levels = chart.levels;
  std::sort(levels.begin(), levels.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  for (const auto& [name, level] : levels) {
    out += svg::line(left, py(level), width - right, py(level), "level");
    // Below and at the right, where curves have climbed past; labels of close lines step downwards.
    last_label = std::max(py(level) + 12, last_label + 12);
    out += svg::text(width - right - 4, last_label, "end", "level-label", name);
  }
  for (std::size_t i = 0; i < chart.series.size(); ++i) {
    const auto points = thinned(chart.series[i].points);
    const std::size_t style = i % series_styles;
    std::string data;
    for (const auto& [vx, vy] : points) {
      data += fmt::format("{}{:.5g} {:.5g}", data.empty() ? "M" : "L", px(vx), py(vy));
    }
    // Between a first and a last point nothing is known, so they stay points.
    if (points.size() > 2) out += svg::path(data, fmt::format("curve s{}", style));
    if (points.size() > 40) continue;
    for (const auto& [vx, vy] : points) {
      out +=
          fmt::format(R"(<circle cx="{:.5g}" cy="{:.5g}" r="2.6" class="dot s{}"/>)", px(vx), py(vy), style);
    }
  }
  return out + "</svg>" + legend(chart);
}

std::string whisker_bar(const EnergyRange& range, Picojoules full, bool learning) {
  // Stretched to the row's width: strokes keep theirs by vector-effect.
  const auto at = [&](Picojoules energy) { return full.value > 0 ? 1000 * energy.value / full.value : 0; };
  std::string out =
      R"(<svg class="bar" viewBox="0 0 1000 16" preserveAspectRatio="none" aria-hidden="true">)";
  out += svg::rect(0, 3, at(range.nominal), 10, learning ? "fill-learning" : "fill-forward");
  out += svg::line(at(range.low), 8, at(range.high), 8, "whisker");
  out += svg::line(at(range.low), 4, at(range.low), 12, "whisker");
  out += svg::line(at(range.high), 4, at(range.high), 12, "whisker");
  return out + "</svg>";
}

std::string whisker_axis(Picojoules full) {
  if (full.value <= 0) return "";
  // Positions in percent: the text keeps its size whatever the width.
  std::string out = R"(<div class="bar-axis" aria-hidden="true">)";
  const auto ticks = nice_ticks(0, full.value, 5);
  for (const double tick : ticks) {
    if (tick > full.value) continue;
    out += fmt::format(R"(<span style="left:{:.4g}%">{}</span>)", 100 * tick / full.value,
                       escape_html(format_for_page(format_energy({tick}))));
  }
  return out + "</div>";
}

std::string stacked_bar(const std::vector<double>& shares) {
  std::string out =
      R"(<svg class="bar" viewBox="0 0 1000 16" preserveAspectRatio="none" aria-hidden="true">)";
  double x = 0;
  for (std::size_t i = 0; i < shares.size(); ++i) {
    if (shares[i] <= 0) continue;
    out += svg::rect(1000 * x, 2, 1000 * shares[i], 12, fmt::format("k{}", i));
    x += shares[i];
  }
  return out + "</svg>";
}

std::string core_map(const RunRecord& run, const std::vector<double>& loads, const EnergyReport& energy) {
  const auto mesh_width = static_cast<int>(run.machine.mesh.width);
  const auto mesh_height = static_cast<int>(run.machine.mesh.height);
  const int block = std::max(1, (std::max(mesh_width, mesh_height) + 63) / 64);
  const int columns = (mesh_width + block - 1) / block, rows = (mesh_height + block - 1) / block;
  struct Cell {
    double load = 0, most = -1, energy = 0;
    int count = 0;
    const CoreRecord* core = nullptr;  ///< the most loaded
  };
  std::vector<Cell> cells(static_cast<std::size_t>(columns) * rows);
  for (std::size_t i = 0; i < run.cores.size(); ++i) {
    const CoreRecord& core = run.cores[i];
    if (core.x < 0 || core.y < 0 || core.x >= mesh_width || core.y >= mesh_height) continue;
    Cell& cell = cells[static_cast<std::size_t>(core.y / block) * columns + core.x / block];
    cell.load += loads[i];
    cell.energy += energy.core[i].nominal.value;
    ++cell.count;
    if (loads[i] > cell.most) cell.most = loads[i], cell.core = &core;
  }
  const double size = std::clamp(560.0 / columns, 7.0, 58.0);
  const double margin = 26, scale_height = 58;
  const double scale_width = std::max(size * columns, 220.0);
  std::string out = fmt::format(
      R"(<svg class="map" style="max-width:{:.0f}px" viewBox="0 0 {:.5g} {:.5g}" role="img" aria-label="Map of {} by {} tiles shaded by load; the same values are in the table of cores.">)",
      (scale_width + margin + 8) * 1.1, scale_width + margin + 8, size * rows + margin + scale_height,
      mesh_width, mesh_height);
  const int label_every = std::max(1, static_cast<int>(std::ceil(20 / size)));
  for (int x = 0; x < columns; x += label_every) {
    out += svg::text(margin + (x + .5) * size, margin - 8, "middle", "tick", fmt::to_string(x * block));
  }
  for (int y = 0; y < rows; y += label_every) {
    out += svg::text(margin - 8, margin + (y + .5) * size + 4, "end", "tick", fmt::to_string(y * block));
  }
  for (std::size_t i = 0; i < cells.size(); ++i) {
    const Cell& cell = cells[i];
    if (cell.core == nullptr) continue;
    const double x = margin + static_cast<double>(i % columns) * size;
    const double y = margin + static_cast<double>(i / columns) * size;
    const double mean = cell.load / cell.count;
    const bool is_idle = cell.core->role == "idle", is_input = cell.core->role == "input";
    out += fmt::format(
        "<g><title>{}</title>",
        escape_html(block == 1 ? fmt::format("core ({}, {}) {} {}: load {}, {}", cell.core->x, cell.core->y,
                                             cell.core->role, cell.core->population, format_percent(mean),
                                             format_for_page(format_energy({cell.energy})))
                               : fmt::format("{} tiles: mean load {}, highest {}, {}", cell.count,
                                             format_percent(mean), format_percent(cell.most),
                                             format_for_page(format_energy({cell.energy})))));
    out += svg::rect(x + 1, y + 1, size - 2, size - 2,
                     is_idle    ? "tile idle"
                     : is_input ? "tile input"
                                : "tile",
                     is_idle ? "" : fmt::format(R"(fill-opacity="{:.3f}")", .08 + .92 * mean));
    if (size >= 34) {
      // Ink that stays readable on each depth of shade, in both themes.
      const char* depth = is_idle || mean <= .6 ? "" : mean <= .85 ? " mid" : " strong";
      out += svg::text(x + size / 2, y + size / 2 + 4, "middle", fmt::format("cell-label{}", depth),
                       is_idle ? "-" : fmt::format("{}{:.0f}", is_input ? "in " : "", 100 * mean));
      if (cell.core->teacher && block == 1) {
        out += svg::text(x + size - 6, y + 13, "end", fmt::format("mark{}", depth), "T");
      }
    }
    out += "</g>";
  }
  // The scale.
  const double y = margin + size * rows + 16;
  constexpr int steps = 10;
  const double step = scale_width / steps;
  for (int i = 0; i < steps; ++i) {
    out += svg::rect(margin + i * step, y, step, 10, "tile plain",
                     fmt::format(R"(fill-opacity="{:.3f}")", .08 + .92 * (i + .5) / steps));
  }
  out += svg::text(margin, y + 26, "start", "tick", "0 %");
  out += svg::text(margin + scale_width / 2, y + 26, "middle", "tick",
                   run.cycles ? "cycles not idle" : "memory accesses, relative");
  out += svg::text(margin + scale_width, y + 26, "end", "tick", "100 %");
  return out + "</svg>";
}

}  // namespace trifactor
