#include "compiler/training/batch_norm.hpp"

#include <algorithm>
#include <cmath>

namespace trifactor {
namespace {

constexpr double epsilon = 1e-5, memory = 0.9;

}  // namespace

template <class Real>
BatchNorm<Real>::BatchNorm(std::size_t neurons, std::size_t capacity)
    : scale_(neurons, 1),
      shift_(neurons, 1),
      normal_(capacity, neurons),
      inverse_deviation_(neurons, 1),
      running_mean_(neurons, 0),
      running_variance_(neurons, 1) {
  scale_.value.values.assign(neurons, 1);
}

template <class Real>
void BatchNorm<Real>::prepare(const OptimiserSpec& optimiser) {
  trifactor::prepare(scale_, optimiser);
  trifactor::prepare(shift_, optimiser);
}

template <class Real>
void BatchNorm<Real>::forward(Matrix<Real>& a, std::size_t m, std::size_t first, std::size_t count,
                              bool training) {
  std::vector<Real> mean(count, 0), variance(count, 0);
  if (training) {
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j < count; ++j) mean[j] += a.row(i)[first + j];
    for (Real& value : mean) value /= static_cast<Real>(m);
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j < count; ++j) {
        const Real distance = a.row(i)[first + j] - mean[j];
        variance[j] += distance * distance;
      }
    const double n = static_cast<double>(m);
    for (std::size_t j = 0; j < count; ++j) {
      Real &kept_mean = running_mean_[first + j], &kept_variance = running_variance_[first + j];
      kept_mean = static_cast<Real>(memory * static_cast<double>(kept_mean) +
                                    (1 - memory) * static_cast<double>(mean[j]));
      kept_variance = static_cast<Real>(memory * static_cast<double>(kept_variance) +
                                        (1 - memory) * static_cast<double>(variance[j]) / (n - 1));
      variance[j] /= static_cast<Real>(m);
    }
  } else {
    for (std::size_t j = 0; j < count; ++j)
      mean[j] = running_mean_[first + j], variance[j] = running_variance_[first + j];
  }
  for (Real& value : variance) value = 1 / std::sqrt(value + static_cast<Real>(epsilon));
  for (std::size_t i = 0; i < m; ++i) {
    Real *const row = a.row(i) + first, *const normal = normal_.row(i) + first;
    const Real *const scale = scale_.value.values.data() + first, *const shift =
                                                                      shift_.value.values.data() + first;
    for (std::size_t j = 0; j < count; ++j) {
      normal[j] = (row[j] - mean[j]) * variance[j];
      row[j] = scale[j] * normal[j] + shift[j];
    }
  }
  if (training)
    for (std::size_t j = 0; j < count; ++j) inverse_deviation_[first + j] = variance[j];
}

template <class Real>
void BatchNorm<Real>::backward(Matrix<Real>& delta, std::size_t m, std::size_t first, std::size_t count,
                               const StepSettings& step) {
  std::vector<Real> by_scale(count, 0), by_shift(count, 0);
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < count; ++j) {
      const Real d = delta.row(i)[first + j];
      by_shift[j] += d;
      by_scale[j] += d * normal_.row(i)[first + j];
    }
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < count; ++j) {
      Real& d = delta.row(i)[first + j];
      d = scale_.value.values[first + j] * inverse_deviation_[first + j] *
          (d - (by_shift[j] + normal_.row(i)[first + j] * by_scale[j]) / static_cast<Real>(m));
    }
  descend(scale_, first, count, by_scale.data(), step);
  descend(shift_, first, count, by_shift.data(), step);
}

template <class Real>
std::vector<double> BatchNorm<Real>::state() const {
  std::vector<double> all;
  for (const std::vector<Real>* part :
       {&scale_.value.values, &shift_.value.values, &running_mean_, &running_variance_})
    all.insert(all.end(), part->begin(), part->end());
  return all;
}

template <class Real>
void BatchNorm<Real>::restore(std::span<const double> state) {
  for (std::vector<Real>* part :
       {&scale_.value.values, &shift_.value.values, &running_mean_, &running_variance_}) {
    std::transform(state.begin(), state.begin() + static_cast<std::ptrdiff_t>(part->size()), part->begin(),
                   [](double value) { return static_cast<Real>(value); });
    state = state.subspan(part->size());
  }
}

template class BatchNorm<float>;
template class BatchNorm<double>;

}  // namespace trifactor
