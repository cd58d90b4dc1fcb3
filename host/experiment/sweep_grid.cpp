#include "host/experiment/sweep_grid.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "rtl/spec/diagnostic.hpp"

namespace trifactor {
namespace {

constexpr std::string_view machine_prefix = "machine.";

std::string trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return std::string(text.substr(first, text.find_last_not_of(" \t") - first + 1));
}

/// Parts at `separator`, not inside brackets, braces or quotes.
std::vector<std::string> parts_of(std::string_view text, char separator) {
  std::vector<std::string> parts(1);
  int depth = 0;
  char quote = 0;
  for (const char c : text) {
    if (quote != 0)
      quote = c == quote ? 0 : quote;
    else if (c == '"' || c == '\'')
      quote = c;
    else
      depth += (c == '[' || c == '{') - (c == ']' || c == '}');
    if (c == separator && depth == 0 && quote == 0)
      parts.emplace_back();
    else
      parts.back() += c;
  }
  for (std::string& part : parts) part = trimmed(part);
  return parts;
}

}  // namespace

std::vector<SweepAxis> parse_axes(const std::vector<std::string>& texts) {
  Diagnostics wrong;
  std::set<std::string> seen;
  std::vector<SweepAxis> axes;
  for (const std::string& text : texts) {
    const std::string where = "--vary " + text;
    const auto equals = text.find('=');
    if (equals == std::string::npos) {
      wrong.add({"TF-SWP-001", where, "this is not KEY=V1,V2", "a key, =, values parted by commas",
                 "--vary projection.NAME.plasticity.eta=0.02,0.04"});
      continue;
    }
    SweepAxis axis;
    axis.keys = parts_of(std::string_view(text).substr(0, equals), '+');
    axis.values = parts_of(std::string_view(text).substr(equals + 1), ',');
    axis.name = fmt::format("{}", fmt::join(axis.keys, "+"));
    const auto empty = [](const std::string& part) { return part.empty(); };
    if (std::any_of(axis.keys.begin(), axis.keys.end(), empty) ||
        std::any_of(axis.values.begin(), axis.values.end(), empty))
      wrong.add({"TF-SWP-001", where, "a key or a value is empty", "KEY=V1,V2", ""});
    for (const std::string& key : axis.keys) {
      if (!key.empty() && !seen.insert(key).second)
        wrong.add({"TF-SWP-002", where, fmt::format("'{}' is varied twice", key), "each key once",
                   "list all its values in one --vary"});
      if (key == "network.seed")
        wrong.add({"TF-SWP-005", where, "the seed is not a setting to be chosen", "--seeds N",
                   "results are averaged over seeds"});
    }
    std::set<std::string> values;
    for (const std::string& value : axis.values)
      if (!value.empty() && !values.insert(value).second)
        wrong.add(
            {"TF-SWP-003", where, fmt::format("the value {} stands twice", value), "each value once", ""});
    axes.push_back(std::move(axis));
  }
  wrong.throw_if_any(ExitCode::configuration);
  return axes;
}

std::vector<std::string> short_names(const std::vector<SweepAxis>& axes) {
  /// The last `parts` parts of each key, those that several keys share once.
  const auto shortened = [](const SweepAxis& axis, std::size_t parts) {
    std::vector<std::string> ends;
    for (const std::string& key : axis.keys) {
      std::size_t start = key.size();
      for (std::size_t i = 0; i < parts && start != 0 && start != std::string::npos; ++i)
        start = key.rfind('.', start - 1);
      std::string end = start == std::string::npos ? key : key.substr(start + 1);
      if (std::find(ends.begin(), ends.end(), end) == ends.end()) ends.push_back(std::move(end));
    }
    return fmt::format("{}", fmt::join(ends, "+"));
  };
  std::vector<std::string> names(axes.size());
  for (std::size_t i = 0; i < axes.size(); ++i)
    for (std::size_t parts = 1; parts <= 16; ++parts) {
      names[i] = shortened(axes[i], parts);
      const auto same = [&](const SweepAxis& other) { return shortened(other, parts) == names[i]; };
      if (std::count_if(axes.begin(), axes.end(), same) == 1) break;
    }
  return names;
}

std::vector<SweepPoint> sweep_points(const std::vector<SweepAxis>& axes, std::size_t seeds) {
  std::vector<SweepPoint> points(1);
  for (const SweepAxis& axis : axes) {
    if (points.size() * axis.values.size() * seeds > most_sweep_runs)
      throw Error(ExitCode::configuration, {"TF-SWP-004", "--vary", "the grid has too many points",
                                            fmt::format("at most {} runs, seeds included", most_sweep_runs),
                                            "sweep coarsely first, then near the best"});
    std::vector<SweepPoint> longer;
    for (const SweepPoint& point : points)
      for (const std::string& value : axis.values) {
        longer.push_back(point);
        longer.back().push_back(value);
      }
    points = std::move(longer);
  }
  return points;
}

SweepOverrides overrides_of(const std::vector<SweepAxis>& axes, const SweepPoint& point) {
  SweepOverrides overrides;
  for (std::size_t i = 0; i < axes.size(); ++i)
    for (const std::string& key : axes[i].keys)
      if (key.starts_with(machine_prefix))
        overrides.machine.push_back(key.substr(machine_prefix.size()) + "=" + point[i]);
      else
        overrides.network.push_back(key + "=" + point[i]);
  return overrides;
}

}  // namespace trifactor
