// Is it fast enough? One line a figure: name, value, unit, limit, ok or FAIL.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "rtl/spec/diagnostic.hpp"
#include "rtl/units/accumulate/rows.hpp"
#include "tests/bench/figures.hpp"

namespace trifactor::bench {

void Section::set(const std::string& name, double value) {
  const auto figure =
      std::find_if(figures.begin(), figures.end(), [&](const Figure& f) { return f.name == name; });
  if (figure == figures.end())
    throw Error(ExitCode::internal,
                {"TF-BENCH-002", "trifactor-bench", "no figure is called " + name, "", ""});
  figure->value = value;
}

namespace {

std::string limit_text(const Figure& figure) {
  if (figure.bound == Bound::none) return "";
  return fmt::format("{} {:.4g}", figure.bound == Bound::at_least ? ">=" : "<=", figure.limit);
}

void print_line(const Figure& figure, const std::string& value, const std::string& verdict) {
  fmt::print("{:<58} {:>10} {:<12} {:>10}  {}\n", figure.name, value, figure.unit, limit_text(figure),
             verdict);
  std::fflush(stdout);
}

void write_json(const std::string& path, const std::vector<Figure>& figures) {
  nlohmann::json list = nlohmann::json::array();
  for (const Figure& f : figures) {
    nlohmann::json entry = {
        {"name", f.name}, {"value", nullptr}, {"unit", f.unit}, {"limit", nullptr}, {"ok", f.ok()}};
    if (f.value) entry["value"] = *f.value;
    if (f.bound != Bound::none) entry["limit"] = f.limit;
    list.push_back(entry);
  }
  const std::string text = list.dump(2) + "\n", temporary = path + "." + std::to_string(::getpid()) + ".tmp";
  std::FILE* file = std::fopen(temporary.c_str(), "wb");
  bool written = file != nullptr && std::fwrite(text.data(), 1, text.size(), file) == text.size();
  if (file != nullptr) written = std::fclose(file) == 0 && written;
  if (written && std::rename(temporary.c_str(), path.c_str()) == 0) return;
  std::remove(temporary.c_str());
  throw Error(ExitCode::cannot_write, {"TF-OUT-001", path, "cannot be written", "", "write elsewhere"});
}

/// Figures of one section that were asked for. A measurement that breaks off leaves its figures without
/// value.
void run_section(Section& section, const Plan& plan, const std::string& only, std::vector<Figure>& done) {
  const auto wanted = [&](const Figure& f) { return f.name.find(only) != std::string::npos; };
  if (std::none_of(section.figures.begin(), section.figures.end(), wanted)) return;
  try {
    section.measure(plan, section);
  } catch (const Error& error) {
    for (const Diagnostic& item : error.items())
      fmt::print(stderr, "{}: {}: {}\n", item.code, item.where, item.found);
  } catch (const std::exception& error) {
    fmt::print(stderr, "{}\n", error.what());
  }
  for (const Figure& figure : section.figures) {
    if (!wanted(figure)) continue;
    print_line(figure, figure.value ? fmt::format("{:.4g}", *figure.value) : "-",
               figure.ok() ? "ok" : "FAIL");
    done.push_back(figure);
  }
}

int run(int argc, char** argv) {
  CLI::App app{"Is it fast enough? Speed is measured in processor time, one thread; ratios within one run."};
  std::string json, only, simd = "best";
  Plan plan;
  bool list = false;
  app.add_option("--json", json, "also write a list of {name, value, unit, limit, ok}");
  app.add_option("--only", only, "only figures whose name contains this text");
  app.add_option("--simd", simd, "vector target of the kernels, as `trifactor --simd`");
  app.add_flag("--quick", plan.quick,
               "small sizes: shows that everything runs; limits are printed, not enforced");
  app.add_flag("--list", list, "print the figures and their limits");
  CLI11_PARSE(app, argc, argv);
  if (!choose_simd(simd.c_str())) {
    fmt::print(stderr, "this processor does not have '{}'\n", simd);
    return 2;
  }

  std::vector<Section> sections = {kernel_section(), accumulate_section(), lane_rtl_section(),
                                   engine_section(), epoch_section(),      memory_section()};
  if (list) {
    for (const Section& section : sections)
      for (const Figure& figure : section.figures) print_line(figure, "", "");
    return 0;
  }
  std::vector<Figure> done;
  for (Section& section : sections) run_section(section, plan, only, done);
  if (done.empty()) {
    fmt::print(stderr, "no figure's name contains '{}'; --list prints them\n", only);
    return 2;
  }
  if (!json.empty()) write_json(json, done);
  const auto failed = std::count_if(done.begin(), done.end(), [](const Figure& f) { return !f.ok(); });
  const auto unmeasured = std::count_if(done.begin(), done.end(), [](const Figure& f) { return !f.value; });
  fmt::print("{} figures, {} beyond their limit{}\n", done.size(), failed,
             plan.quick ? " (not enforced: the sizes were small)" : "");
  return (plan.quick ? unmeasured : failed) == 0 ? 0 : 1;
}

}  // namespace
}  // namespace trifactor::bench

int main(int argc, char** argv) {
  try {
    return trifactor::bench::run(argc, argv);
  } catch (const trifactor::Error& error) {
    fmt::print(stderr, "{}: {}\n", error.items().front().where, error.items().front().found);
    return static_cast<int>(error.exit());
  }
}
