// Multicast trees, dimension-ordered: first along the row of the source, then along columns. The union of the
// XY paths to the destinations is a tree because the XY path to a tile is unique.
#pragma once

#include <cstdint>
#include <vector>

namespace trifactor {

/// Ports of a router. As a bit set: 1 << port.
enum Port : std::uint32_t { north, east, south, west, local };
inline constexpr std::uint32_t port_count = 5;
inline constexpr std::uint32_t link_count = 4;  ///< ports that lead to another router

constexpr std::uint32_t opposite(std::uint32_t port) { return (port + 2) & 3; }

/// Eight bytes a router on a tree; nothing for routers that are not on it.
class RouteTable {
 public:
  struct Node {
    std::uint32_t first_child = 0;  ///< children lie together, in the order of their ports
    std::uint32_t outputs = 0;      ///< ports by which the packet leaves
  };
  struct Route {
    std::uint32_t source = 0;
    std::uint32_t root = 0;          ///< node of the source's router
    std::uint32_t destinations = 0;  ///< different tiles
    std::uint32_t links = 0;         ///< crossings one packet makes
  };

  RouteTable(std::uint32_t width, std::uint32_t height) : width_(width), height_(height) {}

  /// Repeated destinations count once; the source may be one. Throws TF-NOC-002 for a tile that does not
  /// exist or no destination at all.
  std::uint32_t add(std::uint32_t source, std::vector<std::uint32_t> destinations);

  std::uint32_t size() const { return static_cast<std::uint32_t>(routes_.size()); }
  const Route& route(std::uint32_t index) const { return routes_[index]; }
  const Node& node(std::uint32_t index) const { return nodes_[index]; }
  /// The node at the far end of the link behind `port`, which must be one of the node's outputs.
  static std::uint32_t child(const Node& node, std::uint32_t port) {
    const std::uint32_t before = node.outputs & ((1u << port) - 1);
    if (before == 0) return node.first_child;  // nearly always; else of three ports: bits counted by hand
    return node.first_child + (before & 1) + (before >> 1 & 1) + (before >> 2 & 1);
  }

 private:
  std::uint32_t width_, height_;
  std::vector<Route> routes_;
  std::vector<Node> nodes_;
};

}  // namespace trifactor
