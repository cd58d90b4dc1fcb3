// The sections that check and explain: losses, signals, constants, provenance.
#include <fmt/format.h>

#include <functional>

#include "host/report/charts.hpp"
#include "host/report/findings.hpp"
#include "host/report/format.hpp"
#include "host/report/html_sections.hpp"
#include "host/report/svg.hpp"

namespace trifactor::html {
namespace {

using Signal = std::optional<double> LayerSignals::*;

/// One curve a layer, in the order in which layers first appear.
std::vector<Series> by_layer(const RunRecord& run, Signal signal) {
  std::vector<Series> all;
  for (const LayerSignals& s : run.signals) {
    if (!(s.*signal)) continue;
    Series* found = nullptr;
    for (Series& series : all) {
      if (series.name == s.layer) found = &series;
    }
    if (found == nullptr) found = &all.emplace_back(Series{s.layer, {}});
    found->points.emplace_back(static_cast<double>(s.sample), *(s.*signal));
  }
  return all;
}

std::string definition(const std::string& name, const std::string& value) {
  return fmt::format("<dt>{}</dt><dd>{}</dd>", escape_html(name), value);
}

std::string code(const std::string& text) { return fmt::format("<code>{}</code>", escape_html(text)); }

}  // namespace

std::string losses(const Context& c) {
  std::string rows;
  for (const ProjectionRecord& p : c.run.projections) {
    if (p.rule.empty()) continue;
    const auto share = change_share(p);
    rows += fmt::format(
        R"(<tr><td>{}</td><td>{}</td><td>{}</td><td class="n">{}</td><td class="n">{}</td><td class="n">{}</td><td class="n">{}</td><td class="n">{}</td><td class="n">{}</td></tr>)",
        escape_html(p.name), escape_html(p.rule), code(p.weight_format), format_count(p.counts.applied),
        format_count(p.counts.rounded_to_zero), format_count(p.counts.saturated),
        format_count(p.counts.factors_lost), format_count(p.counts.factors_saturated),
        share ? format_percent(*share) : "-");
  }
  if (rows.empty()) return "";
  return R"(<p class="muted small">Counts of enabled pairs. The last column is the sum of what weights moved over the sum of what the rule asked for: near 100 % under stochastic rounding, far below when learning is being lost.</p><div class="scroll"><table><thead><tr><th scope="col">Projection</th><th scope="col">Rule</th><th scope="col">Weights</th><th scope="col" class="n">Changed</th><th scope="col" class="n">Rounded to zero</th><th scope="col" class="n">Saturated</th><th scope="col" class="n">Factors lost</th><th scope="col" class="n">Factors saturated</th><th scope="col" class="n">Applied / intended</th></tr></thead><tbody>)" +
         rows + "</tbody></table></div>";
}

std::string signals(const Context& c) {
  struct Plot {
    const char* title;
    const char* label;
    Signal signal;
    bool percent;
    std::optional<double> low, high;
  };
  const std::vector<Plot> plots = {
      {"Mean kernel", "mean kernel", &LayerSignals::mean_kernel, false, 0.0, 1.0},
      {"Size of the third factor", "mean |M|", &LayerSignals::mean_abs_third_factor, false, 0.0, {}},
      {"Pairs of the same class", "share in %", &LayerSignals::same_class_share, true, 0.0, {}},
      {"Weight norm", "root of the sum of squares", &LayerSignals::weight_norm, false, {}, {}},
      {"Applied over intended change", "share in %", &LayerSignals::applied_share, true, 0.0, {}},
      {"Learning rate", "eta", &LayerSignals::eta, false, 0.0, {}},
  };
  std::string out;
  for (const Plot& plot : plots) {
    std::vector<Series> series = by_layer(c.run, plot.signal);
    if (series.empty()) continue;
    // More layers than styles: the rest is in per_step.csv.
    const std::size_t layers = series.size();
    if (layers > series_styles) series.resize(series_styles);
    LineChart chart{plot.title, "learning samples seen", plot.label, plot.low,
                    plot.high,  std::move(series),       {},         plot.percent};
    out += fmt::format(
        "<figure><figcaption>{}{}</figcaption>{}</figure>", plot.title,
        layers > series_styles ? fmt::format(" (first {} of {} layers)", series_styles, layers) : "",
        line_chart(chart));
  }
  if (out.empty()) return "";
  return R"(<p class="muted small">By layer. A mean kernel near 0 or 1 tells samples apart no longer; about 0.25 is a good place.</p><div class="charts">)" +
         out + "</div>";
}

std::string constants(const Context& c) {
  std::string out = fmt::format(
      R"(<p>{}. Tags: P primary source, S secondary source quoting it, M measured or generated, D derived by the formula shown, R recalled and used only inside formulas beside a better figure.</p><div class="scroll"><table><thead><tr><th scope="col">Figure</th><th scope="col" class="n">Nominal</th><th scope="col" class="n">Low</th><th scope="col" class="n">High</th><th scope="col">Unit</th><th scope="col">At</th><th scope="col">Tag</th><th scope="col">Source and formula</th></tr></thead><tbody>)",
      escape_html(c.technology.description));
  std::string kind;
  for (const Constant& k : c.technology.constants) {
    if (k.kind != kind) {
      kind = k.kind;
      out += fmt::format(R"(<tr class="group"><td colspan="8">{}</td></tr>)", escape_html(kind));
    }
    std::string at = k.node_nm > 0 ? fmt::format("{} nm", k.node_nm) : "";
    if (k.supply.value > 0) at += fmt::format("{}{:.3g} V", at.empty() ? "" : ", ", k.supply.value);
    out += fmt::format(
        R"(<tr><td class="k"><code>{}</code></td><td class="n">{:.4g}</td><td class="n">{:.4g}</td><td class="n">{:.4g}</td><td class="k">{}</td><td class="k">{}</td><td>{}</td><td class="w small">{}{}</td></tr>)",
        escape_html(k.name), k.value.nominal, k.value.low, k.value.high, escape_html(k.unit), at,
        escape_html(k.tag), escape_html(k.source), k.formula.empty() ? "" : "<br>" + code(k.formula));
  }
  return out + "</tbody></table></div>";
}

std::string provenance(const Context& c) {
  const RunRecord& run = c.run;
  std::string line;
  for (const std::string& word : run.argv) line += (line.empty() ? "" : " ") + word;
  std::string out = "<dl>";
  out += definition("Command", code(line));
  out += definition("Version", escape_html(run.tool_version));
  out += definition("Seed", fmt::to_string(run.seed));
  out += definition("Wall time", shown(format_time(Nanoseconds{run.wall_s * 1e9})));
  out += definition("Peak memory", fmt::format("{:.1f} MB", static_cast<double>(run.peak_rss_bytes) / 1e6));
  for (const auto& [stage, seconds] : run.stage_s) {
    out += definition("Stage " + stage, shown(format_time(Nanoseconds{seconds * 1e9})));
  }
  for (const auto& [name, hash] : run.input_hashes) out += definition("SHA-256 of " + name, code(hash));
  out += "</dl>";
  if (!run.configuration.empty()) {
    out += "<details><summary>Resolved configuration</summary><dl>";
    for (const auto& [key, value] : run.configuration) out += definition(key, code(value));
    out += "</dl></details>";
  }
  return out;
}

}  // namespace trifactor::html
