// pHSIC(Z, Z) - gamma pHSIC(Y, Z) of a batch, or the same with HSIC, and its gradient by what is compared
// (R. Pogodin and P. Latham 2020, eqs 33, 34, 40, 41, 47): all pairs, the diagonal included, in O(m^2 d)
// without an array of m m d. With G the objective's derivative by the kernel matrix (times m^2),
//
//   Gaussian  M = G k / sigma^2, dL/dv_i = -(2/m^2) (rowsum_i(M) v_i - (M v)_i)
//   cosine    e = v / |v|, dL/dv_i = (2/m^2) ((G e)_i - sum_j G_ij k_ij e_i) / |v_i|; 0 where v is 0
//   linear    dL/dv_i = (2/m^2) (G v)_i
//
// pHSIC: G = 2 (K - mean K) - gamma (K_y - mean K_y). HSIC centres both matrices by rows and columns. The
// label kernel is 1 for equal classes, else -1/(classes - 1).
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "compiler/network/training.hpp"
#include "compiler/training/matrix.hpp"
#include "compiler/training/workers.hpp"
#include "rtl/rules/reference.hpp"

namespace trifactor {

/// Means over the pairs of different samples of a batch.
struct PairSignals {
  double kernel = 0;
  double third_factor = 0;  ///< |M|; |G| where the kernel is not Gaussian
  double same_class = 0;
};

template <class Real>
class KernelObjective {
 public:
  KernelObjective(const BatchForm& form, TrainingSpec::Objective objective, int classes)
      : form_(form), hsic_(objective == TrainingSpec::Objective::hsic), classes_(classes) {}

  /// dL/dv (m, d) of v (m, d), m >= 2; valid until the next call. labels: (m).
  const Matrix<Real>& gradient(const MatrixView<Real>& v, std::span<const std::int32_t> labels,
                               Workers& workers);

  double loss() const { return loss_; }
  const PairSignals& signals() const { return signals_; }

 private:
  void prepare(const MatrixView<Real>& v, Workers& workers);
  void compare(std::size_t chunk);
  void mirror(std::size_t chunk);
  void label_means(std::span<const std::int32_t> labels);
  double words(std::size_t chunk, std::span<const std::int32_t> labels);
  void gather(std::size_t first, std::size_t end);

  BatchForm form_;
  bool hsic_;
  int classes_;
  Matrix<Real> compared_;  ///< v less its column means (Gaussian), v / |v| (cosine), v (linear)
  Matrix<Real> kernel_, word_, gradient_;
  std::vector<Real> squares_;  ///< |v|^2; cosine: 1 / |v|
  std::vector<Real>
      pulls_;  ///< what a sample's own vector is drawn back by: sum of its words (cosine: of G k)
  std::vector<Real> kernel_means_, label_means_;  ///< (m) of rows
  std::vector<double> row_sums_, chunk_loss_, magnitudes_;
  double kernel_mean_ = 0, label_mean_ = 0, loss_ = 0;
  PairSignals signals_;
};

}  // namespace trifactor
