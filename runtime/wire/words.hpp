// The contents of frames that are structures.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "rtl/spec/events.hpp"
#include "rtl/spec/image.hpp"
#include "rtl/spec/machine.hpp"
#include "rtl/spec/pack.hpp"
#include "runtime/wire/frame.hpp"

namespace trifactor {

/// What the whole chip needs to know before its units are programmed.
struct ChipImage {
  Machine machine;  ///< numeric entries only
  std::uint32_t populations = 0, projections = 0;
  std::uint32_t steps = 1;  ///< of a presentation
  bool digests = false;
  std::uint32_t threads = 1;

  template <class V>
  friend void visit(V& v, ChipImage& c) {
    v(c.populations, c.projections, c.steps, c.digests, c.threads, c.machine.tree.own_network,
      c.machine.barrier);
    visit_machine(c.machine, [&](const char*, std::int64_t& field, auto&&...) { v(field); });
  }
};

/// One presentation's answer.
struct ResultWords {
  std::int64_t label = 0;
  bool learned = false;
  std::uint64_t entered_cycle = 0, answered_cycle = 0;  ///< 0 in engines without time
  std::vector<std::int16_t> values;                     ///< activities of the output population

  template <class V>
  friend void visit(V& v, ResultWords& r) {
    v(r.label, r.learned, r.entered_cycle, r.answered_cycle, r.values);
  }
};

/// 64-bit digests of one layer at one presentation: sums modulo 2^64, independent of order and placement.
struct DigestWords {
  std::uint32_t population = 0, projection = 0;
  bool learned = false;
  std::uint64_t activity = 0, third_factor = 0, weights = 0;

  template <class V>
  friend void visit(V& v, DigestWords& d) {
    v(d.population, d.projection, d.learned, d.activity, d.third_factor, d.weights);
  }
};

template <class V>
void visit(V& v, EventCounts& events) {
  for (auto& count : events.raw()) v(count);
}

/// Counters of one tile, teacher or of the network.
struct UnitCounters {
  EventCounts events;
  std::array<std::uint64_t, cycle_cause_count> cycles{};  ///< all 0 in engines without time
  std::uint64_t now = 0;                                  ///< the chip's cycle
  std::vector<std::uint32_t> projections;                 ///< of a core's blocks, in their order
  std::vector<UpdateCounts> updates;                      ///< likewise
  std::vector<EventCounts> block_events;                  ///< likewise: width_events of each
  std::int64_t kernel_sum = 0, third_factor_sum = 0, same_class = 0, partners = 0;  ///< teachers
  std::uint64_t activations = 0;  ///< simulation kernel activations so far (network)

  template <class V>
  friend void visit(V& v, UnitCounters& u) {
    v(u.events);
    for (auto& count : u.cycles) v(count);
    v(u.now, u.projections, u.kernel_sum, u.third_factor_sum, u.same_class, u.partners, u.activations,
      u.updates, u.block_events);
  }
};
template <class V>
void visit(V& v, UpdateCounts& u) {
  v(u.applied, u.rounded_to_zero, u.saturated, u.factors_lost, u.factors_saturated, u.intended, u.change);
}

/// A modelled hardware fault.
struct FaultWords {
  std::string code, text;
  std::uint64_t cycle = 0;

  template <class V>
  friend void visit(V& v, FaultWords& f) {
    v(f.code, f.text, f.cycle);
  }
};

/// A sample frame from activities of the input population.
inline Frame sample_frame(std::uint64_t presentation, bool learn, std::int64_t label,
                          const std::vector<std::int16_t>& values) {
  Frame frame{FrameType::sample, 0, presentation, {learn ? 1u : 0u, static_cast<std::uint32_t>(label)}};
  for (std::size_t i = 0; i < values.size(); i += 2) {
    const std::uint32_t low = static_cast<std::uint16_t>(values[i]);
    const std::uint32_t high = i + 1 < values.size() ? static_cast<std::uint16_t>(values[i + 1]) : 0u;
    frame.words.push_back(low | high << 16);
  }
  return frame;
}

/// Entry `i` of a sample frame's activities.
inline std::int16_t sample_value(const Frame& frame, std::size_t i) {
  return static_cast<std::int16_t>(frame.words[2 + i / 2] >> (i % 2 * 16));
}

}  // namespace trifactor
