// What a float network learns by, in place of its own rules.
#pragma once

#include <cstdint>

namespace trifactor {

enum class Baseline : std::uint8_t {
  none,      ///< every plastic projection learns by its own rule
  random,    ///< only plastic projections that end at the output learn, the others keep their initial weights
  backprop,  ///< all plastic projections learn by backpropagation of the softmax cross-entropy of the output
  // In mini-batches only:
  feedback_alignment,            ///< backpropagation whose errors travel back through fixed random weights
  sign_symmetry,                 ///< and through the signs of the weights
  layerwise,                     ///< each hidden layer learns by a softmax classifier of its own
  layerwise_feedback_alignment,  ///< and hears of it through fixed random weights
};

/// Whether one error travels back through all layers.
constexpr bool travels_back(Baseline baseline) {
  return baseline == Baseline::backprop || baseline == Baseline::feedback_alignment ||
         baseline == Baseline::sign_symmetry;
}
constexpr bool needs_batches(Baseline baseline) { return baseline > Baseline::backprop; }
constexpr bool is_layerwise(Baseline baseline) {
  return baseline == Baseline::layerwise || baseline == Baseline::layerwise_feedback_alignment;
}

}  // namespace trifactor
