// The learning pipeline of a core.
#include "sysc/core/tile_core.hpp"

#include <algorithm>
#include <utility>

#include "sysc/core/timing.hpp"

namespace trifactor {

/// Whether any block learns at that tick of a learning presentation.
bool TileCore::learns_at(std::uint64_t tick) const {
  return std::any_of(plastic_.begin(), plastic_.end(),
                     [&](std::size_t b) { return core_.learns_at(b, tick); });
}

/// Moves to the next block, from place `from` in plastic_ on, that learns at the tick under way.
bool TileCore::next_learning_block(std::size_t from) {
  for (learn_position_ = from; learn_position_ < plastic_.size(); ++learn_position_)
    if (core_.learns_at(plastic_[learn_position_], learn_tick())) return true;
  return false;
}

bool TileCore::factor_ready(std::uint64_t now) const {
  const std::size_t b = learn_block();
  const PlasticityImage& p = image().blocks[b].plasticity;
  const Received& r = received_[b][learn_index(b) % received_[b].size()];
  if (owner() && p.needs_target && (targets_.empty() || targets_.front().sample != learned_)) return false;
  if (owner() && p.down_words == 0) return true;
  return r.sample == learn_index(b) && r.complete_at <= now;
}

bool TileCore::errors_complete() {
  const std::uint64_t tick = learn_tick();
  return incoming(tick).error_ends == error_feeds_.size() && complete(error_feeds_, tick, "errors");
}

/// The error pass of a sample: rows that came before it opens stream at once, the others as they arrive.
void TileCore::open_errors(std::uint64_t now) {
  deliver(learn_tick());
  std::uint64_t rows = 0;
  for (std::size_t b = 0; b < image().blocks.size(); ++b)
    if (image().blocks[b].feedback) rows += core_.rows_to_read(learn_tick(), b);
  if (rows != 0) {
    const std::uint64_t start = std::max(now, memory_free_);
    memory_free_ = start + rows * row_bursts_;
    book_.add(CycleCause::computing, start, memory_free_);
  }
  waiting_since_ = now;
  learn_state_ = Learn::waiting_for_errors;
}

void TileCore::accumulate_errors(std::uint64_t now) {
  Incoming& slot = incoming(learn_tick());
  std::vector<std::int64_t> sums(image().neurons, 0);
  deliver(learn_tick());
  finish_updates();
  core_.accumulate_errors(learn_tick(), sums);
  if (owner()) {
    for (std::size_t i = 0; i < sums.size(); ++i) slot.error_total[i] += sums[i];
    waiting_since_ = now;
    learn_state_ = Learn::waiting_for_error_slices;
  } else {
    for (std::uint32_t i = 0; i < sums.size(); ++i)
      outlet_.inject(image().core,
                     make_packet(PacketKind::error_sum, image().core, to_owner_, learn_tick(), i, 0, sums[i]),
                     now + i);
    core_.events()[Event::reduction_word] += sums.size();
    waiting_since_ = now;
    learn_state_ = Learn::waiting_for_factor;
  }
  write_updates(now);
}

void TileCore::form(std::uint64_t now) {
  const std::size_t b = learn_block();
  const PlasticityImage& p = image().blocks[b].plasticity;
  while (!rates_.empty() && rates_.front().from <= learned_) {
    const std::size_t block = block_of(rates_.front().projection);
    if (block < image().blocks.size()) core_.set_eta(block, rates_.front().mantissa);
    rates_.pop_front();
  }
  const int target = p.needs_target ? targets_.front().label : -1;
  deliver(learn_tick());
  finish_updates();
  core_.form(learn_tick(), b, received_[b][learn_index(b) % received_[b].size()].words, target);
  if (on_formed) on_formed(b, learned_);
  const std::uint64_t start = std::max(now, post_free_),
                      end = start + static_cast<std::uint64_t>(p.form_cycles);
  book_.add(CycleCause::computing, start, end);
  post_free_ = end + jitter(stage_form);
  learn_due_ = post_free_;
  learn_state_ = Learn::forming;
}

/// Errors on their way through neurons that do not learn.
void TileCore::relay(std::uint64_t now) {
  deliver(learn_tick());
  core_.relay();
  const std::uint64_t start = std::max(now, post_free_),
                      end = start + static_cast<std::uint64_t>(image().relay.form_cycles);
  book_.add(CycleCause::computing, start, end);
  post_free_ = end + jitter(stage_form);
  learn_due_ = post_free_;
  learn_state_ = Learn::forming;
}

void TileCore::send_errors(std::uint64_t now) {
  if (error_fan_.routes.empty()) return;
  const PacketKind kind = core_.winners().empty() ? PacketKind::error : PacketKind::pool_error;
  send_values(error_fan_, kind, PacketKind::error_end, learn_tick(), core_.errors(), 0, now);
}

void TileCore::send_factors(std::size_t block, std::uint64_t now) {
  if (image().helpers.empty()) return;
  const PendingUpdate& formed = core_.last_formed(block);
  for (std::uint32_t i = 0; i < image().neurons; ++i) {
    const auto word = [&](const std::vector<std::int16_t>& v) {
      return static_cast<std::uint64_t>(static_cast<std::uint16_t>(v.empty() ? 0 : v[i]));
    };
    const std::int64_t payload =
        static_cast<std::int64_t>(word(formed.a0) | word(formed.a1) << 16 | word(formed.c) << 32);
    outlet_.inject(image().core,
                   make_packet(PacketKind::factor, image().core, to_helpers_, learn_index(block), i,
                               image().blocks[block].projection, payload),
                   now + i);
  }
}

void TileCore::accept(std::uint64_t now) {
  const std::size_t b = learn_block();
  const Received& r = received_[b][learn_index(b) % received_[b].size()];
  deliver(learn_tick());
  finish_updates();
  core_.accept(learn_tick(), b, r.a0, r.a1, r.c);
  learn_due_ = now;
  learn_state_ = Learn::forming;
}

/// Writes every update that weight age allows; the memory is busy until memory_free_.
void TileCore::write_updates(std::uint64_t now) {
  for (const std::size_t b : plastic_)
    while (!deferred_[b] && core_.may_update(b)) {
      // With a weight age the pass that had to come first may be over before the factors are formed.
      if (learn_state_ == Learn::forming && b == learn_block() && written(b) == learn_index(b)) break;
      const UpdatePass pass = begin_update(b);
      if (pass.rows == 0 && pass.entries == 0) continue;
      const bool single = machine_.core.synapse_ports == 1;
      const std::uint64_t tail = static_cast<std::uint64_t>(machine_.core.synapse_latency) + lane_latency;
      // The entries of a kernel come before their copies.
      const std::uint64_t entries =
          pass.entries == 0 ? 0 : pass.entries + static_cast<std::uint64_t>(tied_latency);
      const std::uint64_t copies = pass.rows == 0 ? 0
                                   : single ? 2 * std::uint64_t{pass.bursts} + tail - (tail % 2 == 0 ? 0 : 1)
                                            : pass.bursts + row_bursts_ - 1 + tail;
      // Reads and writes alternate; how many of the cycles are which counts, not their order.
      const std::uint64_t start = std::max(now, memory_free_), end = start + entries + copies;
      book_.add(CycleCause::computing, start, start + entries + pass.bursts);
      book_.add(CycleCause::waiting_for_memory, start + entries + pass.bursts, end);
      memory_free_ = end + jitter(stage_update);
    }
}

/// Writes the oldest waiting update of a block, or only settles what that costs: nobody reads the weights
/// before the next pass, and written just before it they are in the processor's cache for both.
UpdatePass TileCore::begin_update(std::size_t block) {
  const bool age = image().blocks[block].plasticity.weight_age != 0;
  const UpdatePass pass = age ? UpdatePass{} : core_.next_update(block);
  if (pass.rows == 0) return write_update(block);
  deferred_[block] = true;
  return pass;
}

UpdatePass TileCore::write_update(std::size_t block) {
  const UpdatePass pass = core_.update(block);
  if (on_updated) {
    const std::uint64_t index = core_.written(block) - 1;
    on_updated(block, image().blocks[block].plasticity.every_step ? index / image().steps : index);
  }
  return pass;
}

/// Writes what was deferred.
void TileCore::finish_updates() {
  for (const std::size_t b : plastic_) {
    if (!deferred_[b]) continue;
    deferred_[b] = false;
    write_update(b);
  }
}

bool TileCore::learn_step(std::uint64_t now) {
  switch (learn_state_) {
    case Learn::idle:
      if (to_learn_.empty()) return false;
      next_learning_block(0);
      relay_due_ = owner() && core_.relays_at(learn_tick());
      if (!error_feeds_.empty()) {
        open_errors(now);
        return true;
      }
      waiting_since_ = now;
      learn_state_ = Learn::waiting_for_factor;
      return true;
    case Learn::waiting_for_errors:
      if (!errors_complete()) return false;
      book_streamed();
      book_.add(CycleCause::waiting_for_third_factor, waiting_since_, now);
      learn_due_ = std::max(now, memory_free_ + static_cast<std::uint64_t>(machine_.core.synapse_latency) +
                                     accumulate_latency - 1) +
                   jitter(stage_error);
      learn_state_ = Learn::summing_errors;
      return true;
    case Learn::summing_errors:
      if (now < learn_due_) return false;
      accumulate_errors(now);
      return true;
    case Learn::waiting_for_error_slices: {
      const Incoming& slot = incoming(learn_tick());
      if (slot.error_sums != image().helpers.size() * image().neurons) return false;
      book_.add(CycleCause::waiting_for_third_factor, waiting_since_, now);
      core_.take_errors(slot.error_total);
      finish_updates();
      contribute(learn_tick(), now);
      waiting_since_ = now;
      learn_state_ = Learn::waiting_for_factor;
      return true;
    }
    case Learn::waiting_for_factor:
      if (relay_due_) {
        relay(now);
        return true;
      }
      if (learn_position_ >= plastic_.size()) {  // a slice that only sums errors
        learn_state_ = Learn::updating;
        learn_due_ = now;
        return true;
      }
      if (!factor_ready(now)) return false;
      book_.add(CycleCause::waiting_for_third_factor, waiting_since_, now);
      if (owner())
        form(now);
      else
        accept(now);
      return true;
    case Learn::forming: {
      if (now < learn_due_) return false;
      if (relay_due_) {
        relay_due_ = false;
        send_errors(now);
        waiting_since_ = now;
        learn_state_ = Learn::waiting_for_factor;
        return true;
      }
      const std::size_t b = learn_block();
      if (owner()) send_factors(b, now);
      if (owner() && image().blocks[b].plasticity.sends_error) send_errors(now);
      if (image().blocks[b].kernel.present())
        begin_increments(now);
      else
        begin_updates(now);
      return true;
    }
    case Learn::summing_increments:
      if (now < learn_due_) return false;
      if (image().blocks[learn_block()].kernel.root != image().core)
        send_increments(PacketKind::increment, PacketKind::increment_end, now);
      waiting_since_ = now;
      learn_state_ = Learn::waiting_for_increments;
      return true;
    case Learn::waiting_for_increments:
      return exchange_increments(now);
    case Learn::updating:
      if (now < learn_due_) return false;
      if (next_learning_block(learn_position_ + 1)) {
        waiting_since_ = now;
        learn_state_ = Learn::waiting_for_factor;
        return true;
      }
      learn_position_ = 0;
      incoming(learn_tick()).finished = true;
      ++ticks_learned_;
      if (core_.last_step(learn_tick())) {
        if (!targets_.empty() && targets_.front().sample == learned_) targets_.pop_front();
        ++learned_;
      }
      to_learn_.pop_front();
      learn_state_ = Learn::idle;
      learn_due_ = never;
      return true;
  }
  return false;
}

}  // namespace trifactor
