// Grid and table of a sweep: what is varied is what was written, rows survive the way to the file and back,
// and the best trades are those that an independent scan finds.
#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include <algorithm>
#include <limits>
#include <set>

#include "host/experiment/pareto_plot.hpp"
#include "host/experiment/sweep_table.hpp"
#include "rtl/spec/diagnostic.hpp"

using namespace trifactor;

namespace {

std::vector<std::string> codes_of(const std::vector<std::string>& texts) {
  try {
    parse_axes(texts);
  } catch (const Error& error) {
    REQUIRE(error.exit() == ExitCode::configuration);
    std::vector<std::string> codes;
    for (const Diagnostic& item : error.items()) codes.push_back(item.code);
    return codes;
  }
  return {};
}

const std::vector<SweepAxis> two_axes = {{"a.x", {"a.x"}, {"1", "2,5", "\"q\""}}, {"b", {"b"}, {"u", "v"}}};

SweepRow row_of(const SweepPoint& point, std::uint64_t seed) {
  SweepRow row;
  row.point = point, row.seed = seed;
  row.validation_accuracy = *rc::gen::inRange(0, 10001) / 10000.0;
  row.energy_pJ = *rc::gen::inRange(1, 1000000) * 1.37e4;
  row.energy_low_pJ = *row.energy_pJ / 3, row.energy_high_pJ = *row.energy_pJ * 3;
  row.area_mm2 = 67.3;
  if (*rc::gen::arbitrary<bool>()) row.latency_p50_ns = 1e3 / 3;
  if (*rc::gen::arbitrary<bool>()) row.applied_share = 0.99;
  row.seconds = *rc::gen::inRange(0, 10000) / 100.0;
  return row;
}

}  // namespace

TEST_CASE("values are parted outside brackets, braces and quotes; keys by plus") {
  const auto axes =
      parse_axes({"p.schedule=\"constant\", { kind = \"step\", every = 5, factor = 0.5 } ,[1,2],'a,b'",
                  "a.eta+b.eta=0.1,0.2"});
  REQUIRE(axes.size() == 2);
  REQUIRE(axes[0].values == std::vector<std::string>{"\"constant\"",
                                                     "{ kind = \"step\", every = 5, factor = 0.5 }", "[1,2]",
                                                     "'a,b'"});
  REQUIRE(axes[1].keys == std::vector<std::string>{"a.eta", "b.eta"});
  const SweepOverrides overrides = overrides_of(axes, {"[1,2]", "0.2"});
  REQUIRE(overrides.network == std::vector<std::string>{"p.schedule=[1,2]", "a.eta=0.2", "b.eta=0.2"});
  REQUIRE(overrides.machine.empty());
  REQUIRE(overrides_of(parse_axes({"machine.core.lanes=8"}), {"8"}).machine ==
          std::vector<std::string>{"core.lanes=8"});
}

TEST_CASE("every mistake of --vary is reported, all at once") {
  REQUIRE(codes_of({"eta"}) == std::vector<std::string>{"TF-SWP-001"});
  REQUIRE(codes_of({"eta=1,,2"}) == std::vector<std::string>{"TF-SWP-001"});
  REQUIRE(codes_of({"=1"}) == std::vector<std::string>{"TF-SWP-001"});
  REQUIRE(codes_of({"a=1,2", "a=3"}) == std::vector<std::string>{"TF-SWP-002"});
  REQUIRE(codes_of({"a+b=1", "c+a=1"}) == std::vector<std::string>{"TF-SWP-002"});
  REQUIRE(codes_of({"a=1, 1"}) == std::vector<std::string>{"TF-SWP-003"});
  REQUIRE(codes_of({"network.seed=1,2"}) == std::vector<std::string>{"TF-SWP-005"});
  REQUIRE(codes_of({"x", "a=1,1", "b=", "network.seed=3"}).size() == 4);
}

TEST_CASE("the grid holds every combination once, the last axis fastest") {
  const auto points = sweep_points(two_axes, 1);
  REQUIRE(points.size() == 6);
  REQUIRE(std::set<SweepPoint>(points.begin(), points.end()).size() == 6);
  REQUIRE(points[0] == SweepPoint{"1", "u"});
  REQUIRE(points[1] == SweepPoint{"1", "v"});
  REQUIRE(sweep_points({}, 3) == std::vector<SweepPoint>(1));
  std::vector<SweepAxis> wide;
  for (int i = 0; i < 64; ++i) wide.push_back({std::to_string(i), {std::to_string(i)}, {"0", "1"}});
  REQUIRE_THROWS_AS(sweep_points(wide, 1), Error);
  REQUIRE_THROWS_AS(sweep_points(two_axes, most_sweep_runs / 6 + 1), Error);
  REQUIRE_NOTHROW(sweep_points(two_axes, most_sweep_runs / 6));
  REQUIRE_THROWS_AS(sweep_points(two_axes, std::numeric_limits<std::size_t>::max() / 2), Error);
}

TEST_CASE("short names tell axes apart") {
  REQUIRE(short_names(parse_axes({"p.a.eta=1", "p.b.eta=1", "q.a.sigma+q.b.sigma=1", "plain=1"})) ==
          std::vector<std::string>{"a.eta", "b.eta", "sigma", "plain"});
  REQUIRE(short_names(parse_axes({"x.eta=1", "y.x.eta=1"})) == std::vector<std::string>{"x.eta", "y.x.eta"});
}

TEST_CASE("rows come back as they were written; a table cut anywhere gives back its whole rows") {
  rc::check([] {
    const auto points = sweep_points(two_axes, 1);
    std::vector<SweepRow> rows;
    std::string text = sweep_header(two_axes);
    std::vector<std::size_t> ends = {text.size()};
    for (const SweepPoint& point : points)
      for (std::uint64_t seed = 7; seed < 9; ++seed) {
        rows.push_back(row_of(point, seed));
        if (*rc::gen::inRange(0, 4) == 0)
          rows.back() = {point, seed, false, {}, {}, {}, {}, {}, {}, {}, {}, {}, 0};
        text += sweep_line(rows.back());
        ends.push_back(text.size());
      }
    RC_ASSERT(read_sweep(text, "t", two_axes, points, 7, 2) == rows);
    const auto cut = static_cast<std::size_t>(
        *rc::gen::inRange<int>(static_cast<int>(ends[0]), static_cast<int>(text.size()) + 1));
    const auto whole =
        std::count_if(ends.begin(), ends.end(), [&](std::size_t end) { return end <= cut; }) - 1;
    RC_ASSERT(read_sweep(text.substr(0, cut), "t", two_axes, points, 7, 2) ==
              std::vector<SweepRow>(rows.begin(), rows.begin() + whole));
  });
}

TEST_CASE("rows that are not of this grid are refused") {
  const auto points = sweep_points(two_axes, 1);
  const auto refused = [&](const SweepRow& row, const std::string& before = "") {
    const std::string text = sweep_header(two_axes) + before + sweep_line(row);
    try {
      read_sweep(text, "t", two_axes, points, 1, 2);
    } catch (const Error& error) {
      return error.exit() == ExitCode::data && error.items()[0].code == "TF-SWP-009";
    }
    return false;
  };
  SweepRow row{points[0], 1, true, .5, 1, 1, 1, {}, {}, 1, {}, {}, 1};
  REQUIRE_FALSE(refused(row));
  REQUIRE(refused(row, sweep_line(row)));
  SweepRow other = row;
  other.point[1] = "w";
  REQUIRE(refused(other));
  for (const std::uint64_t seed : {0, 3}) {
    other = row, other.seed = seed;
    REQUIRE(refused(other));
  }
  other = row, other.validation_accuracy.reset();
  REQUIRE(refused(other));
  REQUIRE_THROWS_AS(read_sweep(sweep_header({two_axes[0]}), "t", two_axes, points, 1, 2), Error);
}

TEST_CASE("points are means over seeds, and the best trades are what a scan from the cheapest finds") {
  rc::check([] {
    std::vector<SweepAxis> axes = {{"a", {"a"}, {}}};
    const int n = *rc::gen::inRange(1, 30);
    for (int i = 0; i < n; ++i) axes[0].values.push_back(std::to_string(i));
    const auto points = sweep_points(axes, 1);
    std::vector<SweepRow> rows;
    for (const SweepPoint& point : points)
      for (std::uint64_t seed = 1; seed <= 2; ++seed) {
        SweepRow row = row_of(point, seed);
        // Few values, so that ties happen.
        row.validation_accuracy = *rc::gen::inRange(0, 4) / 4.0, row.energy_pJ = *rc::gen::inRange(1, 5);
        rows.push_back(row);
      }
    rows[0].fits = *rc::gen::arbitrary<bool>();
    const auto summaries = summarise(rows, points);
    RC_ASSERT(summaries.size() == points.size());
    std::vector<PointSummary> sorted = summaries;
    std::sort(sorted.begin(), sorted.end(),
              [](const auto& a, const auto& b) { return a.energy_pJ < b.energy_pJ; });
    double best = -1;
    for (std::size_t i = 0; i < sorted.size();) {
      std::size_t end = i;
      double highest = -1;
      for (; end < sorted.size() && sorted[end].energy_pJ == sorted[i].energy_pJ; ++end)
        highest = std::max(highest, sorted[end].accuracy);
      for (; i < end; ++i)
        RC_ASSERT(sorted[i].best_trade == (sorted[i].accuracy == highest && highest > best));
      best = std::max(best, highest);
    }
    for (const PointSummary& s : summaries) {
      double sum = 0;
      std::size_t count = 0;
      for (const SweepRow& row : rows)
        if (row.point == s.point && row.fits) sum += *row.validation_accuracy, ++count;
      RC_ASSERT(s.runs == count);
      RC_ASSERT(std::abs(s.accuracy - sum / static_cast<double>(count)) < 1e-12);
      RC_ASSERT(s.accuracy_low <= s.accuracy + 1e-12);
      RC_ASSERT(s.accuracy <= s.accuracy_high + 1e-12);
    }
  });
}

TEST_CASE("the plot marks every point, lists the best trades, escapes names and needs nothing from outside") {
  ParetoPlot plot{"a <b> & c", "energy", {"eta"}, {}};
  for (int i = 0; i < 5; ++i)
    plot.points.push_back(
        {{"\"<" + std::to_string(i) + ">\""}, 2, .9 + i * .01, .89, .95, 1e9 * (5 - i), 60, {}, i == 4});
  const std::string svg = pareto_svg(plot);
  const auto count = [&](std::string_view what) {
    std::size_t n = 0;
    for (auto at = svg.find(what); at != std::string::npos; at = svg.find(what, at + 1)) ++n;
    return n;
  };
  REQUIRE(count("<circle") == 5);
  REQUIRE(count("class=\"best\"") == 1);
  REQUIRE(count("class=\"entry\"") == 1);
  REQUIRE(svg.find("<b>") == std::string::npos);
  REQUIRE(svg.find("prefers-color-scheme:dark") != std::string::npos);
  REQUIRE(count("http") == 1);  // the name space
  REQUIRE(svg.find("nan") == std::string::npos);
  plot.points.resize(1);
  REQUIRE(pareto_svg(plot).find("nan") == std::string::npos);
  plot.points.clear();
  REQUIRE(pareto_svg(plot).find("no run has finished") != std::string::npos);
}
