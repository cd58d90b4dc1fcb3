#include <fmt/format.h>

#include <chrono>
#include <fstream>
#include <memory>

#include "compiler/machine_io/machine_file.hpp"
#include "compiler/network/network.hpp"
#include "compiler/passes/passes.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/devices.hpp"
#include "host/cli/embedded_examples.hpp"
#include "host/cli/verification.hpp"
#include "host/experiment/reference.hpp"
#include "host/experiment/run.hpp"
#include "host/experiment/weight_images.hpp"
#include "host/report/energy.hpp"
#include "host/report/output_file.hpp"
#include "host/report/report.hpp"
#include "host/report/technology_file.hpp"
#include "runtime/layout/layout.hpp"

namespace trifactor {
namespace {

constexpr double wanted_gain = 0.05;  ///< over hidden layers left at random

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

class Demo {
 public:
  Demo(const Common& common, std::string samples) : common_(common), samples_(std::move(samples)) {}

  int run() {
    prepare_output_folder(folder_, common_.force || common_.out.empty());
    compile_network();
    const RunRecord record = learn();
    const bool equal = verify();
    const double random = reference();
    const double accuracy = record.test_accuracy().value_or(0);
    report(record, random);
    const bool learned = accuracy >= random + wanted_gain;
    say("\n{:.1f} % of {} unseen digits read correctly; the same read-out on hidden neurons left at random "
        "reads {:.1f} %.",
        100 * accuracy, test_count, 100 * random);
    if (record.interrupted) return static_cast<int>(ExitCode::interrupted);
    if (!learned) say("FAILED: learning on the chip must gain at least {:.0f} points.", 100 * wanted_gain);
    if (!equal) say("FAILED: the RTL and the golden model differ.");
    say("Open {}/report.html", (folder_ / "run").string());
    return learned && equal ? 0 : static_cast<int>(ExitCode::check_failed);
  }

 private:
  static constexpr int test_count = 1000;

  template <class... Args>
  void say(fmt::format_string<Args...> format, Args&&... args) const {
    if (!common_.quiet) fmt::print("{}\n", fmt::format(format, std::forward<Args>(args)...));
    std::fflush(stdout);
  }

  void compile_network() {
    const Clock::time_point start = Clock::now();
    write_whole_file(folder_ / "network.toml", demo_network());
    network_ = read_network(folder_ / "network.toml", {});
    if (common_.seed) network_.seed = *common_.seed;
    const Program program = compile(network_, read_machine("generic", common_.set));
    write_layout(folder_ / "layout.h5", program);
    std::size_t synapses = 0;
    for (const CoreUsage& usage : program.usage) synapses += usage.synapses;
    say("1 compiled   {}: {} synapses on {} of {} cores ({:.1f} s)", network_.name, synapses,
        program.cores.size(), program.machine.tiles(), seconds_since(start));
  }

  RunRecord learn() {
    const Clock::time_point start = Clock::now();
    RunOptions options;
    options.layout = folder_ / "layout.h5";
    options.data = training();
    options.test = testing();
    options.engine = "systemc";
    options.out = folder_ / "run";
    options.force = true;
    options.tool_version = tool_version();
    options.argv = common_.argv;
    options.on_progress = progress_printer(common_.style());
    options.interrupt = &interrupt_flag();
    const RunRecord record = run_experiment(options, make_device);
    say("2 learned    {} drawn digits, one pass, on the SystemC model of the chip: {} cycles ({:.1f} s)",
        record.learn_samples, record.cycles.value_or(0), seconds_since(start));
    return record;
  }

  bool verify() const {
    const Clock::time_point start = Clock::now();
    VerifyOptions options;
    options.vectors = 5000;
    options.replay_folder = folder_;
    std::uint64_t vectors = 0;
    std::string wrong;
    const std::vector<VerifyResult> results = verify_names({}, options);
    for (const VerifyResult& r : results) {
      vectors += r.vectors;
      if (!r.passed()) wrong += fmt::format(" {} {}: {}", r.verdict(), r.name, r.complaint());
    }
    say("3 verified   {} units and rules in SystemVerilog against the golden model, {} vectors: {} ({:.1f} "
        "s)",
        results.size(), vectors, wrong.empty() ? "all bits equal" : "not so:" + wrong, seconds_since(start));
    return wrong.empty();
  }

  double reference() const {
    const Clock::time_point start = Clock::now();
    ReferenceOptions options;
    options.network = network_;
    options.data = training();
    options.test = testing();
    options.baseline = Baseline::random;
    options.interrupt = &interrupt_flag();
    const double accuracy = run_reference(options).test_accuracy().value_or(0);
    say("4 compared   with hidden neurons left at random, in floating point ({:.1f} s)",
        seconds_since(start));
    return accuracy;
  }

  void report(RunRecord record, double random) const {
    const Technology technology = load_technology("45nm");
    record.reference_accuracies["hidden layers left at random (float)"] = random;
    write_run(folder_ / "run", record, technology);
    write_whole_file(folder_ / "run" / "report.html",
                     html_report(record, technology, read_input_pictures(folder_ / "run", record)));
    const EnergyReport energy = cost(record, technology);
    const double microjoules_a_sample =
        1e-6 / static_cast<double>(std::max<std::uint64_t>(1, record.samples));
    say("5 costed     {:.2f} uJ a sample in 45 nm ({:.2f} to {:.2f}), every figure with its source in the "
        "report",
        energy.total.nominal.value * microjoules_a_sample, energy.total.low.value * microjoules_a_sample,
        energy.total.high.value * microjoules_a_sample);
  }

  std::string training() const { return "synthetic:strokes,shuffle=1,count=" + samples_; }
  std::string testing() const { return fmt::format("synthetic:strokes,split=test,count={}", test_count); }

  const Common& common_;
  std::string samples_;
  std::filesystem::path folder_ = common_.out.empty() ? "trifactor-demo" : common_.out;
  Network network_;
};

}  // namespace

Action add_demo(CLI::App& command, Common& common) {
  auto samples = std::make_shared<std::string>("6000");
  command.add_option("--samples", *samples, "drawn digits to learn from")
      ->check(CLI::Range(100, 10000))
      ->capture_default_str();
  return [=, &common] { return Demo(common, *samples).run(); };
}

}  // namespace trifactor
