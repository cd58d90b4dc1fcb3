#include "host/experiment/sweep.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <nlohmann/json.hpp>

#include "host/cli/commands.hpp"
#include "host/cli/devices.hpp"
#include "host/report/format.hpp"

namespace trifactor {

namespace {

std::string time_left(std::optional<double> seconds) {
  if (!seconds) return "";
  const auto s = static_cast<std::uint64_t>(*seconds);
  return s < 120    ? fmt::format("  {} s left", s)
         : s < 7200 ? fmt::format("  {} min left", s / 60)
                    : fmt::format("  {} h {} min left", s / 3600, s / 60 % 60);
}

/// A line a finished run; on a terminal also one that moves while a run is under way.
std::function<void(const SweepProgress&)> sweep_printer(const TerminalStyle& style,
                                                        const std::vector<SweepAxis>& axes) {
  if (style.progress == TerminalStyle::Progress::none) return {};
  const bool bar = style.progress == TerminalStyle::Progress::bar;
  return [bar, names = short_names(axes)](const SweepProgress& p) {
    const std::string head =
        fmt::format("{}{:>5}/{}", bar ? "\r" : "", p.done + (p.finished == nullptr ? 1 : 0), p.total);
    if (p.finished == nullptr) {
      if (!bar) return;
      const double share =
          p.run.total == 0 ? 1 : static_cast<double>(p.run.done) / static_cast<double>(p.run.total);
      fmt::print(stderr, "{}  {:<9} {:>3.0f} %{}\033[K", head, p.run.stage, 100 * share,
                 time_left(p.seconds_left));
      std::fflush(stderr);
      return;
    }
    std::string line = head;
    for (std::size_t i = 0; i < names.size(); ++i)
      line += fmt::format("  {} {}", names[i], p.finished->point[i]);
    line += fmt::format("  seed {}", p.finished->seed);
    line += p.finished->fits
                ? fmt::format("  {:.2f} %  {}", 100 * p.finished->validation_accuracy.value_or(0),
                              format_energy({p.finished->energy_pJ.value_or(0)}))
                : "  does not fit";
    fmt::print(stderr, "{}{}{}\n", line, time_left(p.seconds_left), bar ? "\033[K" : "");
  };
}

nlohmann::json or_null(const std::optional<double>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

nlohmann::json point_json(const std::vector<SweepAxis>& axes, const SweepPoint& point) {
  nlohmann::json values = nlohmann::json::object();
  for (std::size_t i = 0; i < axes.size(); ++i) values[axes[i].name] = point[i];
  return values;
}

nlohmann::json sweep_json(const SweepOptions& o, const SweepResult& result) {
  nlohmann::json rows = nlohmann::json::array(), points = nlohmann::json::array();
  for (const SweepRow& row : result.rows)
    rows.push_back({{"point", point_json(o.axes, row.point)},
                    {"seed", row.seed},
                    {"fits", row.fits},
                    {"validation_accuracy", or_null(row.validation_accuracy)},
                    {"energy_pJ",
                     {{"low", or_null(row.energy_low_pJ)},
                      {"nominal", or_null(row.energy_pJ)},
                      {"high", or_null(row.energy_high_pJ)}}},
                    {"learning_sample_pJ", or_null(row.learning_sample_pJ)},
                    {"inference_pJ", or_null(row.inference_pJ)},
                    {"area_mm2", or_null(row.area_mm2)},
                    {"latency_p50_ns", or_null(row.latency_p50_ns)},
                    {"applied_share", or_null(row.applied_share)},
                    {"seconds", row.seconds}});
  for (const PointSummary& p : result.points)
    points.push_back(
        {{"point", point_json(o.axes, p.point)},
         {"runs", p.runs},
         {"validation_accuracy", {{"mean", p.accuracy}, {"low", p.accuracy_low}, {"high", p.accuracy_high}}},
         {"energy_pJ", p.energy_pJ},
         {"area_mm2", p.area_mm2},
         {"latency_p50_ns", or_null(p.latency_p50_ns)},
         {"best_trade", p.best_trade}});
  return {{"schema_version", 1},
          {"tool_version", o.tool_version},
          {"argv", o.argv},
          {"engine", o.engine},
          {"machine", o.machine},
          {"technology", o.technology},
          {"energy_scope", result.dynamic_only ? "dynamic only" : "all"},
          {"planned", result.planned},
          {"taken_over", result.taken_over},
          {"interrupted", result.interrupted},
          {"rows", rows},
          {"points", points}};
}

std::string sweep_text(const SweepOptions& o, const SweepResult& result) {
  std::vector<std::vector<std::string>> lines(1);
  lines[0].emplace_back("");
  for (std::string& name : short_names(o.axes)) lines[0].push_back(std::move(name));
  for (const char* name : {"runs", "accuracy", "lowest", "highest", "energy", "area mm2", "latency p50"})
    lines[0].emplace_back(name);
  std::vector<PointSummary> sorted = result.points;
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.accuracy > b.accuracy; });
  for (const PointSummary& p : sorted) {
    std::vector<std::string> line = {p.best_trade ? "*" : ""};
    line.insert(line.end(), p.point.begin(), p.point.end());
    for (std::string field :
         {std::to_string(p.runs), fmt::format("{:.2f} %", 100 * p.accuracy),
          fmt::format("{:.2f}", 100 * p.accuracy_low), fmt::format("{:.2f}", 100 * p.accuracy_high),
          format_energy({p.energy_pJ}), fmt::format("{:.4g}", p.area_mm2),
          p.latency_p50_ns ? format_time({*p.latency_p50_ns}) : std::string()})
      line.push_back(std::move(field));
    lines.push_back(std::move(line));
  }
  const auto unfit =
      std::count_if(result.rows.begin(), result.rows.end(), [](const SweepRow& row) { return !row.fits; });
  std::string text = table(lines);
  text += fmt::format(
      "\n* no other point is better in accuracy or energy without being worse in the other; energy is of a "
      "whole run, {}, {}\n",
      result.dynamic_only ? "dynamic only" : "all", o.technology);
  if (unfit > 0) text += fmt::format("{} runs do not fit their machine\n", unfit);
  text += fmt::format("{} of {} runs done{}{}\n", result.rows.size(), result.planned,
                      result.taken_over > 0 ? fmt::format(", {} of them earlier", result.taken_over) : "",
                      result.interrupted ? "; interrupted: repeat the command to go on" : "");
  return text + fmt::format("wrote {0}/sweep.csv, {0}/sweep.json, {0}/pareto.svg\n", o.out.string());
}

}  // namespace

Action add_sweep(CLI::App& command, Common& common) {
  auto o = std::make_shared<SweepOptions>();
  auto vary = std::make_shared<std::vector<std::string>>();
  command.add_option("network", o->network, "network file (TOML)")->required();
  command.add_option("--machine", o->machine, "machine: name of a preset or a file")->capture_default_str();
  command.add_option("--data", o->data, "what is learned from, SPEC")->required();
  command.add_option("--validate", o->validate, "what settings are judged on, SPEC; never test data")
      ->required();
  command
      .add_option(
          "--vary", *vary,
          "KEY=V1,V2...: key of the network, or machine.KEY; A+B=V1,V2 for two keys together (repeat)")
      ->allow_extra_args(false);
  command
      .add_option("--network-set", o->network_set,
                  "override a key of the network at every point, KEY=VALUE (repeat)")
      ->allow_extra_args(false);
  command.add_option("--seeds", o->seeds, "seeds a point, counted up from the network's or --seed")
      ->check(CLI::Range(1, 100000))
      ->capture_default_str();
  command.add_option("--epochs", o->epochs, "passes over the data")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command.add_option("--engine", o->engine, "functional, systemc or rtl")->capture_default_str();
  command.add_option("--technology", o->technology, "technology that costs the runs")->capture_default_str();
  return [=, &common] {
    if (common.out.empty())
      throw Error(ExitCode::configuration,
                  {"TF-CLI-005", "trifactor sweep", "no output folder is named", "-o DIR", ""});
    o->axes = parse_axes(*vary);
    o->machine_set = common.set;
    o->first_seed = common.seed;
    o->threads = common.threads;
    o->out = common.out;
    o->force = common.force;
    o->tool_version = tool_version();
    o->argv = common.argv;
    o->on_progress = sweep_printer(common.style(), o->axes);
    o->interrupt = &interrupt_flag();
    const SweepResult result = run_sweep(*o, make_device);
    if (common.json)
      fmt::print("{}\n", sweep_json(*o, result).dump(2));
    else if (!common.quiet)
      fmt::print("{}", sweep_text(*o, result));
    return result.interrupted ? static_cast<int>(ExitCode::interrupted) : 0;
  };
}

}  // namespace trifactor
