#include "host/report/run_tables.hpp"

#include <fmt/format.h>

#include "host/report/csv.hpp"
#include "rtl/spec/diagnostic.hpp"

namespace trifactor {
namespace {

const std::vector<std::string> step_columns = {
    "sample",           "layer",       "mean_kernel",   "sigma",     "mean_abs_third_factor",
    "same_class_share", "weight_norm", "applied_share", "saturated", "rounded_to_zero",
    "factors_lost",     "eta"};
const std::vector<std::string> accuracy_columns = {"samples_seen", "epoch", "test_accuracy", "train_accuracy",
                                                   "loss"};

std::vector<std::string> core_columns() {
  std::vector<std::string> columns = {
      "core",       "x",       "y",          "role",          "population",   "columns",
      "rows",       "lanes",   "occupancy",  "synapse_bytes", "neuron_bytes", "history_bytes",
      "axon_bytes", "teacher", "post_units", "raising_lanes"};
  for (const auto name : cycle_cause_names) columns.push_back(fmt::format("{}_cycles", name));
  for (const auto name : event_names) columns.emplace_back(name);
  return columns;
}

std::vector<std::string> width_columns() {
  std::vector<std::string> columns = {"core", "weight_bits", "activity_bits"};
  for (const Event event : width_events) columns.emplace_back(event_names[static_cast<std::size_t>(event)]);
  return columns;
}

/// Events of the network belong to the chip, not to a core: their columns stay empty.
bool is_counted(std::size_t event) { return event < static_cast<std::size_t>(first_network_event); }

[[noreturn]] void not_measured(const std::string& where) {
  throw Error(ExitCode::data,
              Diagnostic{"TF-RUN-008", where, "a field that needs time is empty, or not empty",
                         "cycles filled exactly when run.json has cycles, events of the network never", ""});
}

}  // namespace

std::string per_step_header() { return csv_line(step_columns); }

std::string per_step_row(const LayerSignals& s) {
  return csv_line({fmt::to_string(s.sample), s.layer, csv_field(s.mean_kernel), csv_field(s.sigma),
                   csv_field(s.mean_abs_third_factor), csv_field(s.same_class_share),
                   csv_field(s.weight_norm), csv_field(s.applied_share), fmt::to_string(s.saturated),
                   fmt::to_string(s.rounded_to_zero), fmt::to_string(s.factors_lost), csv_field(s.eta)});
}

std::vector<LayerSignals> read_per_step(std::string_view text, const std::string& where) {
  std::vector<LayerSignals> rows;
  for (CsvReader csv(text, where, step_columns); csv.next();) {
    LayerSignals& s = rows.emplace_back();
    s.sample = csv.count();
    s.layer = csv.text();
    s.mean_kernel = csv.optional_number();
    s.sigma = csv.optional_number();
    s.mean_abs_third_factor = csv.optional_number();
    s.same_class_share = csv.optional_number();
    s.weight_norm = csv.optional_number();
    s.applied_share = csv.optional_number();
    s.saturated = csv.count();
    s.rounded_to_zero = csv.count();
    s.factors_lost = csv.count();
    s.eta = csv.optional_number();
  }
  return rows;
}

std::string accuracy_header() { return csv_line(accuracy_columns); }

std::string accuracy_row(const AccuracyRow& row) {
  return csv_line({fmt::to_string(row.samples_seen), fmt::to_string(row.epoch), csv_field(row.test_accuracy),
                   csv_field(row.train_accuracy), csv_field(row.loss)});
}

std::vector<AccuracyRow> read_accuracy(std::string_view text, const std::string& where) {
  std::vector<AccuracyRow> rows;
  for (CsvReader csv(text, where, accuracy_columns); csv.next();) {
    AccuracyRow& row = rows.emplace_back();
    row.samples_seen = csv.count();
    row.epoch = csv.integer();
    row.test_accuracy = csv.optional_number();
    row.train_accuracy = csv.optional_number();
    row.loss = csv.optional_number();
  }
  return rows;
}

std::string per_core_table(const std::vector<CoreRecord>& cores, bool timed) {
  std::string table = csv_line(core_columns());
  for (std::size_t i = 0; i < cores.size(); ++i) {
    const CoreRecord& c = cores[i];
    std::vector<std::string> fields = {fmt::to_string(i),
                                       fmt::to_string(c.x),
                                       fmt::to_string(c.y),
                                       c.role,
                                       c.population,
                                       fmt::to_string(c.columns),
                                       fmt::to_string(c.rows),
                                       fmt::to_string(c.lanes),
                                       csv_field(c.occupancy),
                                       fmt::to_string(c.synapse_bytes),
                                       fmt::to_string(c.neuron_bytes),
                                       fmt::to_string(c.history_bytes),
                                       fmt::to_string(c.axon_bytes),
                                       c.teacher ? "1" : "0",
                                       fmt::to_string(c.post_units),
                                       fmt::to_string(c.raising_lanes)};
    for (const std::uint64_t count : c.cycles) fields.push_back(timed ? fmt::to_string(count) : "");
    for (std::size_t e = 0; e < event_count; ++e) {
      fields.push_back(is_counted(e) ? fmt::to_string(c.events.raw()[e]) : "");
    }
    table += csv_line(fields);
  }
  return table;
}

std::vector<CoreRecord> read_per_core(std::string_view text, const std::string& where, bool timed) {
  std::vector<CoreRecord> cores;
  for (CsvReader csv(text, where, core_columns()); csv.next();) {
    if (csv.count() != cores.size()) {
      throw Error(ExitCode::data,
                  Diagnostic{"TF-RUN-009", where,
                             fmt::format("line {} is not core {}", cores.size() + 2, cores.size()),
                             "cores numbered from 0 without gaps", "is the file cut off?"});
    }
    CoreRecord& c = cores.emplace_back();
    c.x = csv.small_integer();
    c.y = csv.small_integer();
    c.role = csv.text();
    c.population = csv.text();
    c.columns = csv.integer();
    c.rows = csv.integer();
    c.lanes = csv.integer();
    c.occupancy = csv.number();
    c.synapse_bytes = csv.integer();
    c.neuron_bytes = csv.integer();
    c.history_bytes = csv.integer();
    c.axon_bytes = csv.integer();
    c.teacher = csv.integer() != 0;
    c.post_units = csv.small_integer();
    c.raising_lanes = csv.integer();
    for (std::uint64_t& cycles : c.cycles) {
      const auto value = csv.optional_count();
      if (value.has_value() != timed) not_measured(where);
      cycles = value.value_or(0);
    }
    for (std::size_t e = 0; e < event_count; ++e) {
      const auto value = csv.optional_count();
      if (value.has_value() != is_counted(e)) not_measured(where);
      c.events.raw()[e] = value.value_or(0);
    }
  }
  return cores;
}

std::string per_width_table(const std::vector<CoreRecord>& cores) {
  std::string table = csv_line(width_columns());
  for (std::size_t i = 0; i < cores.size(); ++i)
    for (const WidthRecord& width : cores[i].widths) {
      std::vector<std::string> fields = {fmt::to_string(i), fmt::to_string(width.weight_bits),
                                         fmt::to_string(width.activity_bits)};
      for (const Event event : width_events) fields.push_back(fmt::to_string(width.events[event]));
      table += csv_line(fields);
    }
  return table;
}

void read_per_width(std::string_view text, const std::string& where, std::vector<CoreRecord>& cores) {
  std::uint64_t before = 0;
  for (CsvReader csv(text, where, width_columns()); csv.next();) {
    const std::uint64_t core = csv.count();
    if (core < before || core >= cores.size())
      throw Error(ExitCode::data,
                  Diagnostic{"TF-RUN-009", where, fmt::format("a line of core {}", core),
                             fmt::format("cores {} to {}, in their order", before, cores.size() - 1), ""});
    before = core;
    WidthRecord& width = cores[core].widths.emplace_back();
    width.weight_bits = csv.small_integer();
    width.activity_bits = csv.small_integer();
    for (const Event event : width_events) width.events[event] = csv.count();
  }
}

}  // namespace trifactor
