// A run for reading: on a terminal, for scripts, and as one page that needs nothing else.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "host/report/energy.hpp"
#include "host/report/run_record.hpp"
#include "host/report/weight_picture.hpp"
#include "rtl/spec/technology.hpp"

namespace trifactor {

/// Plain text, at most 100 columns where names allow; ends with a newline.
std::string text_report(const RunRecord& run, const Technology& technology);

/// Everything the other two show, as data. Energies in pJ, areas in mm2, times in ns; what was not measured
/// is null.
nlohmann::json json_report(const RunRecord& run, const Technology& technology);

/// A complete HTML document: style and drawings inline, no script, no reference to any other resource.
/// `pictures`: weights to show as images.
std::string html_report(const RunRecord& run, const Technology& technology,
                        const std::vector<WeightPicture>& pictures = {});

}  // namespace trifactor
