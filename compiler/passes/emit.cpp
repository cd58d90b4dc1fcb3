#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "compiler/passes/passes.hpp"
#include "compiler/passes/rows.hpp"
#include "rtl/rules/scale.hpp"
#include "rtl/spec/fixed.hpp"
#include "rtl/units/membrane/golden.hpp"
#include "rtl/units/power/normalise.hpp"

namespace trifactor {
namespace {

NormaliseImage normalise_image(const PopulationSpec& spec, const ResolvedPopulation& p) {
  NormaliseImage image;
  if (!spec.normalise) return image;
  const double c = p.group_size;
  const Scaled variance = scaled(1 / (c * c), 16), mean = scaled(1 / c, 16);
  image.group_size = p.group_size;
  image.variance_mantissa = variance.mantissa;
  image.variance_shift = 2 * p.value.frac + variance.shift - variance_frac;
  image.offset = static_cast<std::int32_t>(std::lround(std::ldexp(spec.normalise->delta / c, variance_frac)));
  image.minus_p = static_cast<std::int32_t>(std::lround(std::ldexp(-spec.normalise->p, 15)));
  image.q = static_cast<std::int32_t>(std::lround(std::ldexp(1 - spec.normalise->p, 15)));
  image.scale_frac = p.group_scale.frac;
  image.mean_mantissa = mean.mantissa;
  image.mean_shift = p.value.frac + scale_power_frac + mean.shift - p.output.frac;
  return image;
}

PlasticityImage plasticity_image(const RulePlan& plan, const PlasticitySpec& spec, const Slice& slice,
                                 int group_size, bool sends_error) {
  const Rule* rule = find_rule(spec.rule);
  PlasticityImage image;
  image.rule = spec.rule;
  image.every_step = spec.every_step;
  image.weight_age = static_cast<std::uint32_t>(spec.weight_age);
  image.partners = plan.partners, image.up_words = plan.up_words, image.down_words = plan.down_words;
  image.input_words = plan.input_words;
  image.reduction = plan.reduction;
  image.needs_target = plan.needs_target;
  image.uses_current = plan.uses_current, image.current_frac = plan.current_frac;
  image.weight_power = plan.weight_power, image.current_sum_frac = plan.current_sum_frac;
  image.compared = plan.compared;
  image.remembers_activity = plan.remembers_activity;
  image.mean_words = plan.mean_words, image.held_words = plan.held_words;
  image.b0 = plan.b0, image.b1 = plan.b1;
  image.mean_extra_bits = plan.mean_extra_bits, image.mean_rate = plan.mean_rate,
  image.row_mean_bits = plan.row_mean_bits;
  image.uses_a1 = plan.uses_a1, image.uses_c = plan.uses_c;
  image.sends_error = sends_error;
  image.lane_shift = plan.lane.shift, image.stochastic = plan.lane.stochastic;
  image.eta = plan.eta_mantissa;
  image.exponentials = plan.exponentials, image.reciprocals = plan.reciprocals;
  image.contribute_cycles = plan.up_words > 0 ? rule->cycles.contribute(plan, slice.neurons, group_size) : 0;
  image.form_cycles = rule->cycles.form(plan, slice.neurons, group_size);
  image.post = plan.post;
  return image;
}

/// 1.0 in the activity's format, or the largest value below it of which an update still makes a 16-bit
/// scalar.
std::int32_t bias_value(const NumberFormat& activity, int extra_bits) {
  return static_cast<std::int32_t>(
      saturate_signed(std::int64_t{1} << activity.frac, std::min(16, 16 - extra_bits)));
}

/// 1.0, or the largest value below it.
std::int32_t one_of(const NumberFormat& activity) { return static_cast<std::int32_t>(activity.quantise(1)); }

/// Which synapses of a block exist; empty: all. Those of frozen projections need no bits: their weight is 0.
std::vector<std::uint8_t> mask_bits(const Connectivity& connectivity, const Slice& slice,
                                    const BlockImage& b) {
  if (connectivity.full()) return {};
  const std::size_t n = static_cast<std::size_t>(slice.neurons),
                    bytes = BlockImage::mask_bytes(static_cast<std::uint32_t>(n));
  std::vector<std::uint8_t> bits(b.total_rows() * bytes, 0);
  for (std::size_t row = 0; row < b.total_rows(); ++row)
    for (std::size_t i = 0; i < n; ++i)
      if (row == b.rows ||
          connectivity.exists(static_cast<std::size_t>(slice.first_neuron) + i, b.first_row + row))
        bits[row * bytes + i / 8] = static_cast<std::uint8_t>(bits[row * bytes + i / 8] | 1u << (i % 8));
  return bits;
}

DropoutImage dropout_image(const PopulationSpec& spec) {
  DropoutImage image;
  if (spec.dropout == 0) return image;
  image.threshold = dropout_threshold(spec.dropout);
  const double factor = 1 / (1 - spec.dropout);
  image.exponent = std::ilogb(factor);
  image.mantissa =
      std::min(static_cast<std::int32_t>(std::lround(std::ldexp(factor, dropout_frac - image.exponent))),
               (1 << (dropout_frac + 1)) - 1);
  return image;
}

/// Bits and binary points of every array, under the name a user knows.
std::vector<ArrayFormat> array_formats(const Network& network, const ResolvedNetwork& resolved) {
  std::vector<ArrayFormat> all;
  for (std::size_t p = 0; p < network.populations.size(); ++p) {
    const PopulationSpec& spec = network.populations[p];
    if (!spec.given()) {
      all.push_back({spec.name + ".z", resolved.populations[p].value});
      if (spec.normalise) {
        all.push_back({spec.name + ".r", resolved.populations[p].output});
        all.push_back({spec.name + ".uq", resolved.populations[p].group_scale});
      }
    }
    all.push_back({spec.name + ".activity", resolved.populations[p].activity});
    if (resolved.populations[p].error) all.push_back({spec.name + ".error", *resolved.populations[p].error});
  }
  for (std::size_t k = 0; k < network.projections.size(); ++k) {
    all.push_back({network.projections[k].name + ".weight", resolved.projections[k].weight});
    if (resolved.projections[k].plan)
      for (const NamedFormat& f : resolved.projections[k].plan->formats)
        all.push_back({network.projections[k].name + "." + f.array, f.format});
  }
  return all;
}

class Emitter {
 public:
  Emitter(const Network& network, const ResolvedNetwork& resolved, const Machine& machine,
          const std::vector<InitialWeights>& weights, const std::vector<Slice>& slices)
      : network_(network), resolved_(resolved), machine_(machine), weights_(weights), slices_(slices) {}

  Program run() {
    program_.network = network_.name;
    program_.seed = network_.seed;
    program_.classes = static_cast<std::uint32_t>(network_.classes);
    program_.steps = static_cast<std::uint32_t>(network_.steps);
    program_.machine = machine_;
    program_.encoder = network_.populations[static_cast<std::size_t>(network_.input)].encode;
    program_.formats = array_formats(network_, resolved_);
    describe();
    for (const Slice& slice : slices_) emit_core(slice);
    connect();
    emit_teachers();
    for (const Slice& slice : slices_) {
      CoreUsage usage = slice_usage(network_, resolved_, machine_, slice);
      usage.core = slice.core;
      const CoreImage& image = core(slice.core);
      if (image.owner == image.core)
        usage.packets_out = (image.destinations.empty() ? 0 : image.neurons + 1) +
                            (image.late_destinations.empty() ? 0 : image.neurons + 1) +
                            (image.error_destinations.empty() ? 0 : image.neurons + 1);
      program_.usage.push_back(usage);
    }
    return std::move(program_);
  }

 private:
  CoreImage& core(std::uint32_t tile) {
    return *std::find_if(program_.cores.begin(), program_.cores.end(),
                         [&](const CoreImage& c) { return c.core == tile; });
  }

  void describe() {
    for (std::size_t p = 0; p < network_.populations.size(); ++p) {
      const PopulationSpec& spec = network_.populations[p];
      program_.populations.push_back({spec.name, static_cast<std::uint32_t>(spec.neurons()), spec.input,
                                      spec.normalise ? static_cast<std::uint32_t>(spec.normalise->groups) : 0,
                                      resolved_.populations[p].value, resolved_.populations[p].activity});
    }
    for (std::size_t k = 0; k < network_.projections.size(); ++k) {
      const ProjectionSpec& spec = network_.projections[k];
      ProjectionInfo info;
      info.name = spec.name;
      info.from = static_cast<std::uint32_t>(spec.from), info.to = static_cast<std::uint32_t>(spec.to);
      info.weight = resolved_.projections[k].weight;
      info.bias = spec.bias;
      info.feedback = spec.feedback;
      if (const auto& plan = resolved_.projections[k].plan) {
        info.rule = spec.plasticity->rule;
        info.weight_age = static_cast<std::uint32_t>(spec.plasticity->weight_age);
        info.eta = spec.plasticity->parameters.number("eta");
        info.eta_mantissa = plan->eta_mantissa;
        info.schedule = spec.plasticity->schedule;
        info.shift = plan->lane.shift;
        info.sigma = plan->reported_sigma;
        info.kernel_frac = plan->signals_kernel_frac,
        info.third_factor_frac = plan->signals_third_factor_frac;
        info.third_factor_scale = plan->third_factor_scale;
      }
      program_.projections.push_back(info);
    }
  }

  void emit_core(const Slice& slice) {
    const PopulationSpec& spec = network_.populations[slice.population];
    const ResolvedPopulation& p = resolved_.populations[slice.population];
    CoreImage image;
    image.core = slice.core;
    image.network_seed = network_.seed;
    image.steps = program_.steps;
    image.population = static_cast<std::uint32_t>(slice.population);
    image.first_neuron = static_cast<std::uint32_t>(slice.first_neuron);
    image.neurons = static_cast<std::uint32_t>(slice.neurons);
    image.input = spec.given();
    if (spec.label) image.label_value = one_of(p.activity);
    image.output = slice.population == static_cast<std::size_t>(network_.output);
    image.owner = slice.core;
    for (const Slice& other : slices_) {
      if (other.population != slice.population || other.first_neuron != slice.first_neuron) continue;
      if (other.row_slice == 0) image.owner = other.core;
      if (slice.row_slice == 0 && other.row_slice != 0) image.helpers.push_back(other.core);
    }
    image.activation = spec.activation;
    image.sum_frac = p.sum_frac;
    image.value_frac = p.value.frac;
    const bool power = spec.activation == Activation::power,
               clipped = spec.activation == Activation::saturated_linear;
    const double slope = power ? spec.exponent : clipped ? 1 / spec.scale : spec.slope;
    image.slope = static_cast<std::int32_t>(std::lround(std::ldexp(slope, 15)));
    if (power || clipped) image.scale_log2 = static_cast<std::int32_t>(std::lround(std::log2(spec.scale)));
    if (spec.membrane) {
      image.membrane = membrane_image(spec.membrane->tau, p.sum_frac);
      image.membrane.reads_before = spec.membrane->reads_before;
    }
    image.noise = static_cast<std::int32_t>(std::lround(std::ldexp(spec.noise, p.value.frac)));
    image.normalise = normalise_image(spec, p);
    image.dropout = dropout_image(spec);
    image.relay = relay_image(slice);
    image.output_shift = p.output.frac - p.activity.frac;
    image.activity_bits = p.activity.bits;
    if (!spec.given())
      for (const RowRange& range : row_ranges(network_, slice)) image.blocks.push_back(block(slice, range));
    program_.cores.push_back(std::move(image));
  }

  RelayImage relay_image(const Slice& slice) const {
    RelayImage image;
    const std::optional<RulePlan>& plan = resolved_.populations[slice.population].relay;
    if (!plan) return image;
    const PlasticitySpec& model = *network_.projections[relay_model(network_, slice.population)].plasticity;
    image.present = true;
    image.every_step = model.every_step;
    image.rule = model.rule;
    image.form_cycles = find_rule(model.rule)->cycles.form(*plan, slice.neurons, 0);
    image.post = plan->post;
    return image;
  }

  BlockImage block(const Slice& slice, const RowRange& range) const {
    const ProjectionSpec& spec = network_.projections[range.projection];
    const ResolvedProjection& resolved = resolved_.projections[range.projection];
    const ResolvedPopulation& source = resolved_.populations[static_cast<std::size_t>(spec.from)];
    const ResolvedPopulation& target = resolved_.populations[slice.population];
    BlockImage b;
    b.projection = static_cast<std::uint32_t>(range.projection);
    b.source = static_cast<std::uint32_t>(spec.from);
    b.first_row = static_cast<std::uint32_t>(range.first_row);
    b.rows = static_cast<std::uint32_t>(range.rows);
    b.row_slice = static_cast<std::uint32_t>(slice.row_slice);
    b.feedback = spec.feedback;
    b.error = spec.error;
    b.late = spec.late;
    b.bias = range.bias;
    if (b.bias)
      b.bias_value = bias_value(source.activity, resolved.plan ? resolved.plan->mean_extra_bits : 0);
    b.weight_bits = resolved.weight.bits;
    b.activity_bits = spec.feedback ? error_bits : source.activity.bits;
    b.sum_shift = (spec.feedback || spec.error ? target.error_sum_frac : target.sum_frac) - resolved.sum_frac;
    b.plastic = resolved.plan.has_value();
    if (b.plastic)
      b.plasticity = plasticity_image(*resolved.plan, *spec.plasticity, slice, target.group_size,
                                      error_sender(network_, slice.population) == range.projection);
    const InitialWeights& initial = weights_[range.projection];
    if (spec.connect == Connect::max_pool)
      b.window = static_cast<std::uint32_t>(spec.window.kernel[0] * spec.window.kernel[1]);
    if (b.plastic && initial.connectivity().shared())
      b.kernel = kernel(range.projection);
    else if (b.plastic)
      b.mask = mask_bits(initial.connectivity(), slice, b);
    const std::size_t first = static_cast<std::size_t>(slice.first_neuron),
                      n = static_cast<std::size_t>(slice.neurons);
    b.weights.reserve(b.total_rows() * n);
    const auto word = [&](double value) {
      return static_cast<std::int16_t>(resolved.weight.quantise(value));
    };
    for (std::size_t row = b.first_row; row < b.first_row + b.rows; ++row)
      for (std::size_t i = first; i < first + n; ++i) b.weights.push_back(word(initial.weight(i, row)));
    if (b.bias)
      for (std::size_t i = first; i < first + n; ++i) b.weights.push_back(word(initial.bias(i)));
    return b;
  }

  /// The kernel of a convolution that learns, from any of the copies that there are; an entry without one
  /// never matters.
  KernelImage kernel(std::size_t projection) const {
    const InitialWeights& initial = weights_[projection];
    const ProjectionSpec& spec = network_.projections[projection];
    const NumberFormat& weight = resolved_.projections[projection].weight;
    KernelImage image = initial.connectivity().kernel();
    image.bias = spec.bias;
    image.weights.assign(std::size_t{image.rows()} * image.channels, 0);
    const int neurons = network_.populations[static_cast<std::size_t>(spec.to)].neurons();
    for (std::uint32_t to = 0; to < static_cast<std::uint32_t>(neurons); ++to) {
      const auto set = [&](std::uint32_t row, double value) {
        image.weights[std::size_t{row} * image.channels + to % image.channels] =
            static_cast<std::int16_t>(weight.quantise(value));
      };
      const auto [begin, end] = initial.connectivity().rows_of(to);
      for (std::size_t from = begin; from < end; ++from)
        if (const std::uint32_t row = image.row_of(to, static_cast<std::uint32_t>(from));
            row != KernelImage::no_row)
          set(row, initial.weight(to, from));
      if (spec.bias) set(image.bias_row(), initial.bias(to));
    }
    // The increments of the layer's cores meet where the first of them lies.
    bool first = true;
    for (const Slice& slice : slices_) {
      if (slice.population != static_cast<std::size_t>(spec.to)) continue;
      if (first)
        image.root = slice.core, first = false;
      else
        image.others.push_back(slice.core);
    }
    return image;
  }

  /// Who sends to whom: the owners of a source population to every core that holds rows of them, activities
  /// to forward blocks and errors to feedback blocks.
  void connect() {
    for (CoreImage& to : program_.cores)
      for (const BlockImage& b : to.blocks)
        for (CoreImage& from : program_.cores) {
          if (from.population != b.source || from.owner != from.core) continue;
          const bool overlap =
              from.first_neuron < b.first_row + b.rows && b.first_row < from.first_neuron + from.neurons;
          if (!overlap) continue;
          auto& destinations = b.feedback ? from.error_destinations
                               : b.late   ? from.late_destinations
                                          : from.destinations;
          if (std::find(destinations.begin(), destinations.end(), to.core) != destinations.end()) continue;
          destinations.push_back(to.core);
          (b.feedback ? to.error_sources : to.sources)
              .push_back({from.population, from.core, from.first_neuron, from.neurons, b.late});
        }
  }

  bool has_teacher(std::uint32_t tile) const {
    const std::int64_t x = tile % machine_.mesh.width, y = tile / machine_.mesh.width;
    for (const CoreType& t : machine_.core_types)
      if (x >= t.x0 && x <= t.x1 && y >= t.y0 && y <= t.y1) return t.teacher;
    return false;
  }

  void emit_teachers() {
    std::set<std::uint32_t> taken, targets;
    std::uint32_t slots = 0;
    for (std::size_t k = 0; k < network_.projections.size(); ++k) {
      const auto& plan = resolved_.projections[k].plan;
      if (!plan) continue;
      const PlasticitySpec& spec = *network_.projections[k].plasticity;
      std::vector<std::uint32_t> owners;
      for (CoreImage& image : program_.cores)
        for (const BlockImage& b : image.blocks)
          if (b.projection == k && image.owner == image.core) owners.push_back(image.core);
      if (plan->needs_target)  // a core takes the class once, for all of its projections
        for (const std::uint32_t owner : owners)
          if (targets.insert(owner).second) program_.label.targets.push_back(owner);
      if (plan->up_words == 0) continue;
      const std::uint32_t tile = teacher_tile(k, owners, taken);
      taken.insert(tile);
      TeacherImage teacher;
      teacher.projection = static_cast<std::uint32_t>(k);
      teacher.tile = tile;
      teacher.steps = spec.every_step ? program_.steps : 1;
      teacher.rule = spec.rule;
      teacher.partners = plan->partners, teacher.up_words = plan->up_words,
      teacher.down_words = plan->down_words;
      teacher.teach_cycles = find_rule(spec.rule)->cycles.teach(*plan);
      teacher.registers = plan->teacher;
      teacher.contributors = owners;
      teacher.input_words = plan->input_words;
      teacher.reduction = plan->reduction;
      if (plan->input_words > 0)
        for (CoreImage& image : program_.cores)
          if (image.input && image.label_value == 0) {
            teacher.input_contributors.push_back(image.core);
            image.input_teachers.push_back(teacher.projection);
            image.input_partners = std::max(image.input_partners, plan->input_words);
          }
      program_.teachers.push_back(teacher);
      program_.label.teachers.push_back(tile);
      program_.label.partners.push_back(static_cast<std::uint32_t>(plan->partners));
      slots = std::max(slots, static_cast<std::uint32_t>(plan->partners + spec.weight_age + 1));
      for (CoreImage& image : program_.cores)
        for (BlockImage& b : image.blocks)
          if (b.projection == k) b.plasticity.teacher = tile;
    }
    program_.label.slots = program_.label.targets.empty() && slots == 0 ? 0 : std::max(slots, 1u);
  }

  /// The nearest tile with a free teacher unit to the layer's first core.
  std::uint32_t teacher_tile(std::size_t projection, const std::vector<std::uint32_t>& owners,
                             const std::set<std::uint32_t>& taken) const {
    const std::int64_t width = machine_.mesh.width;
    std::int64_t best = -1, best_distance = 0;
    for (std::int64_t tile = 0; tile < machine_.tiles(); ++tile) {
      if (!has_teacher(static_cast<std::uint32_t>(tile)) ||
          taken.count(static_cast<std::uint32_t>(tile)) != 0)
        continue;
      const std::int64_t root = owners.front();
      const std::int64_t distance =
          std::abs(tile % width - root % width) + std::abs(tile / width - root / width);
      if (best < 0 || distance < best_distance) best = tile, best_distance = distance;
    }
    if (best < 0)
      throw Error(
          ExitCode::does_not_fit,
          {"TF-FIT-005",
           to_string(network_.projections[projection].place) + ": " + network_.projections[projection].name,
           "no teacher unit is left on machine " + machine_.name, "a tile whose core type has teacher = true",
           "use a machine with more teacher units"});
    return static_cast<std::uint32_t>(best);
  }

  const Network& network_;
  const ResolvedNetwork& resolved_;
  const Machine& machine_;
  const std::vector<InitialWeights>& weights_;
  const std::vector<Slice>& slices_;
  Program program_;
};

}  // namespace

Program emit(const Network& network, const ResolvedNetwork& resolved, const Machine& machine,
             const std::vector<InitialWeights>& weights, const std::vector<Slice>& slices) {
  return Emitter(network, resolved, machine, weights, slices).run();
}

}  // namespace trifactor
