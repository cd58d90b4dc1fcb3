#include "host/experiment/run.hpp"

#include <fmt/format.h>

#include <memory>

#include "host/cli/commands.hpp"
#include "host/cli/devices.hpp"
#include "host/experiment/weight_images.hpp"
#include "host/report/output_file.hpp"
#include "host/report/report.hpp"
#include "host/report/run_json.hpp"
#include "host/report/technology_file.hpp"

namespace trifactor {

Action add_run(CLI::App& command, Common& common) {
  auto o = std::make_shared<RunOptions>();
  auto no_learn = std::make_shared<bool>(false);
  auto layout = std::make_shared<std::string>();
  auto checkpoint = std::make_shared<std::string>();
  auto resume = std::make_shared<std::string>();
  auto test = std::make_shared<std::string>();
  command.add_option("layout", *layout, "layout made by `trifactor compile`")->required();
  command.add_option("--data", o->data, "what is streamed, SPEC")->required();
  command.add_option("--test", *test, "what is evaluated without learning, SPEC");
  command.add_option("--engine", o->engine, "functional, systemc or rtl")->capture_default_str();
  command.add_option("--epochs", o->epochs, "passes over the data")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command.add_flag("--no-learn", *no_learn, "inference only");
  command.add_option("--checkpoint", *checkpoint, "file for checkpoints");
  command
      .add_option("--every", o->checkpoint_every,
                  "learning samples between checkpoints; 0: at each epoch's end")
      ->check(at_least(0));
  command.add_option("--resume", *resume, "go on from this checkpoint");
  command.add_flag("--digests", o->digests, "write digests.csv");
  command.add_option("--technology", o->technology, "technology that costs the run")->capture_default_str();
  return [=, &common] {
    o->layout = *layout;
    o->learn = !*no_learn;
    if (!test->empty()) o->test = *test;
    if (!checkpoint->empty()) o->checkpoint = *checkpoint;
    if (!resume->empty()) o->resume = *resume;
    if (common.out.empty())
      throw Error(ExitCode::configuration,
                  {"TF-CLI-005", "trifactor run", "no output folder is named", "-o RUNDIR", ""});
    o->out = common.out;
    o->force = common.force;
    o->threads = common.threads;
    o->tool_version = tool_version();
    o->argv = common.argv;
    o->on_progress = progress_printer(common.style());
    o->interrupt = &interrupt_flag();
    const Technology technology = load_technology(o->technology);
    const RunRecord record = run_experiment(*o, make_device);
    write_whole_file(o->out / "report.html",
                     html_report(record, technology, read_input_pictures(o->out, record)));
    if (common.json)
      fmt::print("{}", json_text(json_report(record, technology)));
    else if (!common.quiet)
      fmt::print("{}\nwrote {}/report.html\n", text_report(record, technology), o->out.string());
    return record.interrupted ? static_cast<int>(ExitCode::interrupted) : 0;
  };
}

}  // namespace trifactor
