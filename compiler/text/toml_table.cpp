#include <fmt/format.h>

#include <toml++/toml.h>
#include <algorithm>
#include <cmath>

#include "compiler/text/toml_document.hpp"

namespace trifactor {
namespace {

std::string type_name(const toml::node& node) {
  switch (node.type()) {
    case toml::node_type::table:
      return "a table";
    case toml::node_type::array:
      return node.as_array()->is_array_of_tables() ? "an array of tables" : "an array";
    case toml::node_type::string:
      return "a string";
    case toml::node_type::integer:
      return "an integer";
    case toml::node_type::floating_point:
      return "a float";
    case toml::node_type::boolean:
      return "a boolean";
    case toml::node_type::none:
      break;
    default:
      return "a date or time";
  }
  return "nothing";
}

}  // namespace

TomlTable::TomlTable(const TomlDocument& document, const toml::table& table, std::string path,
                     Mistakes& mistakes)
    : document_(&document), table_(&table), path_(std::move(path)), mistakes_(&mistakes) {}

std::string TomlTable::named(const std::string& key) const { return path_.empty() ? key : path_ + "." + key; }

SourcePlace TomlTable::place_of(const std::string& key, const toml::node& node) const {
  const auto begin = node.source().begin;
  return document_->place(key, static_cast<int>(begin.line), static_cast<int>(begin.column));
}

SourcePlace TomlTable::place() const { return place_of(path_, *table_); }

SourcePlace TomlTable::place(const char* key) const {
  const toml::node* node = table_->get(key);
  return node == nullptr ? place() : place_of(named(key), *node);
}

const toml::node* TomlTable::find(const std::string& key) {
  asked_.insert(key);
  return table_->get(key);
}

bool TomlTable::has(const std::string& key) { return find(key) != nullptr; }

bool TomlTable::has_text(const std::string& key) {
  const toml::node* node = find(key);
  return node != nullptr && node->is_string();
}

bool TomlTable::need(const std::string& key) {
  if (has(key)) return true;
  mistakes_->add("TF-TOML-012", place(), fmt::format("the key '{}' is missing", named(key)), key + " = ...");
  return false;
}

void TomlTable::wrong_type(const std::string& key, const toml::node& node, const std::string& expected) {
  mistakes_->add("TF-TOML-011", place_of(named(key), node),
                 fmt::format("{} is {}", named(key), type_name(node)), expected);
}

std::optional<std::string> TomlTable::text(const std::string& key) {
  const toml::node* node = find(key);
  if (node == nullptr) return {};
  if (!node->is_string()) {
    wrong_type(key, *node, "a string");
    return {};
  }
  if (node->as_string()->get().empty()) {
    mistakes_->add("TF-TOML-017", place_of(named(key), *node), named(key) + " is empty", "a text");
    return {};
  }
  return node->as_string()->get();
}

std::optional<bool> TomlTable::boolean(const std::string& key) {
  const toml::node* node = find(key);
  if (node == nullptr) return {};
  if (!node->is_boolean()) {
    wrong_type(key, *node, "true or false");
    return {};
  }
  return node->as_boolean()->get();
}

std::optional<std::int64_t> TomlTable::integer(const std::string& key, std::int64_t low, std::int64_t high) {
  const toml::node* node = find(key);
  if (node == nullptr) return {};
  const std::string expected = fmt::format("an integer from {} to {}", low, high);
  if (!node->is_integer()) {
    wrong_type(key, *node, expected);
    return {};
  }
  const std::int64_t value = node->as_integer()->get();
  if (value < low || value > high) {
    mistakes_->add("TF-TOML-013", place_of(named(key), *node),
                   fmt::format("{} = {} is out of range", named(key), value), expected);
    return {};
  }
  return value;
}

std::optional<double> TomlTable::number(const std::string& key, double low, double high) {
  const toml::node* node = find(key);
  if (node == nullptr) return {};
  const std::string expected = fmt::format("a number from {:g} to {:g}", low, high);
  if (!node->is_number()) {
    wrong_type(key, *node, expected);
    return {};
  }
  const double value = *node->value<double>();
  if (!std::isfinite(value)) {
    mistakes_->add("TF-TOML-014", place_of(named(key), *node),
                   fmt::format("{} is {}", named(key), std::isnan(value) ? "not a number (nan)" : "infinite"),
                   expected);
    return {};
  }
  if (value < low || value > high) {
    mistakes_->add("TF-TOML-013", place_of(named(key), *node),
                   fmt::format("{} = {} is out of range", named(key), value), expected);
    return {};
  }
  return value;
}

std::optional<std::size_t> TomlTable::choice(const std::string& key, const std::vector<std::string>& words) {
  const toml::node* node = find(key);
  if (node == nullptr) return {};
  if (!node->is_string()) {
    wrong_type(key, *node, "one of " + listed(words));
    return {};
  }
  const std::string& value = node->as_string()->get();
  for (std::size_t i = 0; i < words.size(); ++i)
    if (words[i] == value) return i;
  mistakes_->add("TF-TOML-015", place_of(named(key), *node),
                 fmt::format("{} = '{}' does not exist", named(key), printable(value)),
                 "one of " + listed(words), did_you_mean(value, words));
  return {};
}

std::optional<std::size_t> TomlTable::meant(const std::string& key, const std::vector<std::string>& words) {
  if (const auto given = choice(key, words)) return given;
  const toml::node* node = find(key);
  if (node == nullptr || !node->is_string() || node->as_string()->get().size() > 256) return {};
  const auto word = std::find(words.begin(), words.end(), nearest(node->as_string()->get(), words));
  return word == words.end() ? std::nullopt : std::optional(static_cast<std::size_t>(word - words.begin()));
}

std::optional<std::vector<std::int64_t>> TomlTable::integers(const std::string& key, std::int64_t low,
                                                             std::int64_t high, std::size_t fewest,
                                                             std::size_t most) {
  const toml::node* node = find(key);
  if (node == nullptr) return {};
  const std::string count = fewest == most ? std::to_string(most) : fmt::format("{} to {}", fewest, most);
  const std::string expected = fmt::format("an array of {} integers from {} to {}", count, low, high);
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    wrong_type(key, *node, expected);
    return {};
  }
  if (array->size() < fewest || array->size() > most) {
    mistakes_->add("TF-TOML-016", place_of(named(key), *node),
                   fmt::format("{} has {} entries", named(key), array->size()), expected);
    return {};
  }
  std::vector<std::int64_t> values;
  bool good = true;
  for (const toml::node& entry : *array) {
    if (!entry.is_integer()) {
      mistakes_->add("TF-TOML-011", place_of(named(key), entry),
                     fmt::format("an entry of {} is {}", named(key), type_name(entry)), expected);
      good = false;
      continue;
    }
    const std::int64_t value = entry.as_integer()->get();
    if (value < low || value > high) {
      mistakes_->add("TF-TOML-013", place_of(named(key), entry),
                     fmt::format("an entry of {}, {}, is out of range", named(key), value), expected);
      good = false;
    }
    values.push_back(value);
  }
  if (!good) return {};
  return values;
}

std::optional<std::vector<PlacedText>> TomlTable::texts(const std::string& key) {
  const toml::node* node = find(key);
  if (node == nullptr) return {};
  const toml::array* array = node->as_array();
  if (array == nullptr) {
    wrong_type(key, *node, "an array of strings");
    return {};
  }
  std::vector<PlacedText> values;
  bool good = true;
  for (const toml::node& entry : *array) {
    if (entry.is_string()) {
      values.push_back({entry.as_string()->get(), place_of(named(key), entry)});
    } else {
      mistakes_->add("TF-TOML-011", place_of(named(key), entry),
                     fmt::format("an entry of {} is {}", named(key), type_name(entry)), "a string");
      good = false;
    }
  }
  if (!good) return {};
  return values;
}

std::optional<TomlTable> TomlTable::table(const std::string& key) {
  const toml::node* node = find(key);
  if (node == nullptr) return {};
  if (!node->is_table()) {
    wrong_type(key, *node, "a table");
    return {};
  }
  return TomlTable(*document_, *node->as_table(), named(key), *mistakes_);
}

std::vector<TomlTable> TomlTable::tables(const std::string& key) {
  const toml::node* node = find(key);
  if (node == nullptr) return {};
  const toml::array* array = node->as_array();
  if (array == nullptr || !array->is_array_of_tables()) {
    wrong_type(key, *node, fmt::format("tables, each headed [[{}]]", named(key)));
    return {};
  }
  std::vector<TomlTable> result;
  for (const toml::node& entry : *array) {
    const toml::table& table = *entry.as_table();
    std::string name =
        document_->entry_name_([&table](std::string_view k) { return table[k].value<std::string>(); });
    if (name.empty()) name = std::to_string(result.size() + 1);
    result.push_back(TomlTable(*document_, table, named(key) + "." + printable(name), *mistakes_));
  }
  return result;
}

void TomlTable::finish() {
  const std::vector<std::string> known(asked_.begin(), asked_.end());
  constexpr std::size_t most = 20;
  std::size_t unknown = 0;
  for (const auto& [key, node] : *table_) {
    const std::string name(key.str());
    if (asked_.contains(name) || ++unknown > most) continue;
    const auto begin = key.source().begin;
    const SourcePlace place = begin.line > 0 ? document_->place(named(name), static_cast<int>(begin.line),
                                                                static_cast<int>(begin.column))
                                             : place_of(named(name), node);
    mistakes_->add("TF-TOML-010", place,
                   fmt::format("unknown key '{}'{}", printable(name), path_.empty() ? "" : " in " + path_),
                   "one of " + listed(known), did_you_mean(name, known));
  }
  if (unknown > most)
    mistakes_->add("TF-TOML-010", place(),
                   fmt::format("{} more unknown keys{}", unknown - most, path_.empty() ? "" : " in " + path_),
                   "one of " + listed(known), "is this the right file?");
}

}  // namespace trifactor
