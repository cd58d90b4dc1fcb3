#include <cmath>

#include "compiler/npz/npz.hpp"
#include "compiler/passes/passes.hpp"
#include "rtl/units/random/golden.hpp"

namespace trifactor {
namespace {

/// Uniform in [0, 1) from the network's seed and the synapse's place; order of evaluation does not matter.
double uniform(std::uint64_t seed, std::size_t projection, std::uint64_t post, std::uint64_t pre) {
  std::uint64_t h = mix64(seed ^ 0x77656967687473ull);
  h = mix64(h ^ projection);
  h = mix64(h ^ (post << 32 | pre));
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

std::vector<InitialWeights> initial_weights(const Network& network) {
  std::vector<InitialWeights> all;
  std::optional<NpzReader> file;
  if (!network.weights_file.empty()) file.emplace(network.weights_file);
  for (std::size_t k = 0; k < network.projections.size(); ++k) {
    const ProjectionSpec& spec = network.projections[k];
    const std::size_t to =
        static_cast<std::size_t>(network.populations[static_cast<std::size_t>(spec.to)].neurons());
    const std::size_t from =
        static_cast<std::size_t>(network.populations[static_cast<std::size_t>(spec.from)].neurons());
    InitialWeights initial;
    if (spec.init == WeightInit::file) {
      const double step = signed_format(spec.bits, spec.range).step();
      initial.weights =
          read_array(*file, spec.name, {to, from}, step, "(neurons of the target, neurons of the source)");
      if (spec.bias)
        initial.bias = read_array(*file, spec.name + ".bias", {to}, step, "(neurons of the target)");
    } else {
      initial.weights.assign(to * from, 0);
      if (spec.bias) initial.bias.assign(to, 0);
      if (spec.init == WeightInit::uniform_fan_in) {
        const double bound = 1 / std::sqrt(static_cast<double>(from));
        for (std::size_t i = 0; i < to; ++i)
          for (std::size_t j = 0; j < from; ++j)
            initial.weights[i * from + j] = bound * (2 * uniform(network.seed, k, i, j) - 1);
        for (std::size_t i = 0; i < initial.bias.size(); ++i)
          initial.bias[i] = bound * (2 * uniform(network.seed, k, i, from) - 1);
      }
    }
    all.push_back(std::move(initial));
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
