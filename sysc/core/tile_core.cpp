// One file of 600 lines because the two pipelines of a core move each other: what arrives, the forward
// pipeline, and the learning pipeline, in this order.
#include "sysc/core/tile_core.hpp"

#include <algorithm>

#include "sysc/core/timing.hpp"

namespace trifactor {
namespace {

std::uint64_t cycle_now() {
  static const sc_dt::uint64 ticks = sc_core::sc_time(1, sc_core::SC_NS).value();
  return sc_core::sc_time_stamp().value() / ticks;
}

/// Stages that jitter may lengthen.
enum Stage : std::uint32_t { stage_sum, stage_evaluate, stage_contribute, stage_form, stage_update };

}  // namespace

TileCore::TileCore(sc_core::sc_module_name name, Core core, const Machine& machine, Outlet& outlet)
    : sc_module(name), core_(std::move(core)), machine_(machine), outlet_(outlet) {
  const CoreImage& c = image();
  row_bursts_ = static_cast<std::uint64_t>(row_bursts(c.neurons, machine.core.lanes));
  sums_.assign(c.neurons, 0);
  received_.resize(c.blocks.size());
  for (std::size_t b = 0; b < c.blocks.size(); ++b) {
    if (!c.blocks[b].plastic) continue;
    const PlasticityImage& p = c.blocks[b].plasticity;
    plastic_.push_back(b);
    received_[b].resize(p.weight_age + 2);
    for (Received& r : received_[b]) {
      r.words.assign(static_cast<std::size_t>(p.down_words), 0);
      if (owner()) continue;
      r.a0.assign(c.neurons, 0);
      if (p.uses_a1) r.a1.assign(c.neurons, 0);
      if (p.uses_c) r.c.assign(c.neurons, 0);
      r.factor_seen.assign(c.neurons, false);
    }
  }
  for (const SourceSlice& source : c.sources) source_index_.add(source.core);
  for (const std::uint32_t destination : c.destinations) destination_index_.add(destination);
  for (Incoming& slot : incoming_) {
    slot.got.assign(c.sources.size(), 0);
    slot.promised.assign(c.sources.size(), 0);
    if (!c.helpers.empty()) slot.sum_seen.assign(c.helpers.size() * c.neurons, false);
    if (owner()) slot.total.assign(c.neurons, 0);
    if (c.input) slot.values.assign(c.neurons, 0);
  }
  SC_METHOD(step);
  sensitive << wake_;
  dont_initialize();
}

void TileCore::connect(
    std::uint32_t host_tile,
    const std::function<std::pair<std::uint32_t, std::uint32_t>(std::uint32_t)>& rows_of_destination) {
  const CoreImage& c = image();
  to_host_ = outlet_.route(c.core, {host_tile});
  if (!owner()) to_owner_ = outlet_.route(c.core, {c.owner});
  if (!c.helpers.empty()) to_helpers_ = outlet_.route(c.core, c.helpers);
  for (const SourceSlice& source : c.sources) credit_routes_.push_back(outlet_.route(c.core, {source.core}));
  credits_.assign(c.destinations.size(), 0);
  if (c.destinations.empty()) return;
  to_destinations_ = outlet_.route(c.core, c.destinations);
  std::vector<std::uint32_t> cuts = {c.first_neuron, c.first_neuron + c.neurons};
  std::vector<std::pair<std::uint32_t, std::uint32_t>> rows;
  for (const std::uint32_t destination : c.destinations) {
    destination_routes_.push_back(outlet_.route(c.core, {destination}));
    rows.push_back(rows_of_destination(destination));
    cuts.push_back(std::clamp(rows.back().first, cuts[0], cuts[1]));
    cuts.push_back(std::clamp(rows.back().second, cuts[0], cuts[1]));
  }
  std::sort(cuts.begin(), cuts.end());
  cuts.erase(std::unique(cuts.begin(), cuts.end()), cuts.end());
  for (std::size_t i = 0; i + 1 < cuts.size(); ++i) {
    Segment segment{cuts[i] - c.first_neuron, cuts[i + 1] - c.first_neuron, 0, {}};
    std::vector<std::uint32_t> tiles;
    for (std::size_t d = 0; d < rows.size(); ++d)
      if (rows[d].first <= cuts[i] && cuts[i + 1] <= rows[d].second)
        segment.destinations.push_back(d), tiles.push_back(c.destinations[d]);
    if (tiles.empty()) continue;
    segment.route = outlet_.route(c.core, tiles);
    segments_.push_back(std::move(segment));
  }
}

void TileCore::fault(const char* code, const std::string& text) {
  outlet_.fault(code, "core " + std::to_string(image().core) + ": " + text);
}

std::size_t TileCore::block_of(std::uint32_t projection) const {
  std::size_t b = 0;
  while (b < image().blocks.size() && image().blocks[b].projection != projection) ++b;
  return b;
}

std::size_t TileCore::source_of(std::uint32_t core) {
  const auto& sources = image().sources;
  if (last_source_ < sources.size() && sources[last_source_].core == core) return last_source_;
  const std::size_t found = source_index_.find(core);
  if (found == TileIndex::none) return sources.size();
  return last_source_ = found;
}

TileCore::Received& TileCore::received(std::size_t block, std::uint64_t sample) {
  Received& r = received_[block][sample % received_[block].size()];
  if (r.sample != sample) {
    r.sample = sample;
    r.words_seen = 0;
    r.complete_at = never;
    r.factors = 0;
    std::fill(r.factor_seen.begin(), r.factor_seen.end(), false);
  }
  return r;
}

// ---------------------------------------------------------------- what arrives

/// The tick of which a packet carries the low bits: near the presentation or learning sample of its kind.
std::uint64_t TileCore::tick_of(const Packet& packet) const {
  switch (static_cast<PacketKind>(packet.kind)) {
    case PacketKind::word:
    case PacketKind::factor:
    case PacketKind::target:
    case PacketKind::rate:
      return full_tick(packet.tick, learned_);
    default:
      return full_tick(packet.tick, forward_);
  }
}

void TileCore::arrive(const Packet& on_the_wire, std::uint64_t cycle) {
  Packet packet = on_the_wire;
  if (static_cast<PacketKind>(packet.kind) == PacketKind::activity) {  // nearly all of them
    packet.tick = full_tick(packet.tick, forward_);
    return take_activity(packet, cycle);
  }
  packet.tick = tick_of(on_the_wire);
  switch (static_cast<PacketKind>(packet.kind)) {
    case PacketKind::end:
      take_end(packet);
      break;
    case PacketKind::sum:
      take_sum(packet);
      break;
    case PacketKind::word:
      take_word(packet, cycle);
      break;
    case PacketKind::factor:
      take_factor(packet, cycle);
      break;
    case PacketKind::credit:
      take_credit(packet);
      break;
    case PacketKind::input:
    case PacketKind::input_end:
      take_input(packet);
      break;
    case PacketKind::target:
      if (packet.tick != (targets_.empty() ? learned_ : targets_.back().sample + 1))
        return fault("TF-HW-004",
                     "the target of learning sample " + std::to_string(packet.tick) + " arrived out of turn");
      targets_.push_back({packet.tick, static_cast<int>(packet.payload)});
      break;
    case PacketKind::rate:
      rates_.push_back({packet.tick, packet.index, static_cast<std::uint32_t>(packet.payload)});
      outlet_.inject(
          image().core,
          make_packet(PacketKind::rate_taken, image().core, to_host_, packet.tick, packet.index, 0, 0),
          cycle + 1);
      return;
    default:
      return fault("TF-HW-005", "a packet that no core takes");
  }
  advance(cycle);
}

bool TileCore::expected(const Packet& packet) {
  if (packet.tick >= released_ && packet.tick < released_ + presentations_in_flight) return true;
  fault("TF-HW-001", "presentation " + std::to_string(packet.tick) + " arrived while buffers are for " +
                         std::to_string(released_) + " and " + std::to_string(released_ + 1));
  return false;
}

void TileCore::take_activity(const Packet& packet, std::uint64_t cycle) {
  if (!expected(packet)) return;
  const std::size_t source = source_of(packet.source);
  if (source == image().sources.size())
    return fault("TF-HW-006", "an activity from a core that is no source");
  const SourceSlice& slice = image().sources[source];
  if (slice.population != packet.aux || packet.index < slice.first_neuron ||
      packet.index - slice.first_neuron >= slice.neurons)
    return fault("TF-HW-006", "an activity of a neuron that its source does not hold");
  Incoming& slot = incoming(packet.tick);
  ++slot.got[source];
  const bool first = waiting_rows_ == 0;
  for (std::size_t b = 0; b < image().blocks.size(); ++b) {
    const BlockImage& block = image().blocks[b];
    if (block.source != packet.aux || packet.index < block.first_row ||
        packet.index >= block.first_row + block.rows)
      continue;
    if (core_.holds(packet.tick, b, packet.index - block.first_row))
      return fault("TF-HW-002", "row " + std::to_string(packet.index) + " of presentation " +
                                    std::to_string(packet.tick) + " arrived twice");
    core_.deliver(packet.tick, b, packet.index - block.first_row, static_cast<std::int16_t>(packet.payload));
    if (packet.tick != forward_) continue;
    if (forward_state_ != Forward::streaming) {
      ++waiting_rows_;
      continue;
    }
    memory_free_ = std::max(memory_free_, cycle) + row_bursts_;
    book_.add(CycleCause::computing, memory_free_ - row_bursts_, memory_free_);
  }
  // A pass that waits to open waits for its first row, then for updates, never for a second row.
  if (packet.tick == forward_ &&
      ((forward_state_ == Forward::closed && first) || slot.ends == image().sources.size()))
    advance(cycle);
}

void TileCore::take_end(const Packet& packet) {
  if (!expected(packet)) return;
  Incoming& slot = incoming(packet.tick);
  const std::size_t source = source_of(packet.source);
  if (source == image().sources.size())
    return fault("TF-HW-006", "an end packet from a core that is no source");
  const bool learn = packet.aux != 0;
  if (slot.known && slot.learn != learn)
    return fault("TF-HW-007",
                 "sources disagree about learning in presentation " + std::to_string(packet.tick));
  if (slot.promised[source] != 0)
    return fault("TF-HW-003", "core " + std::to_string(packet.source) + " closed presentation " +
                                  std::to_string(packet.tick) + " twice");
  slot.known = true;
  slot.learn = learn;
  slot.promised[source] = packet.index + 1;  // one more, so that 0 means not closed
  ++slot.ends;
}

void TileCore::take_sum(const Packet& packet) {
  if (packet.tick < forward_ || packet.tick >= forward_ + presentations_in_flight)
    return fault("TF-HW-001",
                 "a partial sum of presentation " + std::to_string(packet.tick) + " arrived out of turn");
  Incoming& slot = incoming(packet.tick);
  const auto& helpers = image().helpers;
  const std::size_t helper =
      static_cast<std::size_t>(std::find(helpers.begin(), helpers.end(), packet.source) - helpers.begin());
  if (helper == helpers.size() || packet.index >= image().neurons)
    return fault("TF-HW-006", "a partial sum from a core that is no slice");
  const std::size_t at = helper * image().neurons + packet.index;
  if (slot.sum_seen[at])
    return fault("TF-HW-002",
                 "a partial sum of presentation " + std::to_string(packet.tick) + " arrived twice");
  slot.sum_seen[at] = true;
  slot.total[packet.index] += packet.payload;
  ++slot.sums;
}

void TileCore::take_word(const Packet& packet, std::uint64_t cycle) {
  const std::size_t block = block_of(packet.aux);
  if (block == image().blocks.size() || !image().blocks[block].plastic || packet.tick < learned_ ||
      packet.tick >= learned_ + received_[block].size())
    return fault("TF-HW-004", "a third-factor word of learning sample " + std::to_string(packet.tick) +
                                  " arrived out of turn");
  Received& r = received(block, packet.tick);
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
  wake(cycle);
}

void TileCore::take_factor(const Packet& packet, std::uint64_t cycle) {
  const std::size_t block = block_of(packet.aux);
  if (block == image().blocks.size() || !image().blocks[block].plastic || owner() || packet.tick < learned_ ||
      packet.tick >= learned_ + received_[block].size())
    return fault("TF-HW-004",
                 "factors of learning sample " + std::to_string(packet.tick) + " arrived out of turn");
  Received& r = received(block, packet.tick);
  if (packet.index >= image().neurons) return fault("TF-HW-006", "factors of a neuron that is not here");
  if (r.factor_seen[packet.index])
    return fault("TF-HW-002", "the factors of neuron " + std::to_string(packet.index) + " arrived twice");
  r.factor_seen[packet.index] = true;
  r.a0[packet.index] = static_cast<std::int16_t>(packet.payload);
  if (!r.a1.empty()) r.a1[packet.index] = static_cast<std::int16_t>(packet.payload >> 16);
  if (!r.c.empty()) r.c[packet.index] = static_cast<std::int16_t>(packet.payload >> 32);
  if (++r.factors == image().neurons) r.complete_at = cycle;
}

void TileCore::take_credit(const Packet& packet) {
  const std::size_t d = destination_index_.find(packet.source);
  if (d == TileIndex::none || packet.tick != credits_[d])
    return fault("TF-HW-003",
                 "a credit for presentation " + std::to_string(packet.tick) + " came out of turn");
  if (forward_ == credits_[d]++ + presentations_in_flight) --missing_credits_;
}

void TileCore::take_input(const Packet& packet) {
  if (!image().input) return fault("TF-HW-005", "a packet for an input core");
  if (!expected(packet)) return;
  Incoming& slot = incoming(packet.tick);
  if (static_cast<PacketKind>(packet.kind) == PacketKind::input_end) {
    if (slot.known)
      return fault("TF-HW-003", "presentation " + std::to_string(packet.tick) + " was closed twice");
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
    fault("TF-HW-002", "more values than presentation " + std::to_string(packet.tick) + " has");
}

// ---------------------------------------------------------------- forward

bool TileCore::inputs_complete() {
  Incoming& slot = incoming(forward_);
  if (image().input) return slot.known && slot.values_seen == image().neurons;
  if (slot.ends != image().sources.size()) return false;
  for (std::size_t s = 0; s < slot.got.size(); ++s) {
    if (slot.got[s] + 1 < slot.promised[s]) return false;
    if (slot.got[s] + 1 > slot.promised[s]) {
      fault("TF-HW-002", std::to_string(slot.got[s]) + " activities of core " +
                             std::to_string(image().sources[s].core) + ", " +
                             std::to_string(slot.promised[s] - 1) + " were promised");
      return false;
    }
  }
  return true;
}

/// A pass of learning sample k reads weights that hold every update up to k-1-D.
bool TileCore::may_open() const {
  for (const std::size_t b : plastic_)
    if (core_.written(b) + image().blocks[b].plasticity.weight_age < forward_sample_) return false;
  return true;
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
  core_.accumulate(forward_, sums_, slot.learn);
  if (owner()) {
    for (std::size_t i = 0; i < sums_.size(); ++i) slot.total[i] += sums_[i];
    forward_state_ = Forward::waiting_for_slices;
  } else {
    for (std::uint32_t i = 0; i < sums_.size(); ++i)
      outlet_.inject(image().core,
                     make_packet(PacketKind::sum, image().core, to_owner_, forward_, i, 0, sums_[i]),
                     now + i);
    core_.events()[Event::reduction_word] += sums_.size();
    finish_presentation(now);
  }
  write_updates(now);
}

void TileCore::evaluate(std::uint64_t now) {
  Incoming& slot = incoming(forward_);
  core_.evaluate(slot.total, slot.learn);
  if (on_evaluated) on_evaluated(forward_, slot.learn);
  if (slot.learn) contribute(now);
  if (image().output) send_result(now);
  ready_to_send_ = now;
  forward_state_ = Forward::sending;
}

void TileCore::contribute(std::uint64_t now) {
  for (const std::size_t b : plastic_) {
    const PlasticityImage& p = image().blocks[b].plasticity;
    if (p.up_words == 0) continue;
    up_.assign(static_cast<std::size_t>(p.up_words), 0);
    core_.contribute(b, up_);
    const std::uint64_t start = std::max(now, post_free_),
                        end = start + static_cast<std::uint64_t>(p.contribute_cycles);
    book_.add(CycleCause::computing, start, end);
    post_free_ = end + jitter(stage_contribute);
    outlet_.reduce(image().core, p.teacher, image().blocks[b].projection, forward_sample_, up_, post_free_);
  }
}

void TileCore::count_missing_credits() {
  missing_credits_ =
      static_cast<std::size_t>(std::count_if(credits_.begin(), credits_.end(), [&](std::uint64_t c) {
        return forward_ >= c + presentations_in_flight;
      }));
}

void TileCore::send(std::uint64_t now) {
  book_.add(CycleCause::blocked_by_buffer, ready_to_send_, now);
  const std::uint32_t self = image().core;
  const auto outputs = core_.outputs();
  std::vector<std::uint32_t> counts(image().destinations.size(), 0);
  std::uint64_t at = now;
  train_.clear();
  for (const Segment& segment : segments_) {
    const std::size_t before = train_.size();
    for (std::uint32_t i = segment.first; i < segment.end; ++i)
      if (outputs[i] != 0)
        train_.push_back(make_packet(PacketKind::activity, self, segment.route, forward_,
                                     image().first_neuron + i, image().population, outputs[i]));
    for (const std::size_t d : segment.destinations)
      counts[d] += static_cast<std::uint32_t>(train_.size() - before);
  }
  outlet_.inject_train(self, train_, at);
  at += train_.size();
  const std::uint32_t learn = incoming(forward_).learn ? 1 : 0;
  if (std::all_of(counts.begin(), counts.end(), [&](std::uint32_t c) { return c == counts[0]; })) {
    if (!counts.empty())
      outlet_.inject(self,
                     make_packet(PacketKind::end, self, to_destinations_, forward_, counts[0], learn, 0), at);
  } else {
    for (std::size_t d = 0; d < counts.size(); ++d)
      outlet_.inject(
          self, make_packet(PacketKind::end, self, destination_routes_[d], forward_, counts[d], learn, 0),
          at++);
  }
}

void TileCore::send_result(std::uint64_t now) {
  const auto outputs = core_.outputs();
  for (std::uint32_t i = 0; i < outputs.size(); i += 4) {
    std::int64_t payload = 0;
    for (std::uint32_t k = 0; k < 4 && i + k < outputs.size(); ++k)
      payload |= static_cast<std::int64_t>(
          static_cast<std::uint64_t>(static_cast<std::uint16_t>(outputs[i + k])) << (16 * k));
    outlet_.inject(image().core,
                   make_packet(PacketKind::result, image().core, to_host_, forward_, image().first_neuron + i,
                               0, payload),
                   now + i / 4);
  }
}

/// The forward pipeline is done with presentation forward_ and turns to the next.
void TileCore::finish_presentation(std::uint64_t) {
  Incoming& slot = incoming(forward_);
  if (slot.learn && !plastic_.empty())
    to_learn_.push_back(forward_);
  else
    slot.finished = true;
  if (slot.learn) ++forward_sample_;
  ++forward_;
  count_missing_credits();
  waiting_rows_ = 0;
  // Until its buffer is given back it holds the rows of the presentation before last.
  const bool free = released_ + presentations_in_flight > forward_;
  for (std::size_t b = 0; free && b < image().blocks.size(); ++b)
    waiting_rows_ += core_.rows_to_read(forward_, b) - (image().blocks[b].bias ? 1 : 0);
  forward_state_ = Forward::closed;
  forward_due_ = never;
}

bool TileCore::forward_step(std::uint64_t now) {
  switch (forward_state_) {
    case Forward::closed: {
      if (released_ + presentations_in_flight <= forward_) return false;
      if (image().input) {
        if (!inputs_complete()) return false;
        core_.set_input(incoming(forward_).values);
        if (on_evaluated) on_evaluated(forward_, incoming(forward_).learn);
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
      forward_due_ = std::max(now, memory_free_ + static_cast<std::uint64_t>(machine_.core.synapse_latency) +
                                       accumulate_latency - 1) +
                     jitter(stage_sum);
      forward_state_ = Forward::summing;
      return true;
    case Forward::summing:
      if (now < forward_due_) return false;
      accumulate(now);
      return true;
    case Forward::waiting_for_slices: {
      if (incoming(forward_).sums != image().helpers.size() * image().neurons) return false;
      const std::uint64_t cycles =
          evaluate_cycles(image().neurons, static_cast<std::uint64_t>(image().normalise.group_size));
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
      finish_presentation(now);
      return true;
  }
  return false;
}

// ---------------------------------------------------------------- learning

bool TileCore::factor_ready(std::uint64_t now) const {
  const std::size_t b = learn_block();
  const PlasticityImage& p = image().blocks[b].plasticity;
  const Received& r = received_[b][learned_ % received_[b].size()];
  if (owner() && p.needs_target && (targets_.empty() || targets_.front().sample != learned_)) return false;
  if (owner() && p.down_words == 0) return true;
  return r.sample == learned_ && r.complete_at <= now;
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
  core_.form(learn_presentation(), b, received_[b][learned_ % received_[b].size()].words, target);
  if (on_formed) on_formed(b, learned_);
  const std::uint64_t start = std::max(now, post_free_),
                      end = start + static_cast<std::uint64_t>(p.form_cycles);
  book_.add(CycleCause::computing, start, end);
  post_free_ = end + jitter(stage_form);
  learn_due_ = post_free_;
  learn_state_ = Learn::forming;
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
                   make_packet(PacketKind::factor, image().core, to_helpers_, learned_, i,
                               image().blocks[block].projection, payload),
                   now + i);
  }
}

void TileCore::accept(std::uint64_t now) {
  const std::size_t b = learn_block();
  const Received& r = received_[b][learned_ % received_[b].size()];
  core_.accept(learn_presentation(), b, r.a0, r.a1, r.c);
  learn_due_ = now;
  learn_state_ = Learn::forming;
}

/// Writes every update that weight age allows; the memory is busy until memory_free_.
void TileCore::write_updates(std::uint64_t now) {
  for (const std::size_t b : plastic_)
    while (core_.may_update(b)) {
      // With a weight age the pass that had to come first may be over before the factors are formed.
      if (learn_state_ == Learn::forming && b == learn_block() && core_.written(b) == learned_) break;
      const UpdatePass pass = core_.update(b);
      if (on_updated) on_updated(b, core_.written(b) - 1);
      if (pass.rows == 0) continue;
      const bool single = machine_.core.synapse_ports == 1;
      const std::uint64_t tail = static_cast<std::uint64_t>(machine_.core.synapse_latency) + lane_latency;
      const std::uint64_t cycles = single ? 2 * std::uint64_t{pass.bursts} + tail - (tail % 2 == 0 ? 0 : 1)
                                          : pass.bursts + row_bursts_ - 1 + tail;
      // Reads and writes alternate; how many of the cycles are which counts, not their order.
      const std::uint64_t start = std::max(now, memory_free_), end = start + cycles;
      book_.add(CycleCause::computing, start, start + pass.bursts);
      book_.add(CycleCause::waiting_for_memory, start + pass.bursts, end);
      memory_free_ = end + jitter(stage_update);
    }
}

bool TileCore::learn_step(std::uint64_t now) {
  switch (learn_state_) {
    case Learn::idle:
      if (to_learn_.empty()) return false;
      waiting_since_ = now;
      learn_state_ = Learn::waiting_for_factor;
      return true;
    case Learn::waiting_for_factor:
      if (!factor_ready(now)) return false;
      book_.add(CycleCause::waiting_for_third_factor, waiting_since_, now);
      if (owner())
        form(now);
      else
        accept(now);
      return true;
    case Learn::forming: {
      if (now < learn_due_) return false;
      const std::size_t b = learn_block();
      if (owner()) send_factors(b, now);
      learn_state_ = Learn::updating;
      write_updates(now);
      learn_due_ = std::max(now, memory_free_);
      return true;
    }
    case Learn::updating:
      if (now < learn_due_) return false;
      if (++learn_position_ < plastic_.size()) {
        waiting_since_ = now;
        learn_state_ = Learn::waiting_for_factor;
        return true;
      }
      learn_position_ = 0;
      if (!targets_.empty() && targets_.front().sample == learned_) targets_.pop_front();
      incoming(learn_presentation()).finished = true;
      to_learn_.pop_front();
      ++learned_;
      learn_state_ = Learn::idle;
      learn_due_ = never;
      return true;
  }
  return false;
}

// ---------------------------------------------------------------- both

void TileCore::clear(Incoming& slot) {
  slot.known = slot.learn = slot.finished = false;
  slot.ends = slot.sums = slot.values_seen = 0;
  std::fill(slot.got.begin(), slot.got.end(), 0u);
  std::fill(slot.promised.begin(), slot.promised.end(), 0u);
  std::fill(slot.sum_seen.begin(), slot.sum_seen.end(), false);
  std::fill(slot.total.begin(), slot.total.end(), 0);
}

/// Buffers are given back in the order of presentations.
void TileCore::release_finished(std::uint64_t now) {
  while (released_ < forward_ && incoming(released_).finished) {
    book_.settle(std::min(now, known_until()));
    clear(incoming(released_));
    core_.release(released_);
    if (image().input)
      outlet_.inject(image().core,
                     make_packet(PacketKind::host_credit, image().core, to_host_, released_, 0, 0, 0),
                     now + 1);
    for (const std::uint32_t route : credit_routes_)
      outlet_.inject(image().core, make_packet(PacketKind::credit, image().core, route, released_, 0, 0, 0),
                     now + 1);
    ++released_;
  }
}

void TileCore::advance(std::uint64_t now) {
  for (bool moved = true; moved;) {
    moved = learn_step(now);
    moved = forward_step(now) || moved;
    release_finished(now);
  }
  std::uint64_t next = never;
  if (forward_state_ == Forward::summing || forward_state_ == Forward::evaluating) next = forward_due_;
  if (learn_state_ == Learn::forming || learn_state_ == Learn::updating) next = std::min(next, learn_due_);
  if (learn_state_ == Learn::waiting_for_factor) {
    const std::size_t b = learn_block();
    const Received& r = received_[b][learned_ % received_[b].size()];
    if (r.sample == learned_ && r.complete_at != never && r.complete_at > now)
      next = std::min(next, r.complete_at);
  }
  if (next != never) wake(next);
}

void TileCore::wake(std::uint64_t cycle) {
  if (cycle >= wake_at_) return;
  wake_at_ = cycle;
  const std::uint64_t now = cycle_now();
  wake_.cancel();
  wake_.notify(sc_core::sc_time(static_cast<double>(cycle > now ? cycle - now : 0), sc_core::SC_NS));
}

void TileCore::step() {
  ++activations_;
  wake_at_ = never;
  advance(cycle_now());
}

bool TileCore::idle() const {
  return forward_state_ == Forward::closed && learn_state_ == Learn::idle && to_learn_.empty() &&
         released_ == forward_ && targets_.empty() &&
         std::all_of(credits_.begin(), credits_.end(), [&](std::uint64_t c) { return c == forward_; }) &&
         std::none_of(std::begin(incoming_), std::end(incoming_), [](const Incoming& i) {
           return i.known || i.ends != 0 || i.sums != 0 || i.values_seen != 0;
         });
}

std::string TileCore::waiting() const {
  if (idle()) return {};
  static constexpr const char* forward_names[] = {
      "its pass cannot open",   "rows to arrive", "sums",
      "partial sums of slices", "evaluation",     "credits of destinations"};
  std::string text = "core " + std::to_string(image().core) + " at presentation " + std::to_string(forward_) +
                     " waits for " + forward_names[static_cast<int>(forward_state_)];
  if (learn_state_ == Learn::waiting_for_factor)
    text += "; learning sample " + std::to_string(learned_) + " waits for its third factor or target";
  for (std::size_t d = 0; d < credits_.size(); ++d)
    if (credits_[d] < released_)
      text += "; credits of core " + std::to_string(image().destinations[d]) + " are missing";
  return text;
}

void TileCore::resume_at(std::uint64_t presentation, std::uint64_t learned) {
  forward_ = released_ = presentation;
  forward_sample_ = learned_ = learned;
  std::fill(credits_.begin(), credits_.end(), presentation);
  count_missing_credits();
}

}  // namespace trifactor
