// The forward pipeline of a core.
#include "sysc/core/tile_core.hpp"

#include <algorithm>

#include "rtl/units/reduce/golden.hpp"
#include "sysc/core/timing.hpp"

namespace trifactor {

bool TileCore::inputs_complete() {
  if (image().input) {
    const Entering& slot = entering(presentation_of(forward_));
    return slot.known && slot.values_seen == image().neurons;
  }
  if (incoming(forward_).ends != closing_sources(forward_)) return false;
  if (late_sources_ != 0 && core_.first_step(forward_) && carried_for_ != forward_) return false;
  return complete(feeds_, forward_, "activities");
}

/// All sources have closed the step: whether what they promised is here.
bool TileCore::complete(std::vector<Feed>& feeds, std::uint64_t tick, const char* what) {
  for (const Feed& feed : feeds) {
    if (carries(feed, tick)) continue;
    const std::uint32_t got = feed.got[tick % ticks_in_flight],
                        promised = feed.promised[tick % ticks_in_flight];
    if (got + 1 < promised) return false;
    if (got + 1 > promised) {
      fault("TF-HW-002", std::to_string(got) + " " + what + " of core " + std::to_string(feed.core) + ", " +
                             std::to_string(promised - 1) + " were promised");
      return false;
    }
  }
  return true;
}

/// A pass of learning sample k reads weights that hold every update up to k-1-D. Feedback blocks are read by
/// the error pass of a sample instead, which comes after everything of the sample before.
bool TileCore::may_open() const {
  for (const std::size_t b : plastic_)
    if (!image().blocks[b].feedback &&
        written(b) + image().blocks[b].plasticity.weight_age <
            (image().blocks[b].plasticity.every_step ? forward_ticks_ : forward_sample_))
      return false;
  // What errors are gated by on their way through must stand until they came.
  if (image().relay.present && to_learn_.size() != 0) return false;
  return true;
}

/// What late sources sent for the first step of the next presentation, once all of it is here and the pass
/// of the presentation before has read what it recalls.
void TileCore::take_carried() {
  if (late_sources_ == 0 || !core_.first_step(forward_) || carried_for_ == forward_) return;
  Incoming& slot = incoming(forward_);
  if (slot.carry_ends != late_sources_) return;
  for (const Feed& feed : feeds_) {
    if (!feed.late) continue;
    const std::uint32_t got = feed.got[forward_ % ticks_in_flight],
                        promised = feed.promised[forward_ % ticks_in_flight];
    if (got + 1 != promised)
      return fault("TF-HW-002", std::to_string(got) + " late activities of core " +
                                    std::to_string(feed.core) + ", " + std::to_string(promised - 1) +
                                    " were promised");
  }
  carried_for_ = forward_;
  if (!slot.carry_learn) return;
  for (std::size_t b = 0; b < image().blocks.size(); ++b)
    if (image().blocks[b].late) core_.begin_carry(b);
  for (const Arrived& a : slot.carried) core_.carry(a.block, a.row, a.value);
  slot.carried.clear();
}

/// The rows that late blocks read at the first step of a learning presentation stream.
void TileCore::recall(std::uint64_t now) {
  if (late_sources_ == 0 || !core_.first_step(forward_) || !incoming(forward_).learn) return;
  const std::uint64_t start = std::max(now, memory_free_);
  memory_free_ = start + core_.recall(forward_) * row_bursts_;
  book_.add(CycleCause::computing, start, memory_free_);
}

void TileCore::open(std::uint64_t now) {
  std::uint64_t rows = waiting_rows_;
  for (const BlockImage& block : image().blocks) rows += block.bias ? 1 : 0;
  const std::uint64_t start = std::max(now, memory_free_);
  if (waiting_rows_ != 0) book_.add(CycleCause::waiting_for_memory, now, start);
  memory_free_ = start + rows * row_bursts_;
  book_.add(CycleCause::computing, start, memory_free_);
  waiting_rows_ = 0;
  forward_state_ = Forward::streaming;
}

void TileCore::accumulate(std::uint64_t now) {
  Incoming& slot = incoming(forward_);
  std::fill(sums_.begin(), sums_.end(), 0);
  deliver(forward_);
  finish_updates();
  core_.accumulate(forward_, sums_, slot.learn);
  if (owner()) {
    for (std::size_t i = 0; i < sums_.size(); ++i) slot.total[i] += sums_[i];
    forward_state_ = Forward::waiting_for_slices;
  } else {
    const std::uint32_t words = core_.sum_words(core_.raises(forward_, slot.learn));
    for (std::uint32_t i = 0; i < words; ++i)
      outlet_.inject(image().core,
                     make_packet(PacketKind::sum, image().core, to_owner_, forward_, i, 0, sums_[i]),
                     now + i);
    core_.events()[Event::reduction_word] += words;
    finish_tick(now);
  }
  write_updates(now);
}

void TileCore::evaluate(std::uint64_t now) {
  Incoming& slot = incoming(forward_);
  core_.evaluate(forward_, slot.total, slot.learn);
  const bool last = core_.last_step(forward_);
  if (on_evaluated && last) on_evaluated(presentation_of(forward_), slot.learn);
  if (slot.learn && !core_.takes_errors()) contribute(forward_, now);
  if (image().output && last) send_result(now);
  ready_to_send_ = now;
  forward_state_ = Forward::sending;
}

/// Where errors come back a rule may ask for them before anything is reduced: then as soon as they are taken.
void TileCore::contribute(std::uint64_t tick, std::uint64_t now) {
  const bool late = core_.takes_errors();
  for (const std::size_t b : plastic_) {
    const PlasticityImage& p = image().blocks[b].plasticity;
    if (p.up_words == 0 || !core_.learns_at(b, tick)) continue;
    up_.assign(static_cast<std::size_t>(p.up_words - p.input_words), reduce_start(p.reduction));
    core_.contribute(b, up_);
    const std::uint64_t start = std::max(now, post_free_),
                        end = start + static_cast<std::uint64_t>(p.contribute_cycles);
    book_.add(CycleCause::computing, start, end);
    post_free_ = end + jitter(stage_contribute);
    outlet_.reduce(image().core, image().blocks[b].projection,
                   late           ? learn_index(b)
                   : p.every_step ? forward_ticks_
                                  : forward_sample_,
                   0, up_, post_free_);
  }
}

/// Distances of this core's part of the network's input, formed once a presentation for all teachers that ask
/// for them, and sent as often as they teach.
void TileCore::contribute_input(std::uint64_t now) {
  if (image().input_partners == 0) return;
  if (core_.first_step(forward_)) {
    const std::uint64_t start = std::max(now, post_free_);
    post_free_ = start +
                 distance_cycles(static_cast<std::uint64_t>(image().input_partners), image().neurons) +
                 jitter(stage_contribute);
    book_.add(CycleCause::computing, start, post_free_);
    input_distances_.assign(static_cast<std::size_t>(image().input_partners), 0);
    core_.contribute_input(input_distances_);
  }
  for (const InputTeacher& teacher : input_teachers_) {
    if (!teacher.every_step && !core_.last_step(forward_)) continue;
    outlet_.reduce(image().core, teacher.projection, teacher.every_step ? forward_ticks_ : forward_sample_,
                   teacher.first_word, std::span<const std::int64_t>(input_distances_).first(teacher.words),
                   std::max(now, post_free_));
    core_.events()[Event::reduction_word] += teacher.words;
  }
}

void TileCore::count_missing_credits() {
  missing_credits_ = 0;
  for (std::size_t d = 0; d < credits_.size(); ++d) {
    const std::uint64_t ahead = d < image().destinations.size() ? 0 : 1;  // late: for the tick after
    missing_credits_ += forward_ + ahead >= credits_[d] + ticks_in_flight ? 1 : 0;
  }
}

void TileCore::send(std::uint64_t now) {
  book_.add(CycleCause::blocked_by_buffer, ready_to_send_, now);
  const bool learn = incoming(forward_).learn;
  const std::uint64_t sent = send_values(forward_fan_, PacketKind::activity, PacketKind::end, forward_,
                                         core_.outputs(), learn ? 1 : 0, now);
  if (late_fan_.routes.empty()) return;
  // A look leaves nothing for the presentation after it.
  const std::span<const std::int16_t> values =
      core_.last_step(forward_) && !learn ? std::span<const std::int16_t>(nothing_) : core_.outputs();
  send_values(late_fan_, PacketKind::activity, PacketKind::end, forward_ + 1, values, learn ? 1 : 0, sent);
}

/// Values that are not zero, one a cycle, then to each destination how many were for it. Until when.
std::uint64_t TileCore::send_values(const Fan& fan, PacketKind kind, PacketKind end, std::uint64_t tick,
                                    std::span<const std::int16_t> values, std::uint32_t end_aux,
                                    std::uint64_t at) {
  const std::uint32_t self = image().core;
  std::vector<std::uint32_t> counts(fan.routes.size(), 0);
  std::array<Packet, 32> train;  // short enough to stay in the processor's nearest cache
  for (const Segment& segment : fan.segments) {
    const std::uint64_t before = at;
    Packet packet = make_packet(kind, self, segment.route, tick, 0, image().population, 0);
    for (std::uint32_t i = segment.first; i < segment.end;) {
      std::size_t count = 0;
      for (; i < segment.end && count < train.size(); ++i) {
        if (values[i] == 0) continue;
        packet.index = image().first_neuron + i;
        packet.payload = kind == PacketKind::pool_error
                             ? std::int64_t{core_.winners()[i]} << 16 | static_cast<std::uint16_t>(values[i])
                             : values[i];
        train[count++] = packet;
      }
      outlet_.inject_train(self, {train.data(), count}, at);
      at += count;
    }
    for (const std::size_t d : segment.destinations) counts[d] += static_cast<std::uint32_t>(at - before);
  }
  if (std::all_of(counts.begin(), counts.end(), [&](std::uint32_t c) { return c == counts[0]; })) {
    if (!counts.empty())
      outlet_.inject(self, make_packet(end, self, fan.to_all, tick, counts[0], end_aux, 0), at++);
  } else {
    for (std::size_t d = 0; d < counts.size(); ++d)
      outlet_.inject(self, make_packet(end, self, fan.routes[d], tick, counts[d], end_aux, 0), at++);
  }
  return at;
}

void TileCore::send_result(std::uint64_t now) {
  const auto outputs = core_.outputs();
  for (std::uint32_t i = 0; i < outputs.size(); i += 4) {
    std::int64_t payload = 0;
    for (std::uint32_t k = 0; k < 4 && i + k < outputs.size(); ++k)
      payload |= static_cast<std::int64_t>(
          static_cast<std::uint64_t>(static_cast<std::uint16_t>(outputs[i + k])) << (16 * k));
    outlet_.inject(
        image().core,
        make_packet(PacketKind::result, image().core, to_host_, presentation_of(forward_),
                    image().first_neuron + i,
                    std::min<std::uint32_t>(4, static_cast<std::uint32_t>(outputs.size()) - i), payload),
        now + i / 4);
  }
}

/// The forward pipeline is done with tick forward_ and turns to the next.
void TileCore::finish_tick(std::uint64_t) {
  Incoming& slot = incoming(forward_);
  if (slot.learn && (learns_at(forward_) || core_.relays_at(forward_)))
    to_learn_.push_back(forward_);
  else
    slot.finished = true;
  if (slot.learn) {
    ++forward_ticks_;
    if (core_.last_step(forward_)) ++forward_sample_;
  }
  ++forward_;
  take_carried();
  count_missing_credits();
  waiting_rows_ = 0;
  // Until its buffer is given back it holds the rows of the presentation before last.
  const bool free = released_ + ticks_in_flight > forward_;
  if (free) deliver(forward_);
  for (std::size_t b = 0; free && b < image().blocks.size(); ++b)
    waiting_rows_ += core_.rows_to_read(forward_, b) - (image().blocks[b].bias ? 1 : 0);
  forward_state_ = Forward::closed;
  forward_due_ = never;
}

bool TileCore::forward_step(std::uint64_t now) {
  switch (forward_state_) {
    case Forward::closed: {
      if (released_ + ticks_in_flight <= forward_) return false;
      if (image().input) {
        if (!inputs_complete()) return false;
        const Entering& entered = entering(presentation_of(forward_));
        incoming(forward_).learn = entered.learn;
        if (core_.first_step(forward_)) core_.set_input(entered.values, entered.learn);
        if (entered.learn) contribute_input(now);
        if (on_evaluated && core_.last_step(forward_)) on_evaluated(presentation_of(forward_), entered.learn);
        ready_to_send_ = now;
        forward_state_ = Forward::sending;
        return true;
      }
      // Not before something arrives, so that a drained core is the same however it came to be so.
      if (waiting_rows_ == 0 && incoming(forward_).ends == 0) return false;
      if (!may_open()) return false;
      open(now);
      return true;
    }
    case Forward::streaming:
      if (!inputs_complete()) return false;
      recall(now);
      forward_due_ =
          std::max(now, memory_free_ + static_cast<std::uint64_t>(machine_.core.synapse_latency) +
                            accumulate_latency - 1 +
                            core_.raising_cycles(core_.raises(forward_, incoming(forward_).learn))) +
          jitter(stage_sum);
      forward_state_ = Forward::summing;
      return true;
    case Forward::summing:
      if (now < forward_due_) return false;
      accumulate(now);
      return true;
    case Forward::waiting_for_slices: {
      if (incoming(forward_).sums !=
          image().helpers.size() * core_.sum_words(core_.raises(forward_, incoming(forward_).learn)))
        return false;
      const std::uint64_t cycles = evaluate_cycles(image());
      book_.add(CycleCause::computing, now, now + cycles);
      forward_due_ = now + cycles + jitter(stage_evaluate);
      forward_state_ = Forward::evaluating;
      return true;
    }
    case Forward::evaluating:
      if (now < forward_due_) return false;
      evaluate(now);
      return true;
    case Forward::sending:
      if (missing_credits_ != 0) return false;
      send(now);
      finish_tick(now);
      return true;
  }
  return false;
}

}  // namespace trifactor
