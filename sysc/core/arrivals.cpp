// What arrives at a core, and what is wrong with it.
#include "sysc/core/tile_core.hpp"

#include <algorithm>

namespace trifactor {

/// The tick of which a packet carries the low bits: near the presentation or learning sample of its kind.
std::uint64_t TileCore::tick_of(const Packet& packet) const {
  switch (static_cast<PacketKind>(packet.kind)) {
    case PacketKind::word:
    case PacketKind::factor:
    case PacketKind::total:
    case PacketKind::total_end:
    case PacketKind::increment:
    case PacketKind::increment_end: {
      const std::size_t block = block_of(packet.aux);
      return full_tick(packet.tick, block < image().blocks.size() ? learn_index(block) : learned_);
    }
    case PacketKind::target:
    case PacketKind::rate:
      return full_tick(packet.tick, learned_);
    case PacketKind::input:
    case PacketKind::input_end:
      return full_tick(packet.tick, presentation_of(forward_));
    default:
      return full_tick(packet.tick, forward_);
  }
}

void TileCore::take_other(const Packet& packet, std::uint64_t cycle) {
  const std::uint64_t tick = tick_of(packet);
  switch (static_cast<PacketKind>(packet.kind)) {
    case PacketKind::end:
      take_end(packet, tick);
      break;
    case PacketKind::sum:
      take_sum(packet, tick);
      break;
    case PacketKind::error:
    case PacketKind::pool_error:
      return take_error(packet, tick, cycle);
    case PacketKind::error_end:
      take_error_end(packet, tick);
      break;
    case PacketKind::error_sum:
      take_error_sum(packet, tick);
      break;
    case PacketKind::word:
      take_word(packet, tick, cycle);
      break;
    case PacketKind::factor:
      take_factor(packet, tick, cycle);
      break;
    case PacketKind::total:
    case PacketKind::total_end:
    case PacketKind::increment:
    case PacketKind::increment_end:
      take_increment(packet, tick);
      break;
    case PacketKind::credit:
      take_credit(packet, tick);
      break;
    case PacketKind::input:
    case PacketKind::input_end:
      take_input(packet, tick);
      break;
    case PacketKind::target:
      if (tick != (targets_.empty() ? learned_ : targets_.back().sample + 1))
        return fault("TF-HW-004",
                     "the target of learning sample " + std::to_string(tick) + " arrived out of turn");
      targets_.push_back({tick, static_cast<int>(packet.payload)});
      break;
    case PacketKind::rate:
      rates_.push_back({tick, packet.index, static_cast<std::uint32_t>(packet.payload)});
      outlet_.inject(image().core,
                     make_packet(PacketKind::rate_taken, image().core, to_host_, tick, packet.index, 0, 0),
                     cycle + 1);
      return;
    default:
      return fault("TF-HW-005", "a packet that no core takes");
  }
  advance(cycle);
}

bool TileCore::unexpected(std::uint64_t tick) {
  fault("TF-HW-001", "tick " + std::to_string(tick) + " arrived while buffers are for " +
                         std::to_string(released_) + " and " + std::to_string(released_ + 1));
  return false;
}

/// A row streams through the synapse memory as it arrives.
void TileCore::book_rows(std::uint64_t cycle) {
  memory_free_ = std::max(memory_free_, cycle) + row_bursts_;
  if (memory_free_ - row_bursts_ != streamed_to_) {
    book_streamed();
    streamed_from_ = memory_free_ - row_bursts_;
  }
  streamed_to_ = memory_free_;
}

/// The rows that hear a value: each must hear it once. False after a fault.
template <class OnRow>
bool TileCore::take_rows(const Packet& packet, std::uint64_t tick, Feed& feed, const char* what,
                         std::vector<Arrived>& arrived, OnRow on_row) {
  Incoming& slot = incoming(tick);
  ++feed.got[tick % ticks_in_flight];
  for (std::uint32_t p = feed.first_part; p < feed.end_part; ++p) {
    const Part& part = parts_[p];
    const std::uint32_t row = packet.index - part.first_row;
    if (row >= part.rows) continue;
    std::uint64_t& seen = slot.rows_seen[(part.first_bit + row) / 64];
    const std::uint64_t bit = std::uint64_t{1} << (part.first_bit + row) % 64;
    if ((seen & bit) != 0) {
      fault("TF-HW-002", std::string(what) + " " + std::to_string(packet.index) + " of presentation " +
                             std::to_string(tick) + " arrived twice");
      return false;
    }
    seen |= bit;
    arrived.push_back(
        {row, static_cast<std::uint16_t>(part.block), static_cast<std::int16_t>(packet.payload)});
    on_row();
  }
  return true;
}

void TileCore::take_activity(const Packet& packet, std::uint64_t tick, std::uint64_t cycle) {
  if (!expected(tick)) return;
  const std::size_t source = source_of(packet.source);
  if (source == feeds_.size()) return fault("TF-HW-006", "an activity from a core that is no source");
  Feed& feed = feeds_[source];
  if (feed.population != packet.aux || packet.index - feed.first_neuron >= feed.neurons)
    return fault("TF-HW-006", "an activity of a neuron that its source does not hold");
  if (carries(feed, tick)) {
    take_rows(packet, tick, feed, "row", incoming(tick).carried, [] {});
    return;
  }
  const bool first = waiting_rows_ == 0;
  const bool streams = forward_state_ == Forward::streaming;
  const bool taken = take_rows(packet, tick, feed, "row", incoming(tick).arrived, [&] {
    if (tick != forward_) return;
    if (streams)
      book_rows(cycle);
    else
      ++waiting_rows_;
  });
  if (!taken) return;
  const Incoming& slot = incoming(tick);
  // A pass that waits to open waits for its first row, then for updates, never for a second row.
  if (tick == forward_ &&
      ((forward_state_ == Forward::closed && first) || slot.ends == closing_sources(tick)))
    advance(cycle);
}

void TileCore::take_end(const Packet& packet, std::uint64_t tick) {
  if (!expected(tick)) return;
  Incoming& slot = incoming(tick);
  const std::size_t source = source_of(packet.source);
  if (source == image().sources.size())
    return fault("TF-HW-006", "an end packet from a core that is no source");
  const bool learn = packet.aux != 0;
  std::uint32_t& promised = feeds_[source].promised[tick % ticks_in_flight];
  if (promised != 0)
    return fault("TF-HW-003", "core " + std::to_string(packet.source) + " closed presentation " +
                                  std::to_string(tick) + " twice");
  promised = packet.index + 1;  // one more, so that 0 means not closed
  if (carries(feeds_[source], tick)) {
    slot.carry_learn = learn;
    ++slot.carry_ends;
    return take_carried();
  }
  if (slot.known && slot.learn != learn)
    return fault("TF-HW-007", "sources disagree about learning in tick " + std::to_string(tick));
  slot.known = true;
  slot.learn = learn;
  ++slot.ends;
}

void TileCore::take_sum(const Packet& packet, std::uint64_t tick) {
  if (tick < forward_ || tick >= forward_ + ticks_in_flight)
    return fault("TF-HW-001", "a partial sum of tick " + std::to_string(tick) + " arrived out of turn");
  const std::size_t at = slice_sum(packet, core_.sum_words(true));
  Incoming& slot = incoming(tick);
  if (at >= slot.sum_seen.size()) return fault("TF-HW-006", "a partial sum from a core that is no slice");
  if (slot.sum_seen[at])
    return fault("TF-HW-002", "a partial sum of tick " + std::to_string(tick) + " arrived twice");
  slot.sum_seen[at] = true;
  slot.total[packet.index] += packet.payload;
  ++slot.sums;
}

/// Which of a slice's `words` partial sums it is; beyond all of them where there is no such slice or sum.
std::size_t TileCore::slice_sum(const Packet& packet, std::size_t words) {
  const auto& helpers = image().helpers;
  const std::size_t helper =
      static_cast<std::size_t>(std::find(helpers.begin(), helpers.end(), packet.source) - helpers.begin());
  return packet.index < words ? helper * words + packet.index : helpers.size() * words;
}

/// Errors need no credits: those of a presentation come back after this core has evaluated it (its activities
/// led to them) and before it gives the presentation's buffer back (learning needs them). Others are faults.
bool TileCore::error_expected(std::uint64_t tick) {
  if (image().error_sources.empty()) {
    fault("TF-HW-005", "an error for a core that takes none");
    return false;
  }
  if (tick >= released_ && tick < forward_ && incoming(tick).learn) return true;
  fault("TF-HW-001", "an error of tick " + std::to_string(tick) + " arrived out of turn");
  return false;
}

void TileCore::take_error(const Packet& packet, std::uint64_t tick, std::uint64_t cycle) {
  if (!error_expected(tick)) return;
  const auto found = std::find_if(error_feeds_.begin(), error_feeds_.end(),
                                  [&](const Feed& feed) { return feed.core == packet.source; });
  if (found == error_feeds_.end()) return fault("TF-HW-006", "an error from a core that sends none here");
  Feed& feed = *found;
  if (feed.population != packet.aux || packet.index - feed.first_neuron >= feed.neurons)
    return fault("TF-HW-006", "an error of a neuron that its source does not hold");
  const bool streams = learn_state_ == Learn::waiting_for_errors && tick == learn_tick();
  const bool taken = take_rows(packet, tick, feed, "the error of neuron", incoming(tick).arrived, [&] {
    if (streams) book_rows(cycle);
    const Arrived& row = incoming(tick).arrived.back();
    if (image().blocks[row.block].window != 0)
      incoming(tick).won.push_back({row.row, row.block, static_cast<std::uint32_t>(packet.payload >> 16)});
  });
  if (taken && incoming(tick).error_ends == error_feeds_.size()) advance(cycle);
}

void TileCore::take_error_end(const Packet& packet, std::uint64_t tick) {
  if (!error_expected(tick)) return;
  const auto found = std::find_if(error_feeds_.begin(), error_feeds_.end(),
                                  [&](const Feed& feed) { return feed.core == packet.source; });
  if (found == error_feeds_.end())
    return fault("TF-HW-006", "an end of errors from a core that sends none here");
  std::uint32_t& promised = found->promised[tick % ticks_in_flight];
  if (promised != 0)
    return fault("TF-HW-003", "core " + std::to_string(packet.source) + " closed the errors of tick " +
                                  std::to_string(tick) + " twice");
  promised = packet.index + 1;  // one more, so that 0 means not closed
  ++incoming(tick).error_ends;
}

void TileCore::take_error_sum(const Packet& packet, std::uint64_t tick) {
  if (!error_expected(tick)) return;
  const std::size_t at = slice_sum(packet, image().neurons);
  Incoming& slot = incoming(tick);
  if (at >= slot.error_sum_seen.size())
    return fault("TF-HW-006", "a partial sum of errors from a core that is no slice");
  if (slot.error_sum_seen[at])
    return fault("TF-HW-002", "a partial sum of errors of tick " + std::to_string(tick) + " arrived twice");
  slot.error_sum_seen[at] = true;
  slot.error_total[packet.index] += packet.payload;
  ++slot.error_sums;
}

void TileCore::take_word(const Packet& packet, std::uint64_t sample, std::uint64_t cycle) {
  const std::size_t block = block_of(packet.aux);
  if (block == image().blocks.size() || !image().blocks[block].plastic || sample < learn_index(block) ||
      sample >= learn_index(block) + received_[block].size())
    return fault("TF-HW-004",
                 "a third-factor word of learning sample " + std::to_string(sample) + " arrived out of turn");
  Received& r = received(block, sample);
  if (packet.index >= r.words.size())
    return fault("TF-HW-006", "a third-factor word that the rule does not have");
  const std::uint64_t bit = std::uint64_t{1} << packet.index;
  if ((r.words_seen & bit) != 0)
    return fault("TF-HW-002", "third-factor word " + std::to_string(packet.index) + " arrived twice");
  r.words_seen |= bit;
  r.words[packet.index] = static_cast<std::int16_t>(packet.payload);
  if (r.words_seen == (std::uint64_t{1} << r.words.size()) - 1) r.complete_at = cycle;
}

void TileCore::words_arrive(std::uint32_t projection, std::uint64_t sample,
                            std::span<const std::int16_t> words, std::uint64_t cycle) {
  const std::size_t block = block_of(projection);
  Received& r = received(block, sample);
  std::copy(words.begin(), words.end(), r.words.begin());
  r.complete_at = cycle;
  outlet_.wake(*this, cycle);
}

void TileCore::take_factor(const Packet& packet, std::uint64_t sample, std::uint64_t cycle) {
  const std::size_t block = block_of(packet.aux);
  if (block == image().blocks.size() || !image().blocks[block].plastic || owner() ||
      sample < learn_index(block) || sample >= learn_index(block) + received_[block].size())
    return fault("TF-HW-004",
                 "factors of learning sample " + std::to_string(sample) + " arrived out of turn");
  Received& r = received(block, sample);
  if (packet.index >= image().neurons) return fault("TF-HW-006", "factors of a neuron that is not here");
  if (r.factor_seen[packet.index])
    return fault("TF-HW-002", "the factors of neuron " + std::to_string(packet.index) + " arrived twice");
  r.factor_seen[packet.index] = true;
  r.a0[packet.index] = static_cast<std::int16_t>(packet.payload);
  if (!r.a1.empty()) r.a1[packet.index] = static_cast<std::int16_t>(packet.payload >> 16);
  if (!r.c.empty()) r.c[packet.index] = static_cast<std::int16_t>(packet.payload >> 32);
  if (++r.factors == image().neurons) r.complete_at = cycle;
}

void TileCore::take_credit(const Packet& packet, std::uint64_t tick) {
  const std::size_t d = destination_index_.find(packet.source);
  const std::uint64_t ahead = d < image().destinations.size() ? 0 : 1;  // late: for the tick after
  if (d == TileIndex::none || tick != credits_[d])
    return fault("TF-HW-003", "a credit for tick " + std::to_string(tick) + " came out of turn");
  if (forward_ + ahead == credits_[d]++ + ticks_in_flight) --missing_credits_;
}

void TileCore::take_input(const Packet& packet, std::uint64_t presentation) {
  if (!image().input) return fault("TF-HW-005", "a packet for an input core");
  if (presentation - presentation_of(released_) >= ticks_in_flight) {
    unexpected(presentation * image().steps);
    return;
  }
  Entering& slot = entering(presentation);
  if (static_cast<PacketKind>(packet.kind) == PacketKind::input_end) {
    if (slot.known)
      return fault("TF-HW-003", "presentation " + std::to_string(presentation) + " was closed twice");
    slot.known = true;
    slot.learn = packet.aux != 0;
    return;
  }
  if (packet.index >= image().neurons) return fault("TF-HW-006", "a value of a neuron that is not here");
  for (std::uint32_t i = 0; i < 4 && packet.index + i < image().neurons; ++i) {
    slot.values[packet.index + i] = static_cast<std::int16_t>(packet.payload >> (16 * i));
    ++slot.values_seen;
  }
  if (slot.values_seen > image().neurons)
    fault("TF-HW-002", "more values than presentation " + std::to_string(presentation) + " has");
}

}  // namespace trifactor
