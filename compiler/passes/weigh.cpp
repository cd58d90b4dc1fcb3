#include <cmath>
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
std::vector<double> read_array(NpzReader& file, const std::string& name, std::vector<std::size_t> shape,
                               double step, const std::string& meaning) {
  const NpyArray array = file.read(name);
  require_shape(array, shape, file.where(name), meaning);
  const bool floating = array.dtype.size() > 1 && array.dtype[1] == 'f';
  if (floating) return to_finite_doubles(array, file.where(name));
  std::vector<double> values;
  values.reserve(array.size());
  for (const std::int64_t word : to_integers(array, file.where(name)))
    values.push_back(static_cast<double>(word) * step);
  return values;
}

}  // namespace

InitialWeights::InitialWeights(std::vector<double> weights, std::vector<double> bias, std::size_t inputs)
    : inputs_(inputs), weights_(std::move(weights)), bias_(std::move(bias)) {}

InitialWeights::InitialWeights(const Network& network, std::size_t projection)
    : inputs_(neurons_of(network, network.projections[projection].from)),
      start_(mix64(mix64(network.seed ^ 0x77656967687473ull) ^ projection)) {
  const ProjectionSpec& spec = network.projections[projection];
  const double in = static_cast<double>(inputs_), out = static_cast<double>(neurons_of(network, spec.to));
  if (spec.init == WeightInit::uniform_fan_in) bound_ = 1 / std::sqrt(in);
  if (spec.init == WeightInit::glorot) bound_ = std::sqrt(6 / (in + out));
  normal_ = spec.init == WeightInit::normal;
}

double InitialWeights::drawn(std::size_t to, std::size_t from) const {
  if (normal_) {  // Box and Muller 1958, from two hashes of the same place
    const double length = std::sqrt(-2 * std::log(1 - uniform(start_, to, from)));
    return length * std::cos(2 * std::numbers::pi * uniform(mix64(start_ + 1), to, from));
  }
  return bound_ == 0 ? 0 : bound_ * (2 * uniform(start_, to, from) - 1);
}

double InitialWeights::weight(std::size_t to, std::size_t from) const {
  return weights_.empty() ? drawn(to, from) : weights_[to * inputs_ + from];
}

double InitialWeights::bias(std::size_t to) const { return bias_.empty() ? drawn(to, inputs_) : bias_[to]; }

std::vector<InitialWeights> initial_weights(const Network& network) {
  std::vector<InitialWeights> all;
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
    std::vector<double> weights =
        read_array(*file, spec.name, {to, from}, step, "(neurons of the target, neurons of the source)");
    std::vector<double> bias;
    if (spec.bias) bias = read_array(*file, spec.name + ".bias", {to}, step, "(neurons of the target)");
    all.emplace_back(std::move(weights), std::move(bias), from);
  }
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
