#include <algorithm>
#include <numeric>
#include <set>

#include "compiler/passes/passes.hpp"
#include "rtl/units/random/golden.hpp"

namespace trifactor {
namespace {

const CoreType* type_of(const Machine& machine, std::uint32_t tile) {
  const std::int64_t x = tile % machine.mesh.width, y = tile / machine.mesh.width;
  for (const CoreType& type : machine.core_types)
    if (x >= type.x0 && x <= type.x1 && y >= type.y0 && y <= type.y1) return &type;
  return nullptr;
}

/// Neighbours in the order are neighbours on the mesh: row by row, every other one backwards.
std::vector<std::uint32_t> tile_order(const Machine& machine, const CompileOptions& options) {
  std::vector<std::uint32_t> order;
  for (std::int64_t y = 0; y < machine.mesh.height; ++y)
    for (std::int64_t i = 0; i < machine.mesh.width; ++i) {
      const std::int64_t x = y % 2 == 0 ? i : machine.mesh.width - 1 - i;
      order.push_back(static_cast<std::uint32_t>(y * machine.mesh.width + x));
    }
  if (options.placement_seed)
    for (std::size_t i = order.size(); i > 1; --i)
      std::swap(order[i - 1], order[mix64(*options.placement_seed * 0x9e3779b97f4a7c15ull + i) % i]);
  return order;
}

}  // namespace

void place(const Network& network, const ResolvedNetwork& resolved, const Machine& machine,
           const CompileOptions& options, std::vector<Slice>& slices) {
  std::vector<std::uint32_t> free_tiles = tile_order(machine, options);
  for (Slice& slice : slices) {
    std::set<std::string> rules;
    for (std::size_t k = 0; k < network.projections.size(); ++k)
      if (static_cast<std::size_t>(network.projections[k].to) == slice.population &&
          resolved.projections[k].plan)
        rules.insert(network.projections[k].plasticity->rule);
    const auto suits = [&](std::uint32_t tile) {
      const CoreType* type = type_of(machine, tile);
      return type != nullptr && std::all_of(rules.begin(), rules.end(), [&](const std::string& rule) {
               return std::find(type->rules.begin(), type->rules.end(), rule) != type->rules.end();
             });
    };
    const auto tile = std::find_if(free_tiles.begin(), free_tiles.end(), suits);
    if (tile == free_tiles.end()) {
      const PopulationSpec& spec = network.populations[slice.population];
      std::string wanted;
      for (const std::string& rule : rules) wanted += (wanted.empty() ? "" : ", ") + rule;
      throw Error(
          ExitCode::does_not_fit,
          {"TF-FIT-004", to_string(spec.place) + ": " + spec.name,
           "no free core of machine " + machine.name + " contains the post unit of " + wanted,
           "a core type whose rules name it", "`trifactor list machines` shows which machine has it"});
    }
    slice.core = *tile;
    free_tiles.erase(tile);
  }
}

}  // namespace trifactor
