// Weights with what their optimiser remembers, and one step of it.
#pragma once

#include <cstdint>

#include "compiler/network/training.hpp"
#include "compiler/training/matrix.hpp"

namespace trifactor {

/// (rows, columns), rows being neurons; a vector has one column.
template <class Real>
struct Trained {
  Matrix<Real> value, first, second;  ///< momentum, or Adam's two means; empty until the first step

  Trained() = default;
  Trained(std::size_t rows, std::size_t columns) : value(rows, columns) {}
};

/// How a step is taken: OptimiserSpec with the rate in force.
struct StepSettings {
  OptimiserSpec optimiser;
  double eta = 0;
  double weight_decay = 0;   ///< in place of the optimiser's
  std::uint64_t number = 1;  ///< of this step, from 1 (Adam's bias correction)
};

/// Makes room for what the optimiser remembers. Before the first step, by one thread.
template <class Real>
void prepare(Trained<Real>& trained, const OptimiserSpec& optimiser);

/// A step of rows [first, first + count) along the gradient delta' x, with delta (m, rows of trained) and
/// x (m, columns). With momentum the product is added to the momentum as it is formed.
template <class Real>
void descend_product(Trained<Real>& trained, std::size_t first, std::size_t count,
                     const MatrixView<Real>& delta, const MatrixView<Real>& x, const StepSettings& step);

/// A step of rows [first, first + count) along `gradient` (count, columns).
template <class Real>
void descend(Trained<Real>& trained, std::size_t first, std::size_t count, const Real* gradient,
             const StepSettings& step);

}  // namespace trifactor
