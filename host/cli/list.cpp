#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "compiler/machine_io/machine_file.hpp"
#include "host/cli/commands.hpp"
#include "host/datasets/data_spec.hpp"
#include "host/report/technology_file.hpp"
#include "rtl/rules/rule.hpp"
#include "rtl/units/accumulate/rows.hpp"

namespace trifactor {
namespace {

nlohmann::json parameters_json(const std::vector<ParameterSpec>& specs) {
  nlohmann::json all = nlohmann::json::array();
  for (const ParameterSpec& p : specs) {
    nlohmann::json one = {{"name", p.name}, {"unit", p.unit}, {"symbol", p.symbol}, {"meaning", p.meaning}};
    if (p.choices.empty())
      one["default"] = p.fallback, one["low"] = p.low, one["high"] = p.high, one["integer"] = p.integer;
    else
      one["default"] = p.choices.front(), one["choices"] = p.choices;
    all.push_back(one);
  }
  return all;
}

const char* mark(bool exists) { return exists ? "yes" : "-"; }

nlohmann::json renderings_json(const Renderings& r) {
  return {{"float", r.floating}, {"golden", r.golden}, {"rtl", r.rtl}, {"chip", r.chip}};
}

std::string asked_by(const LearningSystem& system) {
  std::string text;
  for (const auto& [name, value] : system.settings)
    text += fmt::format("{}{} = {}", text.empty() ? "" : ", ", name, value);
  return text + (text.empty() || system.beside.empty() ? "" : "; ") + system.beside;
}

std::string systems_table(const std::vector<LearningSystem>& systems) {
  std::size_t width = 0;
  for (const LearningSystem& s : systems) width = std::max(width, s.name.size());
  const auto line = [&](auto... columns) {
    return fmt::format("  {:<{}}  {:>5}  {:>6}  {:>3}  {:>4}  {}\n", columns...);
  };
  std::string text =
      systems.empty() ? "" : line("system", width, "float", "golden", "RTL", "chip", "asked for by");
  for (const LearningSystem& s : systems) {
    const Renderings& r = s.renderings;
    const std::string asked = asked_by(s);
    text += line(s.name, width, mark(r.floating), mark(r.golden), mark(r.rtl), mark(r.chip),
                 asked.empty() ? "its defaults" : asked);
  }
  return text;
}

nlohmann::json systems_json(const std::vector<LearningSystem>& systems) {
  nlohmann::json all = nlohmann::json::array();
  for (const LearningSystem& s : systems)
    all.push_back({{"name", s.name},
                   {"settings", s.settings},
                   {"beside", s.beside},
                   {"renderings", renderings_json(s.renderings)}});
  return all;
}

int list_rules(bool json) {
  nlohmann::json all = nlohmann::json::array();
  std::vector<std::vector<std::string>> rows = {{"rule", "float", "golden", "RTL", "chip"}};
  std::string text;
  for (const Rule& rule : rule_catalogue()) {
    const Renderings& r = rule.renderings;
    rows.push_back({rule.name, mark(r.floating), mark(r.golden), mark(r.rtl), mark(r.chip)});
    text += fmt::format("\n{}: {}\n  {}\n", rule.name, rule.summary, rule.source);
    std::vector<std::vector<std::string>> parameters = {{"  parameter", "symbol", "default", "range"}};
    for (const ParameterSpec& p : rule.parameters) {
      std::string choices;
      for (const std::string& choice : p.choices) choices += (choices.empty() ? "" : "|") + choice;
      parameters.push_back({"  " + p.name, p.symbol,
                            p.choices.empty() ? fmt::format("{}", p.fallback) : p.choices.front(),
                            p.choices.empty() ? fmt::format("{} .. {}", p.low, p.high) : choices});
    }
    text += table(parameters) + systems_table(rule.systems);
    all.push_back({{"name", rule.name},
                   {"summary", rule.summary},
                   {"source", rule.source},
                   {"every", rule.every_step ? nlohmann::json{"sample", "step"} : nlohmann::json{"sample"}},
                   {"parameters", parameters_json(rule.parameters)},
                   {"eval_parameters", parameters_json(rule.bench_parameters)},
                   {"eval_modes", rule.floating.modes},
                   {"renderings", renderings_json(r)},
                   {"systems", systems_json(rule.systems)}});
  }
  const std::string baselines = "\nBaselines in floating point: trifactor list baselines\n";
  fmt::print("{}", json ? all.dump(2) + "\n" : table(rows) + text + baselines);
  return 0;
}

int list_machines_command(bool json) {
  nlohmann::json all = nlohmann::json::array();
  std::vector<std::vector<std::string>> rows = {
      {"machine", "cores", "neurons/core", "lanes", "clock", "description"}};
  for (const std::string& name : list_machines()) {
    const Machine m = read_machine(name);
    nlohmann::json types = nlohmann::json::array();
    for (const CoreType& t : m.core_types)
      types.push_back({{"name", t.name}, {"rules", t.rules}, {"teacher", t.teacher}});
    nlohmann::json entries;
    visit_machine(m, [&](const char* key, const std::int64_t& value, auto&&...) { entries[key] = value; });
    all.push_back(
        {{"name", name}, {"description", m.description}, {"entries", entries}, {"core_types", types}});
    rows.push_back({name, fmt::format("{}x{}", m.mesh.width, m.mesh.height), std::to_string(m.core.columns),
                    std::to_string(m.core.lanes), fmt::format("{} MHz", m.clock_mhz), m.description});
  }
  fmt::print("{}", json ? all.dump(2) + "\n" : table(rows));
  return 0;
}

template <class Item, class Text>
int list_pairs(const std::vector<Item>& items, bool json, Text text) {
  nlohmann::json all = nlohmann::json::array();
  std::string lines;
  std::size_t width = 28;
  for (const Item& item : items) width = std::max(width, text(item).first.size());
  for (const Item& item : items) {
    const auto [name, description] = text(item);
    all.push_back({{"name", name}, {"description", description}});
    lines += description.empty() ? name + "\n" : fmt::format("{:<{}}  {}\n", name, width, description);
  }
  fmt::print("{}", json ? all.dump(2) + "\n" : lines);
  return 0;
}

}  // namespace

Action add_list(CLI::App& command, Common& common) {
  auto what = std::make_shared<std::string>();
  command
      .add_option(
          "what", *what,
          "rules, baselines, machines, technologies, datasets, engines, targets (SIMD) or units (RTL that "
          "verify knows)")
      ->required()
      ->check(CLI::IsMember(
          {"rules", "baselines", "machines", "technologies", "datasets", "engines", "targets", "units"}));
  return [=, &common] {
    using Pair = std::pair<std::string, std::string>;
    if (*what == "rules") return list_rules(common.json);
    if (*what == "machines") return list_machines_command(common.json);
    if (*what == "baselines")
      return list_pairs(baseline_list(), common.json, [](const Pair& p) { return p; });
    if (*what == "technologies")
      return list_pairs(list_technologies(), common.json, [](const TechnologyName& t) {
        return Pair{t.name, t.description};
      });
    if (*what == "datasets")
      return list_pairs(dataset_schemes(), common.json, [](const DatasetScheme& d) {
        return Pair{d.usage, d.description};
      });
    if (*what == "engines") return list_pairs(engine_list(), common.json, [](const Pair& p) { return p; });
    if (*what == "units")
      return list_pairs(unit_list(), common.json, [](const std::string& name) {
        return Pair{name, find_rule(name) ? "post and teacher units of a rule" : "unit"};
      });
    const auto targets = simd_targets();
    return list_pairs(std::vector<std::string>(targets.begin(), targets.end()), common.json,
                      [](const std::string& name) {
                        return Pair{name, ""};
                      });
  };
}

}  // namespace trifactor
