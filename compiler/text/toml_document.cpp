#include "compiler/text/toml_document.hpp"

#include <fmt/format.h>

#include <toml++/toml.h>
#include <array>
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <sstream>
#include <system_error>

namespace trifactor {
namespace {

[[noreturn]] void refuse(std::string code, std::string where, std::string found, std::string expected,
                         std::string hint = "") {
  throw Error(ExitCode::configuration,
              {std::move(code), std::move(where), std::move(found), std::move(expected), std::move(hint)});
}

/// toml++ builds a table a part of a dotted key and destroys them recursively, so a hostile key could exhaust
/// the stack. This walks the text as far as strings and comments go and refuses a line with too many dots.
void refuse_deep_keys(std::string_view text, const std::string& name) {
  constexpr int most_dots = 32;
  int line = 1, dots = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '\n') {
      ++line, dots = 0;
    } else if (c == '#') {
      while (i + 1 < text.size() && text[i + 1] != '\n') ++i;
    } else if (c == '"' || c == '\'') {
      const bool multi_line = text.substr(i, 3) == std::string(3, c);
      i += multi_line ? 3 : 1;
      for (; i < text.size(); ++i) {
        if (text[i] == '\\' && c == '"') {
          ++i;
          if (i < text.size() && text[i] == '\n') ++line;
        } else if (text[i] == '\n') {
          ++line;
          if (!multi_line) break;
        } else if (!multi_line && text[i] == c) {
          break;
        } else if (multi_line && text.substr(i, 3) == std::string(3, c)) {
          i += 2;
          while (i + 1 < text.size() && text[i + 1] == c)
            ++i;  // up to two quotes may precede the closing three
          break;
        }
      }
    } else if (c == '.' && ++dots > most_dots) {
      refuse("TF-TOML-006", to_string({name, line, 1}),
             fmt::format("the line holds more than {} dots", most_dots), "keys of a few parts",
             "spread long arrays over several lines");
    }
  }
}

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> parts;
  std::istringstream stream(path);
  for (std::string part; std::getline(stream, part, '.');) parts.push_back(part);
  if (!path.empty() && path.back() == '.') parts.emplace_back();
  return parts;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Sets table[key] to `value` read as TOML, or to the text itself.
void assign(toml::table& table, const std::string& key, std::string_view value) {
  try {
    const std::string text = fmt::format("value = {}", value);
    refuse_deep_keys(text, "");
    toml::table parsed = toml::parse(text);
    if (parsed.size() == 1 && text.find('\n') == std::string::npos) {
      parsed.get("value")->visit([&](auto& node) { table.insert_or_assign(key, std::move(node)); });
      return;
    }
  } catch (const toml::parse_error&) {  // text without quotes
  } catch (const Error&) {
  }
  table.insert_or_assign(key, std::string(value));
}

TomlLookup lookup_in(const toml::table& table) {
  return [&table](std::string_view key) { return table[key].value<std::string>(); };
}

}  // namespace

std::string read_text_file(const std::filesystem::path& file) {
  const std::string name = file.string();
  std::error_code ignored;
  if (std::filesystem::is_directory(file, ignored))
    refuse("TF-TOML-002", name, "a folder stands in place of the file", "a TOML file");
  errno = 0;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(name.c_str(), "rb"), std::fclose);
  if (!stream) {
    if (errno == ENOENT || errno == ENOTDIR)
      refuse("TF-TOML-001", name, "there is no such file", "a TOML file");
    refuse("TF-TOML-003", name, fmt::format("the file cannot be read: {}", std::strerror(errno)),
           "a readable file");
  }
  std::string text;
  std::array<char, 65536> buffer;
  while (const std::size_t n = std::fread(buffer.data(), 1, buffer.size(), stream.get())) {
    text.append(buffer.data(), n);
    if (text.size() > TomlDocument::largest_file)
      refuse("TF-TOML-004", name,
             fmt::format("the file has more than {} MiB", TomlDocument::largest_file >> 20),
             "a TOML file written by a person", "is this the right file? weights go into an .npz");
  }
  if (std::ferror(stream.get()) != 0)
    refuse("TF-TOML-003", name, fmt::format("the file cannot be read: {}", std::strerror(errno)),
           "a readable file");
  return text;
}

std::string toml_entry_name(const TomlLookup& lookup) { return lookup("name").value_or(""); }

TomlDocument::TomlDocument(std::unique_ptr<toml::table> root, std::string file, TomlEntryName entry_name)
    : root_(std::move(root)), file_(std::move(file)), entry_name_(std::move(entry_name)) {}
TomlDocument::TomlDocument(TomlDocument&&) noexcept = default;
TomlDocument& TomlDocument::operator=(TomlDocument&&) noexcept = default;
TomlDocument::~TomlDocument() = default;

TomlDocument TomlDocument::read(const std::filesystem::path& file, TomlEntryName entry_name) {
  return parse(read_text_file(file), file.string(), std::move(entry_name));
}

TomlDocument TomlDocument::parse(std::string_view text, std::string file, TomlEntryName entry_name) {
  if (text.find('\0') != std::string_view::npos)
    refuse("TF-TOML-007", file, "the file is not text: it holds a zero byte", "a TOML file",
           "is this the right file?");
  refuse_deep_keys(text, file);
  try {
    auto root = std::make_unique<toml::table>(toml::parse(text, file));
    return {std::move(root), std::move(file), std::move(entry_name)};
  } catch (const toml::parse_error& error) {
    const auto begin = error.source().begin;
    refuse("TF-TOML-005", to_string({file, static_cast<int>(begin.line), static_cast<int>(begin.column)}),
           printable(error.description()), "TOML 1.0", "");
  }
}

void TomlDocument::apply(const std::vector<std::string>& overrides, Mistakes& mistakes) {
  for (const std::string& text : overrides) apply_one(text, mistakes);
}

void TomlDocument::apply_one(const std::string& text, Mistakes& mistakes) {
  const SourcePlace here{"override " + printable(text), 0, 0};
  const auto equals = text.find('=');
  const std::string path(trimmed(text.substr(0, equals)));
  const std::vector<std::string> parts = split_path(path);
  bool complete = equals != std::string::npos && !parts.empty() && parts.size() <= 16;
  for (const std::string& part : parts) complete = complete && !part.empty();
  if (!complete) {
    mistakes.add("TF-TOML-020", here, "this is not KEY=VALUE", "a path of keys joined by dots, =, a value");
    return;
  }

  toml::table* table = root_.get();
  for (std::size_t i = 0; i + 1 < parts.size(); ++i) {
    toml::node* node = table->get(parts[i]);
    if (node == nullptr) node = &table->insert_or_assign(parts[i], toml::table{}).first->second;
    if (toml::array* entries = node->as_array(); entries != nullptr && entries->is_array_of_tables()) {
      std::vector<std::string> names;
      toml::table* entry = nullptr;
      for (toml::node& candidate : *entries) {
        names.push_back(entry_name_(lookup_in(*candidate.as_table())));
        if (names.back() == parts[i + 1] && entry == nullptr) entry = candidate.as_table();
      }
      if (entry == nullptr) {
        mistakes.add("TF-TOML-021", here,
                     fmt::format("there is no {} '{}'", parts[i], printable(parts[i + 1])),
                     "one of " + listed(names), did_you_mean(parts[i + 1], names));
        return;
      }
      if (++i + 1 >= parts.size()) {
        mistakes.add("TF-TOML-022", here, fmt::format("{} is a whole table", path), "one of its keys",
                     path + ".KEY=VALUE");
        return;
      }
      table = entry;
    } else if (node->is_table()) {
      table = node->as_table();
    } else {
      mistakes.add("TF-TOML-022", here, fmt::format("'{}' is a value, it holds no keys", parts[i]),
                   "a path of keys");
      return;
    }
  }
  assign(*table, parts.back(), trimmed(std::string_view(text).substr(equals + 1)));
  overridden_[path] = here.file;
}

SourcePlace TomlDocument::place(const std::string& path, int line, int column) const {
  for (std::string_view prefix = path; !prefix.empty();) {
    if (const auto it = overridden_.find(std::string(prefix)); it != overridden_.end())
      return {it->second, 0, 0};
    const auto dot = prefix.rfind('.');
    prefix = dot == std::string_view::npos ? std::string_view{} : prefix.substr(0, dot);
  }
  // A table that an override brought into being: any override inside it says where it came from.
  if (line <= 0) {
    const auto inside = overridden_.lower_bound(path + ".");
    if (inside != overridden_.end() && inside->first.starts_with(path + ".")) return {inside->second, 0, 0};
  }
  return {file_, line, column};
}

TomlTable TomlDocument::root(Mistakes& mistakes) const { return {*this, *root_, "", mistakes}; }

}  // namespace trifactor
