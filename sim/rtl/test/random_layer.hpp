// Random layers under any rule of the catalogue, and the core memories that its units read: what the
// conformance and timing tests of rule units share. Nothing here knows a rule's name.
#pragma once

#include <cstdint>
#include <random>
#include <vector>

#include "rtl/rules/rule.hpp"

namespace trifactor::test {

using Random = std::mt19937_64;

inline int uniform(Random& random, int low, int high) { return std::uniform_int_distribution<int>(low, high)(random); }
inline bool chance(Random& random, double p) { return std::bernoulli_distribution(p)(random); }

/// A rule resolved for a layer whose neurons lie on one core or two.
struct RandomLayer {
  RulePlan plan;
  int group_size = 0;             ///< 0: not grouped
  std::vector<int> core_neurons;  ///< of each core
};

/// Draws parameters from the rule's own specifications and formats from what compilers use, until they resolve.
/// Large layers have up to 3,000 neurons in all or 256 groups, for sums of full width.
RandomLayer random_layer(const Rule& rule, Random& random, bool large = false);

/// The memories of one core that a post unit reads and writes.
class CoreMemories {
 public:
  CoreMemories(const RandomLayer& layer, int neurons, Random& random);

  /// The next sample: activities are at corners, zero, close to the sample before, or anything.
  void next_sample(Random& random);
  PostView view(std::uint32_t eta) const;
  PostResult result();

  std::vector<std::uint32_t> generators;
  std::vector<std::int32_t> means, held;
  std::vector<std::int16_t> a0, a1, c;

 private:
  struct Sample {
    std::vector<std::int16_t> z, r, scale;
    std::vector<std::uint16_t> fprime;
    LocalActivity activity() const { return {z.data(), fprime.data(), r.data(), scale.data()}; }
  };
  const RandomLayer& layer_;
  int neurons_;
  std::vector<Sample> past_;  ///< newest first, at most plan.partners + 1
  std::vector<const std::int16_t*> compared_;
};

}  // namespace trifactor::test
