// Does a run folder hold exactly the facts of the run, and is damage to it noticed?
#include <fmt/format.h>
#include <rapidcheck.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>
#include <sstream>

#include "host/report/csv.hpp"
#include "host/report/output_file.hpp"
#include "host/report/run_tables.hpp"
#include "host/report/sample_run.hpp"
#include "host/report/technology_file.hpp"
#include "rtl/spec/diagnostic.hpp"

using namespace trifactor;
namespace fs = std::filesystem;

namespace {

const char* const files[] = {"run.json",     "summary.json", "per_core.csv",   "per_width.csv",
                             "per_step.csv", "accuracy.csv", "technology.json"};

/// A folder of its own that is gone after the test.
struct Folder {
  fs::path path;
  explicit Folder(const char* name) : path(fs::temp_directory_path() / name) { fs::remove_all(path); }
  ~Folder() { fs::remove_all(path); }
  std::string text(const char* file) const { return read_whole_file(path / file); }
  void put(const char* file, const std::string& text) const { std::ofstream(path / file) << text; }
};

std::string code_of(const fs::path& folder) {
  try {
    read_run(folder);
  } catch (const Error& error) {
    CHECK(error.items()[0].where.find(folder.string()) == 0);
    return error.items()[0].code;
  }
  return "none";
}

std::string edited(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

}  // namespace

TEST_CASE("a run reads back equal, and nothing but its files is left") {
  const Folder folder("trifactor-run-test");
  RunRecord run = sample_run(GENERATE(true, false));
  run.interrupted = true;
  run.seed = std::numeric_limits<std::uint64_t>::max();
  run.projections[0].counts.intended = std::numeric_limits<std::uint64_t>::max();
  run.cores[0].occupancy = 1.0 / 3;
  run.cores[1].population = "odd, \"name\"\nof two lines";
  run.signals[0].eta = std::nullopt;
  run.signals[0].weight_norm = 1e-300;
  write_run(folder.path, run, load_technology("28nm"));
  const RunRecord again = read_run(folder.path);
  CHECK(again == run);
  CHECK(again.cores == run.cores);
  CHECK(again.signals == run.signals);
  CHECK(again.machine.core_types[0].rules == run.machine.core_types[0].rules);
  std::size_t count = 0;
  for (const auto& entry : fs::directory_iterator(folder.path)) {
    ++count;
    CHECK(std::find(std::begin(files), std::end(files), entry.path().filename().string()) != std::end(files));
  }
  CHECK(count == std::size(files));
}

TEST_CASE("equality of records notices each kind of fact") {
  const RunRecord run = sample_run();
  const auto differs = [&](auto change) {
    RunRecord other = run;
    change(other);
    return !(other == run);
  };
  CHECK(differs([](RunRecord& r) { r.cores[3].events[Event::update] += 1; }));
  CHECK(differs([](RunRecord& r) { r.cores[3].widths[0].weight_bits += 1; }));
  CHECK(differs([](RunRecord& r) { r.cores[3].widths[0].events[Event::update] += 1; }));
  CHECK(differs([](RunRecord& r) { r.chip_events[Event::host_word] += 1; }));
  CHECK(differs([](RunRecord& r) { r.signals[9].sigma = .6; }));
  CHECK(differs([](RunRecord& r) { r.accuracy[2].loss.reset(); }));
  CHECK(differs([](RunRecord& r) { r.machine.core.lanes = 8; }));
  CHECK(differs([](RunRecord& r) { r.latency_p99_cycles.reset(); }));
  CHECK(differs([](RunRecord& r) { r.projections[1].counts.change -= 1; }));
}

TEST_CASE("summary.json has the members scripts rely on") {
  const bool timed = GENERATE(true, false);
  const Folder folder("trifactor-summary-test");
  const RunRecord run = sample_run(timed);
  write_run(folder.path, run, load_technology("28nm"));
  const auto summary = nlohmann::json::parse(folder.text("summary.json"));
  CHECK(summary.at("engine") == run.engine);
  CHECK(summary.at("samples") == run.samples);
  CHECK(summary.at("accuracy").at("test").get<double>() == *run.accuracy.back().test_accuracy);
  CHECK(summary.at("wall_s") == run.wall_s);
  CHECK(summary.at("peak_rss_bytes") == run.peak_rss_bytes);
  for (const char* key : {"applied", "rounded_to_zero", "saturated"})
    CHECK(summary.at("updates").contains(key));
  CHECK(summary.at("updates").at("saturated") == 412'000 + 92'000);
  const double low = summary.at("energy_pJ").at("low"), nominal = summary.at("energy_pJ").at("nominal"),
               high = summary.at("energy_pJ").at("high");
  CHECK((0 < low && low < nominal && nominal < high));
  CHECK(summary.at("energy_pJ").at("scope") == (timed ? "all" : "dynamic only"));
  CHECK(summary.at("events").size() == event_count);
  const EventCounts events = run.events();
  for (std::size_t i = 0; i < event_count; ++i) {
    const auto& value = summary.at("events").at(std::string(event_names[i]));
    if (!timed && i >= static_cast<std::size_t>(first_network_event)) {
      CHECK(value.is_null());  // never 0
    } else {
      CHECK(value == events.raw()[i]);
    }
  }
  CHECK(summary.at("cycles").is_null() == !timed);
  CHECK(summary.at("time_ns").is_null() == !timed);
  if (timed) CHECK(summary.at("time_ns").get<double>() == Approx(static_cast<double>(*run.cycles) * 5));
}

TEST_CASE("a run without a test has no accuracy rather than 0") {
  const Folder folder("trifactor-noaccuracy-test");
  RunRecord run = sample_run();
  for (AccuracyRow& row : run.accuracy) row.test_accuracy.reset();
  write_run(folder.path, run, load_technology("28nm"));
  CHECK(nlohmann::json::parse(folder.text("summary.json")).at("accuracy").at("test").is_null());
}

TEST_CASE("only run.json and two members of summary.json tell when and where a run was made") {
  const Folder one("trifactor-same-test-1"), two("trifactor-same-test-2");
  RunRecord run = sample_run();
  write_run(one.path, run, load_technology("28nm"));
  run.wall_s *= 2;
  run.peak_rss_bytes += 1;
  run.stage_s["learn"] = 1;
  run.argv.push_back("--quiet");
  write_run(two.path, run, load_technology("28nm"));
  for (const char* file :
       {"per_core.csv", "per_width.csv", "per_step.csv", "accuracy.csv", "technology.json"}) {
    CHECK(one.text(file) == two.text(file));
  }
  auto a = nlohmann::json::parse(one.text("summary.json")),
       b = nlohmann::json::parse(two.text("summary.json"));
  CHECK(a != b);
  for (auto* summary : {&a, &b}) {
    summary->erase("wall_s");
    summary->erase("peak_rss_bytes");
  }
  CHECK(a == b);
}

TEST_CASE("columns carry their units") {
  const std::string header = per_core_table({}, true);
  for (const char* column : {"computing_cycles", "waiting_for_memory_cycles", "idle_cycles", "synapse_bytes",
                             "accumulate", "tree_hop"}) {
    CHECK((',' + header).find(std::string(",") + column) != std::string::npos);
  }
  // Rows that a run in progress appends are the rows of the finished table.
  const RunRecord run = sample_run();
  std::string steps = per_step_header();
  for (const LayerSignals& s : run.signals) steps += per_step_row(s);
  CHECK(read_per_step(steps, "x") == run.signals);
}

TEST_CASE("damage is found and placed") {
  const Folder folder("trifactor-damage-test");
  CHECK(code_of(folder.path) == "TF-RUN-001");
  write_run(folder.path, sample_run(), load_technology("28nm"));
  REQUIRE(code_of(folder.path) == "none");
  const auto damaged = [&](const char* file, const std::string& text) {
    const std::string whole = folder.text(file);
    folder.put(file, text);
    const std::string code = code_of(folder.path);
    folder.put(file, whole);
    return code;
  };
  const std::string json = folder.text("run.json"), cores = folder.text("per_core.csv"),
                    steps = folder.text("per_step.csv"), accuracy = folder.text("accuracy.csv");
  CHECK(damaged("run.json", "") == "TF-RUN-002");
  CHECK(damaged("run.json", "[1]") == "TF-RUN-002");
  CHECK(damaged("run.json", json.substr(0, json.size() / 2)) == "TF-RUN-002");
  CHECK(damaged("run.json", edited(json, "\"seed\": 7", "\"sead\": 7")) == "TF-RUN-002");
  CHECK(damaged("run.json", edited(json, "\"seed\": 7", "\"seed\": 7, \"more\": 1")) == "TF-RUN-002");
  CHECK(damaged("run.json", edited(json, "\"seed\": 7", "\"seed\": -7")) == "TF-RUN-002");
  CHECK(damaged("run.json", edited(json, "\"seed\": 7", "\"seed\": 7.5")) == "TF-RUN-002");
  CHECK(damaged("run.json", edited(json, fmt::format("\"schema_version\": {}", run_schema_version),
                                   "\"schema_version\": 99")) == "TF-RUN-003");
  CHECK(damaged("run.json", edited(json, "\"clock_MHz\": 200", "\"clock_MHz\": 0")) == "TF-RUN-004");
  CHECK(damaged("per_core.csv", edited(cores, "\n0,0,0,", "\n0,-1,0,")) == "TF-RUN-007");
  CHECK(damaged("per_core.csv", edited(cores, "\n0,0,0,", "\n0,99999999999,0,")) == "TF-RUN-007");
  CHECK(damaged("per_core.csv", edited(cores, "population", "pop")) == "TF-RUN-005");
  CHECK(damaged("per_core.csv", cores.substr(0, cores.size() - 1)) == "TF-RUN-006");
  const std::string widths = folder.text("per_width.csv");
  CHECK(damaged("per_width.csv", edited(widths, "core,weight_bits", "core,weight")) == "TF-RUN-005");
  CHECK(damaged("per_width.csv", edited(widths, "\n0,8,15,", "\n0,8,x,")) == "TF-RUN-007");
  CHECK(damaged("per_width.csv", edited(widths, "\n1,", "\n24,")) == "TF-RUN-009");
  CHECK(damaged("per_width.csv", edited(widths, "\n3,", "\n2,")) == "TF-RUN-012");  // another core's events
  CHECK(damaged("per_width.csv", edited(widths, "\n0,8,15,", "\n0,8,16,")) == "TF-RUN-012");  // twice
  CHECK(damaged("per_width.csv", edited(widths, "\n0,8,15,", "\n0,8,0,")) == "TF-RUN-012");
  CHECK(damaged("per_width.csv", edited(widths, "\n0,8,15,", "\n0,8,15,1")) == "TF-RUN-012");  // 10 times
  CHECK(damaged("per_width.csv", widths.substr(0, widths.find("\n1,") + 1)) == "TF-RUN-012");
  CHECK(damaged("accuracy.csv", edited(accuracy, "\n500,", "\n500,7,")) == "TF-RUN-006");
  CHECK(damaged("accuracy.csv", edited(accuracy, "\n500,", "\nfive,")) == "TF-RUN-007");
  CHECK(damaged("per_step.csv", edited(steps, "200,hidden1,0.", "200,hidden1,O.")) == "TF-RUN-007");
  CHECK(damaged("per_core.csv", edited(cores, "\n1,1,0,", "\n2,1,0,")) == "TF-RUN-009");
  CHECK(damaged("run.json", edited(json, "\"cycles\": 21400000", "\"cycles\": null")) == "TF-RUN-008");
}

TEST_CASE("ten megabytes of noise in any file end in one message") {
  const Folder folder("trifactor-noise-test");
  write_run(folder.path, sample_run(), load_technology("28nm"));
  std::string noise(10'000'000, ' ');
  std::uint32_t state = 1;
  for (char& c : noise) {
    state ^= state << 13, state ^= state >> 17, state ^= state << 5;
    c = static_cast<char>(state >> 24);
  }
  for (const std::string& text : {noise, std::string(10'000'000, '['), std::string(10'000'000, '"')}) {
    for (const char* file : {"run.json", "per_core.csv", "per_width.csv", "per_step.csv", "accuracy.csv"}) {
      const std::string whole = folder.text(file);
      folder.put(file, text);
      CHECK(code_of(folder.path) != "none");
      folder.put(file, whole);
    }
    const std::string whole = folder.text("technology.json");
    folder.put("technology.json", text);
    CHECK_THROWS_AS(read_run_technology(folder.path), Error);
    folder.put("technology.json", whole);
    CHECK_THROWS_AS(parse_technology(text, "noise.toml"), Error);
  }
  CHECK(code_of(folder.path) == "none");
}

TEST_CASE("a record that contradicts itself is not written") {
  const Folder folder("trifactor-contradiction-test");
  const Technology technology = load_technology("28nm");
  const auto refused = [&](auto change) {
    RunRecord run = sample_run(false);
    change(run);
    try {
      write_run(folder.path, run, technology);
    } catch (const Error& error) {
      return error.exit() == ExitCode::internal && !fs::exists(folder.path);
    }
    return false;
  };
  CHECK(refused([](RunRecord& r) { r.learn_samples = r.samples + 1; }));
  CHECK(refused([](RunRecord& r) { r.latency_p50_cycles = 3; }));
  CHECK(refused([](RunRecord& r) { r.cores[0].events[Event::hop] = 1; }));
  CHECK(refused([](RunRecord& r) { r.cores[0].role = "busy"; }));
  CHECK(refused([](RunRecord& r) { r.cores[0].cycles[0] = 1; }));
  // Counts by width: 0 has two blocks of different widths.
  REQUIRE(sample_run().cores[0].widths.size() == 2);
  for (const Event event : width_events) {
    CHECK(refused([&](RunRecord& r) { r.cores[0].events[event] += 1; }));
    CHECK(refused([&](RunRecord& r) { r.cores[0].widths[1].events[event] -= 1; }));
    CHECK(refused([&](RunRecord& r) { r.chip_events[event] = 1; }));
  }
  CHECK(refused([](RunRecord& r) { r.cores[0].widths.clear(); }));
  CHECK(refused([](RunRecord& r) { r.cores[0].widths[1] = r.cores[1].widths[0]; }));
  CHECK(refused([](RunRecord& r) { r.cores[0].widths[0].events[Event::neuron] = 1; }));
  CHECK(refused([](RunRecord& r) { r.cores[0].widths[0].weight_bits = 0; }));
  CHECK(refused([](RunRecord& r) { r.cores[0].widths[0].activity_bits = 17; }));
  CHECK(refused([](RunRecord& r) {  // the same widths twice
    r.cores[0].widths[1].weight_bits = r.cores[0].widths[0].weight_bits;
    r.cores[0].widths[1].activity_bits = r.cores[0].widths[0].activity_bits;
  }));
}

TEST_CASE("a failed write leaves nothing behind") {
  const Folder folder("trifactor-write-test");
  fs::create_directories(folder.path / "target");  // a folder stands where the file should go
  try {
    write_whole_file(folder.path / "target", "text");
    FAIL("written");
  } catch (const Error& error) {
    CHECK(error.exit() == ExitCode::cannot_write);
    CHECK(error.items()[0].code == "TF-OUT-001");
  }
  CHECK(std::distance(fs::directory_iterator(folder.path), fs::directory_iterator{}) == 1);
  if (fs::exists("/dev/full")) {
    // The device refuses every byte, as a full disk does.
    fs::create_symlink("/dev/full", folder.path / ("full.tmp" + std::to_string(::getpid())));
    CHECK_THROWS_AS(write_whole_file(folder.path / "full", "text"), Error);
    CHECK_FALSE(fs::exists(folder.path / "full"));
  }
  write_whole_file(folder.path / "deep" / "file", "text");
  CHECK(read_whole_file(folder.path / "deep" / "file") == "text");
}

TEST_CASE("any text and any number survive a table") {
  CHECK(rc::check("csv", [](const std::vector<std::string>& words, double number) {
    std::vector<std::string> fields = words;
    fields.push_back(csv_field(number));
    std::vector<std::string> header(fields.size(), "h");
    const std::string only_header = csv_line(header);
    CsvReader reader(only_header, "x", header);
    RC_ASSERT(!reader.next());
    const std::string table = csv_line(header) + csv_line(fields);
    CsvReader full(table, "x", header);
    RC_ASSERT(full.next());
    for (const std::string& word : words) RC_ASSERT(full.text() == word);
    RC_ASSERT(full.number() == number);
    RC_ASSERT(!full.next());
  }));
}
