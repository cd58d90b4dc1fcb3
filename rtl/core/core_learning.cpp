// How a core learns: contribution, factors, updates.
#include <algorithm>

#include "rtl/core/core.hpp"
#include "rtl/core/update_columns.hpp"
#include "rtl/units/history/golden.hpp"
#include "rtl/units/trace/golden.hpp"

namespace trifactor {
namespace {

/// Null where every synapse exists.
const std::uint8_t* mask_of(const BlockState& state) {
  return state.mask.empty() ? nullptr : state.mask.data();
}

}  // namespace

WeightBlock Core::weight_block(std::size_t block) {
  WeightBlock weights = blocks_[block].weights.block();
  weights.mask = mask_of(blocks_[block]);
  return weights;
}

PostView Core::view(std::size_t block, std::uint64_t sample) {
  const PlasticityImage& p = image_.blocks[block].plasticity;
  const std::uint32_t n = image_.neurons;
  const std::uint32_t size = static_cast<std::uint32_t>(image_.normalise.group_size);
  const std::uint32_t groups = size == 0 ? 0 : n / size;
  const std::uint32_t count = history_count(sample, static_cast<std::uint32_t>(p.partners));
  for (std::uint32_t age = 0; age <= count; ++age)
    compared_[age] = p.compared == Compared::group_scale
                         ? &scale_[history_slot(sample, age, scale_slots_) * groups]
                         : &z_[history_slot(sample, age, z_slots_) * n];
  PostView v;
  v.registers = p.post;
  v.eta = p.eta;
  v.neurons = static_cast<int>(n);
  v.first_neuron = static_cast<int>(image_.first_neuron);
  v.reduction = p.reduction;
  v.group_size = static_cast<int>(size);
  v.count = static_cast<int>(count);
  const auto activity = [&](std::uint32_t age) {
    const std::uint32_t slot = history_slot(sample, age, activity_slots_) * n;
    return LocalActivity{nullptr, &fprime_[slot], size == 0 ? nullptr : &r_[slot], nullptr,
                         p.uses_current ? &current_[slot] : nullptr};
  };
  v.now = activity(0);
  v.now.z = &z_[history_slot(sample, 0, z_slots_) * n];
  if (size != 0) v.now.group_scale = &scale_[history_slot(sample, 0, scale_slots_) * groups];
  if (p.remembers_activity && sample > 0) v.before = activity(1);
  v.compared = std::span<const std::int16_t* const>(compared_).first(count + 1);
  // What stands beside an error in the update of feedback weights is the activity that was sent.
  if (image_.blocks[block].feedback && !handed_.empty())
    v.now.z = &handed_[history_slot(sample, 0, activity_slots_) * n];
  if (!error_sums_.empty()) v.error = error_sums_.data();
  if (!heard_.empty()) v.error = &heard_[history_slot(sample, 0, activity_slots_) * n];
  return v;
}

void Core::contribute(std::size_t block, std::span<std::int64_t> up) {
  const PlasticityImage& p = image_.blocks[block].plasticity;
  const PostView v = view(block, takes_errors() ? sample_of(block, blocks_[block].formed) : evaluated_);
  post_units_[block]->contribute(v, up);
  const std::uint64_t width = p.compared == Compared::group_scale
                                  ? image_.neurons / static_cast<std::uint32_t>(v.group_size)
                                  : image_.neurons;
  if (p.compared != Compared::nothing) {
    events_[Event::distance_product] += width * static_cast<std::uint64_t>(v.count);
    events_[Event::history_read] += width * static_cast<std::uint64_t>(v.count + 1);
  }
  if (p.reduction == Reduction::highest) {
    events_[Event::rank] += std::uint64_t{image_.neurons} * static_cast<std::uint64_t>(p.up_words);
    events_[Event::state_read] += image_.neurons;
  }
  if (takes_errors()) events_[Event::state_read] += 3u * image_.neurons;
  events_[Event::reduction_word] += static_cast<std::uint64_t>(p.up_words - p.input_words);
}

void Core::form(std::uint64_t tick, std::size_t block, std::span<const std::int16_t> words, int target) {
  const PlasticityImage& p = image_.blocks[block].plasticity;
  BlockState& state = blocks_[block];
  const PostView v = view(block, sample_of(block, state.formed));
  const std::uint32_t n = image_.neurons;
  PendingUpdate update;
  const std::size_t padded = padded_columns(n);
  update.a0.assign(padded, 0);
  if (p.uses_a1) update.a1.assign(padded, 0);
  if (p.uses_c) update.c.assign(padded, 0);
  PostResult result;
  result.generators = state.factor_generators;
  result.means = state.means;
  result.held = state.held;
  result.a0 = std::span(update.a0).first(n);
  if (p.uses_a1) result.a1 = std::span(update.a1).first(n);
  if (p.uses_c) result.c = std::span(update.c).first(n);
  if (p.sends_error) result.error = errors_;
  result.formed = static_cast<int>(n);
  // The unit knows its own neurons only: the class counts from the first of them.
  const int own = target < 0 ? -1 : target - static_cast<int>(image_.first_neuron);
  post_units_[block]->form(v, words, own, result);

  UpdateCounts& counts = update_counts_[block];
  counts.factors_lost += result.losses.factors_lost;
  counts.factors_saturated += result.losses.factors_saturated;
  const std::uint64_t formed = static_cast<std::uint64_t>(result.formed);
  const std::uint64_t factors = (1u + p.uses_a1 + p.uses_c) * formed;
  const std::uint64_t width =
      p.compared == Compared::group_scale ? n / static_cast<std::uint32_t>(v.group_size) : n;
  events_[Event::factor] += factors;
  events_[Event::factor_product] += width * static_cast<std::uint64_t>(v.count);
  if (p.compared != Compared::nothing)
    events_[Event::history_read] += width * static_cast<std::uint64_t>(v.count + 1);
  const std::uint64_t draws = p.stochastic ? factors : 0;
  events_[Event::random_draw] += draws;
  events_[Event::state_read] +=
      formed * (v.group_size != 0 ? 2u : 1u) * (p.remembers_activity ? 2u : 1u) + 2 * draws;
  events_[Event::state_write] += factors + 2 * draws;
  if (v.error != nullptr && !image_.blocks[block].feedback) events_[Event::state_read] += n;
  if (p.sends_error) {
    events_[Event::state_write] += formed;
    events_[Event::state_read] += formed;  // to be sent
  }
  events_[Event::trace] += static_cast<std::uint64_t>(p.mean_words) * n;
  events_[Event::exponential] += static_cast<std::uint64_t>(p.exponentials) * n;
  events_[Event::reciprocal] += static_cast<std::uint64_t>(p.reciprocals);
  events_[Event::broadcast_word] += static_cast<std::uint64_t>(p.down_words);
  queue_update(tick, block, std::move(update));
}

void Core::accept(std::uint64_t tick, std::size_t block, std::span<const std::int16_t> a0,
                  std::span<const std::int16_t> a1, std::span<const std::int16_t> c) {
  const std::size_t padded = padded_columns(image_.neurons);
  PendingUpdate update;
  for (auto [from, to] : {std::pair{a0, &update.a0}, std::pair{a1, &update.a1}, std::pair{c, &update.c}}) {
    if (from.empty()) continue;
    to->assign(padded, 0);
    std::copy(from.begin(), from.end(), to->begin());
    events_[Event::broadcast_word] += from.size();
    events_[Event::state_write] += from.size();
  }
  queue_update(tick, block, std::move(update));
}

void Core::queue_update(std::uint64_t tick, std::size_t block, PendingUpdate update) {
  BlockState& state = blocks_[block];
  update.sample = state.formed++;
  collect_rows(tick, block, update);
  if (image_.blocks[block].kernel.present()) collect_increments(block, update);
  state.pending.push_back(std::move(update));
}

void Core::collect_rows(std::uint64_t tick, std::size_t block, PendingUpdate& update) {
  const BlockImage& b = image_.blocks[block];
  const PlasticityImage& p = b.plasticity;
  BlockState& state = blocks_[block];
  const auto& now = axons_[tick % ticks_in_flight][block].dense;
  const TraceConfig trace{p.mean_rate, p.row_mean_bits};
  const bool first = update.sample == 0;
  const auto scalar = [&](RowTrace kind, std::uint32_t row) -> std::int32_t {
    switch (kind) {
      case RowTrace::now:
        return now[row] * (1 << p.mean_extra_bits);
      case RowTrace::before:
        return state.row_before[row] * (1 << p.mean_extra_bits);
      case RowTrace::mean:
        return static_cast<std::int32_t>(
            saturate_signed(round_shift(state.row_mean[row], trace.extra - p.mean_extra_bits), 16));
      case RowTrace::none:
        break;
    }
    return 0;
  };
  update.rows.reserve(b.total_rows());
  for (std::uint32_t row = 0; row < b.total_rows(); ++row) {
    if (p.b1 == RowTrace::mean && first) state.row_mean[row] = now[row] << trace.extra;
    const std::int32_t b0 = scalar(p.b0, row), b1 = scalar(p.b1, row);
    if (p.b1 == RowTrace::mean)
      state.row_mean[row] = static_cast<std::int32_t>(trace_step(trace, state.row_mean[row], now[row]));
    if (!state.row_before.empty() && last_step(tick)) state.row_before[row] = now[row];
    if (b0 != 0 || b1 != 0 || p.uses_c) update.rows.push_back({row, b0, b1});
  }
  if (p.b1 == RowTrace::mean) events_[Event::trace] += b.total_rows();
}

bool Core::may_update(std::size_t block) const {
  const auto& pending = blocks_[block].pending;
  const BlockImage& b = image_.blocks[block];
  const std::uint64_t passes = b.feedback ? error_passes_ : b.plasticity.every_step ? tick_passes_ : passes_;
  if (b.kernel.present() && !pending.empty() && !pending.front().increments.complete) return false;
  return !pending.empty() && pending.front().sample + b.plasticity.weight_age < passes;
}

UpdatePass Core::next_update(std::size_t block) const {
  UpdatePass pass;
  if (!may_update(block)) return pass;
  if (image_.blocks[block].kernel.present()) return kernel_pass(block);
  const PendingUpdate& update = blocks_[block].pending.front();
  const UpdateColumns columns(update, image_.neurons, lanes_, mask_of(blocks_[block]));
  for (const UpdateRow& row : update.rows) {
    const std::uint32_t bursts = columns.of(row).bursts;
    pass.rows += bursts != 0;
    pass.bursts += bursts;
  }
  return pass;
}

void Core::count_losses(std::size_t block, const LaneLosses& losses) {
  UpdateCounts& counts = update_counts_[block];
  counts.applied += losses.applied;
  counts.rounded_to_zero += losses.rounded_to_zero;
  counts.saturated += losses.saturated;
  counts.intended += losses.intended;
  counts.change += losses.change;
}

UpdatePass Core::update(std::size_t block) {
  const BlockImage& b = image_.blocks[block];
  const PlasticityImage& p = b.plasticity;
  BlockState& state = blocks_[block];
  if (!may_update(block)) return {};
  if (b.kernel.present()) return update_kernel(block);
  const PendingUpdate update = std::move(state.pending.front());
  state.pending.pop_front();

  const UpdateColumns active(update, image_.neurons, lanes_, mask_of(state));
  // Rows without an enabled pair are left alone.
  std::vector<UpdateRow> rows;
  std::uint64_t enabled = 0;
  UpdatePass pass;
  rows.reserve(update.rows.size());
  for (const UpdateRow& row : update.rows) {
    const EnabledPairs columns = active.of(row);
    if (columns.columns == 0) continue;
    enabled += columns.columns;
    pass.bursts += columns.bursts;
    rows.push_back(row);
  }
  pass.rows = static_cast<std::uint32_t>(rows.size());

  LaneLosses losses;
  const LaneConfig config{p.lane_shift, b.weight_bits, p.stochastic};
  const ColumnFactors factors{update.a0.data(), update.a1.empty() ? nullptr : update.a1.data(),
                              update.c.empty() ? nullptr : update.c.data()};
  lane_units_[block]->update(config, factors, rows, weight_block(block), state.update_generators.data(),
                             losses);

  count_losses(block, losses);
  count_event(block, Event::update, enabled);
  events_[Event::update_row] += rows.size();
  events_[Event::skipped_row] += b.total_rows() - rows.size();
  count_event(block, Event::synapse_read, pass.bursts);
  count_event(block, Event::synapse_write, pass.bursts);
  count_event(block, Event::axon_read, rows.size());
  events_[Event::random_draw] += p.stochastic ? enabled : 0;
  if (digests_) {
    PendingUpdate done = update;
    done.rows = rows;
    digest_update(block, done);
  }
  return pass;
}

}  // namespace trifactor
