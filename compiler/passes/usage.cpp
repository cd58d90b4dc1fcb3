#include <algorithm>

#include "compiler/passes/passes.hpp"
#include "compiler/passes/rows.hpp"
#include "rtl/core/shared_kernel.hpp"
#include "rtl/units/pool/golden.hpp"

namespace trifactor {
namespace {

CoreUsage usage_of(const Network& network, const ResolvedNetwork& resolved, const Machine& machine,
                   std::size_t population, int neurons, bool owner, const std::vector<RowRange>& ranges) {
  const std::uint64_t n = static_cast<std::uint64_t>(neurons);
  const std::uint64_t lanes = static_cast<std::uint64_t>(machine.core.lanes);
  CoreUsage u;
  u.neurons = static_cast<std::uint32_t>(n);
  if (network.populations[population].given()) {
    u.neuron_bytes = n * 2 * 2;  // two presentations of 16-bit values
    std::uint64_t partners = 0;
    for (const ResolvedProjection& projection : resolved.projections)
      if (projection.plan && network.populations[population].input)
        partners = std::max(partners, static_cast<std::uint64_t>(projection.plan->input_words));
    if (partners > 0) u.history_bytes = 2 * n * (partners + 1);
    return u;
  }
  const std::uint64_t group_size = static_cast<std::uint64_t>(resolved.populations[population].group_size);
  const std::uint64_t groups = group_size == 0 ? 0 : n / group_size;
  bool uses_current = false;
  std::uint64_t activity_slots = 1, z_slots = 1, scale_slots = 1;
  u.neuron_bytes = n * 6;  // the 48-bit sum
  bool takes_errors = false, hears_errors = false;
  for (const RowRange& range : ranges) {
    const std::uint64_t rows = static_cast<std::uint64_t>(range.rows) + (range.bias ? 1 : 0);
    const ResolvedProjection& projection = resolved.projections[range.projection];
    takes_errors = takes_errors || network.projections[range.projection].feedback;
    hears_errors = hears_errors || network.projections[range.projection].error;
    u.rows += static_cast<std::uint32_t>(rows);
    u.synapses += rows * n;
    u.synapse_bytes +=
        (rows * ((n + lanes - 1) / lanes) * lanes * static_cast<std::uint64_t>(projection.weight.bits) + 7) /
        8;
    const Connectivity connectivity(network, range.projection);
    const bool tied = projection.plan && connectivity.shared();  // its windows say which synapses exist
    const bool masked = projection.plan && !connectivity.full() && !tied;
    if (masked) u.synapse_bytes += (rows * ((n + lanes - 1) / lanes) * lanes + 7) / 8;
    u.axon_bytes += 2 * 2 * rows;  // 16 bits for each of two ticks
    if (network.projections[range.projection].late)
      u.axon_bytes += 2 * rows;  // what waits for the next presentation
    if (!projection.plan) continue;
    const RulePlan& plan = *projection.plan;
    if (plan.weight_power > 2) u.neuron_bytes += n * 6;  // the second sum
    const std::uint64_t age =
        static_cast<std::uint64_t>(network.projections[range.projection].plasticity->weight_age);
    if (plan.b0 == RowTrace::before || plan.b1 == RowTrace::before) u.axon_bytes += 2 * rows;
    if (plan.b1 == RowTrace::mean) u.axon_bytes += 4 * rows;
    if (tied) {
      const KernelImage kernel = connectivity.kernel();
      const std::uint64_t taps = kernel.bias_row() + (network.projections[range.projection].bias ? 1u : 0u);
      u.neuron_bytes += kernel_bytes(taps * kernel.channels, plan.uses_c, age);
      u.neuron_bytes += std::uint64_t{kernel.channels} * 4;  // generators
      u.neuron_bytes += n * 2 * (1u + plan.uses_a1 + plan.uses_c);
    } else {
      u.axon_bytes += age * rows * (plan.b1 == RowTrace::none ? 2u : 4u);  // scalars of updates that wait
      u.neuron_bytes += n * 4;                                             // generator of the lane
      u.neuron_bytes += n * 2 * (age + 1) * (1u + plan.uses_a1 + plan.uses_c);
    }
    if (!owner) continue;
    u.neuron_bytes += n * 4;  // generator of the post unit
    u.neuron_bytes += n * 4 * static_cast<std::uint64_t>(plan.mean_words);
    u.neuron_bytes += (groups == 0 ? n : groups) * 4 * static_cast<std::uint64_t>(plan.held_words);
    const std::uint64_t waiting = age + 1, compared = waiting + static_cast<std::uint64_t>(plan.partners);
    z_slots = std::max(z_slots, plan.compared == Compared::value ? compared : waiting);
    scale_slots = std::max(scale_slots, plan.compared == Compared::group_scale ? compared : waiting);
    activity_slots = std::max(activity_slots, waiting + (plan.remembers_activity ? 1 : 0));
    uses_current = uses_current || plan.uses_current;
  }
  if (takes_errors) u.neuron_bytes += n * 6;                   // the sum of errors that came back
  if (hears_errors) u.neuron_bytes += activity_slots * n * 6;  // of those that were said
  if (owner) {
    // Of learning and of looks: 48 bits of membrane, 32 of a generator.
    if (network.populations[population].membrane) u.neuron_bytes += 2 * 6 * n;
    if (network.populations[population].noise > 0) u.neuron_bytes += 2 * 4 * n;
    if (resolved.populations[population].error) u.neuron_bytes += n * 2;  // what is sent back
    if (resolved.populations[population].relay)
      for (const RowRange& range : ranges)  // who won the windows
        if (network.projections[range.projection].connect == Connect::max_pool &&
            !network.projections[range.projection].feedback)
          u.neuron_bytes += n * pool_index_bits / 8;
    u.history_bytes = 2 * (z_slots * n + scale_slots * groups);
    u.neuron_bytes +=
        activity_slots * n * ((groups == 0 ? 2u : 4u) + (uses_current ? 2u : 0u));  // f', r, the current
    if (network.populations[population].dropout > 0)
      u.neuron_bytes += n * 4 + activity_slots * n * 2;  // generators, what was handed on
  }
  return u;
}

}  // namespace

CoreUsage slice_usage(const Network& network, const ResolvedNetwork& resolved, const Machine& machine,
                      const Slice& slice) {
  return usage_of(network, resolved, machine, slice.population, slice.neurons, slice.row_slice == 0,
                  row_ranges(network, slice));
}

CoreUsage largest_usage(const Network& network, const ResolvedNetwork& resolved, const Machine& machine,
                        std::size_t population, int neurons, int row_slices) {
  std::vector<RowRange> longest;
  for (std::size_t k = 0; k < network.projections.size(); ++k)
    if (static_cast<std::size_t>(network.projections[k].to) == population)
      longest.push_back({k, 0,
                         row_slices > 1 && !network.projections[k].error
                             ? (projection_rows(network, k) + row_slices - 1) / row_slices
                             : most_rows_reached(network, k, neurons) + (network.projections[k].bias ? 1 : 0),
                         false});
  return usage_of(network, resolved, machine, population, neurons, true, longest);
}

}  // namespace trifactor
