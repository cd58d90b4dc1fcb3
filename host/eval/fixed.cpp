#include "host/eval/fixed.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "compiler/passes/passes.hpp"
#include "rtl/core/core.hpp"
#include "rtl/spec/diagnostic.hpp"
#include "rtl/units/activation/golden.hpp"
#include "rtl/units/distance/golden.hpp"
#include "rtl/units/history/golden.hpp"
#include "rtl/units/label/golden.hpp"
#include "rtl/units/power/normalise.hpp"
#include "rtl/units/random/golden.hpp"
#include "rtl/units/reduce/golden.hpp"
#include "rtl/units/trace/golden.hpp"
#include "rtl/units/transform/golden.hpp"

namespace trifactor {
namespace {

bool has(const Parameters& p, const char* name) { return p.numbers.contains(name); }
int groups_of(const Parameters& p) { return has(p, "groups") ? p.integer("groups") : 0; }
double range_of(const NumberFormat& f) { return std::ldexp(1.0, f.bits - 1 - f.frac); }

Error refuse(const char* code, std::string found, std::string expected, std::string hint) {
  return Error(ExitCode::configuration,
               {code, "trifactor eval", std::move(found), std::move(expected), std::move(hint)});
}

/// Errors of a layer behind come back to this one.
bool errors_return(const Rule& rule, const EvalRequest& request) {
  return rule.takes_error && request.inputs.contains("r");
}

/// A layer behind `network`'s, whose errors come back to it through r; only its formats matter.
void add_layer_behind(const Rule& rule, const EvalRequest& request, Network& network) {
  const int neurons = std::max(2, static_cast<int>(request.inputs.at("r").shape[1]));
  PopulationSpec behind;
  behind.name = "behind", behind.place = network.populations[1].place, behind.shape = {neurons};
  ProjectionSpec forward = network.projections[0], back = forward;
  forward.name = "forward", forward.from = 1, forward.to = 2;
  back.name = "r", back.from = 2, back.to = 1, back.feedback = true;
  network.populations[1].activation = rule.bench_layer.hidden_activation;
  network.populations.push_back(behind);
  network.projections.push_back(forward);
  network.projections.push_back(back);
  network.classes = neurons;
  network.output = 2;
}

/// The network that the arrays describe: an input and one layer, and one behind it where errors come back.
Network network_of(const Rule& rule, const EvalRequest& request, const FixedOptions& options) {
  const Parameters& p = request.parameters;
  const auto& w = request.inputs.at("w").shape;
  const SourcePlace place{"trifactor eval", 0, 0};
  Network network;
  network.name = "eval";
  network.seed = options.seed;
  network.classes = has(p, "classes") ? p.integer("classes") : 2;
  network.file = "trifactor eval";
  PopulationSpec input, layer;
  input.name = "x", input.input = true, input.encode = "none", input.place = place;
  input.shape = {static_cast<int>(w[1])};
  input.activity_bits = options.formats.at("x").bits;
  input.output_range = input.value_range = range_of(options.formats.at("x"));
  layer.name = "layer", layer.place = place;
  layer.shape = {static_cast<int>(w[0])};
  layer.activation = rule.bench_layer.activation;
  if (has(p, "slope")) layer.slope = p.number("slope");
  if (has(p, "scale")) layer.scale = p.number("scale");
  layer.value_range = layer.output_range = range_of(options.formats.at("z"));
  layer.activity_bits = 16;
  if (groups_of(p) > 0) {
    layer.normalise =
        NormaliseSpec{groups_of(p), p.number("p"), p.number("delta"), range_of(options.formats.at("uq"))};
    layer.output_range = range_of(options.formats.at("r"));
  }
  ProjectionSpec projection;
  projection.name = "w", projection.from = 0, projection.to = 1, projection.place = place;
  projection.init = WeightInit::zero;
  projection.bits = options.formats.at("w").bits, projection.range = range_of(options.formats.at("w"));
  projection.stochastic = options.stochastic;
  projection.plasticity = PlasticitySpec{rule.name, p, {}, 0, false, place};
  network.populations = {input, layer};
  network.projections = {projection};
  network.input = 0, network.output = 1;
  if (errors_return(rule, request)) add_layer_behind(rule, request, network);
  return network;
}

Machine machine_of(const Rule& rule) {
  Machine m;
  m.name = "eval";
  m.mesh.width = 3, m.mesh.height = 1;
  m.core.lanes = 8;
  m.core_types = {{"core", {rule.name}, true, 0, 0, 2, 0}};
  return m;
}

/// One core's layer without its memories: the units and what they keep from sample to sample.
class Layer {
 public:
  /// input: of the network, (T, n), for the distances that input cores form.
  Layer(const CoreImage& core, const TeacherImage* teacher, const Arithmetic& arithmetic,
        std::span<const std::int16_t> input, FixedTrace& trace, bool forms_error)
      : core_(core),
        block_(core.blocks.front()),
        plasticity_(block_.plasticity),
        teacher_(teacher),
        input_(input),
        trace_(trace),
        lane_(arithmetic.lane()),
        feedback_(core.blocks.size() > 1 && trace.next > 0 ? &core.blocks[1] : nullptr),
        feedback_post_(feedback_ != nullptr ? arithmetic.post(feedback_->plasticity.rule) : nullptr),
        feedback_lane_(arithmetic.lane()),
        post_(arithmetic.post(plasticity_.rule)),
        teacher_unit_(teacher != nullptr ? arithmetic.teacher(plasticity_.rule) : nullptr),
        state_(teacher_state_words(plasticity_.partners)),
        means_(static_cast<std::size_t>(plasticity_.mean_words) * trace.neurons),
        held_(static_cast<std::size_t>(plasticity_.held_words) * width_of_group_words()),
        row_mean_(trace.inputs),
        weights_(static_cast<std::uint32_t>(trace.inputs), static_cast<std::uint32_t>(trace.neurons),
                 block_.weight_bits),
        forms_error_(forms_error) {}

  void sample(std::size_t t, std::uint16_t label, const LaneConfig& lane) {
    labels_.push_back(label);
    forward(t);
    form(t);
    update(t, lane);
    if (feedback_ != nullptr) update_feedback(t);
  }

 private:
  std::size_t width_of_group_words() const { return trace_.groups > 0 ? trace_.groups : trace_.neurons; }

  void forward(std::size_t t) {
    const std::size_t n = trace_.neurons, m = trace_.inputs;
    const ActivationConfig config{core_.activation, core_.sum_frac, core_.value_frac, core_.slope,
                                  core_.scale_log2};
    std::vector<std::int16_t> z(n), r(n), uq, current(n);
    std::vector<std::uint16_t> fprime(n);
    for (std::size_t i = 0; i < n; ++i) {
      std::int64_t sum = 0;
      for (std::size_t j = 0; j < m; ++j) sum += trace_.w[i * m + j] * trace_.x[t * m + j];
      const NeuronValue value = activate(config, sum << block_.sum_shift);
      current[i] = current_of(t, i, sum << block_.sum_shift);
      z[i] = static_cast<std::int16_t>(value.z), fprime[i] = static_cast<std::uint16_t>(value.fprime);
    }
    const std::size_t size = static_cast<std::size_t>(core_.normalise.group_size);
    for (std::size_t g = 0; g < trace_.groups; ++g)
      uq.push_back(normalise_group(core_.normalise, std::span(z).subspan(g * size, size),
                                   std::span(r).subspan(g * size, size)));
    const auto record = [](auto& all, const auto& words) {
      all.insert(all.end(), words.begin(), words.end());
    };
    record(trace_.z, z), record(trace_.fprime, fprime);
    if (plasticity_.uses_current) record(trace_.current, current);
    if (size > 0) record(trace_.r, r), record(trace_.uq, uq);
    z_.push_back(std::move(z)), fprime_.push_back(std::move(fprime)), r_.push_back(std::move(r)),
        uq_.push_back(std::move(uq)), current_.push_back(std::move(current));
  }

  /// What ranks neuron i: its sum, or that with raised weights.
  std::int16_t current_of(std::size_t t, std::size_t i, std::int64_t sum) const {
    int frac = core_.sum_frac;
    if (plasticity_.weight_power > least_power) {
      sum = 0, frac = plasticity_.current_sum_frac;
      for (std::size_t j = 0; j < trace_.inputs; ++j)
        sum += trace_.x[t * trace_.inputs + j] *
               transform_weight(plasticity_.weight_power, block_.weight_bits,
                                static_cast<std::int32_t>(trace_.w[i * trace_.inputs + j]));
    }
    return static_cast<std::int16_t>(saturate_signed(rescale(sum, frac, plasticity_.current_frac), 16));
  }

  LocalActivity activity(std::size_t t) const {
    const bool grouped = trace_.groups > 0;
    return {z_[t].data(), fprime_[t].data(), grouped ? r_[t].data() : nullptr,
            grouped ? uq_[t].data() : nullptr, current_[t].data()};
  }

  /// What the feedback projection learns from the same sample: its factors are of this layer, its rows
  /// errors.
  void update_feedback(std::size_t t) {
    const std::size_t n = trace_.neurons;
    const PlasticityImage& plasticity = feedback_->plasticity;
    PostView view;
    view.registers = plasticity.post, view.eta = plasticity.eta, view.neurons = static_cast<int>(n);
    view.now = activity(t);
    std::vector<std::int16_t> a0(padded_columns(n));
    std::vector<std::uint32_t> generators = fresh(RandomUse::factor, *feedback_);
    PostResult result;
    result.generators = std::span(generators).first(n), result.a0 = std::span(a0).first(n);
    feedback_post_->form(view, {}, -1, result);
    SynapseMemory weights(static_cast<std::uint32_t>(trace_.next), static_cast<std::uint32_t>(n),
                          feedback_->weight_bits);
    std::vector<UpdateRow> rows;
    for (std::uint32_t j = 0; j < trace_.next; ++j) {
      rows.push_back({j, static_cast<std::int32_t>(trace_.returned[t * trace_.next + j]), 0});
      for (std::uint32_t i = 0; i < n; ++i)
        weights.set(j, i, static_cast<std::int32_t>(trace_.back[i * trace_.next + j]));
    }
    generators = fresh(RandomUse::update, *feedback_);
    LaneLosses losses;
    feedback_lane_->update({plasticity.lane_shift, feedback_->weight_bits, plasticity.stochastic},
                           {a0.data(), nullptr, nullptr}, rows, weights.block(), generators.data(), losses);
    for (std::uint32_t i = 0; i < n; ++i)
      for (std::uint32_t j = 0; j < trace_.next; ++j)
        trace_.dr.push_back(weights.at(j, i) - trace_.back[i * trace_.next + j]);
  }

  void form(std::size_t t) {
    const std::size_t n = trace_.neurons;
    const std::uint32_t count = history_count(t, static_cast<std::uint32_t>(plasticity_.partners));
    std::vector<const std::int16_t*> compared;
    for (std::uint32_t age = 0; age <= count; ++age)
      compared.push_back(plasticity_.compared == Compared::group_scale ? uq_[t - age].data()
                                                                       : z_[t - age].data());
    PostView view;
    view.registers = plasticity_.post;
    view.eta = plasticity_.eta;
    view.neurons = static_cast<int>(n), view.group_size = core_.normalise.group_size,
    view.count = static_cast<int>(count);
    view.now = activity(t);
    if (plasticity_.remembers_activity && t > 0) view.before = activity(t - 1);
    view.compared = compared;
    view.reduction = plasticity_.reduction;
    if (feedback_ != nullptr) view.error = &trace_.error_sums[t * n];

    std::vector<std::int16_t> words(static_cast<std::size_t>(plasticity_.down_words));
    if (teacher_unit_ != nullptr) {
      std::vector<std::int64_t> up(static_cast<std::size_t>(plasticity_.up_words),
                                   reduce_start(plasticity_.reduction));
      post_->contribute(view, up);
      input_distances(t, count, up);
      TeacherMonitor monitor;
      teacher_unit_->teach(teacher_->registers, t, static_cast<int>(count), up, label_bits(labels_, t, count),
                           state_, words, monitor);
      trace_.kernel_sum.push_back(monitor.kernel);
      trace_.words.insert(trace_.words.end(), words.begin(), words.end());
      trace_.teacher.insert(trace_.teacher.end(), state_.begin(), state_.end());
    }
    const std::size_t padded = padded_columns(n);
    a0_.assign(padded, 0), a1_.assign(plasticity_.uses_a1 ? padded : 0, 0),
        c_.assign(plasticity_.uses_c ? padded : 0, 0);
    std::vector<std::uint32_t> generators = fresh(RandomUse::factor, block_);
    PostResult result;
    result.generators = std::span(generators).first(n);
    result.means = means_, result.held = held_;
    result.a0 = std::span(a0_).first(n);
    if (plasticity_.uses_a1) result.a1 = std::span(a1_).first(n);
    if (plasticity_.uses_c) result.c = std::span(c_).first(n);
    std::vector<std::int16_t> error(n);
    if (forms_error_) result.error = error;
    post_->form(view, words, labels_.back(), result);
    trace_.error.insert(trace_.error.end(), result.error.begin(), result.error.end());
    trace_.a0.insert(trace_.a0.end(), result.a0.begin(), result.a0.end());
    trace_.a1.insert(trace_.a1.end(), result.a1.begin(), result.a1.end());
    trace_.c.insert(trace_.c.end(), result.c.begin(), result.c.end());
  }

  /// The last input_words of `up`, as input cores form them from their history.
  void input_distances(std::size_t t, std::uint32_t count, std::vector<std::int64_t>& up) const {
    const std::size_t width = input_.size() / trace_.samples,
                      asked = static_cast<std::size_t>(plasticity_.input_words);
    const auto words = std::span(up).last(asked);
    std::fill(words.begin(), words.end(), 0);
    for (std::size_t p = 1; p <= std::min<std::size_t>(asked, count); ++p)
      add_squared_distance(input_.subspan(t * width, width), input_.subspan((t - p) * width, width),
                           words[p - 1]);
  }

  /// Generators of a layout just loaded, padded.
  std::vector<std::uint32_t> fresh(RandomUse use, const BlockImage& block) const {
    std::vector<std::uint32_t> all(padded_columns(trace_.neurons), 1);
    for (std::uint32_t i = 0; i < trace_.neurons; ++i)
      all[i] = generator_seed(core_.network_seed, use, block.projection, i, 0);
    return all;
  }

  /// b0 or b1 of a row; row means move once a sample, after they were read.
  std::int32_t scalar(RowTrace kind, std::size_t t, std::size_t row) const {
    const TraceConfig trace{plasticity_.mean_rate, plasticity_.row_mean_bits};
    const std::int32_t up = 1 << plasticity_.mean_extra_bits;
    if (kind == RowTrace::now) return static_cast<std::int32_t>(trace_.x[t * trace_.inputs + row]) * up;
    if (kind == RowTrace::before && t > 0)
      return static_cast<std::int32_t>(trace_.x[(t - 1) * trace_.inputs + row]) * up;
    if (kind == RowTrace::mean)
      return static_cast<std::int32_t>(
          saturate_signed(round_shift(row_mean_[row], trace.extra - plasticity_.mean_extra_bits), 16));
    return 0;
  }

  void update(std::size_t t, const LaneConfig& lane) {
    const std::size_t n = trace_.neurons, m = trace_.inputs;
    const TraceConfig trace{plasticity_.mean_rate, plasticity_.row_mean_bits};
    std::vector<UpdateRow> rows;
    for (std::size_t j = 0; j < m; ++j) {
      const std::int64_t x = trace_.x[t * m + j];
      if (plasticity_.b1 == RowTrace::mean && t == 0)
        row_mean_[j] = static_cast<std::int32_t>(x << trace.extra);
      rows.push_back(
          {static_cast<std::uint32_t>(j), scalar(plasticity_.b0, t, j), scalar(plasticity_.b1, t, j)});
      if (plasticity_.b1 == RowTrace::mean)
        row_mean_[j] = static_cast<std::int32_t>(trace_step(trace, row_mean_[j], x));
      for (std::size_t i = 0; i < n; ++i)
        weights_.set(static_cast<std::uint32_t>(j), static_cast<std::uint32_t>(i),
                     static_cast<std::int32_t>(trace_.w[i * m + j]));
    }
    std::vector<std::uint32_t> generators = fresh(RandomUse::update, block_);
    LaneLosses losses;
    lane_->update(lane, {a0_.data(), a1_.empty() ? nullptr : a1_.data(), c_.empty() ? nullptr : c_.data()},
                  rows, weights_.block(), generators.data(), losses);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < m; ++j)
        trace_.dw.push_back(weights_.at(static_cast<std::uint32_t>(j), static_cast<std::uint32_t>(i)) -
                            trace_.w[i * m + j]);
  }

  const CoreImage& core_;
  const BlockImage& block_;
  const PlasticityImage& plasticity_;
  const TeacherImage* teacher_;
  std::span<const std::int16_t> input_;
  FixedTrace& trace_;
  std::unique_ptr<LaneUnit> lane_;
  const BlockImage* feedback_;  ///< null: no errors come back
  std::unique_ptr<PostUnit> feedback_post_;
  std::unique_ptr<LaneUnit> feedback_lane_;
  std::unique_ptr<PostUnit> post_;
  std::unique_ptr<TeacherUnit> teacher_unit_;
  std::vector<std::int64_t> state_;
  std::vector<std::int32_t> means_, held_, row_mean_;
  SynapseMemory weights_;
  bool forms_error_;
  std::vector<std::uint16_t> labels_;                            // of every sample so far
  std::vector<std::vector<std::int16_t>> z_, r_, uq_, current_;  // of every sample so far
  std::vector<std::vector<std::uint16_t>> fprime_;
  std::vector<std::int16_t> a0_, a1_, c_;
};

/// What the hardware cannot be built for, before anything is computed.
void check(const Rule& rule, const EvalRequest& request, const FormatMap& formats) {
  if (!rule.renderings.golden)
    throw refuse("TF-EVL-017", rule.name + " has no fixed-point rendering", "--engine float", "");
  if (rule.bench == nullptr)
    throw refuse("TF-EVL-017", rule.name + " in fixed point, of which no bound on arrays is derived",
                 "--engine float",
                 "`trifactor verify` holds its units against each other, `run` learns with them");
  if (request.mode != "online")
    throw refuse("TF-EVL-017", "mode " + request.mode + " in fixed point", "--mode online",
                 "the hardware learns sample by sample; use --engine float");
  if (!request.inputs.contains("w"))
    throw refuse("TF-EVL-017", "a whole network in fixed point",
                 "arrays of one layer: w, or w, r and delta_next",
                 "`trifactor compile` and `run` learn whole networks in fixed point; --engine float");
  const auto& w = request.inputs.at("w").shape;
  const int groups = groups_of(request.parameters);
  const std::size_t size = groups > 0 ? w[0] / static_cast<std::size_t>(groups) : 2;
  if (const auto net = request.inputs.find("x_net");
      net != request.inputs.end() && net->second.shape[1] > 16384)
    throw refuse("TF-EVL-018", fmt::format("{} values of the network's input", net->second.shape[1]),
                 "at most 16384", "use --engine float");
  if (w[0] > 16384 || w[1] > 65536 || size < 2 || size > 256)
    throw refuse("TF-EVL-018",
                 fmt::format("a layer of {} neurons, {} inputs{}", w[0], w[1],
                             groups > 0 ? fmt::format(", groups of {}", size) : ""),
                 "at most 16384 neurons, 65536 inputs, groups of 2 to 256", "use --engine float");
  for (const auto& [name, f] : formats)
    if (f.frac < -10 || f.frac > 30)
      throw refuse("TF-EVL-018", fmt::format("{} as {}", name, to_string(f)), "-10 to 30 fraction bits", "");
}

}  // namespace

FormatMap default_formats(const Rule& rule, const Parameters& parameters) {
  FormatMap formats;
  formats["w"] = signed_format(16, rule.bench_layer.weight_range);
  formats["x"] = signed_format(8, 1);
  formats["z"] = signed_format(16, rule.bench_layer.value_range);
  if (groups_of(parameters) > 0) formats["r"] = signed_format(16, 4), formats["uq"] = signed_format(16, 8);
  return formats;
}

FixedEval eval_fixed(const Rule& rule, const EvalRequest& request, const FloatArrays& reference,
                     const FixedOptions& options, const Arithmetic& arithmetic) {
  check(rule, request, options.formats);
  const Network network = network_of(rule, request, options);
  const ResolvedNetwork resolved = resolve(network);
  const RulePlan& plan = *resolved.projections.front().plan;
  const LayerFacts facts = layer_facts(network, resolved, 0);
  const FloatArray& x = request.inputs.at("x");
  const FloatArray& w = request.inputs.at("w");
  FixedTrace trace;
  trace.samples = x.shape[0], trace.inputs = x.shape[1], trace.neurons = w.shape[0];
  trace.groups = static_cast<std::size_t>(facts.groups);
  for (const double v : x.values) trace.x.push_back(facts.activity.quantise(v));
  for (const double v : w.values) trace.w.push_back(facts.weight.quantise(v));

  const bool returns = errors_return(rule, request);
  if (returns) {
    const FloatArray &r = request.inputs.at("r"), &next = request.inputs.at("delta_next");
    trace.next = r.shape[1];
    const NumberFormat word = *resolved.populations[2].error, weight = resolved.projections[2].weight;
    for (const double v : r.values) trace.back.push_back(weight.quantise(v));
    for (const double v : next.values) trace.returned.push_back(word.quantise(v));
    for (std::size_t t = 0; t < trace.samples; ++t)
      for (std::size_t i = 0; i < trace.neurons; ++i) {
        std::int64_t sum = 0;
        for (std::size_t j = 0; j < trace.next; ++j)
          sum += trace.back[i * trace.next + j] * trace.returned[t * trace.next + j];
        trace.error_sums.push_back(sum);
      }
  }
  std::vector<Slice> slices = {{0, 0, static_cast<int>(trace.inputs), 0, 1, 0},
                               {1, 0, static_cast<int>(trace.neurons), 0, 1, 1}};
  std::vector<InitialWeights> weights = {{w.values, {}, trace.inputs}};
  if (returns) {
    slices.push_back({2, 0, network.populations[2].neurons(), 0, 1, 2});
    weights.emplace_back(network, 1), weights.emplace_back(network, 2);
  }
  const Program program = emit(network, resolved, machine_of(rule), weights, slices);
  const auto given = request.inputs.find("x_net");
  std::vector<std::int16_t> input;
  for (const double v : given == request.inputs.end() ? x.values : given->second.values)
    input.push_back(static_cast<std::int16_t>(facts.input.quantise(v)));
  Layer layer(program.cores.at(1), program.teachers.empty() ? nullptr : &program.teachers.front(), arithmetic,
              input, trace, plan.forms_error);
  const auto labels = request.inputs.find("labels");
  for (std::size_t t = 0; t < trace.samples; ++t)
    layer.sample(t,
                 labels == request.inputs.end() ? std::uint16_t{0}
                                                : static_cast<std::uint16_t>(labels->second.values[t]),
                 plan.lane);

  FixedEval out;
  std::optional<LayerFacts> back_facts;
  std::optional<FixedFeedback> back;
  if (returns) {
    back_facts = layer_facts(network, resolved, 2);
    back.emplace(FixedFeedback{*back_facts, *resolved.projections[2].plan});
  }
  out.arrays = rule.bench({request, facts, plan, program.cores.at(1).normalise, trace,
                           network.populations[1].activation, back ? &*back : nullptr});
  for (auto& [name, array] : out.arrays)
    if (const auto found = reference.find(name);
        found != reference.end() && found->second.shape == array.shape)
      array.reference = found->second.values;
  out.formats = {{"w", facts.weight}, {"x", facts.activity}, {"z", facts.value}};
  if (facts.groups > 0) out.formats["r"] = facts.output, out.formats["uq"] = facts.group_scale;
  if (returns) out.formats["r"] = back_facts->weight;
  for (const NamedFormat& f : plan.formats) out.formats[f.array] = f.format;
  return out;
}

}  // namespace trifactor
