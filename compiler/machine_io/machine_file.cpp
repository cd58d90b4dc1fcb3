#include "compiler/machine_io/machine_file.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <set>

#include "compiler/machine_io/embedded_machines.hpp"
#include "compiler/machine_io/memory_sizes.hpp"
#include "compiler/text/toml_document.hpp"

namespace trifactor {
namespace {

constexpr std::size_t most_core_types = 256;

bool looks_like_path(const std::string& name) {
  return name.find('/') != std::string::npos || name.ends_with(".toml");
}

Error no_such_machine(const std::string& name) {
  const std::vector<std::string> names = list_machines();
  return Error(ExitCode::configuration,
               {"TF-MACH-001", printable(name), "there is no machine of that name",
                "one of " + listed(names) + ", or the path of a .toml file", did_you_mean(name, names)});
}

/// The memories of a core, as visit_machine() calls them: they may be sums of others.
bool is_memory(const std::string& key) { return key.starts_with("core.") && key.ends_with("_bytes"); }

class MachineReader {
 public:
  MachineReader(const TomlDocument& document, const std::vector<std::string>& rules, Mistakes& mistakes)
      : root_(document.root(mistakes)), rules_(rules), mistakes_(mistakes) {}

  Machine read() {
    if (root_.need("name")) machine_.name = root_.text("name").value_or("");
    if (root_.need("description")) machine_.description = root_.text("description").value_or("");
    if (root_.need("barrier")) machine_.barrier = root_.boolean("barrier").value_or(false);
    read_numbers();
    if (TomlTable* tree = section("tree"); tree != nullptr && tree->need("network"))
      machine_.tree.own_network = tree->choice("network", {"own", "mesh"}).value_or(0) == 0;
    read_core_types();
    for (auto& [name, table] : sections_)
      if (table) table->finish();
    root_.finish();
    return machine_;
  }

 private:
  /// [name], or null when it is not there, which is reported once.
  TomlTable* section(const std::string& name) {
    auto it = sections_.find(name);
    if (it == sections_.end()) {
      root_.need(name);
      it = sections_.emplace(name, root_.table(name)).first;
    }
    return it->second ? &*it->second : nullptr;
  }

  void read_numbers() {
    std::map<std::string, MemorySize> memories;
    std::map<std::string, std::int64_t*> fields;
    visit_machine(machine_, [&](const std::string& key, std::int64_t& field, const char*, std::int64_t low,
                                std::int64_t high, const char*) {
      const auto dot = key.find('.');
      TomlTable* table = dot == std::string::npos ? &root_ : section(key.substr(0, dot));
      const std::string last = dot == std::string::npos ? key : key.substr(dot + 1);
      if (table == nullptr || !table->need(last)) return;
      if (is_memory(key) && table->has_text(last)) {
        memories[last] = {table->text(last).value_or(""), 0, low, high, table->place(last.c_str())};
        if (memories[last].text.empty()) memories.erase(last);  // reported as empty
        fields[last] = &field;
      } else if (const auto value = table->integer(last, low, high)) {
        field = *value;
        if (is_memory(key)) memories[last] = {"", *value, low, high, table->place(last.c_str())};
      }
    });
    resolve_memory_sizes(memories, mistakes_);
    for (const auto& [name, field] : fields)
      if (memories.contains(name)) *field = memories.at(name).bytes;
  }

  void read_core_types() {
    if (!root_.has("core_type")) {
      mistakes_.add("TF-MACH-011", root_.place(), "the machine has no core type",
                    "[[core_type]] with name, rules, teacher, tiles");
      return;
    }
    std::vector<SourcePlace> places;
    bool tiles_known = machine_.mesh.width > 0 && machine_.mesh.height > 0;
    std::vector<TomlTable> tables = root_.tables("core_type");
    if (tables.size() > most_core_types) {
      mistakes_.add("TF-MACH-013", tables[most_core_types].place(),
                    fmt::format("{} core types", tables.size()), fmt::format("at most {}", most_core_types));
      return;
    }
    for (TomlTable& table : tables) {
      CoreType type;
      if (table.need("name")) type.name = table.text("name").value_or("");
      for (const CoreType& other : machine_.core_types)
        if (!type.name.empty() && other.name == type.name)
          mistakes_.add("TF-MACH-010", table.place("name"),
                        fmt::format("two core types are called '{}'", printable(type.name)),
                        "a name of its own for each");
      if (table.need("teacher")) type.teacher = table.boolean("teacher").value_or(false);
      if (table.need("rules")) read_rules(table, type);
      if (!table.need("tiles") || !read_tiles(table, type)) tiles_known = false;
      places.push_back(table.place("tiles"));
      table.finish();
      machine_.core_types.push_back(type);
    }
    if (tiles_known && !machine_.core_types.empty()) check_cover(places);
  }

  void read_rules(TomlTable& table, CoreType& type) {
    if (table.has_text("rules")) {  // whatever rules there are
      if (table.choice("rules", {"all"})) type.rules = rules_;
      return;
    }
    const auto rules = table.texts("rules");
    if (!rules) return;
    std::set<std::string> seen;
    for (const PlacedText& rule : *rules) {
      if (!seen.insert(rule.text).second)
        mistakes_.add("TF-MACH-012", rule.place,
                      fmt::format("the rule '{}' is named twice", printable(rule.text)), "each rule once");
      if (std::find(rules_.begin(), rules_.end(), rule.text) == rules_.end())
        mistakes_.add("TF-MACH-009", rule.place, fmt::format("there is no rule '{}'", printable(rule.text)),
                      "one of " + listed(rules_), did_you_mean(rule.text, rules_));
      type.rules.push_back(rule.text);
    }
  }

  /// "all" or [x0, y0, x1, y1], inclusive.
  bool read_tiles(TomlTable& table, CoreType& type) {
    const std::int64_t width = machine_.mesh.width, height = machine_.mesh.height;
    if (table.has_text("tiles")) {
      type.x1 = width - 1, type.y1 = height - 1;
      return table.choice("tiles", {"all"}).has_value();
    }
    const auto corners = table.integers("tiles", 0, 255, 4, 4);
    if (!corners) return false;
    type.x0 = (*corners)[0], type.y0 = (*corners)[1], type.x1 = (*corners)[2], type.y1 = (*corners)[3];
    if (width == 0 || height == 0) return false;
    if (type.x0 > type.x1 || type.y0 > type.y1 || type.x1 >= width || type.y1 >= height) {
      mistakes_.add(
          "TF-MACH-006", table.place("tiles"),
          fmt::format("[{}, {}, {}, {}] is no rectangle of tiles in a mesh of {} x {}", type.x0, type.y0,
                      type.x1, type.y1, width, height),
          fmt::format("[x0, y0, x1, y1], inclusive, with x0 <= x1 <= {} and y0 <= y1 <= {}, or \"all\"",
                      width - 1, height - 1));
      return false;
    }
    return true;
  }

  void check_cover(const std::vector<SourcePlace>& places) {
    const std::int64_t width = machine_.mesh.width;
    std::vector<int> type_of(static_cast<std::size_t>(machine_.tiles()), -1);
    std::set<std::pair<int, int>> reported;
    for (int t = 0; t < static_cast<int>(machine_.core_types.size()); ++t) {
      const CoreType& type = machine_.core_types[t];
      for (std::int64_t y = type.y0; y <= type.y1; ++y)
        for (std::int64_t x = type.x0; x <= type.x1; ++x) {
          int& owner = type_of[y * width + x];
          if (owner >= 0 && reported.emplace(owner, t).second)
            mistakes_.add("TF-MACH-007", places[t],
                          fmt::format("tile ({}, {}) belongs to both '{}' and '{}'", x, y,
                                      printable(machine_.core_types[owner].name), printable(type.name)),
                          "one core type a tile");
          owner = t;
        }
    }
    const auto bare = std::find(type_of.begin(), type_of.end(), -1);
    if (bare == type_of.end()) return;
    const std::int64_t tile = bare - type_of.begin();
    mistakes_.add("TF-MACH-008", places.front(),
                  fmt::format("{} of {} tiles have no core type, the first is ({}, {})",
                              std::count(type_of.begin(), type_of.end(), -1), type_of.size(), tile % width,
                              tile / width),
                  "core types that cover the mesh");
  }

  TomlTable root_;
  const std::vector<std::string>& rules_;
  Mistakes& mistakes_;
  Machine machine_;
  std::map<std::string, std::optional<TomlTable>> sections_;
};

Machine read_document(TomlDocument document, const std::vector<std::string>& overrides,
                      const std::vector<std::string>& rules) {
  Mistakes mistakes;
  document.apply(overrides, mistakes);
  Machine machine = MachineReader(document, rules, mistakes).read();
  mistakes.throw_if_any();
  return machine;
}

}  // namespace

std::vector<std::string> list_machines() {
  std::vector<std::string> names;
  for (const auto& [name, text] : embedded_machines()) names.push_back(name);
  return names;
}

std::string machine_text(const std::string& stem_or_path) {
  const auto presets = embedded_machines();
  if (const auto it = presets.find(stem_or_path); it != presets.end()) return it->second;
  if (!looks_like_path(stem_or_path)) throw no_such_machine(stem_or_path);
  return read_text_file(stem_or_path);
}

Machine parse_machine(std::string_view text, const std::string& name,
                      const std::vector<std::string>& overrides, const std::vector<std::string>& rules) {
  return read_document(TomlDocument::parse(text, name), overrides, rules);
}

Machine read_machine(const std::string& stem_or_path, const std::vector<std::string>& overrides,
                     const std::vector<std::string>& rules) {
  const std::string where = looks_like_path(stem_or_path) ? stem_or_path : stem_or_path + ".toml";
  return parse_machine(machine_text(stem_or_path), where, overrides, rules);
}

}  // namespace trifactor
