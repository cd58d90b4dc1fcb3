// A core with time. It is moved by packets and by the ends of its own stages; each stage computes its values
// in one activation with the golden core, and its length by closed form.
//
//   forward: rows stream in -> sums complete -> (sums of slices) -> evaluate -> send (credits)
//   learn:   (errors stream in -> sums complete -> sums of slices) -> contribute -> words arrive -> form ->
//            (factors to slices) -> update -> (errors leave) -> buffer free, credit
//
// The pass of a tick (a step of a presentation, rtl/core) opens when every update that it must see is written
// (weight age). An input core sends its values at every step; the answer leaves at the last. What late blocks
// read at the first step of a presentation was sent at the last step of the one before and is carried in the
// core until then.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <deque>
#include <functional>
#include <string>
#include <systemc>
#include <vector>

#include "rtl/core/core.hpp"
#include "rtl/spec/machine.hpp"
#include "sysc/core/cycle_book.hpp"
#include "sysc/core/outlet.hpp"
#include "sysc/core/packets.hpp"
#include "sysc/core/tile_index.hpp"

namespace trifactor {

class TileCore : public sc_core::sc_module, public Sleeper {
 public:
  using RowsOf = std::function<std::pair<std::uint32_t, std::uint32_t>(std::uint32_t core, bool feedback)>;

  TileCore(sc_core::sc_module_name name, Core core, const Machine& machine, Outlet& outlet);

  /// After all cores exist: routes to destinations, sources, helpers. `host_tile`: where results go.
  /// `rows_of(core, feedback)`: rows [first, end) of this core's population that a destination holds, in its
  /// forward or its feedback blocks.
  void connect(std::uint32_t host_tile, const RowsOf& rows_of);

  /// A packet of the mesh for this core, at `cycle`.
  void arrive(const Packet& packet, std::uint64_t cycle) {
    if (static_cast<PacketKind>(packet.kind) == PacketKind::activity)  // nearly all of them
      take_activity(packet, full_tick(packet.tick, forward_), cycle);
    else
      take_other(packet, cycle);
  }
  /// Third-factor words by a tree of their own, complete at `cycle`, which may lie ahead.
  void words_arrive(std::uint32_t projection, std::uint64_t sample, std::span<const std::int16_t> words,
                    std::uint64_t cycle);

  /// The end of a stage, or of a wait.
  void wake_up(std::uint64_t cycle) override { advance(cycle); }

  /// With all that has arrived.
  Core& core() {
    for (std::uint64_t k = 0; k < ticks_in_flight; ++k) deliver(released_ + k);
    finish_updates();
    return core_;
  }
  const CoreImage& image() const { return core_.image(); }
  const std::array<std::uint64_t, cycle_cause_count>& cycles() const { return book_.cycles(); }
  /// Gives every cycle before `now` its cause; `blocked`: cycles since the last call in which the router took
  /// no packet of this tile, counted where nothing else happened.
  void close_cycles(std::uint64_t now, std::uint64_t blocked) {
    book_streamed();
    book_.close(std::min(now, known_until()), blocked);
  }
  bool idle() const;
  /// What this core waits for, in words; empty when idle.
  std::string waiting() const;
  /// Called when an evaluation or update has digests to give (only if the chip wants them).
  std::function<void(std::uint64_t presentation, bool learn)> on_evaluated;
  std::function<void(std::size_t block, std::uint64_t sample)> on_formed, on_updated;

  /// An input core: a teacher that takes `words` distances, from its word first_word on.
  struct InputTeacher {
    std::uint32_t projection = 0, first_word = 0, words = 0;
    bool every_step = false;
  };
  void add_input_teacher(InputTeacher teacher) { input_teachers_.push_back(teacher); }

  /// After a checkpoint was written into the core: it goes on at that presentation, learning sample
  /// `learned`.
  void resume_at(std::uint64_t presentation, std::uint64_t learned);

 private:
  static constexpr std::uint64_t never = ~std::uint64_t{0};

  enum class Forward : std::uint8_t { closed, streaming, summing, waiting_for_slices, evaluating, sending };
  enum class Learn : std::uint8_t {
    idle,
    waiting_for_errors,
    summing_errors,
    waiting_for_error_slices,
    waiting_for_factor,
    forming,
    summing_increments,
    waiting_for_increments,
    updating
  };

  /// An activity: rows are kept until a stage reads them, and then written one after the other.
  struct Arrived {
    std::uint32_t row = 0;
    std::uint16_t block = 0;
    std::int16_t value = 0;
  };
  /// Who won the window of a pooling neuron whose error arrived.
  struct Won {
    std::uint32_t row = 0, block = 0, winner = 0;
  };
  /// One of the two ticks in the axon buffers.
  struct Incoming {
    bool known = false, learn = false, finished = false;
    std::uint32_t ends = 0;        ///< sources that closed the step
    std::vector<Arrived> arrived;  ///< rows the core has not been given yet, in order
    std::vector<Won> won;          ///< likewise
    // Of a first step: what late sources sent at the end of the presentation before.
    std::uint32_t carry_ends = 0;
    bool carry_learn = false;
    std::vector<Arrived> carried;
    std::vector<std::uint64_t> rows_seen;  ///< a bit a row
    std::uint32_t sums = 0;                ///< of slices, received
    std::vector<bool> sum_seen;
    std::vector<std::int64_t> total;
    // Errors that come back: the same for them.
    std::uint32_t error_ends = 0, error_sums = 0;
    std::vector<bool> error_sum_seen;
    std::vector<std::int64_t> error_total;
  };
  /// Input cores: one of two presentations that the host port sends.
  struct Entering {
    bool known = false, learn = false;
    std::uint32_t values_seen = 0;
    std::vector<std::int16_t> values;
  };
  /// What a block received for one learning sample.
  struct Received {
    std::uint64_t sample = never;
    std::vector<std::int16_t> words;
    std::uint64_t words_seen = 0;  ///< a bit a word
    std::uint64_t complete_at = never;
    std::vector<std::int16_t> a0, a1, c;  ///< factors from the owner
    std::vector<bool> factor_seen;
    std::uint32_t factors = 0;
  };
  /// Increments of a kernel under way: at the root those of every other core, elsewhere the layer's.
  struct Exchange {
    struct Part {
      KernelIncrements increments;
      std::vector<bool> seen;  ///< words
      std::uint32_t got = 0, promised = 0;
    };
    std::uint64_t next = 0;  ///< learning sample (or tick) whose increments are exchanged next
    std::uint32_t route = 0;
    std::vector<Part> parts;
    bool complete() const {
      return std::all_of(parts.begin(), parts.end(),
                         [](const Part& p) { return p.promised != 0 && p.got + 1 == p.promised; });
    }
  };
  struct Target {
    std::uint64_t sample = 0;
    int label = 0;
  };
  struct Rate {
    std::uint64_t from = 0;
    std::uint32_t projection = 0, mantissa = 0;
  };
  /// A source, the rows that hear it, parts_[first_part, end_part), and what it sent.
  struct Feed {
    std::uint32_t core = 0, population = 0, first_neuron = 0, neurons = 0;
    std::uint32_t first_part = 0, end_part = 0;
    bool late = false;
    std::uint32_t got[ticks_in_flight] = {}, promised[ticks_in_flight] = {};
  };
  struct Part {
    std::uint32_t block = 0, first_row = 0, rows = 0;
    std::uint32_t first_bit = 0;  ///< in Incoming::rows_seen
  };
  /// Neurons [first, end) of this core go along `route` to `destinations`.
  struct Segment {
    std::uint32_t first = 0, end = 0, route = 0;
    std::vector<std::size_t> destinations;
  };

  /// Where values of this core's neurons go: activities forward, errors back.
  struct Fan {
    std::uint32_t to_all = 0;
    std::vector<std::uint32_t> routes;  ///< by destination
    std::vector<Segment> segments;
  };

  void advance(std::uint64_t now);
  bool forward_step(std::uint64_t now);
  bool learn_step(std::uint64_t now);
  bool inputs_complete();
  bool may_open() const;
  void open(std::uint64_t now);
  void accumulate(std::uint64_t now);
  void evaluate(std::uint64_t now);
  void contribute(std::uint64_t tick, std::uint64_t now);
  void contribute_input(std::uint64_t now);
  Fan make_fan(const std::vector<std::uint32_t>& destinations, bool feedback, const RowsOf& rows_of);
  std::uint64_t send_values(const Fan& fan, PacketKind kind, PacketKind end, std::uint64_t tick,
                            std::span<const std::int16_t> values, std::uint32_t end_aux, std::uint64_t at);
  void send_errors(std::uint64_t now);
  bool complete(std::vector<Feed>& feeds, std::uint64_t tick, const char* what);
  bool carries(const Feed& feed, std::uint64_t tick) const { return feed.late && core_.first_step(tick); }
  void take_carried();
  void recall(std::uint64_t now);
  bool learns_at(std::uint64_t tick) const;
  void relay(std::uint64_t now);
  bool next_learning_block(std::size_t from);
  std::uint64_t learn_index(std::size_t block) const {
    return image().blocks[block].plasticity.every_step ? ticks_learned_ : learned_;
  }
  bool errors_complete();
  void open_errors(std::uint64_t now);
  void accumulate_errors(std::uint64_t now);
  void add_feeds(const std::vector<SourceSlice>& sources, bool feedback,
                 const std::vector<std::uint32_t>& first_bits, std::vector<Feed>& feeds);
  void count_missing_credits();
  void send(std::uint64_t now);
  void send_result(std::uint64_t now);
  void finish_tick(std::uint64_t tick);
  void form(std::uint64_t now);
  void accept(std::uint64_t now);
  void send_factors(std::size_t block, std::uint64_t now);
  void begin_increments(std::uint64_t now);
  void send_increments(PacketKind kind, PacketKind end, std::uint64_t now);
  bool exchange_increments(std::uint64_t now);
  void begin_updates(std::uint64_t now);
  void take_increment(const Packet& packet, std::uint64_t sample);
  void clear_part(std::size_t block, Exchange::Part& part) const;
  void connect_kernels();
  void write_updates(std::uint64_t now);
  UpdatePass begin_update(std::size_t block);
  UpdatePass write_update(std::size_t block);
  void finish_updates();
  /// Learning samples of a block whose updates are written, as far as anybody can tell.
  std::uint64_t written(std::size_t block) const { return core_.written(block) + (deferred_[block] ? 1 : 0); }
  bool factor_ready(std::uint64_t now) const;
  void release_finished(std::uint64_t now);
  void clear(std::uint64_t tick);
  void deliver(std::uint64_t tick);
  void book_streamed() {
    book_.add(CycleCause::computing, streamed_from_, streamed_to_);
    streamed_from_ = streamed_to_;
  }
  void take_other(const Packet& packet, std::uint64_t cycle);
  template <class OnRow>
  bool take_rows(const Packet& packet, std::uint64_t tick, Feed& feed, const char* what,
                 std::vector<Arrived>& arrived, OnRow on_row);
  void take_activity(const Packet& packet, std::uint64_t tick, std::uint64_t cycle);
  void take_end(const Packet& packet, std::uint64_t tick);
  void take_sum(const Packet& packet, std::uint64_t tick);
  void take_error(const Packet& packet, std::uint64_t tick, std::uint64_t cycle);
  void take_error_end(const Packet& packet, std::uint64_t tick);
  void take_error_sum(const Packet& packet, std::uint64_t tick);
  bool error_expected(std::uint64_t tick);
  std::size_t slice_sum(const Packet& packet, std::size_t words);
  void book_rows(std::uint64_t cycle);
  void take_word(const Packet& packet, std::uint64_t sample, std::uint64_t cycle);
  void take_factor(const Packet& packet, std::uint64_t sample, std::uint64_t cycle);
  void take_credit(const Packet& packet, std::uint64_t tick);
  void take_input(const Packet& packet, std::uint64_t presentation);
  /// Sources that close a tick in time; what late ones sent for a first step is known before.
  std::uint32_t closing_sources(std::uint64_t tick) const {
    const bool carried = late_sources_ != 0 && core_.first_step(tick);
    return static_cast<std::uint32_t>(feeds_.size()) - (carried ? late_sources_ : 0);
  }
  std::uint64_t presentation_of(std::uint64_t tick) const { return tick / image().steps; }
  std::uint32_t destination(std::size_t d) const {
    const std::size_t on_time = image().destinations.size();
    return d < on_time ? image().destinations[d] : image().late_destinations[d - on_time];
  }
  Entering& entering(std::uint64_t presentation) { return entering_[presentation % ticks_in_flight]; }
  bool expected(std::uint64_t tick) { return tick - released_ < ticks_in_flight || unexpected(tick); }
  bool unexpected(std::uint64_t tick);
  void fault(const char* code, const std::string& text);

  bool learn_waits() const {
    return learn_state_ == Learn::waiting_for_errors || learn_state_ == Learn::waiting_for_error_slices ||
           learn_state_ == Learn::waiting_for_factor || learn_state_ == Learn::waiting_for_increments;
  }
  bool owner() const { return image().owner == image().core; }
  std::uint64_t learn_tick() const { return to_learn_.front(); }
  std::size_t learn_block() const { return plastic_[learn_position_]; }
  Incoming& incoming(std::uint64_t tick) { return incoming_[tick % ticks_in_flight]; }
  Received& received(std::size_t block, std::uint64_t sample);
  std::size_t block_of(std::uint32_t projection) const;
  std::size_t source_of(std::uint32_t core) {
    return last_source_ < feeds_.size() && feeds_[last_source_].core == core ? last_source_
                                                                             : other_source(core);
  }
  std::size_t other_source(std::uint32_t core);
  /// Waits are reported when they end: what began earlier is open until then.
  std::uint64_t known_until() const {
    const std::uint64_t sending = forward_state_ == Forward::sending ? ready_to_send_ : never;
    return learn_waits() ? std::min(sending, waiting_since_) : sending;
  }
  std::uint64_t tick_of(const Packet& packet) const;
  std::uint64_t jitter(std::uint32_t stage) const { return outlet_.jitter(image().core, forward_, stage); }

  Core core_;
  const Machine& machine_;
  Outlet& outlet_;
  CycleBook book_;

  std::vector<std::size_t> plastic_;  ///< blocks that learn
  std::vector<bool> deferred_;        ///< by block: an update that has its time and is not yet written
  std::uint32_t to_host_ = 0, to_owner_ = 0, to_helpers_ = 0;
  std::vector<std::uint32_t> credit_routes_;  ///< by source
  Fan forward_fan_, late_fan_, error_fan_;

  // forward pipeline; what every activity touches comes first and lies together
  std::uint64_t forward_ = 0;    ///< presentation that is or will be computed
  std::uint64_t released_ = 0;   ///< presentations whose buffers are free again
  std::size_t last_source_ = 0;  ///< activities of one source come one after the other
  std::vector<Feed> feeds_;      ///< by source
  std::vector<Part> parts_;
  Forward forward_state_ = Forward::closed;
  std::uint64_t memory_free_ = 0;  ///< the synapse memory is busy until then
  std::uint64_t row_bursts_ = 0;
  std::uint64_t streamed_from_ = 0, streamed_to_ = 0;  ///< cycles of the last rows, not in the book yet
  std::uint64_t waiting_rows_ = 0;    ///< of presentation forward_, arrived before its pass opened
  std::uint64_t forward_sample_ = 0;  ///< learning samples before it
  std::uint64_t forward_ticks_ = 0;   ///< learning ticks before it
  std::uint64_t forward_due_ = never;
  std::uint64_t post_free_ = 0;
  std::uint64_t ready_to_send_ = never;
  Incoming incoming_[ticks_in_flight];
  Entering entering_[ticks_in_flight];
  std::uint32_t late_sources_ = 0;
  std::uint64_t carried_for_ = 0;      ///< the first step for which the core holds what late sources sent
  std::vector<std::int16_t> nothing_;  ///< zeros: what a look leaves for the next presentation
  /// By destination, those that read late last: ticks whose buffers were given back.
  std::vector<std::uint64_t> credits_;
  std::size_t missing_credits_ = 0;  ///< destinations that are not ready for what tick forward_ sends
  TileIndex source_index_, destination_index_;
  std::vector<std::int64_t> sums_;

  // learn pipeline
  Learn learn_state_ = Learn::idle;
  std::vector<Feed> error_feeds_;       ///< by source of errors
  std::deque<std::uint64_t> to_learn_;  ///< ticks evaluated and not yet learned from
  std::uint64_t learned_ = 0;           ///< learning samples done with
  std::uint64_t ticks_learned_ = 0;     ///< learning ticks done with, where a block learns at every step
  std::size_t learn_position_ = 0;      ///< in plastic_
  bool relay_due_ = false;  ///< errors go on through neurons that do not learn, before any block learns
  std::uint64_t learn_due_ = never;
  std::uint64_t waiting_since_ = 0;
  std::vector<std::vector<Received>> received_;  ///< by block, ring by sample
  std::vector<Exchange> exchanges_;              ///< by block; of those with a kernel
  std::deque<Target> targets_;
  std::deque<Rate> rates_;
  std::vector<std::int64_t> up_;
  std::vector<std::int64_t> input_distances_;
  std::vector<InputTeacher> input_teachers_;
};

}  // namespace trifactor
