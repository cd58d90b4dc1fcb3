#include <cmath>

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
  if (network.projections[projection].init == WeightInit::uniform_fan_in)
    bound_ = 1 / std::sqrt(static_cast<double>(inputs_));
}

double InitialWeights::weight(std::size_t to, std::size_t from) const {
  if (!weights_.empty()) return weights_[to * inputs_ + from];
  return bound_ == 0 ? 0 : bound_ * (2 * uniform(start_, to, from) - 1);
}

double InitialWeights::bias(std::size_t to) const {
  if (!bias_.empty()) return bias_[to];
  return bound_ == 0 ? 0 : bound_ * (2 * uniform(start_, to, inputs_) - 1);
}

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
