// A layer whose neurons compete for each sample of a batch (BatchForm::Objective::ranks):
//
//   I_i = sum_j sign(w_ij) |w_ij|^(p-1) x_j                         currents
//   g_i = 1 for the largest I, -delta for the rank-th largest, else 0; of equal currents the highest index
//   W  += eta sum over samples of g (x - I W) / divisor
//
// All currents are of the weights before the step. Only the neurons that won or lost are touched, so a step
// costs little beside the currents.
#pragma once

#include <vector>

#include "compiler/training/matrix.hpp"
#include "compiler/training/workers.hpp"
#include "rtl/rules/reference.hpp"

namespace trifactor {

template <class Real>
class RankedLearning {
 public:
  /// `power` is p, above 1; `form.rank` from 2 to the number of neurons.
  RankedLearning(const BatchForm& form, double power, std::size_t neurons, std::size_t capacity);

  /// One step of weights (neurons, inputs) along samples x (m, inputs), m from 1 to capacity. `sums`: the
  /// plain sums w x (m, neurons) where they are known, which spares forming them for p = 2; else null.
  /// Returns the divisor: m, or the largest |change| before eta.
  Real step(Matrix<Real>& weights, MatrixView<Real> x, const Real* sums, Real eta, Workers& workers);

  /// Currents (m, neurons) of the last step.
  const Matrix<Real>& currents() const { return currents_; }
  /// Weights were changed from outside: transformed weights are formed anew.
  void forget() { transformed_ = {}; }

 private:
  struct Entry {
    std::size_t sample = 0;
    Real sign = 0;
  };
  void form_currents(const Matrix<Real>& weights, const MatrixView<Real>& x, Workers& workers);
  void rank(std::size_t sample);
  void transform(const Matrix<Real>& weights, std::size_t neuron);
  Real form_change(const Matrix<Real>& weights, const MatrixView<Real>& x, std::size_t neuron,
                   Real* change) const;

  BatchForm form_;
  double power_ = 2;
  Matrix<Real> currents_;
  Matrix<Real> transformed_;                 ///< sign(w)|w|^(p-1), empty for p = 2
  Matrix<Real> changes_;                     ///< a row a neuron of touched_
  std::vector<std::vector<Entry>> entries_;  ///< by neuron
  std::vector<std::size_t> touched_, order_;
};

}  // namespace trifactor
