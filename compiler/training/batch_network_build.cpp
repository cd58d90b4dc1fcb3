// What a network's parts learn by, and from which weights and rates they start.
#include <cmath>
#include <utility>

#include "compiler/npz/npz.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/training/batch_network.hpp"
#include "compiler/training/blas.hpp"
#include "rtl/rules/rule.hpp"
#include "rtl/spec/diagnostic.hpp"
#include "rtl/units/random/golden.hpp"

namespace trifactor {
namespace {

/// Uniform in +-1/sqrt(fan in), as weights start; `owner` tells matrices of one network apart.
template <class Real>
void fill_uniform(std::vector<Real>& values, std::size_t fan_in, std::uint64_t seed, std::uint64_t owner) {
  const double bound = 1 / std::sqrt(static_cast<double>(fan_in));
  const std::uint64_t start = mix64(mix64(seed ^ 0x6665656462616bull) ^ owner);
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double uniform = std::ldexp(static_cast<double>(mix64(start ^ (i + 1)) >> 11), -53);
    values[i] = static_cast<Real>(bound * (2 * uniform - 1));
  }
}

bool same_objective(const BatchForm& a, const BatchForm& b) {
  return a.objective == b.objective && a.kernel == b.kernel && a.sigma == b.sigma && a.gamma == b.gamma &&
         a.mu == b.mu && a.objective != BatchForm::Objective::ranks;
}

BatchForm form_of(const PlasticitySpec& plasticity) {
  const Rule* rule = find_rule(plasticity.rule);
  if (rule == nullptr || rule->floating.batch == nullptr)
    throw Error(ExitCode::configuration, {"TF-TRN-001", to_string(plasticity.place),
                                          "rule '" + plasticity.rule + "' cannot learn in mini-batches",
                                          "a rule with a mini-batch form",
                                          "leave `batch` out of [training] to learn sample by sample"});
  return rule->floating.batch(plasticity.parameters);
}

/// Normalisation over the batch is of single neurons, which share their scale nowhere.
void refuse_connections(const Network& network) {
  Diagnostics mistakes;
  for (const ProjectionSpec& spec : network.projections)
    if (has_window(spec.connect) && network.training.batch_norm)
      mistakes.add({"TF-TRN-008", to_string(spec.place) + ": " + spec.name,
                    "batch norm in a network with windows", "batch_norm = false", ""});
  mistakes.throw_if_any(ExitCode::configuration);
}

}  // namespace

template <class Real>
BatchNetwork<Real>::BatchNetwork(Network network, const BatchOptions& options)
    : network_(std::move(network)),
      options_(options),
      capacity_(static_cast<std::size_t>(network_.training.batch)),
      workers_(options.threads) {
  refuse_connections(network_);
  use_one_blas_thread();
  build_layers();
  build_projections();
  choose_learning();
  class_error_ = Matrix<Real>(capacity_, static_cast<std::size_t>(network_.classes));
}

template <class Real>
void BatchNetwork<Real>::build_layers() {
  for (std::size_t p = 0; p < network_.populations.size(); ++p) {
    const PopulationSpec& spec = network_.populations[p];
    if (spec.input) {
      layers_.emplace_back();
      continue;
    }
    const bool hidden = static_cast<int>(p) != network_.output;
    layers_.emplace_back(spec, capacity_, hidden, network_.training, options_.threads);
    layers_.back().norm().prepare(network_.training.optimiser);
  }
  populations_.resize(layers_.size());
  if (!network_.training.batch_norm || network_.weights_file.empty()) return;
  NpzReader file(network_.weights_file);
  for (std::size_t p = 0; p < layers_.size(); ++p) {
    const std::string name = network_.populations[p].name + ".norm";
    if (!layers_[p].norm().exists() || !file.has(name)) continue;
    const NpyArray array = file.read(name);
    require_shape(array, {4, layers_[p].norm().scale().value.rows}, file.where(name),
                  "(scale, shift, running mean and variance, neurons)");
    layers_[p].norm().restore(to_finite_doubles(array, file.where(name)));
  }
}

template <class Real>
typename BatchNetwork<Real>::Projection BatchNetwork<Real>::make_projection(
    std::size_t k, const InitialWeights& initial) const {
  const ProjectionSpec& spec = network_.projections[k];
  Projection p;
  p.from = static_cast<std::size_t>(spec.from), p.to = static_cast<std::size_t>(spec.to);
  p.returns = spec.feedback;
  if (spec.connect != Connect::dense) {
    p.path = BatchConnection<Real>(network_, k);
    p.weights = Trained<Real>(p.path.rows(), p.path.columns());
    p.path.initialise(initial, p.weights.value);
    if (spec.density < 1) p.path.find_mask(initial.connectivity(), p.there);
  } else {
    const std::size_t inputs = static_cast<std::size_t>(network_.populations[p.from].neurons());
    const std::size_t neurons = static_cast<std::size_t>(network_.populations[p.to].neurons());
    p.weights = Trained<Real>(neurons, inputs);
    if (spec.density < 1) p.there.resize(neurons * inputs);
    for (std::size_t i = 0; i < neurons; ++i)
      for (std::size_t j = 0; j < inputs; ++j) {
        p.weights.value.row(i)[j] = static_cast<Real>(initial.weight(i, j));
        if (spec.density < 1) p.there[i * inputs + j] = initial.connectivity().exists(i, j) ? 1 : 0;
      }
  }
  if (!spec.bias) return p;
  p.bias = Trained<Real>(p.weights.value.rows, 1);
  for (std::size_t i = 0; i < p.bias.value.rows; ++i)
    p.bias.value.values[i] = static_cast<Real>(initial.bias(i));
  return p;
}

template <class Real>
void BatchNetwork<Real>::build_projections() {
  const std::vector<InitialWeights> initial = initial_weights(network_);
  for (std::size_t k = 0; k < network_.projections.size(); ++k) {
    const ProjectionSpec& spec = network_.projections[k];
    Projection p = make_projection(k, initial[k]);
    p.plastic = spec.plasticity && (spec.to == network_.output || options_.baseline != Baseline::random) &&
                (!spec.feedback || options_.baseline == Baseline::none);
    const Matrix<Real>& w = p.weights.value;
    if (p.plastic) {
      prepare(p.weights, network_.training.optimiser);
      prepare(p.bias, network_.training.optimiser);
      if (!p.path.dense()) p.gradient = Matrix<Real>(w.rows, w.columns);
    }
    if (options_.baseline == Baseline::feedback_alignment && w.rows > 0) {
      p.feedback = Matrix<Real>(w.rows, w.columns);
      fill_uniform(p.feedback.values, w.columns, network_.seed, k);
    }
    if (spec.feedback)
      populations_[p.from].sending.push_back(k);
    else
      populations_[p.to].incoming.push_back(k);
    projections_.push_back(std::move(p));
  }
}

/// Who waits for errors: with a baseline that sends them everybody, else whoever learns from errors that
/// feedback projections bring or hands them on, and the output they begin at.
template <class Real>
void BatchNetwork<Real>::choose_backwards() {
  const bool all = travels_back(options_.baseline);
  if (!all && options_.baseline != Baseline::none) return;
  std::vector<bool> reached(populations_.size(), false);
  for (const Projection& p : projections_)
    if (p.returns) reached[p.to] = true;
  for (std::size_t p = 0; p < populations_.size(); ++p) {
    Population& population = populations_[p];
    if (network_.populations[p].input) continue;
    const bool output = static_cast<int>(p) == network_.output;
    population.backwards = all || (output && !population.sending.empty()) ||
                           population.learning == Learning::returned ||
                           (population.learning == Learning::none && reached[p]);
  }
}

/// Which objective each population follows, and at which rates.
template <class Real>
void BatchNetwork<Real>::choose_learning() {
  Diagnostics mistakes;
  const auto refuse = [&](bool there, const SourcePlace& place, const char* what) {
    if (there)
      mistakes.add({"TF-TRN-009", to_string(place), std::string(what) + ", which a mini-batch does not have",
                    "steps = 1, and populations without membranes and noise",
                    "leave `batch` out of [training] to learn sample by sample"});
  };
  refuse(network_.steps > 1, network_.populations.front().place, "several steps of a presentation");
  for (const PopulationSpec& spec : network_.populations) {
    refuse(spec.membrane.has_value(), spec.place, "a membrane");
    refuse(spec.label, spec.place, "a population of the label");
    refuse(spec.noise > 0, spec.place, "noise");
  }
  for (const ProjectionSpec& spec : network_.projections)
    refuse(spec.late, spec.place, "a projection that closes a circle");
  for (std::size_t k = 0; k < projections_.size(); ++k) {
    if (!projections_[k].plastic) continue;
    try {
      choose_rule_learning(projections_[k].to, k);
    } catch (const Error& error) {
      for (const Diagnostic& item : error.items()) mistakes.add(item);
    }
  }
  mistakes.throw_if_any(ExitCode::configuration);
  choose_backwards();
  // A baseline's hidden layers take the output's rate, unless they are given one.
  double output_eta = 0;
  for (const std::size_t k : populations_[static_cast<std::size_t>(network_.output)].incoming)
    output_eta = std::max(output_eta, projections_[k].eta);
  const bool own_rates = options_.baseline == Baseline::none || options_.baseline == Baseline::random;
  for (std::size_t k = 0; k < projections_.size() && !own_rates; ++k) {
    Projection& p = projections_[k];
    const bool at_output = static_cast<int>(p.to) == network_.output;
    if (!p.plastic || (at_output && !travels_back(options_.baseline))) continue;
    p.eta = options_.eta.value_or(output_eta);
    if (p.eta <= 0)
      throw Error(
          ExitCode::configuration,
          {"TF-TRN-004", to_string(network_.projections[k].place) + ": " + network_.projections[k].name,
           "no rate for this baseline: the output does not learn", "", "give --eta"});
    Population& population = populations_[p.to];
    if (at_output || travels_back(options_.baseline)) continue;
    population.learning = Learning::classifier;
    population.objective.reset();
    population.sums.pairs.reset();
    if (!population.classifier) population.classifier = std::make_unique<Classifier>(make_classifier(p.to));
  }
}

template <class Real>
void BatchNetwork<Real>::choose_rule_learning(std::size_t p, std::size_t k) {
  const ProjectionSpec& spec = network_.projections[k];
  const TrainingSpec& training = network_.training;
  const std::string where = to_string(spec.plasticity->place) + ": " + spec.name;
  const bool at_output = static_cast<int>(p) == network_.output;
  if (spec.plasticity->weight_age > 0)
    throw Error(ExitCode::configuration,
                {"TF-TRN-005", where, "weight_age, which a mini-batch does not have", "weight_age = 0",
                 "or leave `batch` out of [training] to learn sample by sample"});
  // Hidden layers of a baseline need no rule of their own.
  const bool by_rule = at_output || options_.baseline == Baseline::none;
  if (!by_rule) return;
  const BatchForm form = form_of(*spec.plasticity);
  // Feedback learns as the projection does that it stands beside.
  const bool output_rate = spec.feedback ? spec.from == network_.output : at_output;
  const std::optional<double>& eta = output_rate ? training.output_eta : training.eta;
  projections_[k].eta = eta.value_or(form.eta);
  if (spec.feedback) return;
  if (find_rule(spec.plasticity->rule)->takes_error && !at_output) {
    populations_[p].learning = Learning::returned;
    return;
  }
  for (const std::size_t other : populations_[p].incoming)
    if (other < k && projections_[other].plastic &&
        !same_objective(form, form_of(*network_.projections[other].plasticity)))
      throw Error(ExitCode::configuration,
                  {"TF-TRN-002", where,
                   "another objective than " + network_.projections[other].name + " has, which ends here too",
                   "one objective a population", "give both the same rule and parameters"});
  Population& population = populations_[p];
  if (form.objective == BatchForm::Objective::ranks) return choose_ranks(p, k, form);
  if (form.objective != BatchForm::Objective::kernel) return choose_output(p, k, form);
  population.learning = Learning::kernel;
  population.objective = std::make_unique<KernelObjective<Real>>(form, training.objective, network_.classes);
  population.sums.pairs.emplace();
}

/// Neurons that compete see the whole of what reaches them through one matrix.
template <class Real>
void BatchNetwork<Real>::choose_ranks(std::size_t p, std::size_t k, const BatchForm& form) {
  const ProjectionSpec& spec = network_.projections[k];
  const std::string where = to_string(spec.plasticity->place) + ": " + spec.name;
  if (populations_[p].incoming.size() > 1 || spec.bias)
    throw Error(ExitCode::configuration,
                {"TF-TRN-010", where, "another projection or a bias goes into neurons that compete",
                 "one projection without bias", ""});
  if (form.rank > layers_[p].neurons())
    throw Error(ExitCode::configuration, {"TF-TRN-010", where,
                                          "rank " + std::to_string(form.rank) + " of " +
                                              std::to_string(layers_[p].neurons()) + " neurons",
                                          "at most the number of neurons", ""});
  const auto power_of = find_rule(spec.plasticity->rule)->floating.weight_power;
  const double power = power_of == nullptr ? 2 : power_of(spec.plasticity->parameters);
  populations_[p].learning = Learning::ranks;
  populations_[p].ranked =
      std::make_unique<RankedLearning<Real>>(form, power, layers_[p].neurons(), capacity_);
}

template <class Real>
void BatchNetwork<Real>::choose_output(std::size_t p, std::size_t k, const BatchForm& form) {
  const ProjectionSpec& spec = network_.projections[k];
  const bool hinge = form.objective == BatchForm::Objective::hinge;
  if (layers_[p].neurons() != static_cast<std::size_t>(network_.classes))
    throw Error(ExitCode::configuration,
                {"TF-TRN-003", to_string(spec.plasticity->place) + ": " + spec.name,
                 std::to_string(layers_[p].neurons()) + " neurons for " + std::to_string(network_.classes) +
                     " classes",
                 std::string("one neuron a class for ") + (hinge ? "the hinge" : "cross-entropy"), ""});
  populations_[p].learning = Learning::output;
  OutputLoss& target = populations_[p].target;
  target.kind = hinge ? OutputLoss::Kind::hinge : OutputLoss::Kind::cross_entropy;
  target.mu = form.mu > 0 ? form.mu : 1.0 / (network_.classes - 1);
  if (static_cast<int>(p) != network_.output ||
      network_.training.output_loss == TrainingSpec::OutputLoss::rule)
    return;
  target.kind = OutputLoss::Kind::power;
  target.exponent = network_.training.output_exponent;
}

template <class Real>
typename BatchNetwork<Real>::Classifier BatchNetwork<Real>::make_classifier(std::size_t p) const {
  const std::size_t classes = static_cast<std::size_t>(network_.classes), n = layers_[p].neurons();
  Classifier c{Trained<Real>(classes, n), Trained<Real>(classes, 1), {}};
  const std::uint64_t owner = 3 * (p + 1) << 32;
  fill_uniform(c.weights.value.values, n, network_.seed, owner);
  fill_uniform(c.bias.value.values, n, network_.seed, owner + 1);
  if (options_.baseline == Baseline::layerwise_feedback_alignment) {
    c.feedback = Matrix<Real>(classes, n);
    fill_uniform(c.feedback.values, n, network_.seed, owner + 2);
  }
  prepare(c.weights, network_.training.optimiser);
  prepare(c.bias, network_.training.optimiser);
  return c;
}

template <class Real>
double BatchNetwork<Real>::schedule_factor(std::size_t k) const {
  double factor = 1;
  for (const int milestone : network_.training.milestones)
    if (epochs_ >= static_cast<std::uint64_t>(milestone)) factor *= network_.training.factor;
  if (options_.run_length > 0)
    factor *= network_.projections[k].plasticity->schedule.at(static_cast<double>(learned_),
                                                              static_cast<double>(options_.run_length));
  return factor;
}

template <class Real>
double BatchNetwork<Real>::rate(std::size_t k) const {
  return projections_[k].plastic ? projections_[k].eta * schedule_factor(k) : 0;
}

template <class Real>
StepSettings BatchNetwork<Real>::step_of(std::size_t k) const {
  const TrainingSpec& training = network_.training;
  const Projection& p = projections_[k];
  const bool last =
      static_cast<int>(p.returns ? p.from : p.to) == network_.output || travels_back(options_.baseline);
  return {training.optimiser, rate(k), last ? training.output_weight_decay : training.optimiser.weight_decay,
          batches_};
}

/// Batch norm steps as the weights into its layer do; where none learn, it keeps its scale and shift.
template <class Real>
StepSettings BatchNetwork<Real>::norm_step_of(std::size_t p) const {
  for (const std::size_t k : populations_[p].incoming)
    if (projections_[k].plastic) return step_of(k);
  return {network_.training.optimiser, 0, 0, batches_};
}

template <class Real>
std::span<const Real> BatchNetwork<Real>::weights(std::size_t k) const {
  return projections_[k].weights.value.values;
}

template <class Real>
std::pair<std::size_t, std::size_t> BatchNetwork<Real>::weights_shape(std::size_t k) const {
  const Matrix<Real>& w = projections_[k].weights.value;
  return {w.rows, w.columns};
}

template <class Real>
std::span<const Real> BatchNetwork<Real>::bias(std::size_t k) const {
  return projections_[k].bias.value.values;
}

template <class Real>
std::span<const Real> BatchNetwork<Real>::feedback(std::size_t k) const {
  return projections_[k].feedback.values;
}

template <class Real>
void BatchNetwork<Real>::set_weight(std::size_t k, std::size_t row, std::size_t column, Real value) {
  Projection& p = projections_[k];
  (column == p.weights.value.columns ? p.bias.value.values[row] : p.weights.value.row(row)[column]) = value;
  if (populations_[p.to].ranked) populations_[p.to].ranked->forget();
  known_.assign(known_.size(), false);
}

template <class Real>
double BatchNetwork<Real>::weight_norm(std::size_t k) const {
  const Matrix<Real>& w = projections_[k].weights.value;
  double squares = 0;
  for (std::size_t i = 0; i < w.rows; ++i) squares += static_cast<double>(dot(w.row(i), w.row(i), w.columns));
  for (const Real b : bias(k)) squares += static_cast<double>(b) * static_cast<double>(b);
  return std::sqrt(squares);
}

template class BatchNetwork<float>;
template class BatchNetwork<double>;

}  // namespace trifactor
