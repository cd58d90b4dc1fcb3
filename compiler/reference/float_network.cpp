#include "compiler/reference/float_network.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "rtl/rules/float_support.hpp"
#include "rtl/rules/rule.hpp"
#include "rtl/units/random/golden.hpp"

namespace trifactor {
namespace {

struct Neuron {
  double z = 0, fprime = 1;
};

/// Activation and derivative; at a corner the derivative is that of the chip's units.
Neuron activate(const PopulationSpec& spec, double h) {
  if (spec.float_activation == FloatActivation::selu) {  // Klambauer et al. 2017
    constexpr double alpha = 1.6732632423543772, lambda = 1.0507009873554805;
    return h > 0 ? Neuron{lambda * h, lambda}
                 : Neuron{lambda * alpha * std::expm1(h), lambda * alpha * std::exp(h)};
  }
  switch (spec.activation) {
    case Activation::leaky_relu:
      return {leaky_relu(h, spec.slope), leaky_relu_derivative(h, spec.slope)};
    case Activation::saturated_linear:
      return {std::clamp(h / spec.scale, -1.0, 1.0), std::abs(h) <= spec.scale ? 1 / spec.scale : 0.0};
    case Activation::tanh: {
      const double z = std::tanh(h);
      return {z, 1 - z * z};
    }
    case Activation::power: {
      if (h <= 0) return {0, 0};
      const double z = std::pow(h / spec.scale, spec.exponent);
      return {z, spec.exponent * z / h};
    }
    case Activation::linear:
      break;
  }
  return {h, 1};
}

}  // namespace

FloatNetwork::FloatNetwork(Network network, const FloatNetworkOptions& options)
    : network_(std::move(network)), options_(options) {
  for (const PopulationSpec& spec : network_.populations) {
    Population p;
    p.neurons = static_cast<std::size_t>(spec.neurons());
    p.groups = spec.normalise ? static_cast<std::size_t>(spec.normalise->groups) : 0;
    p.hands_on = spec.normalise && spec.normalise->hands_on;
    p.sum.resize(p.neurons), p.z.resize(p.neurons), p.fprime.assign(p.neurons, 1);
    p.error.resize(p.neurons);
    p.u.resize(p.groups), p.uq.resize(p.groups), p.r.resize(p.groups > 0 ? p.neurons : 0);
    if (spec.membrane) p.membrane.resize(p.neurons), p.shadow.resize(p.neurons);
    if (spec.noise > 0) {
      const auto index = static_cast<std::uint32_t>(populations_.size());
      for (std::uint32_t i = 0; i < p.neurons; ++i)
        p.noise.push_back(generator_seed(network_.seed, RandomUse::noise, index, i, 0));
      p.shadow_noise = p.noise;
    }
    nothing_.resize(std::max(nothing_.size(), p.neurons));
    populations_.push_back(std::move(p));
    seed_masks(populations_.size() - 1);
  }
  for (const ProjectionSpec& spec : network_.projections) {
    if (!spec.late) continue;
    has_late_ = true;
    Population& from = populations_[static_cast<std::size_t>(spec.from)];
    from.before.resize(from.neurons), from.carried.resize(from.neurons);
  }
  Diagnostics mistakes;
  refuse_batch_only(mistakes);
  const std::vector<InitialWeights> initial = initial_weights(network_);
  for (std::size_t k = 0; k < network_.projections.size(); ++k) {
    const ProjectionSpec& spec = network_.projections[k];
    Projection p;
    p.from = static_cast<std::size_t>(spec.from), p.to = static_cast<std::size_t>(spec.to);
    p.inputs = populations_[p.from].neurons, p.neurons = populations_[p.to].neurons;
    p.bias = spec.bias;
    p.weights.resize((p.inputs + (p.bias ? 1 : 0)) * p.neurons);
    for (std::size_t i = 0; i < p.neurons; ++i) {
      for (std::size_t j = 0; j < p.inputs; ++j) p.weights[j * p.neurons + i] = initial[k].weight(i, j);
      if (p.bias) p.weights[p.inputs * p.neurons + i] = initial[k].bias(i);
    }
    Population& target = populations_[p.to];
    (spec.feedback ? target.feedback : spec.error ? target.told : target.incoming).push_back(k);
    const bool at_output = spec.to == network_.output && !spec.feedback;
    p.plastic = spec.plasticity.has_value() && (at_output || options_.baseline != Baseline::random) &&
                (!spec.feedback || options_.baseline == Baseline::none);
    if (p.plastic || spec.connect == Connect::max_pool)
      p.synapses = FloatSynapses(initial[k].connectivity(), p.inputs, p.neurons, p.bias);
    if (p.plastic) p.waiting.resize(static_cast<std::size_t>(spec.plasticity->weight_age) + 1);
    if (p.plastic && options_.baseline != Baseline::backprop) {
      const PopulationSpec& to = network_.populations[p.to];
      const FloatLayer layer{p.inputs,
                             p.neurons,
                             populations_[p.to].groups,
                             to.normalise ? to.normalise->p : 0,
                             static_cast<std::size_t>(network_.classes),
                             at_output,
                             spec.feedback};
      const Rule* rule = find_rule(spec.plasticity->rule);
      try {
        if (rule == nullptr || rule->floating.learner == nullptr)
          throw Error(ExitCode::configuration,
                      {"TF-REF-001", to_string(spec.plasticity->place),
                       "rule '" + spec.plasticity->rule + "' cannot learn sample by sample in floating point",
                       "a rule that can", "the rule's README says whether it is for whole batches alone"});
        p.learner = rule->floating.learner(spec.plasticity->parameters, layer);
        if (rule->floating.weight_power != nullptr)
          p.power = rule->floating.weight_power(spec.plasticity->parameters);
      } catch (const Error& error) {
        for (const Diagnostic& item : error.items()) mistakes.add(item);
      }
    }
    projections_.push_back(std::move(p));
  }
  if (options_.baseline == Baseline::none)
    for (std::size_t p = 0; p < populations_.size(); ++p) make_relay(p);
  mistakes.throw_if_any(ExitCode::configuration);
}

/// What exists in mini-batches only.
void FloatNetwork::refuse_batch_only(Diagnostics& mistakes) const {
  const char* hint = "give --batch, or batch in [training]";
  if (needs_batches(options_.baseline))
    mistakes.add({"TF-REF-004", "baseline", "a baseline that learns in mini-batches only",
                  "random or backprop when learning sample by sample", hint});
  if (options_.baseline == Baseline::backprop &&
      (has_late_ || network_.steps > 1 ||
       std::any_of(network_.populations.begin(), network_.populations.end(),
                   [](const PopulationSpec& spec) { return spec.membrane.has_value(); })))
    mistakes.add({"TF-REF-007", network_.file.string(),
                  "backpropagation through several steps, membranes or circles",
                  "steps = 1, no membranes and no circles", "leave the baseline out, or take random"});
  if (!network_.training.given.empty())
    mistakes.add(
        {"TF-REF-005", network_.file.string(),
         fmt::format("{} in [training] without mini-batches", fmt::join(network_.training.given, ", ")),
         "none of them when learning sample by sample", hint});
}

std::span<const double> FloatNetwork::activity(std::size_t population) const {
  return activity_of(populations_[population]);
}

bool FloatNetwork::learns(std::size_t projection) const { return projections_[projection].plastic; }

double FloatNetwork::rate(std::size_t projection, std::uint64_t t) const {
  if (!projections_[projection].plastic) return 0;
  const std::uint64_t piece = schedule_piece(options_.run_length);
  const double held = static_cast<double>(t / piece * piece),
               total = static_cast<double>(options_.run_length);
  Schedule schedule = network_.projections[projection].plasticity->schedule;
  double eta = network_.projections[projection].plasticity->parameters.number("eta");
  if (options_.baseline == Baseline::backprop) schedule = {ScheduleKind::linear}, eta = options_.backprop_eta;
  return options_.run_length == 0 ? eta : eta * schedule.at(held, total);
}

/// What a projection reads at a step: the activities now or, where it is late, those of the step before.
std::span<const double> FloatNetwork::read_activity(const Projection& projection, bool late,
                                                    const Step& step) const {
  const Population& from = populations_[projection.from];
  if (!late) return activity_of(from);
  if (!step.first) return from.before;
  return step.learn ? std::span<const double>(from.carried) : std::span(nothing_).first(from.neurons);
}

/// The membrane after this step's sum (or before it, where it is read before).
double FloatNetwork::through_membrane(std::size_t population, std::size_t neuron, bool learn) {
  const MembraneSpec& spec = *network_.populations[population].membrane;
  Population& p = populations_[population];
  double& u = (learn ? p.membrane : p.shadow)[neuron];
  const double before = u;
  u += (p.sum[neuron] - u) / spec.tau;
  return spec.reads_before ? before : u;
}

void FloatNetwork::evaluate(std::size_t population, const Step& step) {
  const PopulationSpec& spec = network_.populations[population];
  Population& p = populations_[population];
  std::fill(p.sum.begin(), p.sum.end(), 0.0);
  for (const std::size_t k : p.incoming) {
    Projection& projection = projections_[k];
    const std::span<const double> x = read_activity(projection, network_.projections[k].late, step);
    projection.read = x;
    projection.active.clear();
    for (std::uint32_t j = 0; j < x.size(); ++j)
      if (x[j] != 0) projection.active.push_back({j, x[j]});
    if (projection.bias) projection.active.push_back({static_cast<std::uint32_t>(projection.inputs), 1.0});
    if (network_.projections[k].connect == Connect::max_pool)
      largest_of_windows(projection, p.sum);
    else
      add_rows(projection.active, projection.weights.data(), p.sum);
  }
  if (!step.learn && step.first) {  // looks leave no trace
    std::fill(p.shadow.begin(), p.shadow.end(), 0.0);
    p.shadow_noise = p.noise;
  }
  for (std::size_t i = 0; i < p.neurons; ++i) {
    const Neuron neuron =
        activate(spec, spec.membrane ? through_membrane(population, i, step.learn) : p.sum[i]);
    p.z[i] = neuron.z, p.fprime[i] = neuron.fprime;
    if (spec.noise == 0) continue;
    std::uint32_t& word = (step.learn ? p.noise : p.shadow_noise)[i];
    word = xorshift32(word);
    p.z[i] += spec.noise * static_cast<std::int16_t>(word >> 16) / 32768.0;
    if (spec.activation == Activation::tanh) p.fprime[i] = 1 - p.z[i] * p.z[i];
  }
  if (p.groups > 0) divisive_normalise(p.z, spec.normalise->p, spec.normalise->delta, p.u, p.uq, p.r);
  p.dropped = false;
  if (step.learn) drop(population);
}

void FloatNetwork::present(std::span<const double> x, bool learn, std::int64_t label) {
  Population& input = populations_[static_cast<std::size_t>(network_.input)];
  expect_size("reference", "a sample", x.size(), input.neurons);
  std::copy(x.begin(), x.end(), input.z.begin());
  for (std::size_t p = 0; p < populations_.size(); ++p)
    if (network_.populations[p].label)
      for (std::size_t i = 0; i < populations_[p].neurons; ++i)
        populations_[p].z[i] = learn && static_cast<std::int64_t>(i) == label ? 1 : 0;
  const auto keep = [&](std::vector<double> Population::*where) {
    for (Population& p : populations_) {
      const std::span<const double> now = activity_of(p);
      if (!(p.*where).empty()) std::copy(now.begin(), now.end(), (p.*where).begin());
    }
  };
  for (int s = 0; s < network_.steps; ++s) {
    const Step step{learn, s == 0, s + 1 == network_.steps};
    if (has_late_) keep(&Population::before);
    for (std::size_t p = 0; p < populations_.size(); ++p)  // sources stand before targets
      if (!network_.populations[p].given()) evaluate(p, step);
    if (!learn) continue;
    if (options_.baseline == Baseline::backprop) backward(label);
    form_currents();
    learn_backwards(label, step.last);
  }
  if (has_late_ && learn) keep(&Population::carried);
}

std::span<const double> FloatNetwork::forward(std::span<const double> x) {
  present(x, false, 0);
  return activity(static_cast<std::size_t>(network_.output));
}

std::span<const double> FloatNetwork::learn(std::span<const double> x, std::int64_t label) {
  if (label < 0 || label >= network_.classes)
    throw Error(ExitCode::data,
                {"TF-REF-003", "sample " + std::to_string(learned_), "a label of " + std::to_string(label),
                 "0 to " + std::to_string(network_.classes - 1), "set classes in [network]"});
  present(x, true, label);
  ++learned_;
  return activity(static_cast<std::size_t>(network_.output));
}

/// Where a rule asks for it, the neurons' sums with each projection's weights as its own rule transforms
/// them.
void FloatNetwork::form_currents() {
  for (Population& p : populations_) {
    const bool wanted = std::any_of(p.incoming.begin(), p.incoming.end(),
                                    [&](std::size_t k) { return projections_[k].power > 0; });
    if (!wanted) continue;
    p.current.assign(p.neurons, 0.0);
    for (const std::size_t k : p.incoming)
      add_powers(projections_[k].active, projections_[k].weights.data(), projections_[k].power, p.current);
  }
}

/// From the output backwards, because a layer's errors are made of those behind it. Feedback projections
/// learn last: all of them have been read by then.
void FloatNetwork::learn_backwards(std::int64_t label, bool last) {
  const auto learns = [&](std::size_t k) {
    return projections_[k].plastic && (last || network_.projections[k].plasticity->every_step);
  };
  for (std::size_t at = populations_.size(); at-- > 0;) {
    Population& p = populations_[at];
    gather_errors(p);
    p.delta.clear();
    relay(p, last);
    for (const std::size_t k : p.incoming) {
      if (!learns(k)) continue;
      step(k, label, last);
      if (!projections_[k].learner || !p.delta.empty()) continue;
      const std::span<const double> delta = projections_[k].learner->error();
      p.delta.assign(delta.begin(), delta.end());
    }
  }
  for (std::size_t k = 0; k < projections_.size(); ++k)
    if (network_.projections[k].feedback && learns(k)) step(k, label, last);
}

void FloatNetwork::gather_errors(Population& p) {
  p.sent.clear();
  const auto add = [&](Projection& projection, std::span<const double> delta) {
    if (delta.empty()) return;  // its source does not learn
    p.sent.resize(p.neurons, 0.0);
    projection.active.clear();
    for (std::uint32_t j = 0; j < delta.size(); ++j)
      if (delta[j] != 0) projection.active.push_back({j, delta[j]});
    add_rows(projection.active, projection.weights.data(), p.sent);
  };
  for (const std::size_t k : p.told) add(projections_[k], activity_of(populations_[projections_[k].from]));
  for (const std::size_t k : p.feedback) {
    const std::vector<double>& delta = populations_[projections_[k].from].delta;
    if (network_.projections[k].connect != Connect::max_pool) {
      add(projections_[k], delta);
    } else if (!delta.empty()) {
      p.sent.resize(p.neurons, 0.0);
      errors_to_winners(projections_[k], p.sent);
    }
  }
  if (p.dropped && p.told.empty())
    for (double& sum : p.sent) sum *= p.dropout_factor;  // the gate is in the derivative
}

void FloatNetwork::step(std::size_t k, std::int64_t label, bool last) {
  Projection& p = projections_[k];
  const Population& to = populations_[p.to];
  const std::size_t slots = p.waiting.size();
  FloatFactors& factors = p.waiting[p.formed % slots];
  const double eta = rate(k, learned_);
  const Population& from = populations_[p.from];
  const std::span<const double> x = network_.projections[k].feedback ? from.delta : p.read;
  if (p.learner) {
    FloatActivity now;
    now.x = x, now.z = to.z, now.fprime = to.fprime, now.r = to.r, now.uq = to.uq, now.label = label;
    now.input = activity(static_cast<std::size_t>(network_.input));
    if (p.power > 0) now.current = to.current;
    now.error = to.sent;
    now.last_step = last;
    // What stands beside an error in the update of feedback weights is the activity that was sent.
    if (network_.projections[k].feedback && to.dropped) now.z = to.handed;
    p.learner->step(now, eta, factors);
    expect_factors(network_.projections[k].plasticity->rule, factors, p.inputs, p.neurons);
    const FloatSignals signals = p.learner->signals();
    p.sums.kernel += signals.kernel * signals.partners;
    p.sums.third_factor += signals.third_factor * signals.partners * signals.partners;
    p.sums.same_class += signals.same_class * signals.partners;
    p.sums.partners += signals.partners;
  } else {
    factors.a0.resize(p.neurons);
    for (std::size_t i = 0; i < p.neurons; ++i) factors.a0[i] = -eta * to.error[i];
    factors.b0.assign(x.begin(), x.end());
  }
  ++p.formed;
  if (p.formed >= slots) apply(p, p.waiting[p.formed % slots]);  // the oldest of D + 1
}

void FloatNetwork::apply(Projection& p, const FloatFactors& f) {
  if (!p.synapses.dense()) return p.synapses.apply(f, p.weights);
  apply_factors(p, f);
  if (f.whole.empty()) return;
  for (std::size_t k = 0; k < p.weights.size(); ++k) p.weights[k] += f.whole[k];
}

void FloatNetwork::apply_factors(Projection& p, const FloatFactors& f) {
  const auto scalar = [&](std::size_t j) { return j < p.inputs ? f.b0[j] : 1; };  // the bias's is 1
  const auto second = [&](std::size_t j) { return f.b1.empty() ? 0 : j < p.inputs ? f.b1[j] : f.bias1; };
  const std::size_t rows = p.inputs + (p.bias ? 1 : 0);
  enabled_.clear();  // neurons whose weights can change
  for (std::size_t i = 0; i < p.neurons; ++i)
    if (f.a0[i] != 0 || (!f.a1.empty() && f.a1[i] != 0) || (!f.c.empty() && f.c[i] != 0))
      enabled_.push_back(i);
  const bool few = enabled_.size() * 16 < p.neurons;
  for (std::size_t j = 0; j < rows; ++j) {
    const double b0 = scalar(j), b1 = second(j);
    if (b0 == 0 && b1 == 0 && f.c.empty()) continue;
    if (!few) {
      update_row(p.row(j), f.a0, b0, f.a1, b1, f.c);
      continue;
    }
    for (const std::size_t i : enabled_) {
      double& w = p.row(j)[i];
      w += f.a0[i] * b0 + (f.a1.empty() ? 0.0 : f.a1[i] * b1) - (f.c.empty() ? 0.0 : f.c[i] * w);
    }
  }
}

void FloatNetwork::backward(std::int64_t label) {
  for (Population& p : populations_) std::fill(p.error.begin(), p.error.end(), 0.0);
  Population& output = populations_[static_cast<std::size_t>(network_.output)];
  const std::span<const double> scores = activity_of(output);
  const double largest = *std::max_element(scores.begin(), scores.end());
  double total = 0;
  for (std::size_t i = 0; i < output.neurons; ++i) total += output.error[i] = std::exp(scores[i] - largest);
  for (double& error : output.error) error /= total;
  output.error[static_cast<std::size_t>(label)] -= 1;
  for (std::size_t p = populations_.size(); p-- > 0;) {
    if (network_.populations[p].given()) continue;
    through_neuron(p);
    for (const std::size_t k : populations_[p].incoming) {
      Projection& projection = projections_[k];
      Population& from = populations_[projection.from];
      if (network_.populations[projection.from].given()) continue;
      if (network_.projections[k].connect == Connect::max_pool) {
        error_to_maxima(projection);
        continue;
      }
      for (std::size_t j = 0; j < projection.inputs; ++j)
        from.error[j] += row_product(projection.row(j), populations_[p].error);
    }
  }
}

/// dL/d activity -> dL/d sum, in place. With r = zc u^-p and u = delta/c + mean zc^2:
/// dL/dzc_i = g_i u^-p - 2 p/c u^(-p-1) zc_i sum_j g_j zc_j, and dL/dz is that less its mean over the group.
void FloatNetwork::through_neuron(std::size_t population) {
  Population& p = populations_[population];
  if (p.dropped)
    for (std::size_t i = 0; i < p.neurons; ++i) p.error[i] *= p.kept[i] ? p.dropout_factor : 0;
  if (p.hands_on) {
    const double power = network_.populations[population].normalise->p;
    const std::size_t c = p.neurons / p.groups;
    for (std::size_t g = 0; g < p.groups; ++g) {
      const double scale = std::pow(p.u[g], -power);
      double product = 0;  // sum_j g_j r_j = u^-p sum_j g_j zc_j
      for (std::size_t i = g * c; i < (g + 1) * c; ++i) product += p.error[i] * p.r[i];
      const double pull = 2 * power / (static_cast<double>(c) * p.u[g]) * product;
      double mean = 0;
      for (std::size_t i = g * c; i < (g + 1) * c; ++i) {
        p.error[i] = p.error[i] * scale - pull * p.r[i] / scale;
        mean += p.error[i] / static_cast<double>(c);
      }
      for (std::size_t i = g * c; i < (g + 1) * c; ++i) p.error[i] -= mean;
    }
  }
  for (std::size_t i = 0; i < p.neurons; ++i) p.error[i] *= p.fprime[i];
}

std::vector<double> FloatNetwork::weights(std::size_t projection) const {
  const Projection& p = projections_[projection];
  std::vector<double> out(p.inputs * p.neurons);
  for (std::size_t i = 0; i < p.neurons; ++i)
    for (std::size_t j = 0; j < p.inputs; ++j) out[i * p.inputs + j] = p.weights[j * p.neurons + i];
  return out;
}

std::vector<double> FloatNetwork::bias(std::size_t projection) const {
  const Projection& p = projections_[projection];
  if (!p.bias) return {};
  return {p.weights.end() - static_cast<std::ptrdiff_t>(p.neurons), p.weights.end()};
}

void FloatNetwork::set_weight(std::size_t projection, std::size_t to, std::size_t from, double value) {
  projections_[projection].row(from)[to] = value;
}

double FloatNetwork::weight_norm(std::size_t projection) const {
  double squares = 0;
  for (const double w : projections_[projection].weights) squares += w * w;
  return std::sqrt(squares);
}

FloatLayerSignals FloatNetwork::take_signals(std::size_t projection) {
  FloatLayerSignals out = std::exchange(projections_[projection].sums, {});
  if (out.partners > 0)
    out.kernel /= out.partners, out.third_factor /= out.partners, out.same_class /= out.partners;
  return out;
}

std::size_t predicted_class(std::span<const double> outputs) {
  std::size_t best = 0;
  for (std::size_t i = 1; i < outputs.size(); ++i)
    if (outputs[i] >= outputs[best]) best = i;
  return best;
}

}  // namespace trifactor
