#include <algorithm>
#include <limits>
#include <set>

#include "compiler/passes/passes.hpp"
#include "rtl/units/random/golden.hpp"

namespace trifactor {
namespace {

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

/// Gives each slice the first free tile, in the order of tiles, whose core type suits its population. Where
/// only tiles of other types are left, slices placed before move to those, so that whatever can be placed is.
class Placer {
 public:
  /// suits[population][core type]
  Placer(const Machine& machine, const std::vector<std::uint32_t>& order,
         std::vector<std::vector<bool>> suits)
      : suits_(std::move(suits)), tiles_(machine.core_types.size()), held_(machine.core_types.size()) {
    for (std::size_t rank = 0; rank < order.size(); ++rank) {
      const std::int64_t x = order[rank] % machine.mesh.width, y = order[rank] / machine.mesh.width;
      for (std::size_t type = 0; type < tiles_.size(); ++type) {
        const CoreType& t = machine.core_types[type];
        if (x < t.x0 || x > t.x1 || y < t.y0 || y > t.y1) continue;
        tiles_[type].push_back({rank, order[rank]});
        break;
      }
    }
    for (std::vector<Tile>& tiles : tiles_) std::reverse(tiles.begin(), tiles.end());  // taken from the end
  }

  /// False: no tile can be had.
  bool place(Slice& slice) {
    const std::vector<bool>& suits = suits_[slice.population];
    std::size_t best = none;
    for (std::size_t type = 0; type < tiles_.size(); ++type)
      if (suits[type] && !tiles_[type].empty() &&
          (best == none || tiles_[type].back().rank < tiles_[best].back().rank))
        best = type;
    std::vector<bool> visited(tiles_.size(), false);
    for (std::size_t type = 0; type < tiles_.size() && best == none; ++type)
      if (suits[type] && make_room(type, visited)) best = type;
    if (best == none) return false;
    take(slice, best);
    return true;
  }

 private:
  static constexpr std::size_t none = std::numeric_limits<std::size_t>::max();
  struct Tile {
    std::size_t rank = 0;  ///< place in the order
    std::uint32_t tile = 0;
  };

  void take(Slice& slice, std::size_t type) {
    slice.core = tiles_[type].back().tile;
    held_[type].push_back({&slice, tiles_[type].back()});
    tiles_[type].pop_back();
  }

  /// Frees a tile of `type`: one of its slices moves to another type, where others may have to move first.
  bool make_room(std::size_t type, std::vector<bool>& visited) {
    if (!tiles_[type].empty()) return true;
    visited[type] = true;
    for (std::size_t other = 0; other < tiles_.size(); ++other) {
      if (visited[other]) continue;
      const auto mover = std::find_if(held_[type].rbegin(), held_[type].rend(), [&](const auto& held) {
        return suits_[held.first->population][other];
      });
      if (mover == held_[type].rend() || !make_room(other, visited)) continue;
      const auto [slice, tile] = *mover;
      held_[type].erase(std::prev(mover.base()));
      tiles_[type].push_back(tile);
      take(*slice, other);
      return true;
    }
    return false;
  }

  std::vector<std::vector<bool>> suits_;
  std::vector<std::vector<Tile>> tiles_;                    ///< free, by core type, the first one last
  std::vector<std::vector<std::pair<Slice*, Tile>>> held_;  ///< by core type
};

}  // namespace

void place(const Network& network, const ResolvedNetwork& resolved, const Machine& machine,
           const CompileOptions& options, std::vector<Slice>& slices) {
  std::vector<std::set<std::string>> rules(network.populations.size());
  for (std::size_t k = 0; k < network.projections.size(); ++k)
    if (resolved.projections[k].plan)
      rules[static_cast<std::size_t>(network.projections[k].to)].insert(
          network.projections[k].plasticity->rule);
  for (std::size_t p = 0; p < network.populations.size(); ++p)
    if (resolved.populations[p].relay)
      rules[p].insert(network.projections[relay_model(network, p)].plasticity->rule);
  std::vector<std::vector<bool>> suits;
  for (const std::set<std::string>& wanted : rules) {
    suits.emplace_back();
    for (const CoreType& type : machine.core_types)
      suits.back().push_back(std::all_of(wanted.begin(), wanted.end(), [&](const std::string& rule) {
        return std::find(type.rules.begin(), type.rules.end(), rule) != type.rules.end();
      }));
  }
  Placer placer(machine, tile_order(machine, options), std::move(suits));
  for (Slice& slice : slices) {
    if (placer.place(slice)) continue;
    const PopulationSpec& spec = network.populations[slice.population];
    std::string wanted;
    for (const std::string& rule : rules[slice.population]) wanted += (wanted.empty() ? "" : ", ") + rule;
    const auto needed = std::count_if(slices.begin(), slices.end(), [&](const Slice& other) {
      return other.population == slice.population;
    });
    throw Error(ExitCode::does_not_fit,
                {"TF-FIT-004", to_string(spec.place) + ": " + spec.name,
                 "no free core of machine " + machine.name + " contains the post unit of " + wanted,
                 std::to_string(needed) + " cores of a type whose rules name it",
                 "`trifactor list machines` shows which machine has it"});
  }
}

}  // namespace trifactor
