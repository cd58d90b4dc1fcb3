// Machines as complete TOML files: presets compiled into the program, or a file of the user's own.
//
// Codes: TF-MACH-001 no such machine, 002 memory size not understood, 003 unknown memory in a size, 004 sizes
// that refer to each other in a circle, 005 memory too large or too small, 006 tiles outside the mesh, 007 a
// tile with two core types, 008 a tile with none, 009 unknown rule, 010 two core types of one name, 011 no
// core type, 012 a rule named twice, 013 too many core types. TF-TOML-NNN: see
// compiler/text/toml_document.hpp.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "rtl/rules/rule.hpp"
#include "rtl/spec/machine.hpp"

namespace trifactor {

/// The names of the presets, in alphabetical order.
std::vector<std::string> list_machines();

/// The text of a preset, or of the file, exactly as it is read.
std::string machine_text(const std::string& stem_or_path);

/// A preset by its name, or a file by its path (anything with a '/' or ending in .toml). `overrides`:
/// KEY=VALUE with the keys of visit_machine() (core.lanes=32), tree.network, barrier, and core_type.NAME.KEY.
/// `rules`: every rule there is; core types may name no others, and rules = "all" means these. Throws Error
/// (configuration) with all mistakes of the file. Nothing is defaulted: a missing entry is a mistake.
Machine read_machine(const std::string& stem_or_path, const std::vector<std::string>& overrides = {},
                     const std::vector<std::string>& rules = silicon_rules());

/// The same from text; `name` is what messages call it.
Machine parse_machine(std::string_view text, const std::string& name,
                      const std::vector<std::string>& overrides = {},
                      const std::vector<std::string>& rules = silicon_rules());

}  // namespace trifactor
