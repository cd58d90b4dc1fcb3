// (18) and (19) sample by sample with differences that a circuit forms in time: (57, 61, 67) with (58) or
// (60). Floating point; includes nothing of the golden model.
#pragma once

#include <memory>

#include "rtl/rules/phsic_gaussian/differences.hpp"
#include "rtl/rules/reference.hpp"

namespace trifactor::phsic_gaussian {

struct CircuitRule {
  double sigma = 1, gamma = 0, beta = 0, decay = 0;
  int classes = 2;
};

/// Each neuron or group, and the product h x of each synapse, has a circuit of its own; with `memory` a
/// sample costs (n_in + 1) n (duration + gap) steps.
std::unique_ptr<FloatLearner> circuit_learner(const CircuitRule& rule, const DifferenceCircuit& circuit,
                                              const FloatLayer& layer);

}  // namespace trifactor::phsic_gaussian
