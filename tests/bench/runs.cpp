// Whole runs of the program: an epoch on the chip with time, and the memory that large layouts take.
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "rtl/spec/diagnostic.hpp"
#include "runtime/layout/layout.hpp"
#include "tests/bench/chips.hpp"
#include "tests/bench/clocks.hpp"
#include "tests/bench/figures.hpp"

namespace trifactor::bench {
namespace {

/// A folder that goes when the measurement ends.
class Scratch {
 public:
  Scratch()
      : path_(std::filesystem::temp_directory_path() / ("trifactor-bench-" + std::to_string(::getpid()))) {
    std::filesystem::remove_all(path_);
    std::filesystem::create_directories(path_);
  }
  Scratch(const Scratch&) = delete;
  Scratch& operator=(const Scratch&) = delete;
  ~Scratch() {
    std::error_code error;
    std::filesystem::remove_all(path_, error);
  }
  std::string operator/(const std::string& name) const { return (path_ / name).string(); }

 private:
  std::filesystem::path path_;
};

std::string data_source() {
  const char* folder = std::getenv("TRIFACTOR_DATA");
  const bool there =
      folder != nullptr && std::filesystem::is_directory(std::filesystem::path(folder) / "mnist");
  return there ? "idx:" + (std::filesystem::path(folder) / "mnist").string() : "synthetic:strokes";
}

/// Runs `trifactor ARGUMENT...`: its processor time.
double trifactor(const Scratch& scratch, std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), program_folder() + "/trifactor");
  const Ended ended = run_program(arguments, scratch / "log");
  if (ended.status == 0) return ended.seconds;
  std::ifstream log(scratch / "log");
  throw Error(ExitCode::internal,
              {"TF-BENCH-003", "trifactor " + arguments[1] + " ended with " + std::to_string(ended.status),
               std::string(std::istreambuf_iterator<char>(log), {}), "", ""});
}

constexpr int epoch_samples = 60000, measured_samples = 6000;

void measure_epoch(const Plan& plan, Section& section) {
  const Scratch scratch;
  const int samples = plan.quick ? 60 : measured_samples;
  trifactor(scratch, {"compile", TRIFACTOR_BENCH_EXAMPLES "/mnist-phsic-small.toml", "--machine", "generic",
                      "-o", scratch / "layout.h5"});
  const double seconds =
      trifactor(scratch, {"run", scratch / "layout.h5", "--engine", "systemc", "--data",
                          data_source() + ",count=" + std::to_string(samples), "-o", scratch / "run"});
  section.set(section.figures[0].name, seconds * epoch_samples / samples);
}

void measure_memory(const Plan& plan, Section& section) {
  const Scratch scratch;
  double bytes = 0;
  {
    const Program program = plan.quick ? wide(1, 4096) : wide(3, 65536);
    for (const CoreImage& core : program.cores)
      for (const BlockImage& block : core.blocks) bytes += static_cast<double>(block.weights.size()) * 2;
    write_layout(scratch / "layout.h5", program);
  }
  section.set("weights of the layout", bytes / 1e6);
  for (const std::string engine : {"functional", "systemc"}) {
    trifactor(scratch, {"run", scratch / "layout.h5", "--engine", engine, "--data",
                        "synthetic:strokes,count=3", "-o", scratch / engine});
    std::ifstream file(scratch / (engine + "/summary.json"));
    const double peak = nlohmann::json::parse(file).at("peak_rss_bytes").get<double>();
    section.set("peak memory of a run, " + engine, peak / 1e6);
    section.set("peak memory beyond 100 MB / weights, " + engine, std::max(0.0, peak - 1e8) / bytes);
  }
}

}  // namespace

Section epoch_section() {
  const bool mnist = data_source().starts_with("idx:");
  return {{{std::string(mnist ? "MNIST" : "drawn digits (no MNIST here)") +
                ", epoch of 784-64-32-10 on systemc (6,000 samples x 10)",
            "s", Bound::at_most, 60}},
          measure_epoch};
}

Section memory_section() {
  return {{{"weights of the layout", "MB"},
           {"peak memory of a run, functional", "MB"},
           {"peak memory beyond 100 MB / weights, functional", "", Bound::at_most, 1.3},
           {"peak memory of a run, systemc", "MB"},
           {"peak memory beyond 100 MB / weights, systemc", "", Bound::at_most, 1.3}},
          measure_memory};
}

}  // namespace trifactor::bench
