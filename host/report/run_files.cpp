#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <nlohmann/json.hpp>
#include <set>

#include "host/report/energy.hpp"
#include "host/report/output_file.hpp"
#include "host/report/run_json.hpp"
#include "host/report/run_record.hpp"
#include "host/report/run_tables.hpp"
#include "host/report/technology_file.hpp"
#include "rtl/spec/diagnostic.hpp"

namespace trifactor {
namespace {

using nlohmann::json;

template <class T>
json or_null(const std::optional<T>& value) {
  return value ? json(*value) : json(nullptr);
}

/// The members scripts rely on; what the engine did not measure is null, never 0.
json summary_json(const RunRecord& run, const Technology& technology) {
  const EnergyReport energy = cost(run, technology);
  json events = json::object();
  const EventCounts counts = run.events();
  for (std::size_t i = 0; i < event_count; ++i) {
    const bool measured = run.cycles || i < static_cast<std::size_t>(first_network_event);
    events[std::string(event_names[i])] = measured ? json(counts.raw()[i]) : json(nullptr);
  }
  const UpdateCounts updates = run.updates();
  return {{"engine", run.engine},
          {"network", run.network},
          {"machine", run.machine.name},
          {"technology", technology.name},
          {"samples", run.samples},
          {"learn_samples", run.learn_samples},
          {"interrupted", run.interrupted},
          {"accuracy", {{"test", or_null(run.test_accuracy())}}},
          {"cycles", or_null(run.cycles)},
          {"time_ns", energy.time ? json(energy.time->value) : json(nullptr)},
          {"latency_cycles",
           {{"p50", or_null(run.latency_p50_cycles)}, {"p99", or_null(run.latency_p99_cycles)}}},
          {"energy_pJ",
           {{"low", energy.total.low.value},
            {"nominal", energy.total.nominal.value},
            {"high", energy.total.high.value},
            {"scope", energy.dynamic_only ? "dynamic only" : "all"}}},
          {"area_mm2",
           {{"low", energy.area.total.low.value},
            {"nominal", energy.area.total.nominal.value},
            {"high", energy.area.total.high.value}}},
          {"events", events},
          {"updates",
           {{"applied", updates.applied},
            {"rounded_to_zero", updates.rounded_to_zero},
            {"saturated", updates.saturated},
            {"factors_lost", updates.factors_lost},
            {"factors_saturated", updates.factors_saturated}}},
          {"wall_s", run.wall_s},
          {"peak_rss_bytes", run.peak_rss_bytes}};
}

/// Mistakes of the program that filled the record, caught before they look like results.
void check(const RunRecord& run) {
  const auto fail = [](const std::string& what) {
    throw Error(ExitCode::internal,
                Diagnostic{"TF-RUN-010", "run record", what, "a record that agrees with itself", ""});
  };
  if (run.learn_samples > run.samples) fail("more learning samples than samples");
  if (run.learn_cycles.has_value() != run.cycles.has_value()) fail("learning cycles without cycles");
  if (run.cycles && *run.learn_cycles > *run.cycles) fail("more learning cycles than cycles");
  if (!run.cycles && (run.latency_p50_cycles || run.latency_p99_cycles)) fail("a latency without cycles");
  EventCounts events = run.events();
  for (std::size_t i = static_cast<std::size_t>(first_network_event); i < event_count; ++i) {
    if (!run.cycles && events.raw()[i] != 0) fail(fmt::format("{} counted without cycles", event_names[i]));
  }
  for (const CoreRecord& core : run.cores) {
    if (core.role != "synaptic" && core.role != "input" && core.role != "idle") {
      fail(fmt::format("core ({}, {}) has the role \"{}\"", core.x, core.y, core.role));
    }
    for (std::size_t i = static_cast<std::size_t>(first_network_event); i < event_count; ++i)
      if (core.events.raw()[i] != 0) fail(fmt::format("{} counted of one core", event_names[i]));
    std::uint64_t sum = 0;
    for (const std::uint64_t cycles : core.cycles) sum += cycles;
    if (!run.cycles && sum != 0) fail("core cycles without cycles of the run");
    if (!std::isfinite(core.occupancy)) fail("an occupancy that is not a number");
  }
  if (const std::string mistake = width_mistake(run); !mistake.empty()) fail(mistake);
}

}  // namespace

EventCounts RunRecord::events() const {
  EventCounts sum = chip_events;
  for (const CoreRecord& core : cores) sum += core.events;
  return sum;
}

std::string width_mistake(const RunRecord& run) {
  for (const Event event : width_events)
    if (run.chip_events[event] != 0)
      return fmt::format("{} counted outside the cores", event_names[static_cast<std::size_t>(event)]);
  for (const CoreRecord& core : run.cores) {
    const auto at = [&](const std::string& what) {
      return fmt::format("core ({}, {}) {}", core.x, core.y, what);
    };
    EventCounts sum;
    std::set<std::pair<int, int>> seen;
    for (const WidthRecord& width : core.widths) {
      if (std::min(width.weight_bits, width.activity_bits) < 1 ||
          std::max(width.weight_bits, width.activity_bits) > 16)
        return at(fmt::format("has weights of {} and activities of {} bits", width.weight_bits,
                              width.activity_bits));
      if (!seen.emplace(width.weight_bits, width.activity_bits).second)
        return at(fmt::format("lists {} x {} bits twice", width.weight_bits, width.activity_bits));
      sum += width.events;
    }
    for (std::size_t i = 0; i < event_count; ++i) {
      const std::uint64_t expected = has_width(static_cast<Event>(i)) ? core.events.raw()[i] : 0;
      if (sum.raw()[i] != expected)
        return at(fmt::format("counts {} {} by width, {} in all", event_names[i], sum.raw()[i], expected));
    }
  }
  return "";
}

UpdateCounts RunRecord::updates() const {
  UpdateCounts sum;
  for (const ProjectionRecord& projection : projections) sum += projection.counts;
  return sum;
}

std::optional<double> RunRecord::test_accuracy() const {
  for (auto row = accuracy.rbegin(); row != accuracy.rend(); ++row) {
    if (row->test_accuracy) return row->test_accuracy;
  }
  return std::nullopt;
}

bool operator==(const RunRecord& a, const RunRecord& b) {
  return run_json(a) == run_json(b) && a.cores == b.cores && a.signals == b.signals &&
         a.accuracy == b.accuracy;
}

std::optional<double> change_share(const ProjectionRecord& projection) {
  if (projection.counts.intended == 0) return std::nullopt;
  return std::ldexp(static_cast<double>(projection.counts.change), projection.shift_F) /
         static_cast<double>(projection.counts.intended);
}

void write_run(const std::filesystem::path& directory, const RunRecord& run, const Technology& technology) {
  check(run);
  const std::string summary = json_text(summary_json(run, technology));
  std::string steps = per_step_header();
  for (const LayerSignals& row : run.signals) steps += per_step_row(row);
  std::string accuracy = accuracy_header();
  for (const AccuracyRow& row : run.accuracy) accuracy += accuracy_row(row);
  write_whole_file(directory / "per_core.csv", per_core_table(run.cores, run.cycles.has_value()));
  write_whole_file(directory / "per_width.csv", per_width_table(run.cores));
  write_whole_file(directory / "per_step.csv", steps);
  write_whole_file(directory / "accuracy.csv", accuracy);
  write_whole_file(directory / "technology.json", json_text(technology_json(technology)));
  write_whole_file(directory / "summary.json", summary);
  // Last, so that a folder with a run.json is complete.
  write_whole_file(directory / "run.json", json_text(run_json(run)));
}

RunRecord read_run(const std::filesystem::path& directory) {
  const auto path = [&](const char* name) { return (directory / name).string(); };
  RunRecord run = run_from_json(read_whole_file(path("run.json")), path("run.json"));
  run.cores =
      read_per_core(read_whole_file(path("per_core.csv")), path("per_core.csv"), run.cycles.has_value());
  read_per_width(read_whole_file(path("per_width.csv")), path("per_width.csv"), run.cores);
  if (const std::string mistake = width_mistake(run); !mistake.empty())
    throw Error(
        ExitCode::data,
        Diagnostic{"TF-RUN-012", path("per_width.csv"), mistake,
                   "the events of per_core.csv, each once at the widths of its weights and activities",
                   "was one of the files changed, or taken from another run?"});
  run.signals = read_per_step(read_whole_file(path("per_step.csv")), path("per_step.csv"));
  run.accuracy = read_accuracy(read_whole_file(path("accuracy.csv")), path("accuracy.csv"));
  return run;
}

Technology read_run_technology(const std::filesystem::path& directory) {
  const std::string path = (directory / "technology.json").string();
  const json object = json::parse(read_whole_file(path), nullptr, false);
  return technology_from_json(object, path);
}

}  // namespace trifactor
