#include "sim/lockstep/rule_layer.hpp"

#include <algorithm>
#include <cmath>

#include "rtl/rules/scale.hpp"
#include "rtl/spec/diagnostic.hpp"
#include "rtl/units/reduce/golden.hpp"

namespace trifactor::lockstep {
namespace {

double log_uniform(Random& random, double low, double high) {
  return std::exp(std::uniform_real_distribution<double>(std::log(low), std::log(high))(random));
}

double random_number(const ParameterSpec& spec, Random& random) {
  if (chance(random, 0.5)) return spec.fallback;
  if (spec.integer) {
    const int low = static_cast<int>(spec.low), high = static_cast<int>(spec.high);
    return chance(random, 0.2) ? high : uniform(random, low, high);
  }
  if (chance(random, 0.1)) return spec.low;
  if (chance(random, 0.1)) return spec.high;
  return log_uniform(random, std::max(spec.low, 1e-4), spec.high);
}

Parameters random_parameters(const Rule& rule, Random& random) {
  Parameters p;
  for (const ParameterSpec& spec : rule.parameters) {
    if (spec.choices.empty())
      p.numbers[spec.name] = random_number(spec, random);
    else
      p.words[spec.name] = spec.choices[static_cast<std::size_t>(
          uniform(random, 0, static_cast<int>(spec.choices.size()) - 1))];
  }
  return p;
}

}  // namespace

RuleLayer random_layer(const Rule& rule, Random& random, LayerSize size) {
  for (;;) {
    RuleLayer layer;
    const bool grouped = chance(random, 0.5);
    const bool large = size == LayerSize::large, tiny = size == LayerSize::tiny;
    const int cores = tiny ? 1 : uniform(random, 1, 2);
    layer.group_size = grouped ? uniform(random, 1, tiny ? 4 : 6) : 0;
    LayerFacts facts;
    facts.where = "random layer";
    for (int i = 0; i < cores; ++i) {
      const int groups = large ? uniform(random, 100, 128)
                               : uniform(random, 1, tiny ? tiny_neurons / std::max(layer.group_size, 1) : 7);
      const int plain = large                 ? uniform(random, 1000, 1500)
                        : chance(random, 0.1) ? 1
                                              : uniform(random, 1, tiny ? tiny_neurons : 24);
      layer.core_neurons.push_back(grouped ? groups * layer.group_size : plain);
      facts.neurons += layer.core_neurons.back();
      facts.groups += grouped ? groups : 0;
    }
    facts.classes = chance(random, 0.5) ? facts.neurons : uniform(random, 2, 20);
    facts.power = 0.5;
    const auto range = [&] { return std::ldexp(1.0, uniform(random, -2, 3)); };
    facts.weight = signed_format(uniform(random, 4, 16), range());
    facts.activity = signed_format(chance(random, 0.5) ? 8 : 16, range());
    facts.input = chance(random, 0.5) ? facts.activity : signed_format(8, range());
    facts.input_neurons = uniform(random, 1, large ? 16384 : 784);
    facts.value = signed_format(16, std::max(1.0, range()));
    facts.output = signed_format(16, std::max(1.0, range()));
    facts.group_scale = signed_format(16, range());
    facts.stochastic = chance(random, 0.6);
    facts.largest_eta = log_uniform(random, 1e-4, 1);
    facts.error_sum_frac = uniform(random, 12, 30);
    facts.error_taken = chance(random, 0.5);
    facts.largest_error = range();
    if (rule.takes_error || rule.teaches_feedback) {
      const int role = uniform(random, 0, 2);
      facts.at_output = role == 0, facts.feedback = role == 1;
      facts.sent = signed_format(chance(random, 0.5) ? 8 : 16, range());
      facts.sent.frac = std::min(facts.sent.frac, facts.value.frac);
    }
    try {
      layer.plan = rule.resolve(random_parameters(rule, random), facts);
    } catch (const Error&) {
      continue;  // these parameters do not go together
    }
    if (layer.plan.whole_population && cores > 1) continue;
    layer.input_distance_bits = 2 * facts.input.bits + integer_bits(facts.input_neurons);
    return layer;
  }
}

std::vector<std::int64_t> up_before_cores(const RuleLayer& layer, int count, Random& random) {
  const RulePlan& plan = layer.plan;
  std::vector<std::int64_t> up(static_cast<std::size_t>(plan.up_words), reduce_start(plan.reduction));
  const std::size_t asked = static_cast<std::size_t>(plan.input_words);
  for (std::size_t p = 0; p < asked; ++p) {
    const int bits = chance(random, 0.1) ? 0 : uniform(random, 0, layer.input_distance_bits);
    const auto below = static_cast<std::int64_t>(random() >> 1 & ((std::uint64_t{1} << bits) - 1));
    up[up.size() - asked + p] = p < static_cast<std::size_t>(count) ? below : 0;
  }
  return up;
}

std::vector<std::uint32_t> random_generators(int neurons, Random& random) {
  std::vector<std::uint32_t> states;
  for (int i = 0; i < neurons; ++i) states.push_back(static_cast<std::uint32_t>(random()) | 1u);
  return states;
}

CoreMemories::CoreMemories(const RuleLayer& layer, std::vector<std::uint32_t> first_generators,
                           int first_neuron)
    : generators(std::move(first_generators)),
      layer_(layer),
      neurons_(generators.size()),
      first_neuron_(first_neuron) {
  const std::size_t shared =
      layer.group_size == 0 ? neurons_ : neurons_ / static_cast<std::size_t>(layer.group_size);
  means.assign(static_cast<std::size_t>(layer.plan.mean_words) * neurons_, 0);
  held.assign(static_cast<std::size_t>(layer.plan.held_words) * shared, 0);
  a0.assign(neurons_, 0);
  if (layer.plan.uses_a1) a1.assign(neurons_, 0);
  if (layer.plan.uses_c) c.assign(neurons_, 0);
  if (layer.plan.forms_error) error.assign(neurons_, 0);
}

SampleActivity CoreMemories::draw(Random& random) const {
  SampleActivity s;
  const int mode = uniform(random, 0, 4);
  const auto word = [&](int low, int high, const auto& before, std::size_t i) {
    switch (mode) {
      case 0:
        return chance(random, 0.5) ? low : high;
      case 1:
        return chance(random, 0.8) ? 0 : uniform(random, low, high);
      case 2:
        return std::clamp((before.empty() ? 0 : int{before[i]}) + uniform(random, -40, 40), low, high);
      default:
        return uniform(random, low, high);
    }
  };
  const SampleActivity none;
  const SampleActivity& last = past_.empty() ? none : past_.front();
  for (std::size_t i = 0; i < neurons_; ++i) {
    s.z.push_back(static_cast<std::int16_t>(word(-32768, 32767, last.z, i)));
    s.r.push_back(static_cast<std::int16_t>(word(-32768, 32767, last.r, i)));
    s.fprime.push_back(static_cast<std::uint16_t>(word(0, 32768, last.fprime, i)));
    s.current.push_back(static_cast<std::int16_t>(word(-32768, 32767, last.current, i)));
  }
  // Errors of any length up to 48 bits.
  for (std::size_t i = 0; i < neurons_; ++i) {
    const std::int64_t bound = (std::int64_t{1} << uniform(random, 0, 47)) - 1;
    s.error.push_back(mode == 0 ? (chance(random, 0.5) ? -bound - 1 : bound)
                                : std::uniform_int_distribution<std::int64_t>(-bound - 1, bound)(random));
  }
  const std::size_t groups =
      layer_.group_size == 0 ? 0 : neurons_ / static_cast<std::size_t>(layer_.group_size);
  for (std::size_t g = 0; g < groups; ++g)  // a power of something positive
    s.scale.push_back(static_cast<std::int16_t>(word(0, 32767, last.scale, g)));
  return s;
}

void CoreMemories::push(SampleActivity sample) {
  past_.insert(past_.begin(), std::move(sample));
  const std::size_t kept = static_cast<std::size_t>(std::max(layer_.plan.partners, 1)) + 1;
  if (past_.size() > kept) past_.pop_back();
  compared_.clear();
  const std::size_t seen = std::min(past_.size(), static_cast<std::size_t>(layer_.plan.partners) + 1);
  for (std::size_t age = 0; age < seen; ++age)
    compared_.push_back(layer_.plan.compared == Compared::group_scale ? past_[age].scale.data()
                                                                      : past_[age].z.data());
}

LocalActivity CoreMemories::activity(const SampleActivity& s) {
  return {s.z.data(), s.fprime.data(), s.r.data(), s.scale.data(), s.current.data()};
}

PostView CoreMemories::view(std::uint32_t eta) const {
  PostView v;
  v.registers = layer_.plan.post;
  v.eta = eta;
  v.neurons = static_cast<int>(neurons_);
  v.first_neuron = first_neuron_;
  v.reduction = layer_.plan.reduction;
  v.group_size = layer_.group_size;
  v.count = static_cast<int>(compared_.size()) - 1;
  v.now = activity(past_[0]);
  if (past_.size() > 1) v.before = activity(past_[1]);
  v.compared = compared_;
  if (!past_[0].error.empty()) v.error = past_[0].error.data();
  return v;
}

PostResult CoreMemories::result() {
  PostResult r;
  r.generators = generators;
  r.means = means;
  r.held = held;
  r.a0 = a0;
  r.a1 = a1;
  r.c = c;
  r.error = error;
  r.formed = static_cast<int>(neurons_);
  return r;
}

}  // namespace trifactor::lockstep
