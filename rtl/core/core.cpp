// A core as it is put together, and its forward pass. How it learns: core_learning.cpp.
#include "rtl/core/core.hpp"

#include <algorithm>

#include "rtl/units/activation/golden.hpp"
#include "rtl/units/distance/golden.hpp"
#include "rtl/units/history/golden.hpp"
#include "rtl/units/membrane/golden.hpp"
#include "rtl/units/noise/golden.hpp"
#include "rtl/units/power/normalise.hpp"
#include "rtl/units/random/golden.hpp"

namespace trifactor {
namespace {

std::uint32_t burst_count(std::uint32_t columns, int lanes) {
  return (columns + static_cast<std::uint32_t>(lanes) - 1) / static_cast<std::uint32_t>(lanes);
}

}  // namespace

SynapseMemory::SynapseMemory(std::uint32_t rows, std::uint32_t columns, int weight_bits)
    : narrow_(weight_bits <= 8), stride_(padded_columns(columns)) {
  if (narrow_)
    bytes_.resize(rows * stride_);
  else
    words_.resize(rows * stride_);
}

std::int32_t SynapseMemory::at(std::uint32_t row, std::uint32_t column) const {
  const std::size_t index = row * stride_ + column;
  return narrow_ ? bytes_[index] : words_[index];
}

void SynapseMemory::set(std::uint32_t row, std::uint32_t column, std::int32_t weight) {
  const std::size_t index = row * stride_ + column;
  if (narrow_)
    bytes_[index] = static_cast<std::int8_t>(weight);
  else
    words_[index] = static_cast<std::int16_t>(weight);
}

WeightBlock SynapseMemory::block() {
  return {narrow_ ? static_cast<void*>(bytes_.data()) : static_cast<void*>(words_.data()), narrow_, stride_,
          nullptr};
}

/// From rows of as many bits as neurons to rows of padded columns.
void Core::load_mask(BlockImage& image, BlockState& state) const {
  if (image.mask.empty()) return;
  const std::size_t from = BlockImage::mask_bytes(image_.neurons), to = padded_columns(image_.neurons) / 8;
  state.mask.assign(image.total_rows() * to, 0);
  for (std::size_t row = 0; row < image.total_rows(); ++row)
    std::copy_n(image.mask.begin() + static_cast<std::ptrdiff_t>(row * from), from,
                state.mask.begin() + static_cast<std::ptrdiff_t>(row * to));
  std::vector<std::uint8_t>().swap(image.mask);
}

Core::~Core() = default;
Core::Core(Core&&) noexcept = default;

Core::Core(CoreImage image, const Arithmetic& arithmetic, int lanes)
    : image_(std::move(image)), lanes_(lanes) {
  const std::uint32_t n = image_.neurons;
  const std::uint32_t groups =
      image_.normalise.group_size == 0 ? 0 : n / static_cast<std::uint32_t>(image_.normalise.group_size);
  bool uses_current = false;
  for (BlockImage& b : image_.blocks) {
    BlockState state;
    state.weights = SynapseMemory(b.total_rows(), n, b.weight_bits);
    for (std::uint32_t row = 0; row < b.total_rows(); ++row)
      for (std::uint32_t i = 0; i < n; ++i) state.weights.set(row, i, b.weights[row * n + i]);
    std::vector<std::int16_t>().swap(b.weights);
    load_mask(b, state);
    find_windows(b, state);
    const PlasticityImage& p = b.plasticity;
    if (b.plastic) {
      state.update_generators.assign(padded_columns(n), 1);
      state.factor_generators.assign(n, 1);
      for (std::uint32_t i = 0; i < n; ++i) {
        const std::uint32_t neuron = image_.first_neuron + i;
        state.update_generators[i] =
            generator_seed(image_.network_seed, RandomUse::update, b.projection, neuron, b.row_slice);
        state.factor_generators[i] =
            generator_seed(image_.network_seed, RandomUse::factor, b.projection, neuron, 0);
      }
      state.means.assign(static_cast<std::size_t>(p.mean_words) * n, 0);
      state.held.assign(static_cast<std::size_t>(p.held_words) * (groups == 0 ? n : groups), 0);
      if (p.b0 == RowTrace::before || p.b1 == RowTrace::before) state.row_before.assign(b.total_rows(), 0);
      if (p.b1 == RowTrace::mean) state.row_mean.assign(b.total_rows(), 0);
      const std::uint32_t waiting = p.weight_age + 1,
                          compared = static_cast<std::uint32_t>(p.partners) + waiting;
      z_slots_ = std::max(z_slots_, p.compared == Compared::value ? compared : waiting);
      scale_slots_ = std::max(scale_slots_, p.compared == Compared::group_scale ? compared : waiting);
      activity_slots_ = std::max(activity_slots_, waiting + (p.remembers_activity ? 1 : 0));
      uses_current = uses_current || p.uses_current;
      if (p.uses_current) current_frac_ = p.current_frac;
      raises_weights_ = raises_weights_ || p.weight_power > 2;
    }
    if (b.late) state.carried.assign(b.rows, 0);
    if (b.kernel.present()) load_kernel(b, state);
    tied_units_.push_back(b.kernel.present() ? arithmetic.tied() : nullptr);
    lane_units_.push_back(b.plastic && !b.kernel.present() ? arithmetic.lane() : nullptr);
    post_units_.push_back(b.plastic && image_.owner == image_.core ? arithmetic.post(p.rule) : nullptr);
    for (auto& axons : axons_) {
      Axons a;
      a.dense.assign(b.total_rows(), 0);
      if (b.feedback && b.window != 0) a.winners.assign(b.rows, pool_nobody);
      axons.push_back(std::move(a));
    }
    blocks_.push_back(std::move(state));
  }
  if (image_.input) z_slots_ = static_cast<std::uint32_t>(image_.input_partners) + 1;
  seed_masks();
  z_.assign(z_slots_ * n, 0);
  scale_.assign(scale_slots_ * groups, 0);
  r_.assign(groups == 0 ? 0 : activity_slots_ * n, 0);
  fprime_.assign(activity_slots_ * n, 0);
  current_.assign(uses_current ? activity_slots_ * n : 0, 0);
  outputs_.assign(n, 0);
  if (takes_errors()) error_sums_.assign(n, 0);
  if (std::any_of(image_.blocks.begin(), image_.blocks.end(), [](const BlockImage& b) { return b.error; }))
    heard_.assign(activity_slots_ * n, 0);
  if (!image_.error_destinations.empty()) errors_.assign(n, 0);
  if (image_.relay.present && image_.owner == image_.core) {
    relay_unit_ = arithmetic.post(image_.relay.rule);
    for (const BlockImage& b : image_.blocks)
      if (b.window != 0 && !b.feedback) winners_.assign(n, pool_nobody);
  }
  block_sums_.assign(padded_columns(n), 0);
  block_events_.resize(blocks_.size());
  update_counts_.resize(blocks_.size());
  weight_digests_.resize(blocks_.size());
  if (image_.membrane.present) membrane_.assign(n, 0), shadow_.assign(n, 0);
  if (image_.noise > 0) {
    for (std::uint32_t i = 0; i < n; ++i)
      noise_generators_.push_back(generator_seed(image_.network_seed, RandomUse::noise, image_.population,
                                                 image_.first_neuron + i, 0));
    shadow_generators_ = noise_generators_;
  }
  for (std::uint64_t tick = 0; tick < ticks_in_flight; ++tick) release(tick);
}

void Core::deliver(std::uint64_t tick, std::size_t block, std::uint32_t row, std::int16_t value) {
  Axons& axons = axons_[tick % ticks_in_flight][block];
  axons.dense[row] = value;
  axons.active.push_back({row, value});
  count_event(block, Event::axon_write, 1);
}

void Core::begin_carry(std::size_t block) {
  std::fill(blocks_[block].carried.begin(), blocks_[block].carried.end(), 0);
}

void Core::carry(std::size_t block, std::uint32_t row, std::int16_t value) {
  blocks_[block].carried[row] = value;
  count_event(block, Event::axon_write, 1);
}

std::size_t Core::recall(std::uint64_t tick) {
  auto& buffers = axons_[tick % ticks_in_flight];
  std::size_t rows = 0;
  for (std::size_t k = 0; k < blocks_.size(); ++k)
    for (std::uint32_t row = 0; row < blocks_[k].carried.size(); ++row)
      if (const std::int16_t value = blocks_[k].carried[row]; value != 0) {
        buffers[k].dense[row] = value;
        buffers[k].active.push_back({row, value});
        ++rows;
      }
  return rows;
}

std::size_t Core::rows_to_read(std::uint64_t tick, std::size_t block) const {
  return axons_[tick % ticks_in_flight][block].active.size();
}

void Core::release(std::uint64_t tick) {
  auto& buffers = axons_[tick % ticks_in_flight];
  for (std::size_t k = 0; k < buffers.size(); ++k) {
    for (const AxonValue& axon : buffers[k].active)
      if (axon.row < image_.blocks[k].rows) buffers[k].dense[axon.row] = 0;
    buffers[k].active.clear();
    if (image_.blocks[k].bias) {  // an axon that is always on
      const std::uint32_t row = image_.blocks[k].rows;
      buffers[k].dense[row] = static_cast<std::int16_t>(image_.blocks[k].bias_value);
      buffers[k].active.push_back({row, image_.blocks[k].bias_value});
    }
  }
}

void Core::accumulate(std::uint64_t tick, std::span<std::int64_t> sums, bool learn) {
  if (learn) {
    ++tick_passes_;
    if (last_step(tick)) ++passes_;
  }
  for (std::size_t k = 0; k < blocks_.size(); ++k)
    if (!image_.blocks[k].feedback && !image_.blocks[k].error) accumulate_block(tick, k, sums);
  if (!heard_.empty()) hear_errors(tick);
  if (raises(tick, learn)) accumulate_raised(tick, sums.subspan(image_.neurons));
}

/// A look's sums stand in the slot that the next learning sample will overwrite.
void Core::hear_errors(std::uint64_t tick) {
  const auto slot =
      std::span(heard_).subspan(history_slot(learned_, 0, activity_slots_) * image_.neurons, image_.neurons);
  std::fill(slot.begin(), slot.end(), 0);
  for (std::size_t k = 0; k < blocks_.size(); ++k)
    if (image_.blocks[k].error) accumulate_block(tick, k, slot);
  events_[Event::state_write] += 3u * image_.neurons;  // 48 bits
}

void Core::accumulate_errors(std::uint64_t tick, std::span<std::int64_t> sums) {
  ++error_passes_;
  for (std::size_t k = 0; k < blocks_.size(); ++k)
    if (image_.blocks[k].feedback) accumulate_block(tick, k, sums);
}

void Core::accumulate_block(std::uint64_t tick, std::size_t k, std::span<std::int64_t> sums) {
  const auto& active = axons_[tick % ticks_in_flight][k].active;
  std::fill(block_sums_.begin(), block_sums_.end(), 0);
  const bool window = image_.blocks[k].window != 0, feedback = image_.blocks[k].feedback;
  if (window && feedback)
    errors_to_winners(tick, k, block_sums_);
  else if (window)
    largest_rows(active, k, block_sums_);
  else
    accumulate_rows(active, blocks_[k].weights.block(), block_sums_.data());
  for (std::uint32_t i = 0; i < image_.neurons; ++i) sums[i] += block_sums_[i] << image_.blocks[k].sum_shift;
  if (!window) count_event(k, Event::accumulate, active.size() * image_.neurons);
  events_[Event::accumulate_row] += active.size();
  count_event(k, Event::axon_read, active.size());
  count_event(k, Event::synapse_read, active.size() * burst_count(image_.neurons, lanes_));
}

void Core::take_errors(std::span<const std::int64_t> sums) {
  for (std::size_t i = 0; i < sums.size(); ++i) error_sums_[i] = grown_error(sums[i]);
}

void Core::set_input(std::span<const std::int16_t> values, bool learn) {
  std::copy(values.begin(), values.end(), outputs_.begin());
  events_[Event::state_write] += values.size();  // from the host port
  events_[Event::state_read] += values.size();   // to be sent
  if (!learn || image_.input_partners == 0) return;
  std::copy(values.begin(), values.end(), z_.begin() + history_slot(learned_, 0, z_slots_) * image_.neurons);
  events_[Event::history_write] += values.size();
  ++learned_;
}

void Core::contribute_input(std::span<std::int64_t> up) {
  const std::uint64_t sample = learned_ - 1, n = image_.neurons;
  const std::uint32_t count = history_count(sample, static_cast<std::uint32_t>(image_.input_partners));
  const auto values = [&](std::uint32_t age) { return &z_[history_slot(sample, age, z_slots_) * n]; };
  for (std::uint32_t p = 1; p <= count; ++p) add_squared_distance({values(0), n}, {values(p), n}, up[p - 1]);
  events_[Event::distance_product] += n * count;
  events_[Event::history_read] += n * (count + 1);
}

/// One neuron's membrane, activation function and noise.
NeuronValue Core::neuron_value(std::uint32_t i, std::int64_t sum, bool learn) {
  const MembraneImage& m = image_.membrane;
  ActivationConfig config{image_.activation, image_.sum_frac, image_.value_frac, image_.slope,
                          image_.scale_log2};
  if (m.present) {
    std::int64_t& u = (learn ? membrane_ : shadow_)[i];
    const std::int64_t before = u;
    u = membrane_step(m, image_.sum_frac, u, sum);
    sum = m.reads_before ? before : u;
    config.sum_frac = membrane_frac(m);
  }
  const NeuronValue value = activate(config, sum);
  if (image_.noise == 0) return value;
  std::uint32_t& word = (learn ? noise_generators_ : shadow_generators_)[i];
  word = xorshift32(word);
  return add_noise(image_.activation, image_.value_frac, image_.noise, word, value);
}

void Core::evaluate(std::uint64_t tick, std::span<const std::int64_t> sums, bool learn) {
  const std::uint32_t n = image_.neurons;
  if (!learn && first_step(tick)) {
    std::fill(shadow_.begin(), shadow_.end(), 0);
    shadow_generators_ = noise_generators_;
  }
  // A look computes in the slot that the next learning sample will overwrite.
  std::int16_t* z = &z_[history_slot(learned_, 0, z_slots_) * n];
  std::uint16_t* fprime = &fprime_[history_slot(learned_, 0, activity_slots_) * n];
  for (std::uint32_t i = 0; i < n; ++i) {
    const NeuronValue value = neuron_value(i, sums[i], learn);
    z[i] = static_cast<std::int16_t>(value.z);
    fprime[i] = static_cast<std::uint16_t>(value.fprime);
  }
  if (!current_.empty()) keep_currents(sums, raises(tick, learn));
  const std::int16_t* local = z;
  const std::uint32_t size = static_cast<std::uint32_t>(image_.normalise.group_size);
  if (size != 0) {
    const std::uint32_t groups = n / size;
    std::int16_t* r = &r_[history_slot(learned_, 0, activity_slots_) * n];
    std::int16_t* scale = &scale_[history_slot(learned_, 0, scale_slots_) * groups];
    for (std::uint32_t g = 0; g < groups; ++g)
      scale[g] = normalise_group(image_.normalise, {z + g * size, size}, {r + g * size, size});
    local = r;
    events_[Event::normalise] += groups;
    if (learn && last_step(tick)) events_[Event::history_write] += groups;
  }
  if (learn && !handed_.empty()) local = drop(local, fprime);
  for (std::uint32_t i = 0; i < n; ++i)
    outputs_[i] = static_cast<std::int16_t>(
        saturate_signed(round_shift(local[i], image_.output_shift), image_.activity_bits));
  events_[Event::neuron] += n;
  events_[Event::state_write] += n * (size != 0 ? 3u : 2u);
  if (image_.membrane.present) {
    events_[Event::membrane] += n;
    events_[Event::state_read] += 3u * n, events_[Event::state_write] += 3u * n;  // 48 bits
  }
  if (image_.noise > 0) {
    events_[Event::noise] += n;
    events_[Event::random_draw] += n;
    events_[Event::state_read] += 2u * n, events_[Event::state_write] += 2u * n;
  }
  if (learn) evaluated_ = learned_;
  if (learn && last_step(tick)) {
    if (size == 0) events_[Event::history_write] += n;
    ++learned_;
  }
}

}  // namespace trifactor
