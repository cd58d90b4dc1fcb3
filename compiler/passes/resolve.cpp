#include <algorithm>
#include <cmath>
#include <limits>

#include "compiler/passes/passes.hpp"
#include "rtl/units/accumulate/golden.hpp"
#include "rtl/units/power/normalise.hpp"
#include "rtl/units/tied/golden.hpp"

namespace trifactor {
namespace {

/// Local neuron values are 16 bits; a fraction of 15 keeps them within what activation units produce.
NumberFormat local_format(double range) {
  NumberFormat format = signed_format(16, range);
  format.frac = std::min(format.frac, 15);
  return format;
}

ResolvedPopulation resolve_population(const PopulationSpec& spec) {
  ResolvedPopulation p;
  p.value = local_format(spec.given() ? spec.output_range : spec.value_range);
  p.output = spec.normalise ? local_format(spec.output_range) : p.value;
  p.activity = signed_format(spec.activity_bits, spec.output_range);
  p.activity.frac = std::min(p.activity.frac, p.output.frac);
  if (spec.normalise) {
    p.group_size = spec.neurons() / spec.normalise->groups;
    p.group_scale = local_format(spec.normalise->scale_range);
  }
  return p;
}

/// What only floating point has.
void check_float_only(const Network& network, Diagnostics& mistakes) {
  const std::string hint = "`trifactor reference` trains it in floating point";
  for (const PopulationSpec& spec : network.populations) {
    const std::string where = to_string(spec.place) + ": " + spec.name;
    if (spec.float_activation != FloatActivation::none)
      mistakes.add({"TF-FMT-015", where, "neurons of kind \"selu\", which the chip does not have",
                    "linear, leaky_relu, saturated_linear or tanh", hint});
    if (spec.normalise && !spec.normalise->hands_on)
      mistakes.add({"TF-FMT-016", where,
                    "groups without normalised values: the chip compares groups where it normalises them",
                    "normalise = { kind = \"divisive\", ... }", hint});
  }
  if (network.training.batch_norm)
    mistakes.add({"TF-FMT-017", network.file.string(), "batch_norm, which the chip does not have",
                  "no batch_norm in [training]", hint});
}

/// Noise is a word of 15 bits in the last places of a value.
void check_noise(const Network& network, const ResolvedNetwork& resolved, Diagnostics& mistakes) {
  for (std::size_t p = 0; p < network.populations.size(); ++p) {
    const PopulationSpec& spec = network.populations[p];
    const NumberFormat& value = resolved.populations[p].value;
    if (spec.noise == 0) continue;
    const double last_places = std::ldexp(spec.noise, value.frac);
    if (last_places > 32767 || last_places < 1)
      mistakes.add({"TF-FMT-018", to_string(spec.place) + ": " + spec.name,
                    "noise of " + std::to_string(spec.noise) + " on values of " + to_string(value),
                    "between " + std::to_string(value.step()) + " and the range of the values",
                    "change noise, or range in neuron"});
  }
}

/// A neuron at its bound hands on more than it. A range that is given may leave no room; the default has it.
void check_dropout(const Network& network, Diagnostics& mistakes) {
  for (const PopulationSpec& spec : network.populations) {
    const double grown = 1 / (1 - spec.dropout);
    if (spec.dropout == 0 || spec.normalise || !is_bounded(spec.activation) || spec.value_range >= grown)
      continue;
    mistakes.add({"TF-FMT-019", to_string(spec.place) + ": " + spec.name,
                  "a range of " + std::to_string(std::lround(spec.value_range)) +
                      " for neurons of which those that dropout leaves in hand on up to " +
                      std::to_string(grown),
                  "a range of " + std::to_string(std::lround(std::exp2(std::ceil(std::log2(grown))))),
                  "give range in neuron, or leave it out: its default has room"});
  }
}

/// What the units must hold exactly, or a constant of theirs: everything that these formats would break.
void check_units(const Network& network, const ResolvedNetwork& resolved, Diagnostics& mistakes) {
  for (const PopulationSpec& spec : network.populations) {
    if (!spec.normalise || spec.normalise->groups <= 0) continue;
    const double offset = spec.normalise->delta * spec.normalise->groups / spec.neurons();
    if (std::ldexp(offset, variance_frac) > std::numeric_limits<std::int32_t>::max())
      mistakes.add({"TF-FMT-012", to_string(spec.place),
                    "delta over the neurons of a group is " + std::to_string(offset), "less than 128",
                    "use a smaller delta or fewer groups"});
  }
  // Magnitude of the sums, in their last place: of activities, and of errors that come back.
  std::vector<double> largest(network.populations.size(), 0), largest_error = largest;
  for (std::size_t k = 0; k < network.projections.size(); ++k) {
    const ProjectionSpec& spec = network.projections[k];
    const std::size_t from = static_cast<std::size_t>(spec.from), to = static_cast<std::size_t>(spec.to);
    const NumberFormat &activity = resolved.populations[from].activity,
                       &weight = resolved.projections[k].weight;
    const auto& plan = resolved.projections[k].plan;
    if (spec.feedback) {
      largest_error[to] +=
          std::ldexp(network.populations[from].neurons(), error_bits - 1 + weight.bits - 1 +
                                                              resolved.populations[to].error_sum_frac -
                                                              resolved.projections[k].sum_frac);
      continue;
    }
    const int one = activity.frac + (plan ? plan->mean_extra_bits : 0);  // 2^one is a bias's update scalar
    if (spec.bias && (activity.frac < 0 || one > 15))
      mistakes.add(
          {"TF-FMT-013", to_string(spec.place) + ": " + spec.name,
           "a bias, for which the activities of " + network.populations[from].name + " (" +
               to_string(activity) + ") have no 1",
           activity.frac < 0 ? "steps of 1 or less" : "a range of 1 or more where a rule keeps means",
           activity.frac < 0 ? "give these activities a smaller range or 16 bits"
                             : "give these activities a larger range, or leave the bias out"});
    const double products = std::ldexp(network.populations[from].neurons(), activity.bits - 1) +
                            (spec.bias ? std::ldexp(1.0, std::max(0, activity.frac)) : 0);
    const int meets =
        spec.error ? resolved.populations[to].error_sum_frac : resolved.populations[to].sum_frac;
    (spec.error ? largest_error : largest)[to] +=
        std::ldexp(products, weight.bits - 1 + meets - resolved.projections[k].sum_frac);
  }
  for (std::size_t p = 0; p < network.populations.size(); ++p)
    for (const auto& [most, what] :
         {std::pair{largest[p], "the inputs of "}, {largest_error[p], "the errors that come back to "}})
      if (most > 0 && most >= std::ldexp(1.0, sum_bits - 1))
        mistakes.add({"TF-FMT-014", to_string(network.populations[p].place),
                      std::string("exact sums of ") + what + network.populations[p].name + " take " +
                          std::to_string(std::ilogb(most) + 2) + " bits",
                      "at most " + std::to_string(sum_bits),
                      "use fewer inputs, fewer bits, or ranges that lie nearer together"});
}

std::string renderings_text(const Renderings& r) {
  std::string text;
  for (const auto& [exists, name] : {std::pair{r.floating, "floating point"},
                                     {r.golden, "golden model"},
                                     {r.rtl, "RTL"},
                                     {r.chip, "chip"}})
    if (exists) text += (text.empty() ? "" : ", ") + std::string(name);
  return text.empty() ? "none" : text;
}

/// What exists in floating point and not in the hardware.
void check_renderings(const Network& network, Diagnostics& mistakes) {
  for (const ProjectionSpec& spec : network.projections) {
    if (!spec.plasticity) continue;
    const std::string where = to_string(spec.place) + ": " + spec.name;
    const Rule* rule = find_rule(spec.plasticity->rule);
    const PopulationSpec& to = network.populations[static_cast<std::size_t>(spec.to)];
    if (rule->needs_derivative && to.activation == Activation::power)
      mistakes.add(
          {"TF-FIT-008", where,
           "rule '" + rule->name + "' needs a derivative, which the chip's power neurons do not have",
           "neurons of another kind", "linear, leaky_relu, saturated_linear or tanh"});
    if (rule->resolve == nullptr || !rule->renderings.chip)
      mistakes.add(
          {"TF-FIT-006", where,
           "rule '" + rule->name + "' has no hardware; its renderings: " + renderings_text(rule->renderings),
           "a rule with a chip rendering, which `trifactor list rules` shows",
           "`trifactor eval` and, if it learns sample by sample, `trifactor reference` have it in "
           "floating point"});
  }
}

/// Increments of a kernel's entries are exact, whatever the factors are.
void check_kernels(const Network& network, Diagnostics& mistakes) {
  for (std::size_t k = 0; k < network.projections.size(); ++k) {
    const ProjectionSpec& spec = network.projections[k];
    if (!spec.plasticity || spec.connect != Connect::convolution) continue;
    const auto places = static_cast<std::int64_t>(Connectivity(network, k).places());
    if (places > most_copies)
      mistakes.add({"TF-FIT-009", to_string(spec.place) + ": " + spec.name,
                    "a convolution that learns at " + std::to_string(places) +
                        " places, of which an increment of " + std::to_string(increment_bits) +
                        " bits need not hold the sum",
                    "at most " + std::to_string(most_copies) + " places",
                    "use a larger stride, or connect = \"local\", whose weights learn by themselves"});
  }
}

/// Where the errors that come back to population `p` meet: the finest binary point among them.
void meet_errors(const Network& network, std::size_t p, ResolvedNetwork& resolved) {
  for (std::size_t k = 0; k < network.projections.size(); ++k) {
    const ProjectionSpec& spec = network.projections[k];
    const auto& error = resolved.populations[static_cast<std::size_t>(spec.from)].error;
    if (!spec.feedback || static_cast<std::size_t>(spec.to) != p || !error) continue;
    ResolvedProjection& projection = resolved.projections[k];
    projection.sum_frac = projection.weight.frac + error->frac;
    int& meets = resolved.populations[p].error_sum_frac;
    meets = std::max(meets, projection.sum_frac);
  }
}

/// How a population that does not learn forms the errors that it hands on: as the layer that learns from
/// them, with its own formats.
void resolve_relay(const Network& network, std::size_t p, ResolvedNetwork& resolved) {
  const PopulationSpec& spec = network.populations[p];
  ResolvedPopulation& population = resolved.populations[p];
  const std::size_t model = relay_model(network, p);
  const PlasticitySpec& plasticity = *network.projections[model].plasticity;
  const Rule* rule = find_rule(plasticity.rule);
  if (rule->resolve == nullptr) return;  // reported by check_renderings
  LayerFacts facts = layer_facts(network, resolved, model);
  facts.where = to_string(spec.place) + ": " + spec.name;
  facts.neurons = spec.neurons();
  facts.groups = spec.normalise ? spec.normalise->groups : 0;
  facts.value = population.value;
  facts.output = population.output;
  facts.group_scale = population.group_scale;
  facts.sent = population.activity;
  facts.error_sum_frac = population.error_sum_frac;
  facts.stochastic = false;
  facts.relay = facts.error_taken = true;
  population.relay = rule->resolve(plasticity.parameters, facts);
  population.error = NumberFormat{error_bits, population.relay->error_frac};
}

/// What projections of kind "error" can bring to a neuron at most.
double largest_said_error(const Network& network, const ResolvedNetwork& resolved, std::size_t population) {
  double largest = 0;
  for (std::size_t k = 0; k < network.projections.size(); ++k) {
    const ProjectionSpec& spec = network.projections[k];
    if (!spec.error || static_cast<std::size_t>(spec.to) != population) continue;
    const NumberFormat& activity = resolved.populations[static_cast<std::size_t>(spec.from)].activity;
    const double weight =
        is_fixed(spec.connect) ? fixed_weight(spec) : resolved.projections[k].weight.largest();
    largest += activity.largest() * weight * Connectivity(network, k).fan_in();
  }
  return largest;
}

}  // namespace

std::size_t error_sender(const Network& network, std::size_t population) {
  const auto& all = network.projections;
  if (std::none_of(all.begin(), all.end(), [&](const ProjectionSpec& p) {
        return p.feedback && static_cast<std::size_t>(p.from) == population;
      }))
    return all.size();
  for (std::size_t k = 0; k < all.size(); ++k)
    if (!all[k].feedback && static_cast<std::size_t>(all[k].to) == population && all[k].plasticity &&
        find_rule(all[k].plasticity->rule)->sends_error)
      return k;
  return all.size();
}

LayerFacts layer_facts(const Network& network, const ResolvedNetwork& resolved, std::size_t index) {
  const ProjectionSpec& projection = network.projections[index];
  const PopulationSpec& to = network.populations[static_cast<std::size_t>(projection.to)];
  const ResolvedPopulation& target = resolved.populations[static_cast<std::size_t>(projection.to)];
  LayerFacts facts;
  facts.where = to_string(projection.plasticity ? projection.plasticity->place : projection.place) + ": " +
                projection.name;
  facts.neurons = to.neurons();
  facts.groups = to.normalise ? to.normalise->groups : 0;
  facts.classes = network.classes;
  facts.power = to.normalise ? to.normalise->p : 0;
  facts.weight = resolved.projections[index].weight;
  const ResolvedPopulation& source = resolved.populations[static_cast<std::size_t>(projection.from)];
  facts.activity = projection.feedback ? source.error.value_or(NumberFormat{}) : source.activity;
  facts.feedback = projection.feedback;
  facts.at_output = projection.to == network.output;
  facts.sent = target.activity;
  facts.error_sum_frac = target.error_sum_frac;
  facts.value = target.value;
  facts.output = target.output;
  facts.group_scale = target.group_scale;
  facts.input = resolved.populations[static_cast<std::size_t>(network.input)].activity;
  facts.input_neurons = network.populations[static_cast<std::size_t>(network.input)].neurons();
  facts.alone = !projection.bias;
  for (const ProjectionSpec& other : network.projections)
    facts.alone =
        facts.alone && (&other == &projection || other.feedback || other.error || other.to != projection.to);
  facts.largest_error = largest_said_error(network, resolved, static_cast<std::size_t>(projection.to));
  facts.error_taken = error_sender(network, static_cast<std::size_t>(projection.to)) == index;
  facts.stochastic = projection.stochastic;
  facts.largest_eta = projection.plasticity ? projection.plasticity->parameters.number("eta") : 0;
  return facts;
}

ResolvedNetwork resolve(const Network& network) {
  ResolvedNetwork resolved;
  Diagnostics mistakes;
  check_float_only(network, mistakes);
  bool only_misfits = mistakes.empty();  // numbers that do not fit, nothing written wrongly
  check_renderings(network, mistakes);
  check_kernels(network, mistakes);
  for (const PopulationSpec& spec : network.populations) {
    resolved.populations.push_back(resolve_population(spec));
    const int size = resolved.populations.back().group_size;
    if (size > 256)
      only_misfits = false,
      mistakes.add({"TF-FMT-010", to_string(spec.place), "groups of " + std::to_string(size) + " neurons",
                    "at most 256", "use more groups"});
    if (spec.normalise && size < 2)
      only_misfits = false, mistakes.add({"TF-FMT-011", to_string(spec.place), "groups of one neuron",
                                          "at least 2 neurons a group", "use fewer groups"});
  }
  for (std::size_t k = 0; k < network.projections.size(); ++k) {
    const ProjectionSpec& spec = network.projections[k];
    ResolvedProjection projection;
    projection.weight =
        signed_format(spec.bits, spec.range, spec.stochastic ? Rounding::stochastic : Rounding::nearest);
    resolved.projections.push_back(projection);
    if (spec.feedback) continue;  // errors: their binary points follow from the output backwards
    resolved.projections[k].sum_frac =
        projection.weight.frac + resolved.populations[static_cast<std::size_t>(spec.from)].activity.frac;
    ResolvedPopulation& target = resolved.populations[static_cast<std::size_t>(spec.to)];
    int& meets = spec.error ? target.error_sum_frac : target.sum_frac;
    meets = std::max(meets, resolved.projections[k].sum_frac);
  }
  // From the output backwards: what comes back to a population depends on what those behind it send.
  for (std::size_t p = network.populations.size(); p-- > 0;) {
    meet_errors(network, p, resolved);
    try {
      if (relays_errors(network, p)) resolve_relay(network, p, resolved);
    } catch (const Error& error) {
      only_misfits = only_misfits && error.exit() == ExitCode::does_not_fit;
      for (const Diagnostic& item : error.items()) mistakes.add(item);
    }
    for (const bool feedback : {false, true})
      for (std::size_t k = 0; k < network.projections.size(); ++k) {
        const ProjectionSpec& spec = network.projections[k];
        if (static_cast<std::size_t>(spec.to) != p || spec.feedback != feedback || !spec.plasticity) continue;
        const Rule* rule = find_rule(spec.plasticity->rule);
        if (rule->resolve == nullptr) continue;  // reported by check_renderings
        try {
          resolved.projections[k].plan =
              rule->resolve(spec.plasticity->parameters, layer_facts(network, resolved, k));
          if (const std::size_t sender = error_sender(network, p); sender == k)
            resolved.populations[p].error =
                NumberFormat{error_bits, resolved.projections[k].plan->error_frac};
        } catch (const Error& error) {
          only_misfits = only_misfits && error.exit() == ExitCode::does_not_fit;
          for (const Diagnostic& item : error.items()) mistakes.add(item);
        }
      }
  }
  check_units(network, resolved, mistakes);
  check_noise(network, resolved, mistakes);
  check_dropout(network, mistakes);
  mistakes.throw_if_any(only_misfits ? ExitCode::does_not_fit : ExitCode::configuration);
  return resolved;
}

Program compile(const Network& network, const Machine& machine, const CompileOptions& options) {
  const ResolvedNetwork resolved = resolve(network);
  const std::vector<InitialWeights> weights = initial_weights(network);
  std::vector<Slice> slices = partition(network, resolved, machine);
  place(network, resolved, machine, options, slices);
  Program program = emit(network, resolved, machine, weights, slices);
  program.encoder_offset = encoder_offset(network);
  return program;
}

}  // namespace trifactor
