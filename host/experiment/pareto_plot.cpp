#include "host/experiment/pareto_plot.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "host/report/format.hpp"
#include "host/report/svg.hpp"

namespace trifactor {
namespace {

constexpr double width = 760, left = 64, right = 24, top = 46, plot_height = 330, line_height = 19;
constexpr std::string_view style =
    "<style>:root{--page:#fbfbf9;--ink:#1b1c1e;--soft:#5a5e66;--grid:#ebebe7;--mark:#1f6fb2;--best:#c2561a}"
    "@media "
    "(prefers-color-scheme:dark){:root{--page:#141517;--ink:#e9e9e6;--soft:#a4a8ae;--grid:#292c30;--mark:#"
    "6cb2ea;--best:#f0955c}}"
    "svg{font-family:system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',Arial,sans-serif}"
    ".page{fill:var(--page)}text{fill:var(--ink);font-size:13px}.title{font-size:15px;font-weight:650}"
    ".tick{fill:var(--soft);font-size:12px}.label{fill:var(--soft)}.grid{stroke:var(--grid)}.axis{stroke:var("
    "--soft)}"
    ".front{fill:none;stroke:var(--best);stroke-width:1.5;stroke-dasharray:5 "
    "3}.spread{stroke:var(--mark);opacity:.6}"
    ".point{fill:var(--mark);fill-opacity:.75}.best{fill:var(--best)}.number{font-size:11px;font-weight:650;"
    "fill:var(--best)}</style>";

/// A point's values in one line: "eta 0.04, groups 8".
std::string values_of(const ParetoPlot& plot, const PointSummary& point) {
  std::vector<std::string> parts;
  for (std::size_t i = 0; i < plot.axis_names.size(); ++i)
    parts.push_back(fmt::format("{} {}", plot.axis_names[i], point.point[i]));
  return fmt::format("{}", fmt::join(parts, ", "));
}

std::string facts_of(const PointSummary& p) {
  std::string text = fmt::format("{:.2f} %", 100 * p.accuracy);
  if (p.runs > 1)
    text += fmt::format(" ({:.2f} to {:.2f}, {} seeds)", 100 * p.accuracy_low, 100 * p.accuracy_high, p.runs);
  text += fmt::format(", {}, {:.4g} mm2", format_energy({p.energy_pJ}), p.area_mm2);
  if (p.latency_p50_ns) text += ", " + format_time({*p.latency_p50_ns});
  return text;
}

struct Scale {
  double low = 0, high = 1, from = 0, to = 1;
  double operator()(double value) const { return from + (value - low) / (high - low) * (to - from); }
};

Scale scale_over(const std::vector<double>& ticks, double from, double to) {
  return {ticks.front(), ticks.back(), from, to};
}

}  // namespace

std::string pareto_svg(const ParetoPlot& plot) {
  std::vector<const PointSummary*> best;
  for (const PointSummary& p : plot.points)
    if (p.best_trade) best.push_back(&p);
  std::sort(best.begin(), best.end(), [](const auto* a, const auto* b) {
    return std::pair(a->energy_pJ, a->accuracy) < std::pair(b->energy_pJ, b->accuracy);
  });

  const double bottom = top + plot_height;
  const double height =
      bottom + 62 + line_height * static_cast<double>(std::max<std::size_t>(best.size(), 1));
  std::string out = fmt::format(
      R"(<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {:.0f} {:.0f}" role="img" aria-label="{}: accuracy against energy, {} points">)",
      width, height, escape_html(plot.title), plot.points.size());
  out += style;
  out += svg::rect(0, 0, width, height, "page");
  out += svg::text(left, 24, "start", "title", plot.title);
  if (plot.points.empty())
    return out + svg::text(left, top + 30, "start", "label", "no run has finished") + "</svg>\n";

  double energy_low = plot.points[0].energy_pJ, energy_high = energy_low, low = plot.points[0].accuracy_low,
         high = plot.points[0].accuracy_high;
  for (const PointSummary& p : plot.points) {
    energy_low = std::min(energy_low, p.energy_pJ), energy_high = std::max(energy_high, p.energy_pJ);
    low = std::min(low, p.accuracy_low), high = std::max(high, p.accuracy_high);
  }
  // One unit for the whole axis, so that its numbers are short.
  const double unit = std::pow(1000.0, std::floor(std::log10(std::max(energy_high, 1.0)) / 3));
  const char* const names[] = {"pJ", "nJ", "uJ", "mJ", "J", "kJ"};
  const auto which = static_cast<std::size_t>(std::clamp(std::log10(unit) / 3 + .5, 0.0, 5.0));
  const auto x_ticks = nice_ticks(energy_low / unit, energy_high / unit, 6),
             y_ticks = nice_ticks(100 * low, 100 * high, 6);
  const Scale x = scale_over(x_ticks, left, width - right), y = scale_over(y_ticks, bottom, top);
  const auto px = [&](const PointSummary& p) { return x(p.energy_pJ / unit); };
  const auto py = [&](double accuracy) { return y(100 * accuracy); };

  for (const double tick : y_ticks) {
    out += svg::line(left, y(tick), width - right, y(tick), "grid");
    out += svg::text(left - 8, y(tick) + 4, "end", "tick", fmt::format("{:.6g}", tick));
  }
  for (const double tick : x_ticks) {
    out += svg::line(x(tick), bottom, x(tick), bottom + 4, "axis");
    out += svg::text(x(tick), bottom + 18, "middle", "tick", fmt::format("{:.6g}", tick));
  }
  out += svg::line(left, bottom, width - right, bottom, "axis");
  out += svg::text((left + width - right) / 2, bottom + 37, "middle", "label",
                   format_for_page(fmt::format("{} ({})", plot.energy_label, names[which])));
  out += fmt::format(
      R"svg(<text transform="translate(16 {:.5g}) rotate(-90)" text-anchor="middle" class="label">validation accuracy (%)</text>)svg",
      (top + bottom) / 2);

  std::string front;
  for (std::size_t i = 0; i < best.size(); ++i)  // a staircase: between two trades nothing better is known
    front += i == 0 ? fmt::format("M{:.5g} {:.5g}", px(*best[i]), py(best[i]->accuracy))
                    : fmt::format("H{:.5g}V{:.5g}", px(*best[i]), py(best[i]->accuracy));
  out += svg::path(front, "front");
  for (const PointSummary& p : plot.points) {
    if (p.runs > 1) out += svg::line(px(p), py(p.accuracy_low), px(p), py(p.accuracy_high), "spread");
    out += fmt::format(R"(<circle cx="{:.5g}" cy="{:.5g}" r="{}" class="{}"><title>{}</title></circle>)",
                       px(p), py(p.accuracy), p.best_trade ? 5 : 3.5, p.best_trade ? "best" : "point",
                       escape_html(format_for_page(values_of(plot, p) + ": " + facts_of(p))));
  }
  for (std::size_t i = 0; i < best.size(); ++i) {
    out += svg::text(px(*best[i]), py(best[i]->accuracy) - 9, "middle", "number", std::to_string(i + 1));
    const std::string values = values_of(plot, *best[i]);
    out += svg::text(left, bottom + 62 + line_height * static_cast<double>(i), "start", "entry",
                     format_for_page(fmt::format("{}  {}{}{}", i + 1, values, values.empty() ? "" : ": ",
                                                 facts_of(*best[i]))));
  }
  return out + "</svg>\n";
}

}  // namespace trifactor
