// What the output of a network descends over a mini-batch: the mean over its samples of one loss, and its
// derivative by the output's values.
#pragma once

#include <cstdint>
#include <span>

#include "compiler/training/matrix.hpp"

namespace trifactor {

struct OutputLoss {
  enum class Kind : std::uint8_t {
    cross_entropy,  ///< -log softmax of the label's neuron
    hinge,          ///< max(0, 1 - z_c) + mu sum over the others of max(0, 1 + z_i); derivative 0 at corners
    power,          ///< sum |z_i - t_i|^exponent, t = 1 for the label's neuron and -1 for the others
  };
  Kind kind = Kind::cross_entropy;
  double mu = 0;        ///< of the hinge
  double exponent = 2;  ///< of the power, above 1
};

/// values (m, classes) -> derivatives of the mean loss, in place; returns the mean loss. labels: (m), below
/// classes.
template <class Real>
double descend_loss(const OutputLoss& loss, Matrix<Real>& values, std::span<const std::int32_t> labels);

}  // namespace trifactor
