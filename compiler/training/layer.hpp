// One population over a mini-batch: sums -> batch norm -> activation -> groups -> dropout, and back.
// Work is divided in blocks of neurons that hold whole groups, so that blocks need nothing of each other.
#pragma once

#include <cstdint>

#include "compiler/network/network.hpp"
#include "compiler/training/batch_norm.hpp"
#include "compiler/training/loops.hpp"
#include "compiler/training/matrix.hpp"

namespace trifactor {

/// Neurons [first, first + count).
struct NeuronBlock {
  std::size_t first = 0, count = 0;
};

template <class Real>
class BatchLayer {
 public:
  BatchLayer() = default;
  /// `capacity`: most samples of a batch. Hidden layers take batch norm and dropout of `training`.
  BatchLayer(const PopulationSpec& spec, std::size_t capacity, bool hidden, const TrainingSpec& training,
             unsigned threads);

  std::size_t neurons() const { return values.columns; }
  std::size_t blocks() const { return (neurons() + block_ - 1) / block_; }
  NeuronBlock block(std::size_t index) const {
    const std::size_t first = index * block_;
    return {first, first + block_ < neurons() ? block_ : neurons() - first};
  }

  Matrix<Real> values;  ///< (capacity, neurons): sums, then z
  Matrix<Real> error;   ///< (capacity, neurons): dL/d what is named below

  /// Sums of m samples -> z, and r where there are groups.
  void evaluate(std::size_t m, NeuronBlock block, bool training);
  /// Drops values of what is handed on; `draw` is this batch's and layer's own number.
  void drop(std::size_t m, bool training, std::uint64_t draw);

  MatrixView<Real> handed_on(std::size_t m) const;
  /// In place of evaluate(): what sample `i` hands on, as it was formed before. Not where something varies().
  void put_handed_on(std::size_t i, const Real* row);
  /// Whether the same sums are handed on as different values.
  bool varies() const { return dropout_ > 0 || norm_.exists(); }
  /// Whether z is the sums themselves.
  bool linear() const { return activation_.kind == BatchActivation::Kind::linear && !norm_.exists(); }
  bool grouped() const { return groups_ > 0; }
  /// What a rule compares: z, or u^q less its mean over the groups.
  MatrixView<Real> compared(std::size_t m);

  /// error = dL/dz from dL/d compared.
  void error_of_compared(const Matrix<Real>& by_compared, std::size_t m, NeuronBlock block);
  /// error: dL/d handed on -> dL/d before dropout (all neurons).
  void through_dropout(std::size_t m);
  /// error: dL/dr -> dL/dz where r is handed on.
  void through_groups(std::size_t m, NeuronBlock block);
  /// error: dL/dz -> dL/d sums; batch norm takes its own step.
  void through_activation(std::size_t m, NeuronBlock block, const StepSettings& step);

  BatchNorm<Real>& norm() { return norm_; }

 private:
  template <class Visit>
  void each_dropped(std::size_t sample, const Visit& visit) const;

  BatchActivation activation_;
  std::size_t groups_ = 0, group_size_ = 0, block_ = 1;
  bool hands_on_ = false;  ///< r is handed on
  double p_ = 0, delta_ = 1, dropout_ = 0;
  bool alpha_dropout_ = false;
  double kept_scale_ = 1, kept_shift_ = 0, dropped_value_ = 0;
  BatchNorm<Real> norm_;
  Matrix<Real> normalised_;  ///< r
  Matrix<Real> u_, uq_;      ///< (capacity, groups)
  Matrix<Real> centred_uq_;  ///< (capacity, groups)
  Matrix<Real> after_dropout_;
  bool dropped_ = false;  ///< the last batch
  std::uint64_t draw_ = 0;
};

}  // namespace trifactor
