// run.json: the part of a run record that is not a table.
#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "host/report/run_record.hpp"

namespace trifactor {

/// What the JSON library found, without the library's own names and numbers.
inline std::string json_mistake(const nlohmann::json::exception& error) {
  const std::string text = error.what();
  const auto end = text.find("] ");
  return end == std::string::npos ? text : text.substr(end + 2);
}

/// The text of a JSON file or answer. Names of files may be bytes that are not UTF-8; JSON may not.
inline std::string json_text(const nlohmann::json& json) {
  return json.dump(2, ' ', false, nlohmann::json::error_handler_t::replace) + "\n";
}

nlohmann::json run_json(const RunRecord& run);

/// Throws Error(data) TF-RUN-002 (not JSON, missing or unknown member, wrong type) or TF-RUN-003 (another
/// schema version) or TF-RUN-004 (machine out of range). Cores, signals and accuracy stay empty.
RunRecord run_from_json(const std::string& text, const std::string& where);

}  // namespace trifactor
