#include <fmt/format.h>

#include <array>

#include "host/report/html_sections.hpp"
#include "host/report/report.hpp"
#include "host/report/svg.hpp"

namespace trifactor {
namespace {

struct Section {
  const char* id;
  const char* title;
  std::string (*body)(const html::Context&);
};
constexpr std::array<Section, 10> sections = {
    Section{"learning", "Learning curve", html::learning_curve},
    {"energy", "Energy by cause", html::energy},
    {"throughput", "Throughput and its bottleneck", html::throughput},
    {"area", "Area", html::area},
    {"cores", "Map of the cores", html::cores},
    {"losses", "What learning lost", html::losses},
    {"weights", "Weights as images", html::weights},
    {"signals", "The rule's signals", html::signals},
    {"constants", "Technology constants", html::constants},
    {"provenance", "Provenance", html::provenance}};

}  // namespace

std::string html_report(const RunRecord& run, const Technology& technology,
                        const std::vector<WeightPicture>& pictures) {
  const EnergyReport energy = cost(run, technology);
  const html::Context context{run, technology, energy, pictures};
  std::string page = fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"color-scheme\" content=\"light dark\">\n<title>{} on {} - "
      "trifactor</title>\n<style>{}</style>\n"
      "</head>\n<body>\n<main>\n",
      escape_html(run.network), escape_html(run.machine.name), html::style());
  page += html::headline(context);
  std::string links, bodies;
  for (const Section& section : sections) {
    const std::string body = section.body(context);
    if (body.empty()) continue;
    links += fmt::format("<a href=\"#{}\">{}</a>\n", section.id, section.title);
    bodies += fmt::format(
        "<section id=\"{0}\" aria-labelledby=\"{0}-title\">\n<h2 "
        "id=\"{0}-title\">{1}</h2>\n{2}\n</section>\n",
        section.id, section.title, body);
  }
  page += fmt::format("<nav aria-label=\"Sections\">{}</nav>\n{}</main>\n</body>\n</html>\n", links, bodies);
  return page;
}

}  // namespace trifactor
