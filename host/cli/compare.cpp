#include "host/experiment/compare.hpp"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "host/cli/commands.hpp"

namespace trifactor {

namespace {

nlohmann::json values_json(const std::vector<ValueDifference>& values) {
  nlohmann::json list = nlohmann::json::array();
  for (const ValueDifference& v : values)
    list.push_back({{"name", v.name}, {"first", v.first}, {"second", v.second}});
  return list;
}

nlohmann::json compare_json(const RunComparison& c) {
  nlohmann::json digest = nullptr, weights = nlohmann::json::array();
  const auto or_null = [](const auto& value) {
    return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
  };
  if (c.digest)
    digest = {{"presentation", c.digest->presentation},
              {"learned", c.digest->learned},
              {"layer", c.digest->layer},
              {"projection", c.digest->projection},
              {"quantity", c.digest->quantity},
              {"first", c.digest->first},
              {"second", c.digest->second}};
  for (const WeightDifference& w : c.weights)
    weights.push_back({{"projection", w.projection},
                       {"neuron", or_null(w.neuron)},
                       {"row", or_null(w.row)},
                       {"first", w.first},
                       {"second", w.second},
                       {"differing", w.differing}});
  return {{"schema_version", 1},
          {"equal", c.equal()},
          {"digests",
           {{"columns", c.digest_columns},
            {"rows", c.digest_rows},
            {"differing_rows", c.differing_digest_rows},
            {"first_difference", digest}}},
          {"weights", {{"values", c.weight_values}, {"differences", weights}}},
          {"accuracy", {{"values", c.accuracies}, {"differences", values_json(c.accuracy)}}},
          {"events", {{"values", c.counts}, {"differences", values_json(c.events)}}},
          {"not_compared", c.not_compared}};
}

std::string values_text(const char* what, std::size_t compared, const std::vector<ValueDifference>& values) {
  if (compared == 0) return "";
  if (values.empty()) return fmt::format("equal    {} ({} values)\n", what, compared);
  std::string text = fmt::format("differ   {} ({} of {} values)\n", what, values.size(), compared);
  for (const ValueDifference& v : values)
    text += fmt::format("           {}: {} | {}\n", v.name, v.first, v.second);
  return text;
}

std::string weight_text(const WeightDifference& w) {
  if (!w.neuron) return fmt::format("           {}: {} | {}\n", w.projection, w.first, w.second);
  return fmt::format("           {}: {} values, the first at neuron {}{}: {} | {}\n", w.projection,
                     w.differing, *w.neuron, w.row ? fmt::format(", row {}", *w.row) : "", w.first, w.second);
}

std::string compare_text(const RunComparison& c) {
  std::string text;
  if (!c.digest_columns.empty()) {
    const std::string columns = fmt::format("{}", fmt::join(c.digest_columns, ", "));
    if (c.digest) {
      const DigestDifference& d = *c.digest;
      text += fmt::format("differ   digests of {} ({} of {} rows)\n", columns, c.differing_digest_rows,
                          c.digest_rows);
      text += fmt::format("           first at presentation {} ({}), layer {}{}: ", d.presentation,
                          d.learned ? "learning" : "testing", d.layer,
                          d.projection.empty() ? "" : fmt::format(" ({})", d.projection));
      text += d.quantity == "row"
                  ? fmt::format("only the {} run has this row\n", d.first.empty() ? "second" : "first")
                  : fmt::format("{} {} | {}\n", d.quantity, d.first, d.second);
    } else {
      text += fmt::format("equal    digests of {} ({} rows)\n", columns, c.digest_rows);
    }
  }
  if (c.weight_values > 0 || !c.weights.empty()) {
    text += c.weights.empty() ? fmt::format("equal    weights ({} values)\n", c.weight_values)
                              : fmt::format("differ   weights ({} arrays)\n", c.weights.size());
    for (const WeightDifference& w : c.weights) text += weight_text(w);
  }
  text += values_text("accuracy", c.accuracies, c.accuracy) + values_text("counts", c.counts, c.events);
  for (const std::string& what : c.not_compared) text += "skipped  " + what + "\n";
  return text;
}

}  // namespace

Action add_compare(CLI::App& command, Common& common) {
  auto first = std::make_shared<std::string>();
  auto second = std::make_shared<std::string>();
  command.add_option("first", *first, "folder of a run")->required();
  command.add_option("second", *second, "folder of another")->required();
  return [=, &common] {
    const RunComparison comparison = compare_runs(*first, *second);
    if (common.json)
      fmt::print("{}\n", compare_json(comparison).dump(2));
    else if (!common.quiet)
      fmt::print("{}", compare_text(comparison));
    return static_cast<int>(comparison.equal() ? ExitCode::ok : ExitCode::check_failed);
  };
}

}  // namespace trifactor
