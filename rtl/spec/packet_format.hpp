// How many bits travel: packets on the mesh, by message class, and words on trees with wires of their own.
// What moves them takes its cycles from here, what costs them its energy and area.
#pragma once

#include <array>
#include <cstdint>

namespace trifactor {

/// Of every packet: 16 bits of tick, 24 of address, kind and index.
inline constexpr std::uint32_t packet_header_bits = 40;

/// A packet of each message class (configuration, broadcast, reduction, error, activity) with what it
/// carries.
inline constexpr std::array<std::uint32_t, 5> packet_bits_of_class = {
    packet_header_bits + 64,  // four 16-bit values
    packet_header_bits + 48,  // three factors at most
    packet_header_bits + 64,  // a 48-bit sum, or four results
    packet_header_bits + 16,  // a value
    packet_header_bits + 16,  // a value
};

/// A partial sum on its way up a tree of its own, and a third-factor word on its way down: they need no
/// header.
inline constexpr std::uint32_t tree_sum_bits = 48, tree_word_bits = 16;

}  // namespace trifactor
