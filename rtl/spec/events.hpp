// Everything the hardware does that costs energy, counted by name. Counts are exact integers; joules come
// later, from a technology table. Counts are equal in every engine, except those of the network on chip
// (first_network_event and after), which only an engine with time measures.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace trifactor {

enum class Event : std::uint8_t {
  accumulate,        ///< synapse: one exact weight x activity product added to a sum
  accumulate_row,    ///< one synapse row read for a forward pass
  update,            ///< enabled pair: one pass of the update lane (three products, random word, saturation)
  increment,         ///< enabled pair of a kernel: its products added to the increment of an entry
  update_row,        ///< one synapse row read and written by the update pass
  skipped_row,       ///< one row left alone because no pair of it was enabled (no access)
  synapse_read,      ///< bursts of `lanes` weights read from synapse memory
  synapse_write,     ///< bursts of `lanes` weights written to synapse memory
  random_draw,       ///< 32-bit random words drawn
  neuron,            ///< one neuron evaluated: activation function and its derivative
  membrane,          ///< one Euler step of a membrane (a product of 46 by 17 bits)
  noise,             ///< noise scaled and added to one value (a product of 16 by 16 bits)
  normalise,         ///< one group: mean, power, scale
  exponential,       ///< one use of the exponential unit
  reciprocal,        ///< one use of the reciprocal unit
  history_read,      ///< 16-bit words read from history memory
  history_write,     ///< 16-bit words written to history memory
  state_read,        ///< 16-bit words read from neuron memory
  state_write,       ///< 16-bit words written to neuron memory
  factor,            ///< one word a0, a1 or c formed by a post unit (two products and a rounding)
  factor_product,    ///< products of third-factor words with local differences in a post unit
  trace,             ///< one leaky mean moved by one step
  teacher_word,      ///< one third-factor word formed by a teacher unit
  distance_product,  ///< squares formed for distances or moments before reduction
  rank,              ///< comparisons of a neuron with one of the highest so far
  weight_product,    ///< 16 x 16-bit products that raise weights to a power before they are accumulated
  compare,           ///< comparisons of an activity with the largest of a pooling window so far
  axon_write,        ///< one value written to an axon buffer
  axon_read,         ///< one value read from an axon buffer
  reduction_word,    ///< partial sums sent up a reduction tree or from a slice to its owner
  broadcast_word,    ///< words sent down a broadcast tree, counted once a receiving core
  label_word,        ///< words sent by the label unit
  host_word,         ///< words that crossed the host port
  // -- network: measured only by engines with time
  packet,         ///< packets injected into the mesh, all classes
  end_packet,     ///< of these: end-of-step packets
  credit_packet,  ///< of these: credits
  hop,            ///< link crossings, all classes
  tree_hop,       ///< link crossings of reduction and broadcast trees that have wires of their own
  packet_bit,     ///< bits of the packets injected into the mesh
  link_bit,       ///< bits that crossed links: of packets, by their class, and of words on trees of their own
  count_          ///< not an event
};

inline constexpr std::size_t event_count = static_cast<std::size_t>(Event::count_);
inline constexpr Event first_network_event = Event::packet;

inline constexpr std::array<std::string_view, event_count> event_names = {"accumulate",
                                                                          "accumulate_row",
                                                                          "update",
                                                                          "increment",
                                                                          "update_row",
                                                                          "skipped_row",
                                                                          "synapse_read",
                                                                          "synapse_write",
                                                                          "random_draw",
                                                                          "neuron",
                                                                          "membrane",
                                                                          "noise",
                                                                          "normalise",
                                                                          "exponential",
                                                                          "reciprocal",
                                                                          "history_read",
                                                                          "history_write",
                                                                          "state_read",
                                                                          "state_write",
                                                                          "factor",
                                                                          "factor_product",
                                                                          "trace",
                                                                          "teacher_word",
                                                                          "distance_product",
                                                                          "rank",
                                                                          "weight_product",
                                                                          "compare",
                                                                          "axon_write",
                                                                          "axon_read",
                                                                          "reduction_word",
                                                                          "broadcast_word",
                                                                          "label_word",
                                                                          "host_word",
                                                                          "packet",
                                                                          "end_packet",
                                                                          "credit_packet",
                                                                          "hop",
                                                                          "tree_hop",
                                                                          "packet_bit",
                                                                          "link_bit"};

/// Events that cost by the widths of the weights and activities they move or compute with. A core counts them
/// block by block too, because its blocks may differ in width.
inline constexpr std::array width_events = {Event::accumulate,   Event::update,        Event::increment,
                                            Event::synapse_read, Event::synapse_write, Event::weight_product,
                                            Event::compare,      Event::axon_write,    Event::axon_read};

constexpr bool has_width(Event event) {
  for (const Event other : width_events)
    if (event == other) return true;
  return false;
}

class EventCounts {
 public:
  std::uint64_t& operator[](Event event) { return counts_[static_cast<std::size_t>(event)]; }
  std::uint64_t operator[](Event event) const { return counts_[static_cast<std::size_t>(event)]; }
  EventCounts& operator+=(const EventCounts& other) {
    for (std::size_t i = 0; i < event_count; ++i) counts_[i] += other.counts_[i];
    return *this;
  }
  friend bool operator==(const EventCounts&, const EventCounts&) = default;

  std::array<std::uint64_t, event_count>& raw() { return counts_; }
  const std::array<std::uint64_t, event_count>& raw() const { return counts_; }

 private:
  std::array<std::uint64_t, event_count> counts_{};
};

/// How a core's cycles were spent; only engines with time fill this.
enum class CycleCause : std::uint8_t {
  computing,           ///< a lane, activation, post or teacher unit was busy
  waiting_for_memory,  ///< the single port of the synapse memory was taken by the other pass
  blocked_by_buffer,   ///< a packet could not leave because a buffer ahead was full or a credit missing
  waiting_for_third_factor,
  idle,
  count_
};
inline constexpr std::size_t cycle_cause_count = static_cast<std::size_t>(CycleCause::count_);
inline constexpr std::array<std::string_view, cycle_cause_count> cycle_cause_names = {
    "computing", "waiting_for_memory", "blocked_by_buffer", "waiting_for_third_factor", "idle"};

/// Losses of one plastic projection: how on-chip learning dies silently.
struct UpdateCounts {
  std::uint64_t applied = 0;          ///< enabled pairs whose weight changed
  std::uint64_t rounded_to_zero = 0;  ///< enabled pairs with a non-zero sum that changed nothing
  std::uint64_t saturated = 0;        ///< enabled pairs clipped at the end of the weight's range
  std::uint64_t factors_lost = 0;     ///< factors rounded to zero though no term of their product was zero
  std::uint64_t factors_saturated = 0;
  std::uint64_t intended = 0;  ///< sum of |unrounded change|, in units of 2^-F weight steps
  std::uint64_t change = 0;    ///< sum of |applied change|, in weight steps

  UpdateCounts& operator+=(const UpdateCounts& o) {
    applied += o.applied, rounded_to_zero += o.rounded_to_zero, saturated += o.saturated;
    factors_lost += o.factors_lost, factors_saturated += o.factors_saturated;
    intended += o.intended, change += o.change;
    return *this;
  }
  friend bool operator==(const UpdateCounts&, const UpdateCounts&) = default;
};

}  // namespace trifactor
