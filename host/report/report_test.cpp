// Do the three renderings tell the same story, warn when they should, and stand alone?
#include <fmt/format.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cctype>
#include <cmath>
#include <set>

#include "host/report/charts.hpp"
#include "host/report/findings.hpp"
#include "host/report/format.hpp"
#include "host/report/report.hpp"
#include "host/report/sample_run.hpp"
#include "host/report/svg.hpp"
#include "host/report/technology_file.hpp"

using namespace trifactor;

namespace {

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

bool any_contains(const std::vector<std::string>& all, const std::string& part) {
  return std::any_of(all.begin(), all.end(), [&](const std::string& text) { return contains(text, part); });
}

/// What stands between each `before` and the next `after`. (std::regex warns under sanitizers.)
std::vector<std::string> all_between(const std::string& text, const std::string& before,
                                     const std::string& after) {
  std::vector<std::string> found;
  for (std::size_t at = text.find(before); at != std::string::npos; at = text.find(before, at + 1)) {
    const std::size_t begin = at + before.size();
    found.push_back(text.substr(begin, text.find(after, begin) - begin));
  }
  return found;
}

/// Whether `word` stands in the text with no letter beside it.
bool has_word(const std::string& text, const std::string& word) {
  const auto letter = [&](std::size_t i) {
    return i < text.size() && std::isalpha(static_cast<unsigned char>(text[i]));
  };
  for (std::size_t at = text.find(word); at != std::string::npos; at = text.find(word, at + 1)) {
    if (!letter(at + word.size()) && (at == 0 || !letter(at - 1))) return true;
  }
  return false;
}

/// Empty when tags are well nested and every attribute value is quoted; else what is wrong.
std::string nesting_fault(const std::string& html) {
  const std::set<std::string> void_tags = {"meta", "br", "!DOCTYPE"};
  std::vector<std::string> open;
  for (std::size_t at = html.find('<'); at != std::string::npos; at = html.find('<', at + 1)) {
    const std::size_t end = html.find('>', at);
    if (end == std::string::npos) return "a tag does not end";
    const std::string tag = html.substr(at + 1, end - at - 1);
    if (std::count(tag.begin(), tag.end(), '"') % 2 != 0) return "quotes in " + tag;
    const std::string name =
        tag.substr(tag[0] == '/' ? 1 : 0, tag.find_first_of(" \n/", 1) - (tag[0] == '/' ? 1 : 0));
    if (tag.back() == '/' || void_tags.count(name) != 0) continue;
    if (tag[0] != '/') {
      open.push_back(name);
    } else if (open.empty() || open.back() != tag.substr(1)) {
      return "closes " + tag + " but " + (open.empty() ? "nothing" : open.back()) + " is open";
    } else {
      open.pop_back();
    }
  }
  return open.empty() ? "" : open.back() + " stays open";
}

RunRecord stuck_run(double mean_kernel) {
  RunRecord run = sample_run();
  run.signals.clear();
  for (int i = 1; i <= 8; ++i) {
    LayerSignals s;
    s.sample = 100ULL * i;
    s.layer = "hidden1";
    s.mean_kernel = mean_kernel;
    s.sigma = .5;
    run.signals.push_back(s);
  }
  return run;
}

}  // namespace

TEST_CASE("report.html needs nothing else and is well formed") {
  for (const bool timed : {true, false}) {
    const std::string page = html_report(sample_run(timed), load_technology("28nm"));
    CHECK(nesting_fault(page) == "");
    CHECK_FALSE(contains(page, "http:"));
    CHECK_FALSE(contains(page, "https:"));
    CHECK_FALSE(contains(page, "<script"));
    CHECK_FALSE(contains(page, "<link"));
    CHECK_FALSE(contains(page, "<img"));
    CHECK_FALSE(contains(page, "@import"));
    CHECK_FALSE(contains(page, "url("));
    CHECK_FALSE(contains(page, " src="));
    // The only references are to sections of the page, and those exist.
    const auto references = all_between(page, "href=\"", "\"");
    for (const std::string& target : references) {
      REQUIRE(target.substr(0, 1) == "#");
      CHECK(contains(page, "id=\"" + target.substr(1) + "\""));
    }
    CHECK(references.size() == 9);
    CHECK(contains(page, "name=\"viewport\""));
    CHECK(contains(page, "prefers-color-scheme:dark"));
    CHECK_FALSE(has_word(page, "nan"));
    CHECK_FALSE(has_word(page, "inf"));
  }
}

TEST_CASE("every drawing that is not hidden from readers says what it shows") {
  const std::string page = html_report(sample_run(), load_technology("28nm"));
  int described = 0;
  for (const std::string& tag : all_between(page, "<svg", ">")) {
    const bool hidden = contains(tag, "aria-hidden=\"true\"");
    const bool labelled = contains(tag, "role=\"img\"") && contains(tag, "aria-label=\"");
    CHECK(hidden != labelled);
    described += labelled ? 1 : 0;
  }
  CHECK(described == 9);  // two learning curves, the map, six signals
}

TEST_CASE("names from outside cannot become markup") {
  RunRecord run = sample_run();
  const std::string evil = "<img src=x onerror=\"alert('1')\">&\xff\x01";
  run.network = run.machine.name = run.tool_version = evil;
  run.argv = {evil};
  run.notes = {evil};
  run.configuration = {{evil, evil}};
  run.input_hashes = {{evil, evil}};
  run.stage_s = {{evil, 1}};
  run.reference_accuracies = {{evil, .5}};
  for (CoreRecord& core : run.cores) core.population = evil;
  for (ProjectionRecord& p : run.projections) p.name = p.rule = p.weight_format = evil;
  for (LayerSignals& s : run.signals) s.layer = evil;
  Technology technology = load_technology("28nm");
  technology.name = technology.description = evil;
  for (Constant& c : technology.constants) c.source = c.formula = c.unit = evil;
  const std::string page = html_report(run, technology);
  CHECK_FALSE(contains(page, "<img"));
  CHECK_FALSE(contains(page, "onerror=\""));
  CHECK_FALSE(contains(page, "\xff"));
  CHECK_FALSE(contains(page, "\x01"));
  CHECK(nesting_fault(page) == "");
  CHECK(escape_html("a<b>&\"c'\xc2\xb5\xc3") == "a&lt;b&gt;&amp;&quot;c&#39;\xc2\xb5?");
}

TEST_CASE("text, json and page agree on the totals") {
  const RunRecord run = sample_run();
  const Technology technology = load_technology("22nm");
  const EnergyReport energy = cost(run, technology);
  const std::string text = text_report(run, technology), page = html_report(run, technology);
  const auto json = nlohmann::json::parse(json_report(run, technology).dump());
  CHECK(contains(text, format_range(energy.total)));
  CHECK(contains(page, escape_html(format_for_page(format_range(energy.total)))));
  CHECK(json.at("energy").at("total_pJ").at("nominal").get<double>() == energy.total.nominal.value);
  CHECK(contains(text, format_range(energy.area.total)));
  double sum = 0;
  for (const auto& cause : json.at("energy").at("causes")) {
    sum += cause.at("energy_pJ").at("high").get<double>();
    CHECK(contains(text, cause.at("name").get<std::string>()));
    CHECK(contains(page, ">" + cause.at("name").get<std::string>() + "<"));
    CHECK_FALSE(cause.at("constants").empty());
  }
  CHECK(sum == Approx(json.at("energy").at("total_pJ").at("high").get<double>()));
  CHECK(json.at("cores").size() == run.cores.size());
  CHECK(json.at("run").at("seed") == 7);
  CHECK(json.at("warnings").size() == warnings(run).size());
  // Every figure stands in the table with its source.
  for (const Constant& c : technology.constants) {
    CHECK(contains(page, "<code>" + c.name + "</code>"));
    CHECK(contains(page, escape_html(c.source)));
  }
}

TEST_CASE("what was not measured is null or says so") {
  const RunRecord run = sample_run(false);
  const Technology technology = load_technology("28nm");
  const auto json = json_report(run, technology);
  CHECK(json.at("throughput").at("samples_per_s").is_null());
  CHECK(json.at("throughput").at("latency_p50_ns").is_null());
  CHECK(json.at("energy").at("scope") == "dynamic only");
  for (const auto& cause : json.at("energy").at("causes")) {
    if (cause.at("name") == "clock") CHECK(cause.at("energy_pJ").is_null());
  }
  CHECK(contains(text_report(run, technology), "dynamic only"));
  CHECK(contains(text_report(run, technology), "not measured"));
  CHECK(contains(html_report(run, technology), "not measured"));
}

TEST_CASE("reports survive a run in which nothing happened") {
  RunRecord run;
  run.machine = sample_run(true, 1, 1).machine;
  run.machine.mesh.width = run.machine.mesh.height = 1;
  CoreRecord core;
  core.role = "idle";
  run.cores = {core};
  for (const bool timed : {false, true}) {
    if (timed) run.cycles = 0;
    const Technology technology = load_technology("28nm");
    CHECK(contains(text_report(run, technology), "No core did any work"));
    CHECK(nesting_fault(html_report(run, technology)) == "");
    CHECK(json_report(run, technology).at("energy").at("per_update_pJ").is_null());
  }
}

TEST_CASE("the advised sigma brings the mean kernel to 0.25") {
  // A kernel exp(-d / (2 sigma^2)) of one distance d: the advice must solve it for d.
  for (const double distance : {.01, .3, 2.0, 5.0}) {
    const double sigma = .5;
    const double mean = std::exp(-distance / (2 * sigma * sigma));
    const SigmaAdvice advice = advise_sigma(mean, sigma);
    CHECK(std::exp(-distance / (2 * advice.sigma * advice.sigma)) == Approx(.25).epsilon(1e-6));
    CHECK(advice.bound == SigmaAdvice::Bound::none);
  }
  CHECK(advise_sigma(0, .5).bound == SigmaAdvice::Bound::at_least);
  CHECK(advise_sigma(0, .5).sigma > .5);
  CHECK(advise_sigma(1, .5).bound == SigmaAdvice::Bound::at_most);
  CHECK(advise_sigma(1, .5).sigma < .5);
}

TEST_CASE("a stuck kernel is a warning with its cure; a healthy one is not") {
  CHECK(any_contains(warnings(stuck_run(.001)), "stuck near 0"));
  CHECK(any_contains(warnings(stuck_run(.995)), "stuck near 1"));
  CHECK(any_contains(warnings(stuck_run(.001)),
                     fmt::format("sigma = {:.2g} would", advise_sigma(.001, .5).sigma)));
  CHECK(any_contains(warnings(stuck_run(0)), "sigma = at least "));
  CHECK_FALSE(any_contains(warnings(stuck_run(.25)), "stuck"));
  CHECK(contains(html_report(stuck_run(.001), load_technology("28nm")), "stuck near 0"));
  // Only the end of the run counts.
  RunRecord late = stuck_run(.3);
  late.signals[0].mean_kernel = .001;
  CHECK_FALSE(any_contains(warnings(late), "stuck"));
}

TEST_CASE("lost and clipped updates are warnings") {
  RunRecord run = sample_run();
  const std::size_t before = warnings(run).size();
  ProjectionRecord& p = run.projections[0];
  const UpdateCounts healthy = p.counts;
  p.counts.change /= 10;
  CHECK(any_contains(warnings(run), "applied 10 % of the change"));
  p.counts = healthy;
  p.counts.saturated = p.counts.applied;
  CHECK(any_contains(warnings(run), "clipped"));
  p.counts = healthy;
  p.counts.applied = p.counts.change = 0;
  CHECK(any_contains(warnings(run), "never changed a weight"));
  p.counts = healthy;
  CHECK(warnings(run).size() == before);
  CHECK(*change_share({"p", "r", "s8.7", 3, {0, 0, 0, 0, 0, 80, 5}}) == .5);  // 5 steps of 80 / 2^3 = 10
}

TEST_CASE("what is said to set the pace is what took most of the cycles, whatever the lanes") {
  const char* const said[] = {"row", "two ports", "wider links", "round trip", "host port"};
  RunRecord run = sample_run(true, 1, 1);
  CoreRecord& core = run.cores[0];
  for (const std::int64_t lanes : {16, 64, 256})
    for (std::size_t most = 0; most < cycle_cause_count; ++most)
      for (std::size_t second = 0; second < cycle_cause_count; ++second) {
        core.columns = 64, core.lanes = lanes;
        core.cycles = {6, 6, 6, 6, 6};
        core.cycles[second] = 37;
        core.cycles[most] = 39;
        // Not busy itself, and blocked: others are to blame, however long it also waits for packets.
        const bool mesh = most == 4 && second == 2;
        const std::string bottleneck = throughput(run).bottleneck;
        INFO(lanes << " lanes: " << bottleneck);
        for (std::size_t i = 1; i < cycle_cause_count; ++i)
          CHECK(contains(bottleneck, said[i]) == (i == (mesh ? 2 : most)));
        if (most == 0) CHECK(contains(bottleneck, lanes < 64 ? "more lanes" : "a row takes one cycle"));
      }
  // A step of a presentation that learns at every step: mostly computed, in rows of one burst.
  core.lanes = 64;
  core.cycles = {69, 2, 3, 13, 13};
  CHECK(contains(throughput(run).bottleneck, "computing in 69 %"));
  CHECK_FALSE(contains(throughput(run).bottleneck, "round trip"));
}

TEST_CASE("the bottleneck names the core that sets the pace, its main cause and a cure") {
  RunRecord run = sample_run(true, 2, 1);
  for (CoreRecord& core : run.cores) core.role = "synaptic", core.columns = 256, core.lanes = 64;
  const auto with = [&](CycleCause cause) {
    run.cores[0].cycles = {10, 0, 0, 0, 90};
    run.cores[1].cycles = {5, 5, 5, 5, 5};
    run.cores[1].cycles[static_cast<std::size_t>(cause)] = 80;
    return throughput(run);
  };
  CHECK(*with(CycleCause::computing).busiest == 1);
  CHECK(contains(with(CycleCause::computing).bottleneck, "more lanes"));
  CHECK(contains(with(CycleCause::waiting_for_memory).bottleneck, "two ports"));
  CHECK(contains(with(CycleCause::blocked_by_buffer).bottleneck, "wider links"));
  CHECK(contains(with(CycleCause::waiting_for_third_factor).bottleneck, "teacher"));
  CHECK(contains(with(CycleCause::idle).bottleneck, "host port"));
  CHECK(contains(with(CycleCause::computing).bottleneck, "Core (1, 0)"));
  CHECK(loads(run)[0] == Approx(.1));
  // A core that waits all day for one that computes is not what to make faster.
  run.cores[0].cycles = {0, 0, 100, 0, 0};
  run.cores[1].cycles = {66, 20, 0, 10, 4};
  CHECK(*throughput(run).busiest == 1);
  CHECK(contains(throughput(run).bottleneck, "computing in 66 %"));
  CHECK(contains(throughput(run).bottleneck, "more lanes"));
  run.cores[1].lanes = run.cores[1].columns;
  CHECK(contains(throughput(run).bottleneck, "fewer rows"));  // more lanes than columns would idle
  // Where the sender is always blocked and the receiver is not always busy, packets do not come fast enough.
  run.cores[1].cycles = {64, 0, 0, 0, 36};
  CHECK(contains(throughput(run).bottleneck, "wider links"));
  // 107 ms for 12,000 samples at 200 MHz.
  CHECK(*throughput(sample_run()).samples_per_s == Approx(12000 / .107));
  CHECK(throughput(sample_run()).latency_p50->value == Approx(2310 * 5));
}

TEST_CASE("numbers for people") {
  CHECK(format_energy({0}) == "0 pJ");
  CHECK(format_energy({999.4}) == "999 pJ");
  CHECK(format_energy({999.7}) == "1.00 nJ");
  CHECK(format_energy({1.234e6}) == "1.23 uJ");
  CHECK(format_energy({.05}) == "50.0 fJ");
  CHECK(format_time({1.5e9}) == "1.50 s");
  CHECK(format_range(EnergyRange{{500}, {2000}, {123456}}) == "2.00 (0.500 to 123) nJ");
  CHECK(format_count(1234567) == "1,234,567");
  CHECK(format_count(123456) == "123,456");
  CHECK(format_count(12) == "12");
  CHECK(format_percent(.98765, 2) == "98.77 %");
  CHECK(format_for_page("3 uJ of us in 2 mm2") == "3 \xc2\xb5J of us in 2 mm\xc2\xb2");
  CHECK(nice_ticks(0, 1, 5) == std::vector<double>{0, .2, .4, .6000000000000001, .8, 1});
  for (const auto& [low, high] : {std::pair{0.0, 1e-9}, {-3.0, 17.0}, {5.0, 5.0}, {0.0, 0.0}, {1e8, 1.1e8}}) {
    const auto ticks = nice_ticks(low, high, 5);
    CHECK(ticks.size() >= 2);
    CHECK(ticks.size() <= 12);
    CHECK(ticks.front() <= low);
    CHECK(ticks.back() >= high);
  }
}

TEST_CASE("a large mesh and a long run give a page of bounded size") {
  RunRecord run = sample_run(true, 100, 90);
  for (int i = 0; i < 20000; ++i) {
    LayerSignals s = run.signals[0];
    s.sample = 20000 + i;
    run.signals.push_back(s);
  }
  const std::string page = html_report(run, load_technology("28nm"));
  CHECK(page.size() < 3'000'000);
  CHECK(nesting_fault(page) == "");
}

TEST_CASE("points that are no numbers are left out of a chart") {
  LineChart chart{"t", "x",  "y", {}, {}, {{"a", {{0, 1}, {1, NAN}, {2, 3}}}, {"b", {{0, INFINITY}}}},
                  {},  false};
  const std::string drawing = line_chart(chart);
  CHECK_FALSE(contains(drawing, "nan"));
  CHECK_FALSE(contains(drawing, "inf"));
  CHECK(contains(drawing, "a: from 1 to 3"));
  CHECK(contains(line_chart(LineChart{}), "Nothing was recorded"));
}
