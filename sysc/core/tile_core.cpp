// How a core is put together, and what moves its two pipelines. The rest: arrivals.cpp, forward.cpp,
// learning.cpp.
#include "sysc/core/tile_core.hpp"

#include <algorithm>

#include "sysc/core/timing.hpp"

namespace trifactor {

TileCore::TileCore(sc_core::sc_module_name name, Core core, const Machine& machine, Outlet& outlet)
    : sc_module(name), core_(std::move(core)), machine_(machine), outlet_(outlet) {
  const CoreImage& c = image();
  row_bursts_ = static_cast<std::uint64_t>(row_bursts(c.neurons, machine.core.lanes));
  sums_.assign(core_.sum_words(true), 0);
  received_.resize(c.blocks.size());
  deferred_.resize(c.blocks.size());
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
  std::vector<std::uint32_t> first_bits = {0};
  for (const BlockImage& block : c.blocks) first_bits.push_back(first_bits.back() + block.rows);
  for (const SourceSlice& source : c.sources) {
    source_index_.add(source.core);
    late_sources_ += source.late ? 1 : 0;
  }
  add_feeds(c.sources, false, first_bits, feeds_);
  add_feeds(c.error_sources, true, first_bits, error_feeds_);
  // What the feedback blocks learn from is what the forward blocks' factors are made of, so those come first.
  std::stable_partition(plastic_.begin(), plastic_.end(),
                        [&](std::size_t b) { return !c.blocks[b].feedback; });
  for (const auto* destinations : {&c.destinations, &c.late_destinations})
    for (const std::uint32_t destination : *destinations) destination_index_.add(destination);
  if (!c.late_destinations.empty()) nothing_.assign(c.neurons, 0);
  for (Incoming& slot : incoming_) {
    slot.rows_seen.assign((first_bits.back() + 63) / 64, 0);
    if (!c.helpers.empty()) slot.sum_seen.assign(c.helpers.size() * core_.sum_words(true), false);
    if (owner()) slot.total.assign(core_.sum_words(true), 0);
    if (!c.error_sources.empty()) {
      slot.error_sum_seen.assign(c.helpers.size() * c.neurons, false);
      slot.error_total.assign(c.neurons, 0);
    }
  }
  for (Entering& slot : entering_)
    if (c.input) slot.values.assign(c.neurons, 0);
}

void TileCore::add_feeds(const std::vector<SourceSlice>& sources, bool feedback,
                         const std::vector<std::uint32_t>& first_bits, std::vector<Feed>& feeds) {
  const CoreImage& c = image();
  for (const SourceSlice& source : sources) {
    const auto first = static_cast<std::uint32_t>(parts_.size());
    for (std::uint32_t b = 0; b < c.blocks.size(); ++b)
      if (c.blocks[b].source == source.population && c.blocks[b].feedback == feedback)
        parts_.push_back({b, c.blocks[b].first_row, c.blocks[b].rows, first_bits[b]});
    feeds.push_back({source.core, source.population, source.first_neuron, source.neurons, first,
                     static_cast<std::uint32_t>(parts_.size()), source.late});
  }
}

void TileCore::connect(std::uint32_t host_tile, const RowsOf& rows_of) {
  const CoreImage& c = image();
  to_host_ = outlet_.route(c.core, {host_tile});
  if (!owner()) to_owner_ = outlet_.route(c.core, {c.owner});
  if (!c.helpers.empty()) to_helpers_ = outlet_.route(c.core, c.helpers);
  for (const SourceSlice& source : c.sources) credit_routes_.push_back(outlet_.route(c.core, {source.core}));
  credits_.assign(c.destinations.size() + c.late_destinations.size(), 0);
  connect_kernels();
  forward_fan_ = make_fan(c.destinations, false, rows_of);
  late_fan_ = make_fan(c.late_destinations, false, rows_of);
  error_fan_ = make_fan(c.error_destinations, true, rows_of);
}

TileCore::Fan TileCore::make_fan(const std::vector<std::uint32_t>& destinations, bool feedback,
                                 const RowsOf& rows_of) {
  const CoreImage& c = image();
  Fan fan;
  if (destinations.empty()) return fan;
  fan.to_all = outlet_.route(c.core, destinations);
  std::vector<std::uint32_t> cuts = {c.first_neuron, c.first_neuron + c.neurons};
  std::vector<std::pair<std::uint32_t, std::uint32_t>> rows;
  for (const std::uint32_t destination : destinations) {
    fan.routes.push_back(outlet_.route(c.core, {destination}));
    rows.push_back(rows_of(destination, feedback));
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
        segment.destinations.push_back(d), tiles.push_back(destinations[d]);
    if (tiles.empty()) continue;
    segment.route = outlet_.route(c.core, tiles);
    fan.segments.push_back(std::move(segment));
  }
  return fan;
}

void TileCore::fault(const char* code, const std::string& text) {
  outlet_.fault(code, "core " + std::to_string(image().core) + ": " + text);
}

std::size_t TileCore::block_of(std::uint32_t projection) const {
  std::size_t b = 0;
  while (b < image().blocks.size() && image().blocks[b].projection != projection) ++b;
  return b;
}

std::size_t TileCore::other_source(std::uint32_t core) {
  const std::size_t found = source_index_.find(core);
  if (found == TileIndex::none) return image().sources.size();
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

/// Gives the core what arrived of a presentation.
void TileCore::deliver(std::uint64_t tick) {
  std::vector<Arrived>& arrived = incoming(tick).arrived;
  for (const Arrived& a : arrived) core_.deliver(tick, a.block, a.row, a.value);
  arrived.clear();
  std::vector<Won>& won = incoming(tick).won;
  for (const Won& w : won) core_.mark_winner(tick, w.block, w.row, w.winner);
  won.clear();
}

void TileCore::clear(std::uint64_t tick) {
  Incoming& slot = incoming(tick);
  slot.known = slot.learn = slot.finished = false;
  slot.ends = slot.sums = slot.carry_ends = slot.error_ends = slot.error_sums = 0;
  std::fill(slot.rows_seen.begin(), slot.rows_seen.end(), 0u);
  for (std::vector<Feed>* feeds : {&feeds_, &error_feeds_})
    for (Feed& feed : *feeds) feed.got[tick % ticks_in_flight] = feed.promised[tick % ticks_in_flight] = 0;
  std::fill(slot.sum_seen.begin(), slot.sum_seen.end(), false);
  std::fill(slot.total.begin(), slot.total.end(), 0);
  std::fill(slot.error_sum_seen.begin(), slot.error_sum_seen.end(), false);
  std::fill(slot.error_total.begin(), slot.error_total.end(), 0);
}

/// Buffers are given back in the order of ticks.
void TileCore::release_finished(std::uint64_t now) {
  while (released_ < forward_ && incoming(released_).finished) {
    book_streamed();
    book_.settle(std::min(now, known_until()));
    deliver(released_);
    clear(released_);
    core_.release(released_);
    if (image().input && core_.last_step(released_)) {
      Entering& done = entering(presentation_of(released_));
      done.known = false, done.values_seen = 0;
      outlet_.inject(
          image().core,
          make_packet(PacketKind::host_credit, image().core, to_host_, presentation_of(released_), 0, 0, 0),
          now + 1);
    }
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
  if (learn_state_ == Learn::forming || learn_state_ == Learn::updating ||
      learn_state_ == Learn::summing_errors || learn_state_ == Learn::summing_increments)
    next = std::min(next, learn_due_);
  if (learn_state_ == Learn::waiting_for_factor && learn_position_ < plastic_.size()) {
    const std::size_t b = learn_block();
    const Received& r = received_[b][learn_index(b) % received_[b].size()];
    if (r.sample == learn_index(b) && r.complete_at != never && r.complete_at > now)
      next = std::min(next, r.complete_at);
  }
  if (next != never) outlet_.wake(*this, next);
}

bool TileCore::idle() const {
  return forward_state_ == Forward::closed && learn_state_ == Learn::idle && to_learn_.empty() &&
         released_ == forward_ && targets_.empty() &&
         std::all_of(credits_.begin(), credits_.end(), [&](std::uint64_t c) { return c == forward_; }) &&
         std::none_of(std::begin(incoming_), std::end(incoming_),
                      [](const Incoming& i) {
                        return i.known || i.ends != 0 || i.sums != 0 || i.error_ends != 0 ||
                               i.error_sums != 0;
                      }) &&
         std::none_of(exchanges_.begin(), exchanges_.end(),
                      [](const Exchange& e) {
                        return std::any_of(e.parts.begin(), e.parts.end(),
                                           [](const Exchange::Part& p) { return p.got + p.promised != 0; });
                      }) &&
         std::none_of(std::begin(entering_), std::end(entering_),
                      [](const Entering& e) { return e.known || e.values_seen != 0; });
}

std::string TileCore::waiting() const {
  if (idle()) return {};
  static constexpr const char* forward_names[] = {
      "its pass cannot open",   "rows to arrive", "sums",
      "partial sums of slices", "evaluation",     "credits of destinations"};
  std::string text = "core " + std::to_string(image().core) + " at presentation " +
                     std::to_string(presentation_of(forward_)) +
                     (image().steps > 1 ? ", step " + std::to_string(forward_ % image().steps) : "") +
                     " waits for " + forward_names[static_cast<int>(forward_state_)];
  if (learn_state_ == Learn::waiting_for_factor)
    text += "; learning sample " + std::to_string(learned_) + " waits for its third factor or target";
  if (learn_state_ == Learn::waiting_for_errors || learn_state_ == Learn::waiting_for_error_slices)
    text += "; learning sample " + std::to_string(learned_) + " waits for errors that come back";
  if (learn_state_ == Learn::waiting_for_increments)
    text += "; learning sample " + std::to_string(learned_) + " waits for the increments of its kernel";
  for (std::size_t d = 0; d < credits_.size(); ++d)
    if (credits_[d] < released_)
      text += "; credits of core " + std::to_string(destination(d)) + " are missing";
  return text;
}

void TileCore::resume_at(std::uint64_t presentation, std::uint64_t learned) {
  forward_ = released_ = carried_for_ = presentation * image().steps;
  forward_sample_ = learned_ = learned;
  forward_ticks_ = ticks_learned_ = learned * image().steps;
  std::fill(credits_.begin(), credits_.end(), forward_);
  count_missing_credits();
  for (std::size_t b = 0; b < exchanges_.size(); ++b) exchanges_[b].next = learn_index(b);
}

}  // namespace trifactor
