// The parts of a network file, read one by one; network.cpp puts them together.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/network/network.hpp"
#include "compiler/text/toml_document.hpp"

namespace trifactor {

/// A population; value_range and output_range stay 0 where the file leaves them to the place in the network.
PopulationSpec read_population(TomlTable& table);

/// A projection before its ends are known by index.
struct NamedProjection {
  ProjectionSpec spec;
  std::string from, to;
  SourcePlace from_place, to_place;
  bool has_range = false;  ///< weights.range was given
  bool has_init = false;   ///< weights.init was given
  SourcePlace init_place;
};
NamedProjection read_projection(TomlTable& table);

/// The keys connect, kernel, stride, padding and mask.
void read_connection(TomlTable& table, NamedProjection& projection);

/// Reports connections whose ends do not fit each other.
void check_connections(const Network& network, Mistakes& mistakes);

/// The least range that holds a weight of +-`weight`, not below 1/1024.
double range_of(double weight);

/// Reports feedback projections that carry no error, or carry one where it is not wanted, and rules that wait
/// for errors in vain. All names are resolved and the forward projections make no circle.
void check_feedback(const Network& network, Mistakes& mistakes);

/// The name of a projection when it gives none.
std::string default_projection_name(const std::string& from, const std::string& to);

PlasticitySpec read_plasticity(TomlTable& table);

/// A legal name: a letter, then letters, digits, '_' and '-', 64 in all. Others are reported and
/// returned as messages show them, so that references to them still meet.
std::string read_name(TomlTable& table, const std::string& key);

/// The least power of two that is not below `range` > 0.
double power_of_two(double range);

}  // namespace trifactor
