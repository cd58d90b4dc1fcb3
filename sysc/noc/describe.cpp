// What a hang report says about the mesh: who holds packets, and what the first of them wait for.
#include <string>

#include "sysc/noc/fabric.hpp"

namespace trifactor {
namespace {

constexpr std::array<const char*, port_count> port_names = {"north", "east", "south", "west", "local"};

std::string tile_name(std::uint32_t tile, std::uint32_t width) {
  return "tile " + std::to_string(tile) + " (" + std::to_string(tile % width) + ", " +
         std::to_string(tile / width) + ")";
}

std::string packet_name(const Packet& packet, const RouteTable& routes) {
  return "route " + std::to_string(packet.route) + " from tile " +
         std::to_string(routes.route(packet.route).source) + ", tick " + std::to_string(packet.tick) +
         ", kind " + std::to_string(packet.kind) + ", index " + std::to_string(packet.index);
}

}  // namespace

std::string Fabric::describe_blocked(std::size_t limit) const {
  std::string text;
  std::size_t lines = 0;
  const auto add = [&](const std::string& line) {
    if (lines++ < limit) text += line + "\n";
  };
  for (std::uint32_t tile = 0; tile < config_.tiles(); ++tile) {
    const Router& r = routers_[tile];
    for (std::uint32_t c = 0; c < message_class_count; ++c) {
      const std::string where = tile_name(tile, config_.width) + ", " + std::string(message_class_names[c]);
      for (std::uint32_t port = 0; port < port_count; ++port) {
        const std::uint32_t buffer = c * port_count + port;
        const Fifo& queue = r.fifos[buffer];
        if (queue.used == 0) continue;
        std::uint32_t copies = 0;
        for (std::uint32_t at = queue.head; at != none; at = copies_[at].next) ++copies;
        const bool leaving = queue.used > copies;
        std::string waits = leaving ? "nothing, it is leaving" : "";
        for (std::uint32_t output = 0; !leaving && output < port_count; ++output) {
          if ((r.request[output] >> buffer & 1) == 0) continue;
          waits += std::string(waits.empty() ? "" : ", ") + port_names[output];
          if (output == local) continue;
          if (r.full[output] & group(c)) waits += " (buffer ahead full)";
          if (r.link_free[output] > next_free_)
            waits += " (link busy to cycle " + std::to_string(r.link_free[output]) + ")";
        }
        if (waits.empty()) waits = "its first word, due in cycle " + std::to_string(copies_[queue.head].time);
        const Packet& first = bodies_[leaving ? queue.left : copies_[queue.head].body].packet;
        add(where + ", input " + port_names[port] + " holds " + std::to_string(queue.used) +
            "; first: " + packet_name(first, routes_) + ", waits for " + waits);
      }
      const SourceQueue& source = sources_[tile * message_class_count + c];
      if (source.empty()) continue;
      add(where + ", source queue holds " + std::to_string(source.length()) +
          "; first: " + packet_name(source.head(), routes_) + ", ready in cycle " +
          std::to_string(source.ready()) + (r.local_full >> c & 1 ? ", router buffer full" : ""));
    }
  }
  if (lines > limit) text += "and " + std::to_string(lines - limit) + " more\n";
  return text;
}

}  // namespace trifactor
