#include <cmath>
#include <limits>
#include <numbers>

#include "compiler/npz/npz.hpp"
#include "compiler/passes/passes.hpp"
#include "rtl/units/random/golden.hpp"

namespace trifactor {
namespace {

std::size_t neurons_of(const Network& network, int population) {
  return static_cast<std::size_t>(network.populations[static_cast<std::size_t>(population)].neurons());
}

/// Uniform in [0, 1) from what seed and projection gave and the synapse's place.
double uniform(std::uint64_t start, std::uint64_t post, std::uint64_t pre) {
  const std::uint64_t h = mix64(start ^ (post << 32 | pre));
  return std::ldexp(static_cast<double>(h >> 11), -53);
}

/// Integer arrays are stored words of the projection's format, others are real values.
std::vector<double> real_values(const NpyArray& array, std::vector<std::size_t> shape, double step,
                                const std::string& where, const std::string& meaning) {
  require_shape(array, shape, where, meaning);
  const bool floating = array.dtype.size() > 1 && array.dtype[1] == 'f';
  if (floating) return to_finite_doubles(array, where);
  std::vector<double> values;
  values.reserve(array.size());
  for (const std::int64_t word : to_integers(array, where))
    values.push_back(static_cast<double>(word) * step);
  return values;
}

/// "3, the first [0, 2] = 0.5": values of an array that cannot be taken, by their places.
class Unusable {
 public:
  void add(std::size_t place, double value) {
    if (count_++ == 0) place_ = place, value_ = value;
  }

  [[nodiscard]] bool any() const { return count_ != 0; }

  [[nodiscard]] std::string text(std::size_t columns) const {
    return std::to_string(count_) + ", the first [" + std::to_string(place_ / columns) + ", " +
           std::to_string(place_ % columns) + "] = " + std::to_string(value_);
  }

 private:
  std::size_t count_ = 0, place_ = 0;
  double value_ = 0;
};

void refuse_beyond(const Unusable& beyond, std::size_t columns, const std::string& where,
                   Diagnostics& mistakes) {
  if (beyond.any())
    mistakes.add({"TF-FIT-010", where, "weights of synapses that do not exist: " + beyond.text(columns),
                  "0 where the mask or the window leaves a synapse out",
                  "the mask follows from the network's seed, the projection's name and its density"});
}

/// Reports what an array of every pair of neurons gives to a synapse that does not exist, and copies of one
/// weight that differ.
void check_weights(const Connectivity& connectivity, const std::vector<double>& weights, std::size_t to,
                   std::size_t from, const std::string& where, Diagnostics& mistakes) {
  if (connectivity.full()) return;
  Unusable beyond, unequal;
  std::vector<double> entries(connectivity.shared() ? connectivity.entries() : 0,
                              std::numeric_limits<double>::quiet_NaN());
  for (std::size_t k = 0; k < to * from; ++k) {
    if (!connectivity.exists(k / from, k % from)) {
      if (weights[k] != 0) beyond.add(k, weights[k]);
    } else if (connectivity.shared()) {
      double& entry = entries[connectivity.entry(k / from, k % from)];
      if (std::isnan(entry)) entry = weights[k];
      if (entry != weights[k]) unequal.add(k, weights[k]);
    }
  }
  refuse_beyond(beyond, from, where, mistakes);
  if (unequal.any())
    mistakes.add({"TF-FIT-011", where, "copies of one kernel entry that differ: " + unequal.text(from),
                  "the same weight at every place", "use connect = \"local\" for weights that differ"});
}

/// Of a synapse's weight in an array that has a row for every window; `feedback`: the map is the source.
std::size_t place_in_window(const Connectivity& connectivity, bool feedback, std::size_t to,
                            std::size_t from) {
  const std::size_t entry = connectivity.entry(to, from), window = connectivity.window();
  return connectivity.shared() ? entry : (feedback ? from : to) * window + entry % window;
}

/// As check_weights, of such an array.
void check_windows(const Connectivity& connectivity, bool feedback, const std::vector<double>& weights,
                   std::size_t to, const std::string& where, Diagnostics& mistakes) {
  std::vector<bool> used(weights.size());
  for (std::size_t i = 0; i < to; ++i) {
    const auto [first, last] = connectivity.rows_of(i);
    for (std::size_t j = first; j < last; ++j)
      if (connectivity.exists(i, j)) used[place_in_window(connectivity, feedback, i, j)] = true;
  }
  Unusable beyond;
  for (std::size_t k = 0; k < weights.size(); ++k)
    if (!used[k] && weights[k] != 0) beyond.add(k, weights[k]);
  refuse_beyond(beyond, connectivity.window(), where, mistakes);
}

}  // namespace

InitialWeights::InitialWeights(std::vector<double> weights, std::vector<double> bias, std::size_t inputs,
                               const Connectivity& connectivity)
    : connectivity_(connectivity), inputs_(inputs), weights_(std::move(weights)), bias_(std::move(bias)) {}

InitialWeights InitialWeights::by_window(std::vector<double> weights, std::vector<double> bias,
                                         const Connectivity& connectivity, bool feedback) {
  InitialWeights made(std::move(weights), std::move(bias), 0, connectivity);
  made.by_window_ = true, made.feedback_ = feedback;
  return made;
}

InitialWeights::InitialWeights(const Network& network, std::size_t projection)
    : connectivity_(network, projection),
      inputs_(neurons_of(network, network.projections[projection].from)),
      start_(mix64(mix64(network.seed ^ 0x77656967687473ull) ^ projection)) {
  const ProjectionSpec& spec = network.projections[projection];
  const double in = connectivity_.fan_in(), out = connectivity_.fan_out();
  if (spec.init == WeightInit::uniform_fan_in) bound_ = 1 / std::sqrt(in);
  if (spec.init == WeightInit::glorot) bound_ = std::sqrt(6 / (in + out));
  normal_ = spec.init == WeightInit::normal;
  bound_ *= spec.gain, length_ = spec.gain;
  fixed_ = is_fixed(spec.connect) || spec.init == WeightInit::constant;
  if (fixed_) bound_ = fixed_weight(spec), normal_ = false;
}

double InitialWeights::drawn(std::size_t to, std::size_t from) const {
  if (fixed_) return bound_;
  if (normal_) {  // Box and Muller 1958, from two hashes of the same place
    const double length = length_ * std::sqrt(-2 * std::log(1 - uniform(start_, to, from)));
    return length * std::cos(2 * std::numbers::pi * uniform(mix64(start_ + 1), to, from));
  }
  return bound_ == 0 ? 0 : bound_ * (2 * uniform(start_, to, from) - 1);
}

double InitialWeights::weight(std::size_t to, std::size_t from) const {
  if (by_window_) {
    return connectivity_.exists(to, from) ? weights_[place_in_window(connectivity_, feedback_, to, from)] : 0;
  }
  if (!weights_.empty()) return weights_[to * inputs_ + from];
  if (connectivity_.full()) return drawn(to, from);
  if (!connectivity_.exists(to, from)) return 0;
  return connectivity_.shared() ? drawn(connectivity_.entry(to, from), 0) : drawn(to, from);
}

double InitialWeights::bias(std::size_t to) const {
  if (!bias_.empty()) return bias_[by_window_ ? connectivity_.channel(to) : to];
  return connectivity_.shared() ? drawn(connectivity_.entries() + connectivity_.channel(to), 0)
                                : drawn(to, inputs_);
}

std::uint32_t dropout_threshold(double probability) {
  return static_cast<std::uint32_t>(std::lround(std::ldexp(probability, 32)));
}

std::vector<InitialWeights> initial_weights(const Network& network) {
  std::vector<InitialWeights> all;
  Diagnostics mistakes;
  std::optional<NpzReader> file;
  if (!network.weights_file.empty()) file.emplace(network.weights_file);
  for (std::size_t k = 0; k < network.projections.size(); ++k) {
    const ProjectionSpec& spec = network.projections[k];
    if (spec.init != WeightInit::file) {
      all.emplace_back(network, k);
      continue;
    }
    const std::size_t to = neurons_of(network, spec.to), from = neurons_of(network, spec.from);
    const double step = signed_format(spec.bits, spec.range).step();
    const Connectivity connectivity(network, k);
    const NpyArray array = file->read(spec.name);
    const bool windows = has_window(spec.connect) && !is_fixed(spec.connect);
    const std::size_t window = windows ? connectivity.window() : 0, map = spec.feedback ? from : to,
                      rows = windows && connectivity.shared() ? connectivity.entries() / window : map;
    const bool by_window = windows && array.shape == std::vector<std::size_t>{rows, window};
    std::vector<double> weights =
        real_values(array, by_window ? std::vector{rows, window} : std::vector{to, from}, step,
                    file->where(spec.name), "(neurons of the target, neurons of the source)");
    std::vector<double> bias;
    if (const std::string name = spec.name + ".bias"; spec.bias)
      bias = real_values(file->read(name), {by_window ? rows : to}, step, file->where(name),
                         by_window ? "(rows of the weights)" : "(neurons of the target)");
    if (by_window) {
      check_windows(connectivity, spec.feedback, weights, to, file->where(spec.name), mistakes);
      all.push_back(
          InitialWeights::by_window(std::move(weights), std::move(bias), connectivity, spec.feedback));
      continue;
    }
    check_weights(connectivity, weights, to, from, file->where(spec.name), mistakes);
    all.emplace_back(std::move(weights), std::move(bias), from, connectivity);
  }
  mistakes.throw_if_any(ExitCode::data);
  return all;
}

std::vector<double> encoder_offset(const Network& network) {
  if (network.weights_file.empty()) return {};
  const PopulationSpec& input = network.populations[static_cast<std::size_t>(network.input)];
  NpzReader file(network.weights_file);
  const std::string name = input.name + ".offset";
  if (!file.has(name)) return {};
  const NpyArray array = file.read(name);
  require_shape(array, {static_cast<std::size_t>(input.neurons())}, file.where(name), "(values of a sample)");
  return to_finite_doubles(array, file.where(name));
}

}  // namespace trifactor
