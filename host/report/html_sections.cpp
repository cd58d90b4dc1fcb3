// The sections with results: headline, learning curve, energy, throughput, area, cores.
#include "host/report/html_sections.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <numeric>

#include "host/report/charts.hpp"
#include "host/report/findings.hpp"
#include "host/report/format.hpp"
#include "host/report/svg.hpp"

namespace trifactor::html {
namespace {

std::string tile(std::string_view what, const std::string& value, const std::string& more) {
  const bool none = value.empty();
  return fmt::format(
      R"(<div class="tile-box"><div class="what">{}</div><div class="value{}">{}</div><div class="more">{}</div></div>)",
      escape_html(what), none ? " none" : "", none ? "not measured" : shown(value), shown(more));
}

std::string energy_tile(std::string_view what, const std::optional<EnergyRange>& range,
                        const std::string& note) {
  if (!range) return "";
  return tile(what, format_energy(range->nominal),
              fmt::format("{} to {}{}", format_energy(range->low), format_energy(range->high), note));
}

std::string references(const RunRecord& run) {
  std::string text;
  const auto own = run.test_accuracy();
  for (const auto& [name, value] : run.reference_accuracies) {
    text += fmt::format("{}{}: {}", text.empty() ? "" : "; ", name, format_percent(value, 2));
    if (own) text += fmt::format(" ({:+.2f} points)", 100 * (*own - value));
  }
  return text;
}

/// A row of a bar list: name, bar, number.
std::string bar_row(const std::string& name, const std::string& bar, const std::string& number) {
  return fmt::format(
      R"(<div class="row"><div class="name">{}</div><div class="bar-cell">{}</div><div class="number">{}</div></div>)",
      escape_html(name), bar, shown(number));
}

std::string share_of(Picojoules part, Picojoules whole) {
  return whole.value > 0 ? format_percent(part / whole) : "-";
}

std::string published(const Technology& technology) {
  std::string text;
  for (const Constant& c : technology.constants) {
    if (c.kind != "comparison") continue;
    std::string name = c.name;
    std::replace(name.begin(), name.end(), '_', ' ');
    text += fmt::format("{}{} {:.3g} {} ({} nm, {:.2g} V)", text.empty() ? "" : "; ", name, c.value.nominal,
                        c.unit, c.node_nm, c.supply.value);
  }
  return text;
}

}  // namespace

std::string shown(const std::string& number) { return escape_html(format_for_page(number)); }

std::string headline(const Context& c) {
  const RunRecord& run = c.run;
  std::string out = fmt::format(
      R"(<header><h1>{} on {}</h1><p class="lead">engine {}, seed {}; {} samples, {} with learning; costed for {}</p></header>)",
      escape_html(run.network), escape_html(run.machine.name), escape_html(run.engine), run.seed,
      format_count(run.samples), format_count(run.learn_samples), escape_html(c.technology.name));
  for (const std::string& warning : warnings(run)) {
    out += fmt::format(R"(<p class="warning" role="note"><strong>Warning.</strong> {}</p>)",
                       escape_html(warning));
  }
  const Throughput speed = trifactor::throughput(run);
  const std::string scope = c.energy.dynamic_only ? "; dynamic only" : "";
  out += R"(<div class="tiles">)";
  const auto accuracy = run.test_accuracy();
  out += tile("Test accuracy", accuracy ? format_percent(*accuracy, 2) : "", references(run));
  out += energy_tile("Energy a learning sample", c.energy.per_learning_sample, scope);
  out += energy_tile("Energy an inference", c.energy.per_inference, scope);
  out += energy_tile("Energy an update", c.energy.per_update, ", memory and lane");
  out +=
      tile("Throughput, samples a second", speed.samples_per_s ? format_si(*speed.samples_per_s, 0, "") : "",
           speed.updates_per_s ? fmt::format("{} updates/s at {} MHz", format_si(*speed.updates_per_s, 0, ""),
                                             run.machine.clock_mhz)
                               : fmt::format("the engine {} has no time", run.engine));
  if (c.energy.time && c.energy.time->value > 0) {
    // 1 pJ in 1 ns is 1 mW.
    const EnergyRange power = c.energy.total / c.energy.time->value;
    out += tile(
        "Mean power", format_si(power.nominal.value, -3, "W"),
        fmt::format("{} to {}", format_si(power.low.value, -3, "W"), format_si(power.high.value, -3, "W")));
  }
  out += tile("Latency a sample, median", speed.latency_p50 ? format_time(*speed.latency_p50) : "",
              speed.latency_p99 ? fmt::format("99 of 100 within {}", format_time(*speed.latency_p99)) : "");
  out += tile("Area", format_digits(c.energy.area.total.nominal.value) + " mm\xC2\xB2",
              fmt::format("{} to {} mm\xC2\xB2 at {}", format_digits(c.energy.area.total.low.value),
                          format_digits(c.energy.area.total.high.value), c.technology.name));
  return out + "</div>";
}

std::string learning_curve(const Context& c) {
  if (c.run.accuracy.empty()) return "";
  Series test{"test", {}}, train{"training, running", {}}, loss{"loss", {}};
  for (const AccuracyRow& row : c.run.accuracy) {
    const auto x = static_cast<double>(row.samples_seen);
    if (row.test_accuracy) test.points.emplace_back(x, *row.test_accuracy);
    if (row.train_accuracy) train.points.emplace_back(x, *row.train_accuracy);
    if (row.loss) loss.points.emplace_back(x, *row.loss);
  }
  LineChart chart{"Accuracy", "learning samples seen", "accuracy in %", {}, {}, {}, {}, true};
  // A curve that lives above one half is not squeezed into the upper half of its picture.
  double least = 1;
  for (const auto* series : {&test, &train}) {
    for (const auto& [x, y] : series->points) least = std::min(least, y);
  }
  for (const auto& [name, value] : c.run.reference_accuracies) {
    chart.levels.emplace_back(fmt::format("{} {}", name, format_percent(value)), value);
    least = std::min(least, value);
  }
  chart.y_low = least > .5 ? .5 : 0;
  chart.y_high = 1;
  for (Series* series : {&test, &train}) {
    if (!series->points.empty()) chart.series.push_back(std::move(*series));
  }
  std::string out = R"(<div class="charts"><figure><figcaption>Accuracy)";
  if (!chart.levels.empty()) out += "; dotted lines are the reference runs";
  out += "</figcaption>" + line_chart(chart) + "</figure>";
  if (!loss.points.empty()) {
    LineChart losses{"Loss", "learning samples seen", "loss", 0.0, {}, {loss}, {}, false};
    out += "<figure><figcaption>Loss</figcaption>" + line_chart(losses) + "</figure>";
  }
  return out + "</div>";
}

std::string energy(const Context& c) {
  const EnergyReport& e = c.energy;
  std::string out = fmt::format(
      "<p>{} in total{}. Bars show the nominal energy of each cause, whiskers run from low to high. "
      "Arithmetic and "
      "memory are sums of single operations, multiplied by an overhead factor of {:.3g} ({:.3g} to {:.3g}) "
      "for what "
      "control and wiring add in silicon; it accounts for {} of the total. Low takes every figure at its low "
      "end at "
      "once, high every figure at its high end.</p>",
      shown(format_range(e.total)),
      e.dynamic_only
          ? " (dynamic only: this engine measures no time, so network, clock and leakage are missing)"
          : "",
      e.overhead.nominal, e.overhead.low, e.overhead.high,
      share_of(e.overhead_share.nominal, e.total.nominal));
  out +=
      R"(<ul class="legend"><li><span class="swatch back-forward"></span>forward pass, network, clock, leakage (full bars)</li><li><span class="swatch back-learning"></span>learning only (outlined bars)</li></ul><div class="rows">)";
  std::vector<const EnergyCause*> order;
  for (const EnergyCause& cause : e.causes) order.push_back(&cause);
  std::stable_sort(order.begin(), order.end(), [](const EnergyCause* a, const EnergyCause* b) {
    return a->energy.value_or(EnergyRange{{-1}, {-1}, {-1}}).nominal >
           b->energy.value_or(EnergyRange{{-1}, {-1}, {-1}}).nominal;
  });
  Picojoules full{0};
  for (const EnergyCause* cause : order) {
    if (cause->energy) full = std::max(full, cause->energy->high);
  }
  for (const EnergyCause* cause : order) {
    out += cause->energy ? bar_row(cause->name, whisker_bar(*cause->energy, full, cause->learning),
                                   format_range(*cause->energy))
                         : bar_row(cause->name, "", "not measured");
  }
  out += bar_row("", whisker_axis(full), "nominal (low to high)") + "</div>";
  out +=
      R"(<details><summary>Counts, energy an event and figures used</summary><div class="scroll"><table><thead><tr><th scope="col">Event</th><th scope="col" class="n">Count</th><th scope="col" class="n">An event, without overhead</th><th scope="col" class="n">Energy</th><th scope="col" class="n">Share</th><th scope="col">Figures</th></tr></thead><tbody>)";
  for (const EnergyCause& cause : e.causes) {
    if (!cause.energy) continue;
    out += fmt::format(
        R"(<tr class="group"><td colspan="3">{}{}</td><td class="n">{}</td><td class="n">{}</td><td></td></tr>)",
        escape_html(cause.name), cause.bottom_up ? ", with overhead" : "", shown(format_range(*cause.energy)),
        share_of(cause.energy->nominal, e.total.nominal));
    for (const EnergyPart& part : cause.parts) {
      if (part.count <= 0) continue;
      out += fmt::format(
          R"(<tr><td class="k"><code>{}</code></td><td class="n">{}</td><td class="n">{}</td><td class="n">{}</td><td class="n">{}</td><td class="w small">{}</td></tr>)",
          escape_html(part.event), format_count(static_cast<std::uint64_t>(part.count)),
          shown(format_range(part.per_event())), shown(format_range(part.energy)),
          share_of(part.energy.nominal, e.total.nominal),
          escape_html(fmt::format("{}", fmt::join(part.constants, ", "))));
    }
  }
  out += fmt::format(
      R"(<tr class="sum"><td colspan="3">Total{}</td><td class="n">{}</td><td class="n">100 %</td><td></td></tr>)",
      e.dynamic_only ? ", dynamic only" : "", shown(format_range(e.total)));
  out += "</tbody></table></div></details>";
  out += R"(<h3>Beside published chips</h3><dl>)";
  const auto entry = [&](const char* name, const std::optional<EnergyRange>& range) {
    if (range) out += fmt::format("<dt>{}</dt><dd>{}</dd>", name, shown(format_range(*range)));
  };
  entry("An update (row read, row write, random words, lane)", e.per_update);
  entry("An update with all that learning adds", e.per_update_all);
  entry("A synaptic operation (row read, lane)", e.per_synaptic_operation);
  out += fmt::format("<dt>Published</dt><dd>{}</dd></dl>", escape_html(published(c.technology)));
  if (!e.update_remark.empty())
    out += fmt::format(R"(<p class="warning" role="note">{}</p>)", escape_html(e.update_remark));
  return out;
}

std::string throughput(const Context& c) {
  const Throughput speed = trifactor::throughput(c.run);
  std::string out = fmt::format("<p>{}</p>", escape_html(speed.bottleneck));
  for (const std::string& note : c.run.notes) out += fmt::format("<p>{}</p>", escape_html(note));
  if (!c.run.cycles) return out;
  out += fmt::format(
      R"(<p class="muted small">{} cycles at {} MHz, {}; {} synaptic operations/s, {} updates/s.</p>)",
      format_count(*c.run.cycles), c.run.machine.clock_mhz, shown(format_time(*speed.time)),
      format_si(*speed.operations_per_s, 0, ""), format_si(*speed.updates_per_s, 0, ""));
  out += R"(<ul class="legend">)";
  for (std::size_t i = 0; i < cycle_cause_count; ++i) {
    std::string name(cycle_cause_names[i]);
    std::replace(name.begin(), name.end(), '_', ' ');
    out += fmt::format(R"(<li><span class="swatch k{}"></span>{}</li>)", i, name);
  }
  out += R"(</ul><div class="rows">)";
  std::vector<std::size_t> order(c.run.cores.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::vector<double> load = loads(c.run);
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return load[a] > load[b]; });
  std::erase_if(order, [&](std::size_t i) { return c.run.cores[i].role == "idle"; });
  constexpr std::size_t shown = 12;
  for (std::size_t n = 0; n < std::min(shown, order.size()); ++n) {
    const CoreRecord& core = c.run.cores[order[n]];
    const auto shares = cycle_shares(core);
    std::vector<double> parts(shares.begin(), shares.end());
    out += bar_row(fmt::format("({}, {}) {}", core.x, core.y, core.population), stacked_bar(parts),
                   fmt::format("{} computing, {} busy", format_percent(shares[0], 0),
                               format_percent(load[order[n]], 0)));
  }
  out += "</div>";
  if (order.size() > shown)
    out +=
        fmt::format(R"(<p class="muted small">The {} busiest of {} cores in use.</p>)", shown, order.size());
  return out;
}

std::string area(const Context& c) {
  const AreaReport& a = c.energy.area;
  std::string out = fmt::format(
      R"(<p>{}: everything in the silicon, used or not.</p><div class="scroll"><table><thead><tr><th scope="col">Part</th><th scope="col" class="n">mm²</th><th scope="col" class="n">low</th><th scope="col" class="n">high</th><th scope="col" class="n">Share</th></tr></thead><tbody>)",
      shown(format_range(a.total)));
  const auto row = [&](const std::string& name, const AreaRange& range, const char* css) {
    out += fmt::format(
        R"(<tr{}><td>{}</td><td class="n">{}</td><td class="n">{}</td><td class="n">{}</td><td class="n">{}</td></tr>)",
        css, escape_html(name), format_digits(range.nominal.value), format_digits(range.low.value),
        format_digits(range.high.value),
        a.total.nominal.value > 0 ? format_percent(range.nominal / a.total.nominal) : "-");
  };
  for (const AreaPart& part : a.parts) row(part.name, part.area, "");
  row("Total", a.total, R"( class="sum")");
  return out + "</tbody></table></div>";
}

std::string cores(const Context& c) {
  const RunRecord& run = c.run;
  const std::vector<double> load = loads(run);
  std::string out = core_map(run, load, c.energy);
  out +=
      R"(<p class="muted small">Numbers are percent of load; "in" and a dashed border mark input cores, T a teacher unit, an empty tile an idle core.</p>)";
  constexpr std::size_t most_rows = 400;
  out +=
      R"(<details><summary>Table of cores</summary><div class="scroll"><table><thead><tr><th scope="col">Core</th><th scope="col">Role</th><th scope="col">Population</th><th scope="col" class="n">Neurons</th><th scope="col" class="n">Rows</th><th scope="col" class="n">Memory used</th><th scope="col" class="n">Load</th><th scope="col" class="n">Updates</th><th scope="col" class="n">Energy</th><th scope="col" class="n">mm²</th></tr></thead><tbody>)";
  for (std::size_t i = 0; i < std::min(most_rows, run.cores.size()); ++i) {
    const CoreRecord& core = run.cores[i];
    out += fmt::format(
        R"(<tr><td class="k">({}, {})</td><td>{}</td><td>{}</td><td class="n">{}</td><td class="n">{}</td><td class="n">{}</td><td class="n">{}</td><td class="n">{}</td><td class="n">{}</td><td class="n">{}</td></tr>)",
        core.x, core.y, escape_html(core.role), escape_html(core.population), core.columns, core.rows,
        format_percent(core.occupancy), format_percent(load[i]), format_count(core.events[Event::update]),
        shown(format_energy(c.energy.core[i].nominal)), format_digits(c.energy.area.core[i].nominal.value));
  }
  out += "</tbody></table></div>";
  if (run.cores.size() > most_rows) {
    out += fmt::format(R"(<p class="muted small">The first {} of {} cores; all are in per_core.csv.</p>)",
                       most_rows, run.cores.size());
  }
  return out + "</details>";
}

std::string weights(const Context& c) {
  std::string out;
  for (const WeightPicture& picture : c.pictures)
    out += fmt::format("<figure><figcaption>{}</figcaption>\n{}</figure>", escape_html(picture.projection),
                       weight_picture_svg(picture, false));
  return out;
}

}  // namespace trifactor::html
