#include "host/report/technology_file.hpp"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cmath>
#include <fstream>
#include <map>
#include <set>
#include <sstream>

#include "host/report/embedded_technologies.hpp"
#include "host/report/formula.hpp"
#include "host/report/run_json.hpp"
#include "rtl/spec/diagnostic.hpp"

namespace trifactor {
namespace {

const std::vector<std::string> kinds = {"datapath", "memory",   "network", "io",         "clock",
                                        "static",   "overhead", "area",    "comparison", "input"};
constexpr double widening = 1.5;            // of a derived band against its inputs, as a power of the ratio
constexpr double formula_agreement = .005;  // published figures carry two or three digits

std::string joined(const std::vector<std::string>& words) {
  return fmt::format("{}", fmt::join(words, ", "));
}

/// Reads one file and collects its mistakes.
class Reader {
 public:
  explicit Reader(std::string where) : where_(std::move(where)) {}

  Technology read(std::string_view text) {
    toml::table root;
    try {
      root = toml::parse(text, where_);
    } catch (const toml::parse_error& error) {
      const auto begin = error.source().begin;
      throw Error(ExitCode::configuration,
                  Diagnostic{"TF-TECH-002", fmt::format("{}:{}:{}", where_, begin.line, begin.column),
                             std::string(error.description()), "a TOML file", ""});
    }
    std::vector<std::string> top = {"name", "description", "node_nm", "supply_V"};
    top.insert(top.end(), kinds.begin(), kinds.end());
    check_keys(root, top, "the file");
    technology_.name = text_of(root, "name");
    technology_.description = text_of(root, "description");
    technology_.node_nm = static_cast<int>(number_of(root, "node_nm", 1, 1000));
    technology_.supply = Volts{number_of(root, "supply_V", 0, 10)};
    for (const std::string& kind : kinds) {
      if (!root.contains(kind)) continue;
      if (const toml::table* group = root[kind].as_table()) {
        for (const auto& [name, node] : *group) constant(kind, std::string(name.str()), node);
      } else {
        add("TF-TECH-004", root[kind].node(), fmt::format("{} is not a table of figures", kind),
            "[KIND.NAME]");
      }
    }
    if (mistakes_.empty()) check_required();
    if (mistakes_.empty()) check_formulas();
    mistakes_.throw_if_any(ExitCode::configuration);
    order_constants();
    return std::move(technology_);
  }

 private:
  std::string place(const toml::node* node) const {
    if (node == nullptr || node->source().begin.line == 0) return where_;
    return fmt::format("{}:{}:{}", where_, node->source().begin.line, node->source().begin.column);
  }
  void add(std::string code, const toml::node* node, std::string found, std::string expected,
           std::string hint = "") {
    mistakes_.add({std::move(code), place(node), std::move(found), std::move(expected), std::move(hint)});
  }

  void check_keys(const toml::table& table, const std::vector<std::string>& known, const std::string& what) {
    for (const auto& [key, node] : table) {
      const std::string word(key.str());
      if (std::find(known.begin(), known.end(), word) != known.end()) continue;
      const std::string close = nearest(word, known);
      add("TF-TECH-003", &node, fmt::format("unknown key {} in {}", word, what),
          fmt::format("one of {}", joined(known)),
          close.empty() ? "" : fmt::format("did you mean {}?", close));
    }
  }

  const toml::node* find(const toml::table& table, std::string_view key) {
    const toml::node* node = table.get(key);
    if (node == nullptr) add("TF-TECH-005", &table, fmt::format("{} is missing", key), "every key present");
    return node;
  }

  std::string text_of(const toml::table& table, std::string_view key) {
    const toml::node* node = find(table, key);
    if (node == nullptr) return {};
    if (const auto* text = node->as_string(); text != nullptr && !text->get().empty()) return text->get();
    add("TF-TECH-004", node, fmt::format("{} is not a text", key), "a text in quotes, not empty");
    return {};
  }

  double number_of(const toml::table& table, std::string_view key, double low, double high) {
    const toml::node* node = find(table, key);
    if (node == nullptr) return low;
    const auto number = node->is_number() ? node->value<double>() : std::nullopt;
    if (number && std::isfinite(*number) && *number >= low && *number <= high) return *number;
    add("TF-TECH-004", node, fmt::format("{} is not a number in its range", key),
        fmt::format("a number from {} to {}", low, high));
    return low;
  }

  const toml::table* table_of(const toml::table& parent, std::string_view key,
                              const std::vector<std::string>& keys, const std::string& what) {
    const toml::node* node = find(parent, key);
    if (node == nullptr) return nullptr;
    const toml::table* table = node->as_table();
    if (table == nullptr) {
      add("TF-TECH-004", node, fmt::format("{} of {} is not a table", key, what),
          fmt::format("{{ {} }}", joined(keys)));
    } else {
      check_keys(*table, keys, fmt::format("{} of {}", key, what));
    }
    return table;
  }

  void constant(const std::string& kind, const std::string& name, const toml::node& node) {
    const toml::table* table = node.as_table();
    if (table == nullptr) {
      return add("TF-TECH-004", &node, fmt::format("{}.{} is not a table", kind, name), "[KIND.NAME]");
    }
    Constant c;
    c.name = name;
    c.kind = kind;
    if (!lines_.emplace(name, table).second) {
      add("TF-TECH-006", &node, fmt::format("{} appears twice", name), "each name once over all kinds");
    }
    check_keys(*table, {"value", "at", "source", "formula"}, name);
    if (const auto* value = table_of(*table, "value", {"low", "nominal", "high", "unit"}, name)) {
      c.value = {number_of(*value, "low", 0, 1e12), number_of(*value, "nominal", 0, 1e12),
                 number_of(*value, "high", 0, 1e12)};
      c.unit = text_of(*value, "unit");
      if (c.value.low > c.value.nominal || c.value.nominal > c.value.high) {
        add("TF-TECH-007", value, fmt::format("the band of {} is out of order", name),
            "low <= nominal <= high");
      }
    }
    if (const auto* at = table_of(*table, "at", {"node_nm", "supply_V"}, name)) {
      c.node_nm = static_cast<int>(number_of(*at, "node_nm", 0, 1000));
      c.supply = Volts{number_of(*at, "supply_V", 0, 10)};
    }
    if (const auto* source = table_of(*table, "source", {"tag", "text"}, name)) {
      c.tag = text_of(*source, "tag");
      c.source = text_of(*source, "text");
      const std::vector<std::string> tags = {"P", "S", "M", "D", "R"};
      if (std::find(tags.begin(), tags.end(), c.tag) == tags.end()) {
        add("TF-TECH-008", source, fmt::format("tag {} of {} is unknown", c.tag, name), "P, S, M, D or R");
      }
    }
    if (table->contains("formula")) c.formula = text_of(*table, "formula");
    if (c.tag == "D" && c.formula.empty()) {
      add("TF-TECH-009", table, fmt::format("{} is derived (tag D) but has no formula", name),
          "formula = \"...\"", "write how it follows from other figures, or give it another tag");
    }
    if (c.tag == "R" && kind != "input") {
      add("TF-TECH-011", table, fmt::format("{} is recalled (tag R) and would be charged as it is", name),
          "tag R only under [input.NAME], in a formula beside a better figure");
    }
    technology_.constants.push_back(std::move(c));
  }

  void check_required() {
    std::vector<std::string> names;
    for (const RequiredConstant& required : required_constants()) {
      names.emplace_back(required.name);
      const auto found = lines_.find(std::string(required.name));
      if (found == lines_.end()) {
        add("TF-TECH-010", nullptr, fmt::format("the figure {} is missing", required.name),
            fmt::format("[{}.{}] in {}", required.kind, required.name, required.unit));
        continue;
      }
      const Constant& c = find_constant(technology_, required.name);
      if (c.kind != required.kind || c.unit != required.unit) {
        add("TF-TECH-012", found->second, fmt::format("{} is {} in {}", c.name, c.kind, c.unit),
            fmt::format("[{}.{}] in {}", required.kind, required.name, required.unit));
      }
    }
    // A figure nothing charges is most likely a misspelt one.
    for (const Constant& c : technology_.constants) {
      if (c.kind == "input" || c.kind == "comparison") continue;
      if (std::find(names.begin(), names.end(), c.name) != names.end()) continue;
      const std::string close = nearest(c.name, names);
      add("TF-TECH-013", lines_.at(c.name), fmt::format("the cost model has no figure called {}", c.name),
          "a name it charges, or [input.NAME] for use in formulas",
          close.empty() ? "" : fmt::format("did you mean {}?", close));
    }
  }

  double value_in(std::string_view name, const std::map<std::string, double, std::less<>>& chosen) const {
    if (name == "node") return technology_.node_nm;
    if (name == "supply") return technology_.supply.value;
    const auto found = chosen.find(name);
    if (found == chosen.end()) throw FormulaError(fmt::format("there is no figure called {}", name));
    return found->second;
  }

  /// Nominal value and the smallest and largest value over all corners of the inputs' bands.
  Band formula_band(const Constant& c) const {
    std::map<std::string, double, std::less<>> chosen;
    std::vector<const Constant*> inputs;
    bool only_recalled = true;
    for (const std::string& name : formula_names(c.formula)) {
      for (const Constant& other : technology_.constants) {
        if (other.name != name) continue;
        if (other.name == c.name) throw FormulaError("it uses itself");
        inputs.push_back(&other);
        chosen[name] = other.value.nominal;
        only_recalled = only_recalled && other.tag == "R";
      }
    }
    if (inputs.size() > 12) throw FormulaError("it uses more than 12 figures");
    if (!inputs.empty() && only_recalled) throw FormulaError("it rests on recalled figures (tag R) alone");
    const auto value_of = [&](std::string_view name) { return value_in(name, chosen); };
    const double nominal = evaluate_formula(c.formula, value_of);
    Band band{nominal, nominal, nominal};
    for (unsigned corner = 0; corner < (1U << inputs.size()); ++corner) {
      for (std::size_t i = 0; i < inputs.size(); ++i) {
        chosen[inputs[i]->name] = ((corner >> i) & 1U) != 0 ? inputs[i]->value.high : inputs[i]->value.low;
      }
      const double value = evaluate_formula(c.formula, value_of);
      band.low = std::min(band.low, value);
      band.high = std::max(band.high, value);
    }
    return band;
  }

  void check_formulas() {
    for (const Constant& c : technology_.constants) {
      if (c.formula.empty()) continue;
      try {
        const Band band = formula_band(c);
        if (std::abs(c.value.nominal - band.nominal) > formula_agreement * band.nominal) {
          add("TF-TECH-014", lines_.at(c.name), fmt::format("nominal of {} is {}", c.name, c.value.nominal),
              fmt::format("{:.4g}, the value of its formula", band.nominal));
        }
        const double low = c.value.nominal * std::pow(std::max(band.low, 0.0) / band.nominal, widening);
        const double high = c.value.nominal * std::pow(band.high / band.nominal, widening);
        if (c.value.low > low * (1 + 1e-9) || c.value.high < high * (1 - 1e-9)) {
          add("TF-TECH-015", lines_.at(c.name),
              fmt::format("the band of {} is {} to {}", c.name, c.value.low, c.value.high),
              fmt::format("at least {:.4g} to {:.4g}, {} times as wide (in ratio) as its inputs make it", low,
                          high, widening));
        }
      } catch (const FormulaError& error) {
        add("TF-TECH-016", lines_.at(c.name), fmt::format("formula of {}: {}", c.name, error.what()),
            "figures of this file, node, supply, + - * / ^, sqrt, round, min, max, between");
      }
    }
  }

  /// By kind, then as the cost model lists them, then by name: independent of the order in the file.
  void order_constants() {
    const auto rank = [](const Constant& c) {
      const auto kind = std::find(kinds.begin(), kinds.end(), c.kind) - kinds.begin();
      const auto& required = required_constants();
      const auto place = std::find_if(required.begin(), required.end(),
                                      [&](const RequiredConstant& r) { return r.name == c.name; });
      return std::make_tuple(kind, place - required.begin(), c.name);
    };
    std::sort(technology_.constants.begin(), technology_.constants.end(),
              [&](const Constant& a, const Constant& b) { return rank(a) < rank(b); });
  }

  std::string where_;
  Technology technology_;
  std::map<std::string, const toml::table*> lines_;
  Diagnostics mistakes_;
};

std::string read_text(const std::filesystem::path& path) {
  std::error_code error;
  if (!std::filesystem::is_regular_file(path, error)) {
    throw Error(ExitCode::configuration,
                Diagnostic{"TF-TECH-001", path.string(), "there is no such technology file", "a .toml file",
                           "`trifactor list technologies` shows those that can be named"});
  }
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  if (!file) {
    throw Error(ExitCode::configuration,
                Diagnostic{"TF-TECH-001", path.string(), "the technology file cannot be read", "", ""});
  }
  return text.str();
}

}  // namespace

const std::vector<RequiredConstant>& required_constants() {
  static const std::vector<RequiredConstant> all = {{"int8_add", "datapath", "pJ"},
                                                    {"int16_add", "datapath", "pJ"},
                                                    {"int32_add", "datapath", "pJ"},
                                                    {"int8_mul", "datapath", "pJ"},
                                                    {"int16_mul", "datapath", "pJ"},
                                                    {"random_word", "datapath", "pJ"},
                                                    {"register_word", "datapath", "pJ"},
                                                    {"neuron_unit", "datapath", "pJ"},
                                                    {"normalise_unit", "datapath", "pJ"},
                                                    {"exponential_unit", "datapath", "pJ"},
                                                    {"reciprocal_unit", "datapath", "pJ"},
                                                    {"factor_word", "datapath", "pJ"},
                                                    {"factor_product", "datapath", "pJ"},
                                                    {"trace_step", "datapath", "pJ"},
                                                    {"teacher_word", "datapath", "pJ"},
                                                    {"distance_product", "datapath", "pJ"},
                                                    {"sram_read_a", "memory", "pJ/sqrt(KB)"},
                                                    {"sram_read_b", "memory", "pJ/bit/sqrt(KB)"},
                                                    {"sram_write_0", "memory", "pJ"},
                                                    {"sram_write_a", "memory", "pJ/sqrt(KB)"},
                                                    {"sram_write_b", "memory", "pJ/bit/sqrt(KB)"},
                                                    {"two_port_energy", "memory", "ratio"},
                                                    {"router_bit", "network", "pJ/bit/hop"},
                                                    {"link_bit_mm", "network", "pJ/bit/mm"},
                                                    {"host_bit", "io", "pJ/bit"},
                                                    {"clock_mm2", "clock", "pJ/cycle/mm2"},
                                                    {"leak_sram", "static", "uW/KB"},
                                                    {"leak_logic", "static", "uW/mm2"},
                                                    {"overhead", "overhead", "ratio"},
                                                    {"area_sram", "area", "um2/KB"},
                                                    {"two_port_area", "area", "ratio"},
                                                    {"area_lane", "area", "um2"},
                                                    {"area_accumulate_lane", "area", "um2"},
                                                    {"area_post_unit", "area", "um2"},
                                                    {"area_teacher_unit", "area", "um2"},
                                                    {"area_neuron_unit", "area", "um2"},
                                                    {"area_membrane_unit", "area", "um2"},
                                                    {"area_noise_unit", "area", "um2"},
                                                    {"area_pool_lane", "area", "um2"},
                                                    {"area_tied_unit", "area", "um2"},
                                                    {"area_transform_lane", "area", "um2"},
                                                    {"area_buffer_bit", "area", "um2/bit"}};
  return all;
}

Technology parse_technology(std::string_view text, const std::string& where) {
  return Reader(where).read(text);
}

Technology load_technology(const std::string& path_or_name, const std::filesystem::path& search_directory) {
  const bool is_path = path_or_name.find('/') != std::string::npos || path_or_name.ends_with(".toml");
  if (is_path) return parse_technology(read_text(path_or_name), path_or_name);
  if (!search_directory.empty()) {
    const auto path = search_directory / (path_or_name + ".toml");
    std::error_code error;
    if (std::filesystem::exists(path, error)) return parse_technology(read_text(path), path.string());
  }
  std::vector<std::string> names;
  for (const TechnologyName& known : list_technologies(search_directory)) names.push_back(known.name);
  for (const EmbeddedTechnology& known : embedded_technologies()) {
    if (known.name == path_or_name) return parse_technology(known.text, fmt::format("{}.toml", known.name));
  }
  const std::string close = nearest(path_or_name, names);
  throw Error(ExitCode::configuration,
              Diagnostic{"TF-TECH-001", path_or_name, "there is no technology of this name",
                         fmt::format("one of {}, or the path of a .toml file", joined(names)),
                         close.empty() ? "" : fmt::format("did you mean {}?", close)});
}

std::vector<TechnologyName> list_technologies(const std::filesystem::path& search_directory) {
  std::map<std::string, TechnologyName> found;
  for (const EmbeddedTechnology& known : embedded_technologies()) {
    const Technology technology = parse_technology(known.text, fmt::format("{}.toml", known.name));
    found[std::string(known.name)] = {std::string(known.name), technology.description, "built in"};
  }
  std::error_code error;
  if (!search_directory.empty() && std::filesystem::is_directory(search_directory, error)) {
    for (const auto& entry : std::filesystem::directory_iterator(search_directory)) {
      if (entry.path().extension() != ".toml") continue;
      const Technology technology = parse_technology(read_text(entry.path()), entry.path().string());
      const std::string name = entry.path().stem().string();
      found[name] = {name, technology.description, entry.path().string()};
    }
  }
  std::vector<TechnologyName> list;
  for (auto& [name, technology] : found) list.push_back(std::move(technology));
  return list;
}

const Constant& find_constant(const Technology& technology, std::string_view name) {
  for (const Constant& c : technology.constants) {
    if (c.name == name) return c;
  }
  throw Error(ExitCode::configuration,
              Diagnostic{"TF-TECH-010", technology.name, fmt::format("the figure {} is missing", name),
                         "every figure of the cost model", ""});
}

nlohmann::json technology_json(const Technology& technology) {
  nlohmann::json json = {{"name", technology.name},
                         {"description", technology.description},
                         {"node_nm", technology.node_nm},
                         {"supply_V", technology.supply.value},
                         {"constants", nlohmann::json::array()}};
  for (const Constant& c : technology.constants) {
    json["constants"].push_back({{"name", c.name},
                                 {"low", c.value.low},
                                 {"nominal", c.value.nominal},
                                 {"high", c.value.high},
                                 {"unit", c.unit},
                                 {"node_nm", c.node_nm},
                                 {"supply_V", c.supply.value},
                                 {"kind", c.kind},
                                 {"tag", c.tag},
                                 {"source", c.source},
                                 {"formula", c.formula}});
  }
  return json;
}

Technology technology_from_json(const nlohmann::json& json, const std::string& where) {
  const auto damaged = [&](const std::string& what) {
    return Error(ExitCode::data,
                 Diagnostic{"TF-TECH-020", where, what, "a technology.json as a run writes it",
                            "cost the run again: trifactor report RUNDIR --technology 45nm"});
  };
  if (json.is_discarded()) throw damaged("the file is not JSON, or it is cut short");
  try {
    Technology technology{
        json.at("name"), json.at("description"), json.at("node_nm"), Volts{json.at("supply_V")}, {}};
    for (const auto& c : json.at("constants")) {
      technology.constants.push_back({c.at("name"), Band{c.at("low"), c.at("nominal"), c.at("high")},
                                      c.at("unit"), c.at("node_nm"), Volts{c.at("supply_V")}, c.at("kind"),
                                      c.at("tag"), c.at("source"), c.at("formula")});
    }
    for (const RequiredConstant& required : required_constants()) find_constant(technology, required.name);
    return technology;
  } catch (const nlohmann::json::exception& error) {
    throw damaged(json_mistake(error));
  } catch (const Error& error) {
    throw damaged(error.items().front().found);
  }
}

}  // namespace trifactor
