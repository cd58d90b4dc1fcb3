// How a core learns the kernel of a convolution.
#include "rtl/core/shared_kernel.hpp"

#include <algorithm>

#include "rtl/core/core.hpp"
#include "rtl/spec/diagnostic.hpp"
#include "rtl/units/random/golden.hpp"
#include "rtl/units/tied/golden.hpp"

namespace trifactor {

std::size_t KernelIncrements::count() const {
  return static_cast<std::size_t>(std::count(enabled.begin(), enabled.end(), 1));
}

void KernelIncrements::add(const KernelIncrements& other) {
  if (other.sums.size() != sums.size() || other.decays.size() != decays.size())
    throw Error(ExitCode::data, {"TF-LAY-008", "cores of a layer", "their kernels have different sizes",
                                 "a layout as `trifactor compile` writes it", "compile the network again"});
  for (std::size_t e = 0; e < sums.size(); ++e) {
    sums[e] += other.sums[e];
    enabled[e] = enabled[e] | other.enabled[e];
  }
  for (std::size_t e = 0; e < decays.size(); ++e) decays[e] += other.decays[e];
}

KernelSegments::KernelSegments(const CoreImage& core, const BlockImage& block, int lanes) {
  const KernelImage& kernel = block.kernel;
  const auto burst = [lanes](std::uint32_t column) { return column / static_cast<std::uint32_t>(lanes); };
  for (std::uint32_t row = 0; row < block.total_rows(); ++row) {
    first_.push_back(all_.size());
    for (std::uint32_t i = 0; i < core.neurons; ++i) {
      const std::uint32_t to = core.first_neuron + i;
      const std::uint32_t at =
          row < block.rows ? kernel.row_of(to, block.first_row + row) : kernel.bias_row();
      if (at == KernelImage::no_row) continue;
      const std::uint32_t entry = at * kernel.channels + to % kernel.channels;
      if (all_.size() > first_.back()) {
        KernelSegment& last = all_.back();
        const bool next = last.column + last.count == i && last.entry + last.count == entry;
        if (next && entry % kernel.channels != 0 && burst(last.column) == burst(i)) {
          ++last.count;
          continue;
        }
      }
      all_.push_back({row, i, 1, entry});
    }
  }
  first_.push_back(all_.size());
}

KernelSegments::Pass KernelSegments::add(const PendingUpdate& update, KernelIncrements& to) const {
  Pass pass;
  const auto word = [](const std::vector<std::int16_t>& v, std::size_t i) { return v.empty() ? 0 : v[i]; };
  for (const UpdateRow& row : update.rows) {
    const std::uint64_t before = pass.pairs;
    for (const KernelSegment& s : of_row(row.row)) {
      std::uint32_t pairs = 0;
      for (std::uint32_t k = 0; k < s.count; ++k) {
        const std::size_t i = s.column + k, e = s.entry + k;
        const std::int32_t a0 = update.a0[i], a1 = word(update.a1, i), c = word(update.c, i);
        if (!lane_enabled(true, a0, row.b0, a1, row.b1, c)) continue;
        to.sums[e] = tied_increment(to.sums[e], a0, row.b0, a1, row.b1);
        if (!to.decays.empty()) to.decays[e] += c;
        to.enabled[e] = 1;
        ++pairs;
      }
      pass.pairs += pairs;
      pass.segments += pairs != 0;
      pass.entries += pairs;
    }
    pass.rows += pass.pairs != before;
  }
  return pass;
}

KernelSegments::Copies KernelSegments::copies(const KernelIncrements& of, int lanes) const {
  Copies found;
  std::uint32_t row = ~std::uint32_t{0}, burst = 0;
  for (const KernelSegment& s : all_) {
    const auto enabled = of.enabled.begin() + s.entry;
    if (std::find(enabled, enabled + s.count, 1) == enabled + s.count) continue;
    const std::uint32_t here = s.column / static_cast<std::uint32_t>(lanes);
    if (s.row != row)
      ++found.rows, ++found.bursts;
    else if (here != burst)
      ++found.bursts;
    row = s.row, burst = here;
  }
  return found;
}

void Core::load_kernel(BlockImage& image, BlockState& state) const {
  state.kernel = image.kernel.weights;
  std::vector<std::int16_t>().swap(image.kernel.weights);
  state.segments = KernelSegments(image_, image, lanes_);
  // Whoever holds a copy of an entry draws the same words: a generator belongs to the channel.
  const std::uint32_t channels = image.kernel.channels;
  state.update_generators.assign(channels, 1);
  for (std::uint32_t channel = 0; channel < channels; ++channel)
    state.update_generators[channel] =
        generator_seed(image_.network_seed, RandomUse::update, image.projection, channel, 0);
}

void Core::collect_increments(std::size_t block, PendingUpdate& update) {
  const BlockImage& b = image_.blocks[block];
  const std::size_t entries = blocks_[block].kernel.size();
  KernelIncrements& increments = update.increments;
  increments.sums.assign(entries, 0);
  increments.enabled.assign(entries, 0);
  if (b.plasticity.uses_c) increments.decays.assign(entries, 0);
  const KernelSegments::Pass pass = blocks_[block].segments.add(update, increments);
  update.rows.clear();
  const std::uint64_t words = b.plasticity.uses_c ? 5 : 3;  // of 16 bits
  count_event(block, Event::increment, pass.pairs);
  count_event(block, Event::axon_read, pass.rows);
  events_[Event::state_read] += words * pass.entries;
  events_[Event::state_write] += words * pass.entries;
  increment_cycles_ = pass.segments;
}

void Core::add_increments(std::size_t block, const KernelIncrements& of_core) {
  KernelIncrements& sum = blocks_[block].pending.back().increments;
  const std::uint64_t words = sum.decays.empty() ? 3 : 5;
  events_[Event::state_read] += words * of_core.count();
  events_[Event::state_write] += words * of_core.count();
  sum.add(of_core);
}

void Core::send_increments(std::size_t block) {
  const KernelIncrements& own = increments(block);
  const std::uint64_t count = own.count();
  events_[Event::state_read] += (own.decays.empty() ? 3 : 5) * count;
  events_[Event::reduction_word] += (own.decays.empty() ? 1 : 2) * count;
}

void Core::set_increments(std::size_t block, const KernelIncrements& of_layer) {
  KernelIncrements& increments = blocks_[block].pending.back().increments;
  if (const KernelImage& kernel = image_.blocks[block].kernel; kernel.root != image_.core) {
    const std::uint64_t words = increments.decays.empty() ? 3 : 5;
    events_[Event::broadcast_word] += words * of_layer.count();
    events_[Event::state_write] += words * of_layer.count();
    increments = of_layer;
  } else if (!kernel.others.empty()) {  // to be sent
    events_[Event::state_read] += (increments.decays.empty() ? 3u : 5u) * increments.count();
  }
  increments.complete = true;
}

UpdatePass Core::kernel_pass(std::size_t block) const {
  const KernelIncrements& increments = blocks_[block].pending.front().increments;
  const KernelSegments::Copies copies = blocks_[block].segments.copies(increments, lanes_);
  return {copies.rows, copies.bursts, static_cast<std::uint32_t>(increments.count())};
}

UpdatePass Core::update_kernel(std::size_t block) {
  const BlockImage& b = image_.blocks[block];
  const PlasticityImage& p = b.plasticity;
  BlockState& state = blocks_[block];
  const UpdatePass pass = kernel_pass(block);
  const KernelIncrements increments = std::move(state.pending.front().increments);
  state.pending.pop_front();

  LaneLosses losses;
  const LaneConfig config{p.lane_shift, b.weight_bits, p.stochastic};
  for (std::size_t e = 0; e < state.kernel.size(); ++e) {
    if (increments.enabled[e] == 0) continue;
    state.kernel[e] = static_cast<std::int16_t>(tied_units_[block]->update(
        config, increments.sums[e], increments.decays.empty() ? 0 : increments.decays[e], state.kernel[e],
        state.update_generators[e % b.kernel.channels], losses));
  }
  for (const KernelSegment& s : state.segments.all())
    for (std::uint32_t k = 0; k < s.count; ++k) {
      if (increments.enabled[s.entry + k] == 0) continue;
      state.weights.set(s.row, s.column + k, state.kernel[s.entry + k]);
      if (digests_)
        weight_digests_[block] +=
            digest_hash(b.projection, row_id(b, s.row), image_.first_neuron + s.column + k,
                        static_cast<std::uint64_t>(state.kernel[s.entry + k]));
    }

  if (b.kernel.root == image_.core) count_losses(block, losses);  // an entry counts once
  const std::uint64_t words = increments.decays.empty() ? 4 : 6;  // the increment and the entry
  count_event(block, Event::update, pass.entries);
  events_[Event::random_draw] += p.stochastic ? pass.entries : 0;
  events_[Event::state_read] += words * pass.entries;
  events_[Event::state_write] += pass.entries;
  events_[Event::update_row] += pass.rows;
  events_[Event::skipped_row] += b.total_rows() - pass.rows;
  count_event(block, Event::synapse_read, pass.bursts);  // neighbours in a burst that are no copies stay
  count_event(block, Event::synapse_write, pass.bursts);
  return pass;
}

}  // namespace trifactor
