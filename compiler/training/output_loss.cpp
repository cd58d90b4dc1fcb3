#include "compiler/training/output_loss.hpp"

#include <algorithm>
#include <cmath>

namespace trifactor {
namespace {

/// One sample: values -> derivatives of its own loss, which is returned.
template <class Real>
double cross_entropy(Real* row, std::size_t n, std::size_t label) {
  const Real top = *std::max_element(row, row + n), right = row[label] - top;
  Real total = 0;
  for (std::size_t j = 0; j < n; ++j) total += row[j] = std::exp(row[j] - top);
  for (std::size_t j = 0; j < n; ++j) row[j] /= total;
  row[label] -= 1;
  return std::log(static_cast<double>(total)) - static_cast<double>(right);
}

template <class Real>
double hinge(Real* row, std::size_t n, std::size_t label, Real mu) {
  double loss = 0;
  for (std::size_t j = 0; j < n; ++j) {
    const Real sign = j == label ? Real(-1) : Real(1), weight = j == label ? Real(1) : mu;
    const Real within = 1 + sign * row[j];
    loss += static_cast<double>(weight * std::max(Real(0), within));
    row[j] = within > 0 ? sign * weight : Real(0);
  }
  return loss;
}

template <class Real>
double power(Real* row, std::size_t n, std::size_t label, double exponent) {
  double loss = 0;
  for (std::size_t j = 0; j < n; ++j) {
    const double difference = static_cast<double>(row[j]) - (j == label ? 1 : -1);
    const double slope = std::pow(std::abs(difference), exponent - 1);
    loss += slope * std::abs(difference);
    row[j] = static_cast<Real>(std::copysign(exponent * slope, difference));
  }
  return loss;
}

}  // namespace

template <class Real>
double descend_loss(const OutputLoss& loss, Matrix<Real>& values, std::span<const std::int32_t> labels) {
  const Real share = 1 / static_cast<Real>(labels.size());
  const std::size_t n = values.columns;
  double total = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    Real* const row = values.row(i);
    const std::size_t label = static_cast<std::size_t>(labels[i]);
    switch (loss.kind) {
      case OutputLoss::Kind::cross_entropy:
        total += cross_entropy(row, n, label);
        break;
      case OutputLoss::Kind::hinge:
        total += hinge(row, n, label, static_cast<Real>(loss.mu));
        break;
      case OutputLoss::Kind::power:
        total += power(row, n, label, loss.exponent);
        break;
    }
    for (std::size_t j = 0; j < n; ++j) row[j] *= share;
  }
  return total / static_cast<double>(labels.size());
}

template double descend_loss(const OutputLoss&, Matrix<float>&, std::span<const std::int32_t>);
template double descend_loss(const OutputLoss&, Matrix<double>&, std::span<const std::int32_t>);

}  // namespace trifactor
