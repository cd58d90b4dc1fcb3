// What travels on the mesh. The mesh looks at nothing but `route`, `message_class` and, for a fault that a
// test asks for, `payload`; the rest is the business of whoever sends and receives.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace trifactor {

/// One virtual network each, in order of dependence: what is handled on arrival of a class may wait for
/// packets of lower classes only.
enum class MessageClass : std::uint8_t { configuration, broadcast, reduction, error, activity };

inline constexpr std::size_t message_class_count = 5;
inline constexpr std::array<std::string_view, message_class_count> message_class_names = {
    "configuration", "broadcast", "reduction", "error", "activity"};

struct Packet {
  std::int64_t payload = 0;
  std::uint32_t route = 0;   ///< from Mesh::add_route
  std::uint32_t source = 0;  ///< opaque to the mesh, as are index, aux, tick and kind
  std::uint32_t index = 0;
  std::uint32_t aux = 0;
  std::uint32_t tick = 0;
  std::uint8_t message_class = 0;  ///< a MessageClass
  std::uint8_t kind = 0;
};

/// Takes what the mesh delivers to one tile; always accepts.
class PacketSink {
 public:
  virtual ~PacketSink() = default;
  /// The whole packet is there at the start of `cycle`. At most one call a cycle and class, classes in
  /// ascending order. May call inject.
  virtual void arrive(const Packet& packet, std::uint64_t cycle) = 0;
};

}  // namespace trifactor
