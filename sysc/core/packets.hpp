// What the packets of a chip mean: kinds, and how their fields are used.
#pragma once

#include <cstdint>

#include "rtl/spec/packet_format.hpp"
#include "sysc/noc/packet.hpp"

namespace trifactor {

enum class PacketKind : std::uint8_t {
  // configuration: from the host port
  input,      ///< tick: presentation; index: first value; payload: four 16-bit values
  input_end,  ///< tick; aux: learn
  rate,  ///< tick: first learning sample; index: projection; payload: eta mantissa; answered by rate_taken
  // broadcast
  same,    ///< label unit to a teacher; tick: learning sample; payload: similarity bits
  target,  ///< label unit to a read-out's core; tick: learning sample; payload: class
  word,    ///< teacher to a core; tick: learning sample; index: word; aux: projection; payload
  factor,  ///< owner to a slice; tick: learning sample; index: neuron; aux: block's projection; payload: a0,
           ///< a1, c
  total,   ///< the root of a kernel to its layer's cores; tick: learning sample; index: entry, or entries +
           ///< entry for its decay; aux: projection; payload: the layer's increment, 48 bits
  total_end,    ///< likewise; index: how many they were
  credit,       ///< a core to a source; tick: presentation whose axon buffer is free again
  host_credit,  ///< an input core to the host port, likewise
  rate_taken,   ///< a core to the host port
  // reduction
  partial,    ///< a core to a teacher; tick: learning sample; index: word; aux: projection; payload: 48 bits
  sum,        ///< a slice to its owner; tick: presentation; index: neuron; payload: 48 bits
  error_sum,  ///< likewise of errors that came back
  increment,  ///< a core to the root of a kernel: as `total`, of this core
  increment_end,  ///< likewise; index: how many they were
  pool_error,     ///< an error (see below) of a neuron that pools; payload: delta in 16 bits, then 24 of the
                  ///< neuron that won its window
  result,  ///< output core to the host port; tick: presentation; index: first value; payload: four 16-bit
           ///< values
  // error
  error,  ///< a core to those that feedback leads to; tick: presentation; index: neuron of the population;
          ///< aux: population; payload: delta
  error_end,  ///< tick: presentation; index: errors sent to this destination
  // activity
  activity,  ///< tick: presentation; index: neuron of the population; aux: population; payload: value
  end,       ///< tick: presentation; index: activities sent to this destination; aux: learn
};

constexpr MessageClass class_of(PacketKind kind) {
  if (kind <= PacketKind::rate) return MessageClass::configuration;
  if (kind <= PacketKind::rate_taken) return MessageClass::broadcast;
  if (kind <= PacketKind::result) return MessageClass::reduction;
  if (kind <= PacketKind::error_end) return MessageClass::error;
  return MessageClass::activity;
}

/// A packet has 16 bits of tick; whoever receives it knows about when it is, and so the rest.
constexpr std::uint64_t full_tick(std::uint64_t on_the_wire, std::uint64_t near) {
  return near + static_cast<std::uint64_t>(static_cast<std::int64_t>(
                    static_cast<std::int16_t>(static_cast<std::uint16_t>(on_the_wire - near))));
}

inline Packet make_packet(PacketKind kind, std::uint32_t source, std::uint32_t route, std::uint64_t tick,
                          std::uint32_t index, std::uint32_t aux, std::int64_t payload) {
  Packet packet;
  packet.tick = static_cast<std::uint16_t>(tick);
  packet.payload = payload;
  packet.route = route;
  packet.source = source;
  packet.index = index;
  packet.aux = aux;
  packet.message_class = static_cast<std::uint8_t>(class_of(kind));
  packet.kind = static_cast<std::uint8_t>(kind);
  return packet;
}

static_assert(packet_bits_of_class.size() == message_class_count, "a width for each class");

}  // namespace trifactor
