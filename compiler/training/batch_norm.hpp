// Batch normalisation of a layer's sums before its activation (Ioffe and Szegedy 2015), with scale and shift
// that learn: y = scale (a - mean) / sqrt(variance + 1e-5) + shift. Inference uses running means, moved by a
// tenth each batch, the variance without bias.
#pragma once

#include <span>
#include <vector>

#include "compiler/training/updater.hpp"

namespace trifactor {

template <class Real>
class BatchNorm {
 public:
  BatchNorm() = default;
  BatchNorm(std::size_t neurons, std::size_t capacity);

  bool exists() const { return scale_.value.rows > 0; }
  void prepare(const OptimiserSpec& optimiser);

  /// Columns [first, first + count) of the first m rows of a, in place.
  void forward(Matrix<Real>& a, std::size_t m, std::size_t first, std::size_t count, bool training);
  /// dL/dy -> dL/da in place of what forward() saw last in training, and a step of scale and shift.
  void backward(Matrix<Real>& delta, std::size_t m, std::size_t first, std::size_t count,
                const StepSettings& step);

  /// (4, neurons): scale, shift, running mean and variance, all that inference needs.
  std::vector<double> state() const;
  void restore(std::span<const double> state);

  const Trained<Real>& scale() const { return scale_; }
  const Trained<Real>& shift() const { return shift_; }

 private:
  Trained<Real> scale_, shift_;          ///< (neurons, 1)
  Matrix<Real> normal_;                  ///< (capacity, neurons): (a - mean) / deviation
  std::vector<Real> inverse_deviation_;  ///< (neurons)
  std::vector<Real> running_mean_, running_variance_;
};

}  // namespace trifactor
