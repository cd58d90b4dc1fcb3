// Writes the report of a made-up run: report_preview OUT.html [TECHNOLOGY] [functional]
#include <cstdio>
#include <string>

#include "host/report/output_file.hpp"
#include "host/report/report.hpp"
#include "host/report/sample_run.hpp"
#include "host/report/technology_file.hpp"
#include "rtl/spec/diagnostic.hpp"

int main(int argc, char** argv) {
  using namespace trifactor;
  const std::string out = argc > 1 ? argv[1] : "report.html";
  try {
    const Technology technology = load_technology(argc > 2 ? argv[2] : "28nm");
    const RunRecord run = sample_run(argc <= 3 || std::string(argv[3]) != "functional");
    write_whole_file(out, html_report(run, technology));
    std::fputs(text_report(run, technology).c_str(), stdout);
    return 0;
  } catch (const Error& error) {
    for (const Diagnostic& item : error.items()) {
      std::fprintf(stderr, "%s %s: %s; expected %s\n", item.code.c_str(), item.where.c_str(),
                   item.found.c_str(), item.expected.c_str());
    }
    return static_cast<int>(error.exit());
  }
}
