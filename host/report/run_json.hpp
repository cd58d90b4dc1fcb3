// run.json: the part of a run record that is not a table.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "host/report/run_record.hpp"

namespace trifactor {

nlohmann::json run_json(const RunRecord& run);

/// Throws Error(data) TF-RUN-002 (not JSON, missing or unknown member, wrong type) or TF-RUN-003 (another
/// schema version) or TF-RUN-004 (machine out of range). Cores, signals and accuracy stay empty.
RunRecord run_from_json(const std::string& text, const std::string& where);

}  // namespace trifactor
