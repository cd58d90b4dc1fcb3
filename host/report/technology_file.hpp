// Technology files: figures of energy, leakage and area with band, node, supply and source.
//
// A file holds name, description, node_nm, supply_V and one table a figure, [kind.name], with
//   value = { low, nominal, high, unit }, at = { node_nm, supply_V }, source = { tag, text }, formula.
// A figure tagged D follows from others by its formula. The loader recomputes the formula and demands that
// nominal agrees and that low and high lie at least 1.5 times as far away (in ratio) as the corners of its
// inputs, so that no derived figure looks better known than what it was derived from.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <vector>

#include "rtl/spec/technology.hpp"

namespace trifactor {

/// A figure the cost model needs: its kind and unit are fixed here, its value comes from the file.
struct RequiredConstant {
  std::string_view name, kind, unit;
};

/// Every figure of the cost model; a technology file must hold each of them, and besides them only kinds
/// "input" (for formulas) and "comparison" (published results shown beside ours).
const std::vector<RequiredConstant>& required_constants();

/// Loads by path (a name with a slash or ending in .toml) or by name: first NAME.toml in
/// `search_directory` when one is given, then the files compiled into the program.
/// Throws Error(configuration) with every mistake of the file, TF-TECH-001 to -019.
Technology load_technology(const std::string& path_or_name,
                           const std::filesystem::path& search_directory = {});

/// Reads the text of a technology file; `where` names it in messages.
Technology parse_technology(std::string_view text, const std::string& where);

struct TechnologyName {
  std::string name;
  std::string description;
  std::string origin;  ///< "built in" or a path
};

/// Technologies that load_technology finds by name, sorted; a file in `search_directory` hides a built-in
/// one.
std::vector<TechnologyName> list_technologies(const std::filesystem::path& search_directory = {});

/// The figure called `name`; throws Error(configuration) TF-TECH-010 when it is not there.
const Constant& find_constant(const Technology& technology, std::string_view name);

/// All figures with sources, as written to technology.json, and back (Error(data) TF-TECH-020).
nlohmann::json technology_json(const Technology& technology);
Technology technology_from_json(const nlohmann::json& json, const std::string& where);

}  // namespace trifactor
