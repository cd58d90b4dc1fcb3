#include "sysc/noc/routes.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <string>

#include "rtl/spec/diagnostic.hpp"

namespace trifactor {
namespace {

/// By which port the XY path from (x, y) to `destination` leaves.
std::uint32_t next_port(std::uint32_t x, std::uint32_t y, std::uint32_t destination, std::uint32_t width) {
  const std::uint32_t to_x = destination % width, to_y = destination / width;
  if (to_x != x) return to_x > x ? east : west;
  if (to_y != y) return to_y > y ? south : north;
  return local;
}

}  // namespace

std::uint32_t RouteTable::add(std::uint32_t source, std::vector<std::uint32_t> destinations) {
  const std::uint32_t tiles = width_ * height_;
  std::sort(destinations.begin(), destinations.end());
  destinations.erase(std::unique(destinations.begin(), destinations.end()), destinations.end());
  if (destinations.empty() || destinations.back() >= tiles || source >= tiles)
    throw Error(ExitCode::internal,
                {"TF-NOC-002", "route from tile " + std::to_string(source),
                 destinations.empty() ? "no destination"
                                      : "largest destination " + std::to_string(destinations.back()),
                 "at least one destination, tiles below " + std::to_string(tiles), ""});

  // Breadth first, so that the children of a node lie together.
  struct Branch {
    std::uint32_t x, y;
    std::vector<std::uint32_t> destinations;
  };
  const auto root = static_cast<std::uint32_t>(nodes_.size());
  const auto count = static_cast<std::uint32_t>(destinations.size());
  std::vector<Branch> branches = {{source % width_, source / width_, std::move(destinations)}};
  for (std::size_t i = 0; i < branches.size(); ++i) {
    std::array<std::vector<std::uint32_t>, port_count> split;
    const std::uint32_t x = branches[i].x, y = branches[i].y;
    for (const std::uint32_t destination : branches[i].destinations)
      split[next_port(x, y, destination, width_)].push_back(destination);
    branches[i].destinations = {};
    Node node{root + static_cast<std::uint32_t>(branches.size()), 0};
    for (std::uint32_t port = 0; port < port_count; ++port) {
      if (split[port].empty()) continue;
      node.outputs |= 1u << port;
      if (port == local) continue;
      branches.push_back({x + (port == east) - (port == west), y + (port == south) - (port == north),
                          std::move(split[port])});
    }
    nodes_.push_back(node);
  }
  routes_.push_back({source, root, count, static_cast<std::uint32_t>(branches.size()) - 1});
  return size() - 1;
}

}  // namespace trifactor
