// One core's behaviour without time: what its memories hold and what each stage does to them. Engines call
// the stages in the order a presentation runs through them; how long a stage takes is not known here.
//
// A presentation has S steps (image().steps); a tick is a step of a presentation, tick = presentation x S +
// step. With S = 1 the two are the same. A learning sample is a presentation that learns; what is learned
// once a sample is learned at its last step. A block whose rule learns at every step counts learning ticks
// where others count learning samples.
//
//   deliver -> accumulate -> (sums of row slices) -> evaluate -> contribute -> form / accept -> update
//
// Where errors come back, learning begins with a pass of its own over the feedback blocks:
//
//   deliver -> accumulate_errors -> (sums of row slices) -> take_errors -> form / accept -> update
//
// A stage sees only this core's memories and what was delivered to it.
#pragma once

#include <array>
#include <cstdint>
#include <deque>
#include <memory>
#include <span>
#include <vector>

#include "rtl/core/arithmetic.hpp"
#include "rtl/core/shared_kernel.hpp"
#include "rtl/spec/events.hpp"
#include "rtl/spec/image.hpp"
#include "rtl/units/accumulate/rows.hpp"
#include "rtl/units/activation/golden.hpp"
#include "rtl/units/pool/golden.hpp"

namespace trifactor {

/// Two ticks may be in a core's axon buffers at a time.
inline constexpr std::uint32_t ticks_in_flight = 2;

/// Weights in the storage the kernels use: rows of padded columns, 8 or 16 bits each.
class SynapseMemory {
 public:
  SynapseMemory() = default;
  SynapseMemory(std::uint32_t rows, std::uint32_t columns, int weight_bits);
  std::int32_t at(std::uint32_t row, std::uint32_t column) const;
  void set(std::uint32_t row, std::uint32_t column, std::int32_t weight);
  WeightBlock block();
  std::size_t stride() const { return stride_; }

 private:
  bool narrow_ = false;
  std::size_t stride_ = 0;
  std::vector<std::int8_t> bytes_;
  std::vector<std::int16_t> words_;
};

/// Factors of one learning sample (or tick), waiting to be written (weight age D keeps D of them waiting). Of
/// a block with a kernel its increments wait instead of the rows.
struct PendingUpdate {
  std::uint64_t sample = 0;
  std::vector<std::int16_t> a0, a1, c;  ///< padded; a1, c empty where the rule has none
  std::vector<UpdateRow> rows;          ///< ascending
  KernelIncrements increments;          ///< of this core, then of the layer
  template <class V>
  friend void visit(V& v, PendingUpdate& p) {
    v(p.sample, p.a0, p.a1, p.c, p.rows, p.increments);
  }
};

/// What one update pass touched, for whoever knows what that costs in time.
struct UpdatePass {
  std::uint32_t rows = 0;     ///< rows read and written
  std::uint32_t bursts = 0;   ///< bursts read, and as many written
  std::uint32_t entries = 0;  ///< of a kernel, enabled
};

/// Everything of one block that changes while the chip runs.
struct BlockState {
  SynapseMemory weights;
  std::vector<std::uint8_t> mask;  ///< as WeightBlock's; empty: every synapse exists
  std::vector<std::uint32_t> update_generators, factor_generators;  ///< a column each
  std::vector<std::int32_t> means, held;
  std::vector<std::int16_t> row_before;  ///< activities of the learning sample before
  std::vector<std::int32_t> row_mean;
  /// A late block: activities at the end of the learning sample before, read at the first step of the next.
  std::vector<std::int16_t> carried;
  /// A pooling block: the neurons to whose windows row r belongs, taps[first_tap[r]] to taps[first_tap[r+1]],
  /// and the windows of the step under way.
  std::vector<std::uint32_t> first_tap, taps;
  std::vector<PoolState> pools;
  std::vector<std::int16_t> kernel;  ///< entries as they stand; empty: no kernel
  KernelSegments segments;           ///< where their copies lie
  std::uint64_t formed = 0;          ///< learning samples (or ticks) whose factors were formed
  std::deque<PendingUpdate> pending;
};

class Core {
 public:
  /// The image's weights are moved into synapse memory. `lanes`: of the machine, for counting bursts.
  Core(CoreImage image, const Arithmetic& arithmetic, int lanes);
  ~Core();
  Core(Core&&) noexcept;

  const CoreImage& image() const { return image_; }

  /// One activity of a tick arrives; for a feedback block one error. row: of the block, below its `rows`.
  /// A late block's activities of the tick before come with the number of the tick that reads them; those
  /// that the first step of a presentation would read are carried instead.
  void deliver(std::uint64_t tick, std::size_t block, std::uint32_t row, std::int16_t value);
  /// The error of a pooling neuron came with the number of the neuron that won its window, in the population
  /// that was pooled.
  void mark_winner(std::uint64_t tick, std::size_t block, std::uint32_t row, std::uint32_t winner);
  /// An activity at the last step of a presentation arrives at a late block.
  void carry(std::size_t block, std::uint32_t row, std::int16_t value);
  /// Before the first of them: the presentation that they come from learns, so those before are forgotten.
  void begin_carry(std::size_t block);
  /// The first step of a learning presentation begins: its late blocks read what was carried. Looks begin
  /// with nothing. Returns the rows that hold a value.
  std::size_t recall(std::uint64_t tick);
  /// Rows of a block that hold a value (the bias row included): what a forward pass reads.
  std::size_t rows_to_read(std::uint64_t tick, std::size_t block) const;

  bool first_step(std::uint64_t tick) const { return tick % image_.steps == 0; }
  bool last_step(std::uint64_t tick) const { return tick % image_.steps == image_.steps - 1; }
  /// Whether a block learns at that tick of a learning presentation.
  bool learns_at(std::size_t block, std::uint64_t tick) const {
    return image_.blocks[block].plastic && (image_.blocks[block].plasticity.every_step || last_step(tick));
  }

  /// Whether a tick also takes the sums with raised weights (PlasticityImage::weight_power): when a rule that
  /// asks for them learns at it.
  bool raises(std::uint64_t tick, bool learn) const;
  /// Words of this core's partial sums: one a neuron, and a second one with raised weights.
  std::uint32_t sum_words(bool raised) const;
  /// Cycles by which those sums are complete later than the plain ones.
  std::uint64_t raising_cycles(bool raised) const;
  /// Adds this core's exact sums at the neurons' binary point, then those with raised weights at theirs.
  /// sums: (sum_words).
  void accumulate(std::uint64_t tick, std::span<std::int64_t> sums, bool learn);
  /// Likewise what errors came back, at their own binary point: with the feedback weights before any update
  /// of this learning sample. sums: (neurons).
  void accumulate_errors(std::uint64_t tick, std::span<std::int64_t> sums);
  /// The owner's complete sums of errors, for the factors that are formed next.
  void take_errors(std::span<const std::int64_t> sums);
  /// Errors of the neurons as last formed, to be sent back (neurons); empty where nobody takes them.
  std::span<const std::int16_t> errors() const { return errors_; }
  /// The owner's neurons from complete sums (sum_words). The last steps of learning presentations enter the
  /// histories. Looks move membranes and generators of their own, which begin anew with each.
  void evaluate(std::uint64_t tick, std::span<const std::int64_t> sums, bool learn);
  /// An input core's values, as the host sent them. Those of learning presentations enter its history.
  void set_input(std::span<const std::int16_t> values, bool learn);
  /// An input core's share of the squared distances between the learning sample last set and those before.
  /// up: (input_partners), added to.
  void contribute_input(std::span<std::int64_t> up);
  /// Activities of the last evaluation (neurons).
  std::span<const std::int16_t> outputs() const { return outputs_; }

  /// This core's partial sums of the learning tick last evaluated; where errors come back, of the one whose
  /// errors were taken last. up: (up_words), added to.
  void contribute(std::size_t block, std::span<std::int64_t> up);
  /// The owner forms the factors of the block's next learning sample or tick and queues them.
  void form(std::uint64_t tick, std::size_t block, std::span<const std::int16_t> words, int target);
  /// A slice that is not the owner receives them. Spans of `neurons`; a1, c empty where there are none.
  void accept(std::uint64_t tick, std::size_t block, std::span<const std::int16_t> a0,
              std::span<const std::int16_t> a1, std::span<const std::int16_t> c);
  /// The factors formed last, for the slices that are not the owner.
  const PendingUpdate& last_formed(std::size_t block) const { return blocks_[block].pending.back(); }
  /// A block with a kernel: the increments of the factors formed last, of this core until those of the layer
  /// were set.
  const KernelIncrements& increments(std::size_t block) const {
    return blocks_[block].pending.back().increments;
  }
  /// Accesses to increment memory that forming them took.
  std::uint64_t increment_cycles() const { return increment_cycles_; }
  /// They leave for the root, which takes those of every other core of the layer and gives all their sum.
  void send_increments(std::size_t block);
  void add_increments(std::size_t block, const KernelIncrements& of_core);
  void set_increments(std::size_t block, const KernelIncrements& of_layer);
  /// Whether the oldest waiting update may be written: the passes that must not see it have read.
  bool may_update(std::size_t block) const;
  /// What update() would touch.
  UpdatePass next_update(std::size_t block) const;
  /// Writes it, or does nothing.
  UpdatePass update(std::size_t block);
  /// Learning samples (or ticks) of a block whose updates are written.
  std::uint64_t written(std::size_t block) const {
    return blocks_[block].formed - blocks_[block].pending.size();
  }
  bool takes_errors() const { return !image_.error_sources.empty(); }
  /// Whether neurons that do not learn send errors on at that tick of a learning presentation.
  bool relays_at(std::uint64_t tick) const {
    return image_.relay.present && (image_.relay.every_step || last_step(tick));
  }
  /// The owner forms those errors from what was taken, for the learning tick last evaluated.
  void relay();
  /// Who won the window of each neuron, to be sent with its error (neurons); empty where nothing is pooled.
  std::span<const std::uint32_t> winners() const { return winners_; }
  /// A tick has been dealt with: its axon buffer is free again.
  void release(std::uint64_t tick);

  void set_eta(std::size_t block, std::uint32_t mantissa) { image_.blocks[block].plasticity.eta = mantissa; }
  std::int32_t weight(std::size_t block, std::uint32_t row, std::uint32_t column) const {
    return blocks_[block].weights.at(row, column);
  }

  BlockWeights read_weights(std::size_t block) const;

  EventCounts& events() { return events_; }
  const EventCounts& events() const { return events_; }
  /// Of these, the width_events of one block.
  const EventCounts& block_events(std::size_t block) const { return block_events_[block]; }
  const UpdateCounts& update_counts(std::size_t block) const { return update_counts_[block]; }

  void set_digests(bool on) { digests_ = on; }
  /// Sum over this core's updates since the last call of hash(projection, row, column, new word).
  std::uint64_t take_weight_digest(std::size_t block);
  /// Sum over the neurons of hash(population, neuron, activity) of the last evaluation.
  std::uint64_t activity_digest() const;
  /// Sum over the neurons of hash(projection, neuron, a0, a1, c) of the factors formed last.
  std::uint64_t factor_digest(std::size_t block) const;

  /// All that a checkpoint must hold, as words; only between presentations.
  std::vector<std::uint32_t> save() const;
  void restore(std::span<const std::uint32_t> words);

 private:
  struct Axons {
    std::vector<std::int16_t> dense;     ///< (rows + bias)
    std::vector<AxonValue> active;       ///< non-zero ones, in order of arrival
    std::vector<std::uint32_t> winners;  ///< (rows) of a feedback block that leads back through windows
  };
  PostView view(std::size_t block, std::uint64_t sample);
  void load_mask(BlockImage& image, BlockState& state) const;
  WeightBlock weight_block(std::size_t block);
  void seed_masks();
  const std::int16_t* drop(const std::int16_t* local, std::uint16_t* fprime);
  std::int64_t grown_error(std::int64_t sum) const;
  void find_windows(const BlockImage& image, BlockState& state) const;
  void largest_rows(std::span<const AxonValue> axons, std::size_t block, std::span<std::int64_t> sums);
  void errors_to_winners(std::uint64_t tick, std::size_t block, std::span<std::int64_t> sums);
  void accumulate_raised(std::uint64_t tick, std::span<std::int64_t> sums);
  void keep_currents(std::span<const std::int64_t> sums, bool raised);
  void hear_errors(std::uint64_t tick);
  void accumulate_block(std::uint64_t tick, std::size_t block, std::span<std::int64_t> sums);
  void queue_update(std::uint64_t tick, std::size_t block, PendingUpdate update);
  void collect_rows(std::uint64_t tick, std::size_t block, PendingUpdate& update);
  NeuronValue neuron_value(std::uint32_t neuron, std::int64_t sum, bool learn);
  /// The learning sample to which a block's learning sample or tick belongs.
  std::uint64_t sample_of(std::size_t block, std::uint64_t index) const {
    return image_.blocks[block].plasticity.every_step ? index / image_.steps : index;
  }
  void digest_update(std::size_t block, const PendingUpdate& update);
  void load_kernel(BlockImage& image, BlockState& state) const;
  void collect_increments(std::size_t block, PendingUpdate& update);
  UpdatePass kernel_pass(std::size_t block) const;
  UpdatePass update_kernel(std::size_t block);
  /// An event of `width_events`.
  void count_event(std::size_t block, Event event, std::uint64_t times) {
    events_[event] += times;
    block_events_[block][event] += times;
  }
  void count_losses(std::size_t block, const LaneLosses& losses);
  template <class V>
  void visit_state(V& v);

  CoreImage image_;
  int lanes_;
  std::vector<BlockState> blocks_;
  std::vector<std::unique_ptr<LaneUnit>> lane_units_;
  std::vector<std::unique_ptr<TiedUnit>> tied_units_;
  std::vector<std::unique_ptr<PostUnit>> post_units_;
  std::unique_ptr<PostUnit> relay_unit_;
  std::vector<Axons> axons_[ticks_in_flight];

  // Rings, one slot a learning sample.
  std::uint32_t z_slots_ = 1, scale_slots_ = 1, activity_slots_ = 1;
  std::vector<std::int16_t> z_, scale_, r_, current_;
  std::vector<std::uint16_t> fprime_;
  std::vector<std::int16_t> handed_;            ///< values after dropout; empty without
  std::vector<std::uint32_t> mask_generators_;  ///< a neuron each; empty without
  int current_frac_ = 0;
  std::uint64_t increment_cycles_ = 0;
  bool raises_weights_ = false;     ///< forms a second sum
  std::uint64_t passes_ = 0;        ///< learning samples accumulated to their last step
  std::uint64_t tick_passes_ = 0;   ///< learning ticks accumulated
  std::uint64_t learned_ = 0;       ///< learning samples evaluated to their last step
  std::uint64_t evaluated_ = 0;     ///< the learning sample of the learning tick evaluated last
  std::uint64_t error_passes_ = 0;  ///< learning samples (or ticks) whose errors were accumulated
  // By neuron; of looks, which leave no trace, beside those of learning.
  std::vector<std::int64_t> membrane_, shadow_;
  std::vector<std::uint32_t> noise_generators_, shadow_generators_;
  std::vector<std::int16_t> outputs_;
  std::vector<std::int16_t> errors_;      ///< sent back
  std::vector<std::int64_t> error_sums_;  ///< of those that came back
  std::vector<std::uint32_t> winners_;    ///< of windows, where errors go back through them
  std::vector<std::int64_t> heard_;       ///< of error blocks, a slot a learning sample; empty without

  EventCounts events_;
  std::vector<EventCounts> block_events_;
  std::vector<UpdateCounts> update_counts_;
  bool digests_ = false;
  std::vector<std::uint64_t> weight_digests_;
  std::vector<std::int64_t> block_sums_;
  std::array<const std::int16_t*, max_partners + 1> compared_{};
};

/// What digests call a row of a block: its presynaptic neuron, or the bias.
inline std::uint32_t row_id(const BlockImage& block, std::uint32_t row) {
  return row < block.rows ? block.first_row + row : 0xffffffffu;
}

/// 64-bit mixing of up to four words, for digests.
std::uint64_t digest_hash(std::uint64_t a, std::uint64_t b, std::uint64_t c, std::uint64_t d);

}  // namespace trifactor
