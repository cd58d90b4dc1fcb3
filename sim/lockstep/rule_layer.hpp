// Random layers under any rule of the catalogue, and the core memories that a rule's units read and write:
// what verification, conformance and timing tests of rule units share. Nothing here knows a rule's name.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "rtl/rules/rule.hpp"

namespace trifactor::lockstep {

using Random = std::mt19937_64;

inline int uniform(Random& random, int low, int high) {
  return std::uniform_int_distribution<int>(low, high)(random);
}
inline bool chance(Random& random, double p) { return std::bernoulli_distribution(p)(random); }

/// A rule resolved for a layer whose neurons lie on one core or more.
struct RuleLayer {
  RulePlan plan;
  int group_size = 0;             ///< 0: not grouped
  std::vector<int> core_neurons;  ///< of each core
  int first_neuron = 0;           ///< of the first core
  int input_distance_bits = 0;    ///< of the largest squared distance between two inputs of the network
};

/// small: one or two cores of a few neurons. large: up to 3,000 neurons in all or 256 groups, for sums of
/// full width. tiny: one core of at most tiny_neurons.
enum class LayerSize { tiny, small, large };
inline constexpr int tiny_neurons = 8;

/// Draws parameters from the rule's own specifications and formats from what compilers use, until they
/// resolve.
RuleLayer random_layer(const Rule& rule, Random& random, LayerSize size = LayerSize::small);

/// One sample's activity of one core, as LocalActivity points to it.
struct SampleActivity {
  std::vector<std::int16_t> z, r, scale, current;
  std::vector<std::uint16_t> fprime;
  std::vector<std::int64_t> error;  ///< sums of errors that came back
};

/// The memories of one core that a post unit reads and writes.
class CoreMemories {
 public:
  /// `generators`: one a neuron. The layer must outlive this.
  CoreMemories(const RuleLayer& layer, std::vector<std::uint32_t> first_generators, int first_neuron = 0);

  /// Activities at corners, zero, close to the sample before, or anything.
  SampleActivity draw(Random& random) const;
  void push(SampleActivity sample);
  PostView view(std::uint32_t eta) const;
  PostResult result();

  std::vector<std::uint32_t> generators;
  std::vector<std::int32_t> means, held;
  std::vector<std::int16_t> a0, a1, c, error;

 private:
  static LocalActivity activity(const SampleActivity& s);

  const RuleLayer& layer_;
  std::size_t neurons_;
  int first_neuron_;
  std::vector<SampleActivity> past_;  ///< newest first
  std::vector<const std::int16_t*> compared_;
};

/// `up` of one sample before the layer's cores contribute: sums at 0 and empty ranks, and squared distances
/// of every magnitude where input cores give the last words.
std::vector<std::int64_t> up_before_cores(const RuleLayer& layer, int count, Random& random);

/// Nonzero generator states.
std::vector<std::uint32_t> random_generators(int neurons, Random& random);

}  // namespace trifactor::lockstep
