#include "compiler/training/ranked_learning.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "compiler/training/blas.hpp"
#include "compiler/training/loops.hpp"

namespace trifactor {
namespace {

constexpr double least_change = 1e-30;  ///< protects the division by the largest change of an empty batch
constexpr std::size_t block = 128;      ///< neurons a task forms currents of

}  // namespace

template <class Real>
RankedLearning<Real>::RankedLearning(const BatchForm& form, double power, std::size_t neurons,
                                     std::size_t capacity)
    : form_(form), power_(power), currents_(capacity, neurons), entries_(neurons) {}

template <class Real>
void RankedLearning<Real>::transform(const Matrix<Real>& weights, std::size_t neuron) {
  const Real* const w = weights.row(neuron);
  Real* const t = transformed_.row(neuron);
  const Real exponent = static_cast<Real>(power_ - 1);
  if (power_ == 4)
    for (std::size_t j = 0; j < weights.columns; ++j) t[j] = w[j] * w[j] * w[j];
  else if (power_ == 3)
    for (std::size_t j = 0; j < weights.columns; ++j) t[j] = w[j] * std::abs(w[j]);
  else
    for (std::size_t j = 0; j < weights.columns; ++j)
      t[j] = std::copysign(std::pow(std::abs(w[j]), exponent), w[j]);
}

/// Enters a sample with the neuron it is won by and the one it drives away.
template <class Real>
void RankedLearning<Real>::rank(std::size_t sample) {
  const Real* const current = currents_.row(sample);
  // Weights that diverged give NaN, which comes last.
  const auto key = [&](std::size_t i) {
    return std::isnan(current[i]) ? -std::numeric_limits<Real>::infinity() : current[i];
  };
  order_.clear();  // the first few, best first
  for (std::size_t i = 0; i < currents_.columns; ++i) {
    if (order_.size() == form_.rank) {
      if (current[i] < current[order_.back()]) continue;  // most neurons
      if (key(i) < key(order_.back())) continue;
      order_.pop_back();
    }
    const auto behind = [&](std::size_t other) { return !(key(i) < key(other)); };
    order_.insert(std::find_if(order_.begin(), order_.end(), behind), i);
  }
  const auto enter = [&](std::size_t neuron, double sign) {
    if (entries_[neuron].empty()) touched_.push_back(neuron);
    entries_[neuron].push_back({sample, static_cast<Real>(sign)});
  };
  enter(order_.front(), 1);
  enter(order_.back(), -form_.delta);
}

/// change = sum g x - (sum g I) w of one neuron; returns the largest |change|.
template <class Real>
Real RankedLearning<Real>::form_change(const Matrix<Real>& weights, const MatrixView<Real>& x,
                                       std::size_t neuron, Real* change) const {
  const std::size_t n = weights.columns;
  Real pull = 0, largest = 0;
  std::fill(change, change + n, Real(0));
  for (const Entry& entry : entries_[neuron]) {
    add_scaled(change, x.row(entry.sample), entry.sign, n);
    pull += entry.sign * currents_.row(entry.sample)[neuron];
  }
  add_scaled(change, weights.row(neuron), -pull, n);
  for (std::size_t j = 0; j < n; ++j) largest = std::max(largest, std::abs(change[j]));
  return largest;
}

template <class Real>
void RankedLearning<Real>::form_currents(const Matrix<Real>& weights, const MatrixView<Real>& x,
                                         Workers& workers) {
  const std::size_t neurons = weights.rows, inputs = weights.columns;
  if (power_ != 2 && transformed_.rows == 0) {
    transformed_ = Matrix<Real>(neurons, inputs);
    for (std::size_t i = 0; i < neurons; ++i) transform(weights, i);
  }
  const Matrix<Real>& seen = power_ == 2 ? weights : transformed_;
  workers.run((neurons + block - 1) / block, [&](std::size_t index) {
    const std::size_t first = index * block, count = std::min(block, neurons - first);
    multiply(Turned::no, Turned::yes, x.rows, count, inputs, Real(1), x.values, inputs, seen.row(first),
             inputs, Real(0), currents_.values.data() + first, neurons);
  });
}

template <class Real>
Real RankedLearning<Real>::step(Matrix<Real>& weights, MatrixView<Real> x, const Real* sums, Real eta,
                                Workers& workers) {
  const std::size_t inputs = weights.columns;
  if (sums != nullptr && power_ == 2)
    std::copy_n(sums, x.rows * weights.rows, currents_.values.begin());
  else
    form_currents(weights, x, workers);
  for (const std::size_t i : touched_) entries_[i].clear();
  touched_.clear();
  for (std::size_t s = 0; s < x.rows; ++s) rank(s);
  std::sort(touched_.begin(), touched_.end());
  if (changes_.rows < touched_.size()) changes_ = Matrix<Real>(touched_.size(), inputs);
  Real divisor = static_cast<Real>(x.rows), largest = static_cast<Real>(least_change);
  for (std::size_t k = 0; k < touched_.size(); ++k)
    largest = std::max(largest, form_change(weights, x, touched_[k], changes_.row(k)));
  if (form_.by_largest) divisor = largest;
  for (std::size_t k = 0; k < touched_.size(); ++k) {
    const std::size_t i = touched_[k];
    add_scaled(weights.row(i), changes_.row(k), eta / divisor, inputs);
    if (power_ != 2) transform(weights, i);
  }
  return divisor;
}

template class RankedLearning<float>;
template class RankedLearning<double>;

}  // namespace trifactor
