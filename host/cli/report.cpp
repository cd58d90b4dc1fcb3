#include "host/report/report.hpp"

#include <fmt/format.h>

#include <filesystem>
#include <memory>

#include "host/cli/commands.hpp"
#include "host/report/output_file.hpp"
#include "host/report/run_json.hpp"
#include "host/report/run_record.hpp"
#include "host/report/technology_file.hpp"

namespace trifactor {

Action add_report(CLI::App& command, Common& common) {
  auto folder = std::make_shared<std::string>();
  auto technology_name = std::make_shared<std::string>();
  auto html = std::make_shared<bool>(false);
  command.add_option("rundir", *folder, "folder of a finished run")->required();
  command.add_option("--technology", *technology_name, "cost it again for this technology");
  command.add_flag("--html", *html, "write report.html into the folder (or to -o FILE)");
  return [=, &common] {
    const RunRecord run = read_run(*folder);
    const Technology technology =
        technology_name->empty() ? read_run_technology(*folder) : load_technology(*technology_name);
    if (*html || !common.out.empty()) {
      const std::filesystem::path file = common.out.empty() ? std::filesystem::path(*folder) / "report.html"
                                                            : std::filesystem::path(common.out);
      write_whole_file(file, html_report(run, technology));
    }
    if (common.json)
      fmt::print("{}", json_text(json_report(run, technology)));
    else if (!common.quiet)
      fmt::print("{}", text_report(run, technology));
    return 0;
  };
}

}  // namespace trifactor
