// A TOML file read strictly: whatever a person got wrong is reported with file, line and column, all of it at
// once. toml++ stays behind this header.
//
// Codes: TF-TOML-001 missing, 002 a folder, 003 unreadable, 004 too large, 005 syntax, 006 keys too deep,
// 007 not text; 010 unknown key, 011 wrong type, 012 missing key, 013 out of range, 014 not finite, 015 not
// one of the words allowed, 016 wrong number of entries, 017 empty text; 020 to 022 overrides; 099 more
// mistakes.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "compiler/text/mistakes.hpp"
#include "compiler/text/place.hpp"

namespace toml {
inline namespace v3 {
class node;
class table;
}  // namespace v3
}  // namespace toml

namespace trifactor {

class TomlTable;

/// The bytes of a file a person wrote. Throws Error (configuration) when it is missing, a folder, unreadable
/// or larger than TomlDocument::largest_file.
std::string read_text_file(const std::filesystem::path& file);

/// How an entry of an array of tables is called in paths: from its own texts, asked for by key.
using TomlLookup = std::function<std::optional<std::string>(std::string_view key)>;
using TomlEntryName = std::function<std::string(const TomlLookup&)>;

/// The entry's `name`, or nothing.
std::string toml_entry_name(const TomlLookup& lookup);

class TomlDocument {
 public:
  static constexpr std::size_t largest_file = 16u << 20;  ///< bytes

  /// Throws Error (configuration) when the file is missing, not a file, too large or not TOML.
  static TomlDocument read(const std::filesystem::path& file, TomlEntryName entry_name = toml_entry_name);
  static TomlDocument parse(std::string_view text, std::string file,
                            TomlEntryName entry_name = toml_entry_name);

  TomlDocument(TomlDocument&&) noexcept;
  TomlDocument& operator=(TomlDocument&&) noexcept;
  ~TomlDocument();

  /// KEY=VALUE pairs: KEY is a path of keys joined by dots, an entry of an array of tables being named by
  /// entry_name; VALUE is TOML, else text. Tables on the way and the last key need not be there yet: whether
  /// they are legal is seen when the document is read, and reported as a mistake of the override.
  void apply(const std::vector<std::string>& overrides, Mistakes& mistakes);

  /// The top-level table; valid as long as the document and `mistakes` are, and until the next apply().
  TomlTable root(Mistakes& mistakes) const;

 private:
  friend class TomlTable;
  TomlDocument(std::unique_ptr<toml::table> root, std::string file, TomlEntryName entry_name);
  void apply_one(const std::string& text, Mistakes& mistakes);
  SourcePlace place(const std::string& path, int line, int column) const;

  std::unique_ptr<toml::table> root_;
  std::string file_;
  TomlEntryName entry_name_;
  std::map<std::string, std::string> overridden_;  ///< path -> the override as it was written
};

/// A text and where it stands.
struct PlacedText {
  std::string text;
  SourcePlace place;
};

/// One table being read. A getter returns nothing when the key is not there, and also when its value is
/// wrong, which it reports. finish() reports every key that was never asked for.
class TomlTable {
 public:
  const std::string& path() const { return path_; }
  SourcePlace place() const;                 ///< of the table
  SourcePlace place(const char* key) const;  ///< of the value, or of the table when the key is not there
  Mistakes& mistakes() const { return *mistakes_; }

  bool has(const std::string& key);
  bool has_text(const std::string& key);  ///< the key is there and its value is a text
  /// Reports the key when it is not there; returns whether it is.
  bool need(const std::string& key);

  std::optional<std::string> text(const std::string& key);  ///< not empty
  std::optional<bool> boolean(const std::string& key);
  /// Bounds are inclusive.
  std::optional<std::int64_t> integer(const std::string& key, std::int64_t low, std::int64_t high);
  /// A float or an integer, finite.
  std::optional<double> number(const std::string& key, double low, double high);
  /// The index of the word among those allowed.
  std::optional<std::size_t> choice(const std::string& key, const std::vector<std::string>& words);
  /// The same; of a misspelt word, that of the one that was probably meant, where much else is judged by it.
  std::optional<std::size_t> meant(const std::string& key, const std::vector<std::string>& words);
  std::optional<std::vector<std::int64_t>> integers(const std::string& key, std::int64_t low,
                                                    std::int64_t high, std::size_t fewest, std::size_t most);
  std::optional<std::vector<PlacedText>> texts(const std::string& key);

  std::optional<TomlTable> table(const std::string& key);
  /// An array of tables, [[key]].
  std::vector<TomlTable> tables(const std::string& key);

  void finish();

  /// "<path>.<key>", for messages.
  std::string named(const std::string& key) const;

 private:
  friend class TomlDocument;
  TomlTable(const TomlDocument& document, const toml::table& table, std::string path, Mistakes& mistakes);
  const toml::node* find(const std::string& key);
  SourcePlace place_of(const std::string& key, const toml::node& node) const;
  void wrong_type(const std::string& key, const toml::node& node, const std::string& expected);

  const TomlDocument* document_;
  const toml::table* table_;
  std::string path_;
  Mistakes* mistakes_;
  std::set<std::string> asked_;
};

}  // namespace trifactor
