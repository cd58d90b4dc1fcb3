#include "compiler/training/layer.hpp"

#include <algorithm>
#include <cmath>

#include "rtl/units/random/golden.hpp"

namespace trifactor {

template <class Real>
BatchLayer<Real>::BatchLayer(const PopulationSpec& spec, std::size_t capacity, bool hidden,
                             const TrainingSpec& training, unsigned threads)
    : values(capacity, static_cast<std::size_t>(spec.neurons())),
      error(capacity, static_cast<std::size_t>(spec.neurons())),
      activation_(spec) {
  const std::size_t n = values.columns;
  if (spec.normalise) {
    groups_ = static_cast<std::size_t>(spec.normalise->groups), group_size_ = n / groups_;
    hands_on_ = spec.normalise->hands_on, p_ = spec.normalise->p, delta_ = spec.normalise->delta;
    normalised_ = Matrix<Real>(capacity, n);
    u_ = uq_ = centred_uq_ = Matrix<Real>(capacity, groups_);
  }
  // One thread takes a layer whole; several take pieces, small enough that none waits long for another.
  const std::size_t unit = std::max<std::size_t>(1, group_size_);
  const std::size_t aim = threads == 1 ? n : std::max<std::size_t>(128, n / (2 * threads));
  block_ = std::min(n, (aim + unit - 1) / unit * unit);
  if (!hidden) return;
  if (training.batch_norm) norm_ = BatchNorm<Real>(n, capacity);
  dropout_ = spec.dropout > 0 ? spec.dropout : training.dropout;
  if (dropout_ == 0) return;
  after_dropout_ = Matrix<Real>(capacity, n);
  const double keep = 1 - dropout_;
  if (spec.float_activation == FloatActivation::selu) {  // keeps mean and variance (Klambauer et al. 2017)
    const double low = -selu_alpha * selu_lambda;
    kept_scale_ = 1 / std::sqrt(keep + low * low * keep * dropout_);
    kept_shift_ = -kept_scale_ * dropout_ * low;
    dropped_value_ = kept_scale_ * low + kept_shift_;
  } else {
    kept_scale_ = 1 / keep;
  }
}

template <class Real>
void BatchLayer<Real>::evaluate(std::size_t m, NeuronBlock block, bool training) {
  if (norm_.exists()) norm_.forward(values, m, block.first, block.count, training);
  for (std::size_t i = 0; i < m; ++i) activate(activation_, values.row(i) + block.first, block.count);
  if (groups_ > 0) {
    const double c = static_cast<double>(group_size_), q = 1 - p_;
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t at = block.first; at < block.first + block.count; at += group_size_) {
        Real* const r = normalised_.row(i) + at;
        const Real squares = centre(values.row(i) + at, r, group_size_);
        const Real u = static_cast<Real>((delta_ + static_cast<double>(squares)) / c);
        const Real uq = std::pow(u, static_cast<Real>(q));
        u_.row(i)[at / group_size_] = u, uq_.row(i)[at / group_size_] = uq;
        scale(r, uq / u, group_size_);  // u^-p
      }
  }
  dropped_ = training && dropout_ > 0;
  if (!dropped_) return;
  const Matrix<Real>& before = hands_on_ ? normalised_ : values;
  for (std::size_t i = 0; i < m; ++i)
    scaled_copy(before.row(i) + block.first, static_cast<Real>(kept_scale_), static_cast<Real>(kept_shift_),
                after_dropout_.row(i) + block.first, block.count);
}

/// Visits the neurons that a sample loses. Where few are lost the gaps between them are drawn, which are
/// geometric; else 16 bits for each neuron.
template <class Real>
template <class Visit>
void BatchLayer<Real>::each_dropped(std::size_t sample, const Visit& visit) const {
  std::uint64_t state = mix64(draw_ ^ mix64(sample + 0x9e3779b97f4a7c15ull));
  const auto draw = [&] { return mix64(state += 0x9e3779b97f4a7c15ull); };
  if (dropout_ > 0.1) {
    const std::uint64_t below = static_cast<std::uint64_t>(std::lround(std::ldexp(dropout_, 16)));
    for (std::size_t at = 0; at < neurons();) {
      std::uint64_t word = draw();
      for (const std::size_t end = std::min(at + 4, neurons()); at < end; ++at, word >>= 16)
        if ((word & 0xffff) < below) visit(at);
    }
    return;
  }
  const double log_keep = std::log1p(-dropout_);
  for (double at = -1;;) {
    const double uniform = std::ldexp(static_cast<double>((draw() >> 11) + 1), -53);
    at += 1 + std::floor(std::log(uniform) / log_keep);
    if (at >= static_cast<double>(neurons())) return;
    visit(static_cast<std::size_t>(at));
  }
}

template <class Real>
void BatchLayer<Real>::drop(std::size_t m, bool training, std::uint64_t draw) {
  draw_ = draw;
  if (!training || dropout_ == 0) return;
  for (std::size_t i = 0; i < m; ++i) {
    Real* const row = after_dropout_.row(i);
    each_dropped(i, [&](std::size_t j) { row[j] = static_cast<Real>(dropped_value_); });
  }
}

template <class Real>
MatrixView<Real> BatchLayer<Real>::handed_on(std::size_t m) const {
  const Matrix<Real>& matrix = dropped_ ? after_dropout_ : hands_on_ ? normalised_ : values;
  return {matrix.values.data(), m, matrix.columns};
}

template <class Real>
void BatchLayer<Real>::put_handed_on(std::size_t i, const Real* row) {
  Matrix<Real>& matrix = hands_on_ ? normalised_ : values;
  std::copy_n(row, matrix.columns, matrix.row(i));
}

template <class Real>
MatrixView<Real> BatchLayer<Real>::compared(std::size_t m) {
  if (groups_ == 0) return {values.values.data(), m, values.columns};
  for (std::size_t i = 0; i < m; ++i) centre(uq_.row(i), centred_uq_.row(i), groups_);
  return {centred_uq_.values.data(), m, groups_};
}

/// dv/dz_n = q u^(q-1) (2/c) zc_n = (2q/c) r_n, up to the mean over groups, which dL/dv is free of.
template <class Real>
void BatchLayer<Real>::error_of_compared(const Matrix<Real>& by_compared, std::size_t m, NeuronBlock block) {
  for (std::size_t i = 0; i < m; ++i) {
    if (groups_ == 0) {
      std::copy_n(by_compared.row(i) + block.first, block.count, error.row(i) + block.first);
      continue;
    }
    const Real factor = static_cast<Real>(2 * (1 - p_) / static_cast<double>(group_size_));
    for (std::size_t at = block.first; at < block.first + block.count; at += group_size_)
      scaled_copy(normalised_.row(i) + at, factor * by_compared.row(i)[at / group_size_], Real(0),
                  error.row(i) + at, group_size_);
  }
}

template <class Real>
void BatchLayer<Real>::through_dropout(std::size_t m) {
  if (!dropped_) return;
  for (std::size_t i = 0; i < m; ++i) {
    Real* const row = error.row(i);
    scale(row, static_cast<Real>(kept_scale_), neurons());
    each_dropped(i, [&](std::size_t j) { row[j] = 0; });
  }
}

/// With r = zc u^-p and u = delta/c + mean zc^2: dL/dzc_i = g_i u^-p - 2 p/c u^(-p-1) zc_i sum_j g_j zc_j,
/// and dL/dz is that less its mean over the group.
template <class Real>
void BatchLayer<Real>::through_groups(std::size_t m, NeuronBlock block) {
  if (!hands_on_) return;
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t at = block.first; at < block.first + block.count; at += group_size_) {
      Real* const g = error.row(i) + at;
      const Real* const r = normalised_.row(i) + at;
      const Real u = u_.row(i)[at / group_size_], u_p = uq_.row(i)[at / group_size_] / u;
      const Real pull =
          static_cast<Real>(2 * p_ / static_cast<double>(group_size_)) / u * dot(g, r, group_size_) / u_p;
      scale(g, u_p, group_size_);
      add_scaled(g, r, -pull, group_size_);
      centre(g, g, group_size_);
    }
}

template <class Real>
void BatchLayer<Real>::through_activation(std::size_t m, NeuronBlock block, const StepSettings& step) {
  for (std::size_t i = 0; i < m; ++i)
    times_derivative(activation_, values.row(i) + block.first, error.row(i) + block.first, block.count);
  if (norm_.exists()) norm_.backward(error, m, block.first, block.count, step);
}

template class BatchLayer<float>;
template class BatchLayer<double>;

}  // namespace trifactor
