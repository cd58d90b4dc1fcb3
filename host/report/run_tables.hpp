// The four tables of a run folder as text. A run in progress may append rows to per_step.csv and
// accuracy.csv with the same functions; what was not measured is an empty field.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "host/report/run_record.hpp"

namespace trifactor {

std::string per_step_header();
std::string per_step_row(const LayerSignals& signals);
std::vector<LayerSignals> read_per_step(std::string_view text, const std::string& where);

std::string accuracy_header();
std::string accuracy_row(const AccuracyRow& row);
std::vector<AccuracyRow> read_accuracy(std::string_view text, const std::string& where);

/// `timed`: whether cycles and network events were measured; otherwise those fields are empty.
std::string per_core_table(const std::vector<CoreRecord>& cores, bool timed);
std::vector<CoreRecord> read_per_core(std::string_view text, const std::string& where, bool timed);

/// A line for each pair of widths of each core: the counts of its width_events.
std::string per_width_table(const std::vector<CoreRecord>& cores);
/// Gives the cores their widths. Throws Error(data) TF-RUN-009 for lines of no core or out of order.
void read_per_width(std::string_view text, const std::string& where, std::vector<CoreRecord>& cores);

}  // namespace trifactor
