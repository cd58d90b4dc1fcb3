// What a chip is programmed with: the registers and memories of its cores, teacher units and label unit.
// Plain data; every field is an integer of the hardware. `visit` lists the fields for whoever stores or sends
// them, in an order that is part of the layout's format.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace trifactor {

enum class Activation : std::uint8_t { linear, leaky_relu, saturated_linear, tanh, power };

/// What a row's scalar b0 or b1 is: the presynaptic activity of this sample, of the sample before, its leaky
/// mean, or nothing.
enum class RowTrace : std::uint8_t { none, now, before, mean };

/// Which neuron-side value a history keeps for comparison with past samples.
enum class Compared : std::uint8_t { nothing, value, group_scale };

/// What a reduction tree does with the partial words of its cores: adds them, or keeps the highest ranked.
enum class Reduction : std::uint8_t { sum, highest };

/// How one projection learns in one core. Meaning of the fields: RulePlan in rtl/rules/rule.hpp.
struct PlasticityImage {
  std::string rule;
  bool every_step = false;       ///< learns at every step of a presentation, not at the last alone
  std::uint32_t weight_age = 0;  ///< D: an update is written after so many later passes
  std::int32_t partners = 0, up_words = 0, down_words = 0;
  std::int32_t input_words = 0;  ///< of up_words, the last ones: from the input cores
  Reduction reduction = Reduction::sum;
  bool needs_target = false;
  bool uses_current = false;
  std::int32_t current_frac = 0;
  /// Weights are raised to this power less one where the current is formed; 2: the current is the plain sum.
  std::int32_t weight_power = 2;
  std::int32_t current_sum_frac = 0;  ///< binary point of the sums with raised weights
  Compared compared = Compared::nothing;
  bool remembers_activity = false;
  std::int32_t mean_words = 0, held_words = 0;
  RowTrace b0 = RowTrace::now, b1 = RowTrace::none;
  std::int32_t mean_extra_bits = 0, mean_rate = 0, row_mean_bits = 0;
  bool uses_a1 = false, uses_c = false;
  bool sends_error = false;  ///< its post unit forms the errors that this core sends back
  std::int32_t lane_shift = 0;
  bool stochastic = true;
  std::uint32_t eta = 0;                           ///< mantissa in force at the start
  std::int32_t exponentials = 0, reciprocals = 0;  ///< uses of the shared units: a neuron, a sample
  std::int32_t contribute_cycles = 0, form_cycles = 0;
  std::uint32_t teacher = 0;  ///< tile of the layer's teacher unit (where up_words > 0)
  std::vector<std::int32_t> post;

  template <class V>
  friend void visit(V& v, PlasticityImage& p) {
    v(p.rule, p.every_step, p.weight_age, p.partners, p.up_words, p.down_words, p.input_words, p.reduction,
      p.needs_target, p.uses_current, p.current_frac, p.weight_power, p.current_sum_frac, p.compared,
      p.remembers_activity, p.mean_words, p.held_words, p.b0, p.b1, p.mean_extra_bits, p.mean_rate,
      p.row_mean_bits, p.uses_a1, p.uses_c, p.sends_error, p.lane_shift, p.stochastic, p.eta, p.exponentials,
      p.reciprocals, p.contribute_cycles, p.form_cycles, p.teacher, p.post);
  }
};

/// A convolution that learns: the synapses of its windows are copies of the kernel's entries, which move
/// together. Entries lie in rows (row and column of the window, then channel at the source; the bias last) of
/// `channels` columns (channel at the target). All cores of the layer hold the same.
struct KernelImage {
  std::uint32_t channels = 0;         ///< at the target; 0: every synapse is a weight of its own
  std::uint32_t root = 0;             ///< tile of the core that adds up the layer's increments
  std::vector<std::uint32_t> others;  ///< the root's: the layer's other cores
  /// The map has the windows, the image what lies under them: the target and the source of a forward
  /// projection, the other way round (`backwards`) of one that carries errors back.
  bool backwards = false;
  bool bias = false;  ///< of the projection
  std::uint32_t image_width = 1, image_channels = 1, map_width = 1, map_channels = 1;
  std::uint32_t tap_rows = 1, tap_columns = 1;  ///< of a window
  std::uint32_t stride_rows = 1, stride_columns = 1, padding_rows = 0, padding_columns = 0;
  std::vector<std::int16_t> weights;  ///< (rows x channels), at the start

  bool present() const { return channels != 0; }
  std::uint32_t source_channels() const { return backwards ? map_channels : image_channels; }
  std::uint32_t bias_row() const { return tap_rows * tap_columns * source_channels(); }
  std::uint32_t rows() const { return bias_row() + (bias ? 1 : 0); }
  static constexpr std::uint32_t no_row = ~std::uint32_t{0};
  /// The row of the synapse from neuron `from` of the source to neuron `to` of the target; no_row: there is
  /// no such synapse. Its column is to % channels.
  std::uint32_t row_of(std::uint32_t to, std::uint32_t from) const {
    const std::uint32_t image = backwards ? to : from, map = backwards ? from : to;
    const std::uint32_t pixel = image / image_channels, place = map / map_channels;
    // Unsigned: what lies before the window wraps round and is too large.
    const std::uint32_t row = pixel / image_width + padding_rows - place / map_width * stride_rows;
    const std::uint32_t column = pixel % image_width + padding_columns - place % map_width * stride_columns;
    if (row >= tap_rows || column >= tap_columns) return no_row;
    return (row * tap_columns + column) * source_channels() + from % source_channels();
  }

  template <class V>
  friend void visit(V& v, KernelImage& k) {
    v(k.channels, k.root, k.others, k.backwards, k.bias, k.image_width, k.image_channels, k.map_width,
      k.map_channels, k.tap_rows, k.tap_columns, k.stride_rows, k.stride_columns, k.padding_rows,
      k.padding_columns, k.weights);
  }
};

/// The synapses of one projection in one core: rows [first_row, first_row + rows) of it, then, where there is
/// one, the bias row.
struct BlockImage {
  std::uint32_t projection = 0;
  std::uint32_t source = 0;  ///< presynaptic population
  std::uint32_t first_row = 0, rows = 0;
  std::uint32_t row_slice = 0;  ///< part of the seed of update generators
  /// Carries errors back: its rows are errors of the source's neurons, no part of the forward pass.
  bool feedback = false;
  /// Brings activities of the forward pass that are no part of the neurons' sums but the errors they learn
  /// from.
  bool error = false;
  /// Closes a cycle: a step reads the source's activities of the step before.
  bool late = false;
  bool bias = false;
  std::int32_t bias_value = 0;  ///< 1.0 in the activity's format
  std::int32_t weight_bits = 0;
  std::int32_t activity_bits = 0;
  std::int32_t sum_shift = 0;  ///< left shift that brings this block's sums to their common binary point
  /// Synapses of a pooling window: neurons take the largest of their products in place of the sum; one that
  /// did not arrive, or lies outside the image, is 0. A feedback block: errors go to the neuron that was the
  /// largest of its window and to no other. 0: sums.
  std::uint32_t window = 0;
  bool plastic = false;
  PlasticityImage plasticity;
  KernelImage kernel;
  /// Which synapses exist: a bit each, rows (the bias row too) of mask_bytes(neurons), lowest bit first;
  /// empty: all. One that does not exist has weight 0, is never enabled, and moves neither generator nor
  /// counter. Of a block with a kernel its windows say it.
  std::vector<std::uint8_t> mask;
  std::vector<std::int16_t> weights;  ///< (rows + bias) x neurons, axon-major

  std::uint32_t total_rows() const { return rows + (bias ? 1 : 0); }
  static std::size_t mask_bytes(std::uint32_t neurons) { return (std::size_t{neurons} + 7) / 8; }

  template <class V>
  friend void visit(V& v, BlockImage& b) {
    v(b.projection, b.source, b.first_row, b.rows, b.row_slice, b.feedback, b.error, b.late, b.bias,
      b.bias_value, b.weight_bits, b.activity_bits, b.sum_shift, b.window, b.plastic, b.plasticity, b.kernel,
      b.mask, b.weights);
  }
};

/// Divisive normalisation over groups of contiguous neurons of one core.
struct NormaliseImage {
  std::int32_t group_size = 0;                             ///< 0: none
  std::int32_t variance_mantissa = 0, variance_shift = 0;  ///< 1/c^2, to 24 fraction bits
  std::int32_t offset = 0;                                 ///< delta/c, 24 fraction bits
  std::int32_t minus_p = 0, q = 0;                         ///< exponents, 15 fraction bits
  std::int32_t scale_frac = 0;                             ///< of u^q, stored in 15 bits
  std::int32_t mean_mantissa = 0, mean_shift = 0;          ///< 1/c and the point of r

  template <class V>
  friend void visit(V& v, NormaliseImage& n) {
    v(n.group_size, n.variance_mantissa, n.variance_shift, n.offset, n.minus_p, n.q, n.scale_frac,
      n.mean_mantissa, n.mean_shift);
  }
};

/// Steps that a presentation may have.
inline constexpr std::uint32_t most_steps = 4096;

inline constexpr std::int32_t most_membrane_input_frac = 24;

/// A membrane: u += rate (sum - u) at every step (units/membrane); the activation function is of u.
struct MembraneImage {
  bool present = false;
  bool reads_before = false;  ///< the activation function is of u as it was before this step's sum
  std::int32_t input_frac = 0, extra = 0;  ///< fraction bits of the sum as it enters, and of u beyond them
  std::int32_t rate = 0;                   ///< 16-bit fraction

  template <class V>
  friend void visit(V& v, MembraneImage& m) {
    v(m.present, m.reads_before, m.input_frac, m.extra, m.rate);
  }
};

inline constexpr int dropout_frac = 14;

/// Neurons that are left out of a learning tick at random (dropout): each draws a word of its `mask`
/// generator and is left out when that is below `threshold`. The others hand on their value times the factor,
/// and errors that come back to them are multiplied by it; the derivative of one left out is 0.
struct DropoutImage {
  std::uint32_t threshold = 0;  ///< probability x 2^32; 0: no dropout, no draw
  std::int32_t mantissa = 0;    ///< of 1 / (1 - probability): 2^14 to 2^15 - 1
  std::int32_t exponent = 0;    ///< factor = mantissa x 2^(exponent - dropout_frac)

  template <class V>
  friend void visit(V& v, DropoutImage& d) {
    v(d.threshold, d.mantissa, d.exponent);
  }
};

/// A population that does not learn and through which errors travel: its neurons form theirs from those that
/// come back, by the post unit of the rule whose errors they are, with a rate of 0.
struct RelayImage {
  bool present = false;
  bool every_step = false;  ///< at every step of a presentation, not at the last alone
  std::string rule;
  std::int32_t form_cycles = 0;
  std::vector<std::int32_t> post;

  template <class V>
  friend void visit(V& v, RelayImage& r) {
    v(r.present, r.every_step, r.rule, r.form_cycles, r.post);
  }
};

/// Where a slice of a source population comes from, for the closing of steps.
struct SourceSlice {
  std::uint32_t population = 0;
  std::uint32_t core = 0;
  std::uint32_t first_neuron = 0, neurons = 0;
  bool late = false;  ///< what it sends at a step is read at the next
  template <class V>
  friend void visit(V& v, SourceSlice& s) {
    v(s.population, s.core, s.first_neuron, s.neurons, s.late);
  }
};

/// One core: neurons [first_neuron, first_neuron + neurons) of one population and the synapses that end
/// there. Of a population split by rows one core is the owner; the others hold rows and send it partial sums.
struct CoreImage {
  std::uint32_t core = 0;  ///< tile, y x width + x
  std::uint64_t network_seed = 0;
  std::uint32_t steps = 1;  ///< of a presentation
  std::uint32_t population = 0;
  std::uint32_t first_neuron = 0, neurons = 0;
  bool input = false;  ///< values come from the host port
  /// An input core whose neurons are the classes: this is the value of the sample's own, the others are 0,
  /// and all are where nothing is learned. 0: values are the sample's.
  std::int32_t label_value = 0;
  bool output = false;                 ///< activities also go to the host port
  std::uint32_t owner = 0;             ///< core that evaluates these neurons (this one, or another)
  std::vector<std::uint32_t> helpers;  ///< the owner's: cores with further rows of the same neurons
  Activation activation = Activation::linear;
  std::int32_t sum_frac = 0, value_frac = 0;
  std::int32_t slope = 0;  ///< of leaky ReLU, of saturated linear, or a power's exponent; 15 fraction bits
  std::int32_t scale_log2 = 0;  ///< power and saturated linear neurons: what is 1
  MembraneImage membrane;
  std::int32_t noise = 0;  ///< uniform in [-noise, noise) is added to the value, in its last places; 0: none
  NormaliseImage normalise;
  DropoutImage dropout;
  std::int32_t output_shift = 0;  ///< right shift from local value (z or r) to the activity that is sent
  std::int32_t activity_bits = 0;
  std::vector<BlockImage> blocks;
  std::vector<SourceSlice> sources;               ///< every slice whose end packet closes a step of this core
  std::vector<std::uint32_t> destinations;        ///< cores that receive this core's activities
  std::vector<std::uint32_t> late_destinations;   ///< cores that read them one step late
  std::vector<SourceSlice> error_sources;         ///< every slice whose errors come back to this core
  std::vector<std::uint32_t> error_destinations;  ///< cores that receive the errors of this core's neurons
  RelayImage relay;
  /// Input cores: past samples whose squared distances they form, and the projections whose teachers get
  /// them.
  std::int32_t input_partners = 0;
  std::vector<std::uint32_t> input_teachers;

  template <class V>
  friend void visit(V& v, CoreImage& c) {
    v(c.core, c.network_seed, c.steps, c.population, c.first_neuron, c.neurons, c.input, c.label_value,
      c.output, c.owner, c.helpers, c.activation, c.sum_frac, c.value_frac, c.slope, c.scale_log2, c.membrane,
      c.noise, c.normalise, c.dropout, c.output_shift, c.activity_bits, c.blocks, c.sources, c.destinations,
      c.late_destinations, c.error_sources, c.error_destinations, c.relay, c.input_partners,
      c.input_teachers);
  }
};

/// The teacher unit of one plastic projection's layer, beside the router of a tile.
struct TeacherImage {
  std::uint32_t projection = 0;
  std::uint32_t tile = 0;
  std::uint32_t steps = 1;  ///< it teaches so often a sample
  std::string rule;
  std::int32_t partners = 0, up_words = 0, down_words = 0;
  std::int32_t input_words = 0;
  Reduction reduction = Reduction::sum;
  std::int32_t teach_cycles = 0;
  std::vector<std::int32_t> registers;
  std::vector<std::uint32_t>
      contributors;  ///< owner cores of the layer: they send partial sums and get words
  std::vector<std::uint32_t> input_contributors;  ///< input cores: they send the last input_words of a sample

  template <class V>
  friend void visit(V& v, TeacherImage& t) {
    v(t.projection, t.tile, t.steps, t.rule, t.partners, t.up_words, t.down_words, t.input_words, t.reduction,
      t.teach_cycles, t.registers, t.contributors, t.input_contributors);
  }
};

/// The weights of one block as they stand.
struct BlockWeights {
  std::uint32_t projection = 0;
  std::uint32_t first_row = 0, rows = 0, first_neuron = 0, neurons = 0;
  bool bias = false;                ///< the last row is the bias
  std::vector<std::int16_t> words;  ///< (rows + bias) x neurons

  template <class V>
  friend void visit(V& v, BlockWeights& b) {
    v(b.projection, b.first_row, b.rows, b.first_neuron, b.neurons, b.bias, b.words);
  }
};

/// The label unit beside the host port.
struct LabelImage {
  std::uint32_t slots = 0;              ///< classes remembered
  std::vector<std::uint32_t> teachers;  ///< tiles that get similarity bits: index into the program's teachers
  std::vector<std::uint32_t> partners;  ///< bits each of them gets
  std::vector<std::uint32_t> targets;   ///< cores that get the class itself

  template <class V>
  friend void visit(V& v, LabelImage& l) {
    v(l.slots, l.teachers, l.partners, l.targets);
  }
};

}  // namespace trifactor
