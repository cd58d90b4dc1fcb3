#include "host/experiment/sweep_table.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <utility>

#include "host/report/csv.hpp"
#include "rtl/spec/diagnostic.hpp"

namespace trifactor {
namespace {

constexpr std::string_view fits_text = "ok", does_not_fit_text = "does not fit";

std::vector<std::string> columns(const std::vector<SweepAxis>& axes) {
  std::vector<std::string> names;
  for (const SweepAxis& axis : axes) names.push_back(axis.name);
  for (const char* name :
       {"seed", "status", "validation_accuracy", "energy_pJ", "energy_low_pJ", "energy_high_pJ",
        "learning_sample_pJ", "inference_pJ", "area_mm2", "latency_p50_ns", "applied_share", "seconds"})
    names.emplace_back(name);
  return names;
}

/// Worse in nothing and better in something.
bool dominates(const PointSummary& a, const PointSummary& b) {
  return a.accuracy >= b.accuracy && a.energy_pJ <= b.energy_pJ &&
         (a.accuracy > b.accuracy || a.energy_pJ < b.energy_pJ);
}

}  // namespace

std::string sweep_header(const std::vector<SweepAxis>& axes) { return csv_line(columns(axes)); }

std::string sweep_line(const SweepRow& row) {
  std::vector<std::string> fields = row.point;
  fields.push_back(std::to_string(row.seed));
  fields.emplace_back(row.fits ? fits_text : does_not_fit_text);
  for (const auto& value :
       {row.validation_accuracy, row.energy_pJ, row.energy_low_pJ, row.energy_high_pJ, row.learning_sample_pJ,
        row.inference_pJ, row.area_mm2, row.latency_p50_ns, row.applied_share})
    fields.push_back(csv_field(value));
  fields.push_back(fmt::format("{:.2f}", row.seconds));
  return csv_line(fields);
}

std::vector<SweepRow> read_sweep(std::string_view text, const std::string& where,
                                 const std::vector<SweepAxis>& axes, const std::vector<SweepPoint>& points,
                                 std::uint64_t first_seed, std::uint64_t seeds) {
  text = text.substr(0, text.rfind('\n') + 1);
  CsvReader reader(text, where, columns(axes));
  const auto refuse = [&](std::size_t line, std::string found) {
    throw Error(ExitCode::data, {"TF-SWP-009", fmt::format("{}:{}", where, line), std::move(found),
                                 "a row this sweep wrote", "start over with --force, or in another folder"});
  };
  const std::set<SweepPoint> known(points.begin(), points.end());
  std::set<std::pair<SweepPoint, std::uint64_t>> seen;
  std::vector<SweepRow> rows;
  while (reader.next()) {
    SweepRow row;
    const std::size_t line = rows.size() + 2;
    for (std::size_t i = 0; i < axes.size(); ++i) row.point.push_back(reader.text());
    row.seed = reader.count();
    const std::string status = reader.text();
    row.fits = status == fits_text;
    if (!row.fits && status != does_not_fit_text) refuse(line, fmt::format("the status '{}'", status));
    for (auto* value :
         {&row.validation_accuracy, &row.energy_pJ, &row.energy_low_pJ, &row.energy_high_pJ,
          &row.learning_sample_pJ, &row.inference_pJ, &row.area_mm2, &row.latency_p50_ns, &row.applied_share})
      *value = reader.optional_number();
    row.seconds = reader.number();
    if (!known.contains(row.point) || row.seed < first_seed || row.seed - first_seed >= seeds)
      refuse(line, "a point or seed that is not in the grid");
    if (row.fits && !(row.validation_accuracy && row.energy_pJ && row.area_mm2))
      refuse(line, "a finished run without its measurements");
    if (!seen.emplace(row.point, row.seed).second) refuse(line, "a point and seed that stand there already");
    rows.push_back(std::move(row));
  }
  return rows;
}

std::vector<PointSummary> summarise(const std::vector<SweepRow>& rows,
                                    const std::vector<SweepPoint>& points) {
  std::vector<PointSummary> summaries;
  for (const SweepPoint& point : points) {
    PointSummary s;
    s.point = point;
    double latency = 0;
    for (const SweepRow& row : rows) {
      if (!row.fits || row.point != point) continue;
      const double accuracy = *row.validation_accuracy;
      s.accuracy_low = s.runs == 0 ? accuracy : std::min(s.accuracy_low, accuracy);
      s.accuracy_high = s.runs == 0 ? accuracy : std::max(s.accuracy_high, accuracy);
      s.accuracy += accuracy;
      s.energy_pJ += *row.energy_pJ;
      s.area_mm2 = *row.area_mm2;
      if (row.latency_p50_ns) s.latency_p50_ns = latency += *row.latency_p50_ns;
      ++s.runs;
    }
    if (s.runs == 0) continue;
    const auto runs = static_cast<double>(s.runs);
    s.accuracy /= runs, s.energy_pJ /= runs;
    if (s.latency_p50_ns) s.latency_p50_ns = latency / runs;
    summaries.push_back(std::move(s));
  }
  for (PointSummary& s : summaries)
    s.best_trade = std::none_of(summaries.begin(), summaries.end(),
                                [&](const PointSummary& other) { return dominates(other, s); });
  return summaries;
}

}  // namespace trifactor
