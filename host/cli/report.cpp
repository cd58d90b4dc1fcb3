#include "host/report/report.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "host/cli/commands.hpp"
#include "host/experiment/weight_images.hpp"
#include "host/report/output_file.hpp"
#include "host/report/run_json.hpp"
#include "host/report/run_record.hpp"
#include "host/report/technology_file.hpp"

namespace trifactor {
namespace {

std::optional<ImageShape> shape_of(const std::string& text) {
  if (text.empty()) return std::nullopt;
  const auto shape = parse_image_shape(text);
  if (!shape)
    throw Error(ExitCode::configuration, {"TF-CLI-010", "--image", text,
                                          "HEIGHTxWIDTH or CHANNELSxHEIGHTxWIDTH", "for example 28x28"});
  return shape;
}

void write_weights(const std::filesystem::path& folder, const RunRecord& run,
                   const WeightImageRequest& request, const std::string& out) {
  if (out.empty())
    throw Error(ExitCode::configuration,
                {"TF-CLI-005", "trifactor report --weights", "no output file is named", "-o FILE.svg", ""});
  write_whole_file(out, weight_picture_svg(read_weight_picture(folder, run, request)));
}

/// A file that the user names and that is there; the run's own report.html is made anew.
void refuse_existing(const Common& common) {
  std::error_code error;
  if (!common.out.empty() && std::filesystem::is_regular_file(common.out, error) && !common.force)
    throw Error(ExitCode::cannot_write, {"TF-OUT-002", common.out, "already exists",
                                         "a name that is not taken", "use --force to write over it"});
}

}  // namespace

Action add_report(CLI::App& command, Common& common) {
  auto folder = std::make_shared<std::string>();
  auto technology_name = std::make_shared<std::string>();
  auto html = std::make_shared<bool>(false);
  command.add_option("rundir", *folder, "folder of a finished run")->required();
  command.add_option("--technology", *technology_name, "cost it again for this technology");
  auto weights = std::make_shared<std::string>(), shape = std::make_shared<std::string>();
  auto limit = std::make_shared<double>(0);
  auto neurons = std::make_shared<std::size_t>(100);
  command.add_option("--weights", *weights, "write this projection's weights as images to -o FILE.svg");
  command.add_option("--image", *shape, "HEIGHTxWIDTH or CHANNELSxHEIGHTxWIDTH of them (default: a square)")
      ->needs("--weights");
  command.add_option("--neurons", *neurons, "at most so many images, evenly over all neurons")
      ->needs("--weights")
      ->check(CLI::Range(std::size_t{1}, std::size_t{4096}));
  command
      .add_option("--limit", *limit,
                  "weight at the ends of the colour scale (default: the median neuron's largest)")
      ->needs("--weights")
      ->check(above_zero());
  command.add_flag("--html", *html, "write report.html into the folder (or to -o FILE)");
  return [=, &common] {
    refuse_existing(common);
    const RunRecord run = read_run(*folder);
    if (!weights->empty()) {
      write_weights(*folder, run, {*weights, shape_of(*shape), *neurons, *limit}, common.out);
      return 0;
    }
    const Technology technology =
        technology_name->empty() ? read_run_technology(*folder) : load_technology(*technology_name);
    if (*html || !common.out.empty()) {
      const std::filesystem::path file = common.out.empty() ? std::filesystem::path(*folder) / "report.html"
                                                            : std::filesystem::path(common.out);
      write_whole_file(file, html_report(run, technology, read_input_pictures(*folder, run)));
    }
    if (common.json)
      fmt::print("{}", json_text(json_report(run, technology)));
    else if (!common.quiet)
      fmt::print("{}", text_report(run, technology));
    return 0;
  };
}

}  // namespace trifactor
