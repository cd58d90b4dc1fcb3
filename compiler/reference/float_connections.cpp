// What dropout, pooling and errors through neurons that do not learn add to the float interpreter.
#include <algorithm>
#include <limits>

#include "compiler/reference/float_network.hpp"
#include "rtl/rules/rule.hpp"
#include "rtl/units/random/golden.hpp"

namespace trifactor {

/// The generators of the chip, so that both leave out the same neurons.
void FloatNetwork::seed_masks(std::size_t population) {
  const PopulationSpec& spec = network_.populations[population];
  Population& p = populations_[population];
  if (spec.dropout == 0) return;
  p.dropout_factor = 1 / (1 - spec.dropout);
  p.handed.resize(p.neurons), p.kept.resize(p.neurons);
  for (std::size_t i = 0; i < p.neurons; ++i)
    p.mask_generators.push_back(generator_seed(network_.seed, RandomUse::mask,
                                               static_cast<std::uint32_t>(population),
                                               static_cast<std::uint32_t>(i), 0));
}

void FloatNetwork::drop(std::size_t population) {
  Population& p = populations_[population];
  if (p.mask_generators.empty()) return;
  const std::uint32_t threshold = dropout_threshold(network_.populations[population].dropout);
  const std::span<const double> local = p.hands_on ? p.r : p.z;
  for (std::size_t i = 0; i < p.neurons; ++i) {
    p.mask_generators[i] = xorshift32(p.mask_generators[i]);
    p.kept[i] = p.mask_generators[i] >= threshold;
    p.handed[i] = p.kept[i] ? local[i] * p.dropout_factor : 0;
    if (!p.kept[i] && options_.baseline != Baseline::backprop)
      p.fprime[i] = 0;  // backward() has its own gate
  }
  p.dropped = true;
}

/// The largest value of each window; what lies outside the image is 0.
void FloatNetwork::largest_of_windows(const Projection& projection, std::span<double> sums) const {
  const std::span<const double> x = projection.read;
  const WindowSpec& window = network_.projections[populations_[projection.to].incoming.front()].window;
  const std::size_t whole = static_cast<std::size_t>(window.kernel[0] * window.kernel[1]);
  std::vector<std::size_t> taps(projection.neurons, 0);
  std::fill(sums.begin(), sums.end(), -std::numeric_limits<double>::infinity());
  for (std::size_t j = 0; j < projection.inputs; ++j)
    for (const std::uint32_t i : projection.synapses.row(j)) sums[i] = std::max(sums[i], x[j]), ++taps[i];
  for (std::size_t i = 0; i < projection.neurons; ++i)
    if (taps[i] < whole) sums[i] = std::max(sums[i], 0.0);
}

/// Every value of a window that is its largest gets the window's error; windows that overlap add.
void FloatNetwork::error_to_maxima(const Projection& projection) {
  const Population& to = populations_[projection.to];
  Population& from = populations_[projection.from];
  const std::span<const double> x = activity_of(from);
  for (std::size_t j = 0; j < projection.inputs; ++j)
    for (const std::uint32_t i : projection.synapses.row(j))
      if (x[j] == to.sum[i]) from.error[j] += to.error[i];
}

/// Errors of windows go to the value that was the largest, the first of equal ones; those of a window whose
/// largest value is 0 go nowhere, as on the chip, which sends no 0.
void FloatNetwork::errors_to_winners(const Projection& feedback, std::span<double> sums) const {
  const Population& pooled = populations_[feedback.from];
  const Projection& forward = projections_[pooled.incoming.front()];
  std::vector<std::size_t> winners(feedback.inputs, feedback.neurons);
  for (std::size_t j = 0; j < forward.inputs; ++j)
    for (const std::uint32_t i : forward.synapses.row(j))
      if (forward.read[j] == pooled.sum[i] && pooled.sum[i] != 0 && winners[i] == feedback.neurons)
        winners[i] = j;
  for (std::size_t i = 0; i < winners.size(); ++i)
    if (winners[i] < feedback.neurons) sums[winners[i]] += pooled.delta[i];
}

/// A learner for a population that does not learn: of it only the errors are used.
void FloatNetwork::make_relay(std::size_t population) {
  if (!relays_errors(network_, population)) return;
  Population& p = populations_[population];
  const PlasticitySpec& model = *network_.projections[relay_model(network_, population)].plasticity;
  FloatLayer layer;
  layer.neurons = p.neurons, layer.groups = p.groups;
  layer.classes = static_cast<std::size_t>(network_.classes);
  layer.relay = true;
  const Rule* rule = find_rule(model.rule);
  if (rule == nullptr || rule->floating.learner == nullptr) return;  // reported with the model
  p.relay = rule->floating.learner(model.parameters, layer);
  p.relay_every_step = model.every_step;
}

void FloatNetwork::relay(Population& p, bool last) {
  if (p.relay == nullptr || p.sent.empty() || !(last || p.relay_every_step)) return;
  FloatActivity now;
  now.z = p.z, now.fprime = p.fprime, now.error = p.sent, now.last_step = last;
  FloatFactors nobody_takes;
  p.relay->step(now, 0, nobody_takes);
  const std::span<const double> delta = p.relay->error();
  p.delta.assign(delta.begin(), delta.end());
}

}  // namespace trifactor
