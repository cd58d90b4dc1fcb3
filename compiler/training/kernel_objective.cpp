#include "compiler/training/kernel_objective.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "compiler/training/blas.hpp"
#include "compiler/training/loops.hpp"

namespace trifactor {
namespace {

constexpr std::size_t chunk_rows = 64;
constexpr std::size_t piece_rows = 128;  ///< of the last product: each piece packs all of v

std::size_t chunks_of(std::size_t m) { return (m + chunk_rows - 1) / chunk_rows; }

}  // namespace

template <class Real>
void KernelObjective<Real>::prepare(const MatrixView<Real>& v, Workers& workers) {
  const std::size_t m = v.rows, d = v.columns;
  if (compared_.rows != m || compared_.columns != d) {
    compared_ = Matrix<Real>(m, d), gradient_ = Matrix<Real>(m, d);
    kernel_ = Matrix<Real>(m, m), word_ = Matrix<Real>(m, m);
    squares_.resize(m), kernel_means_.resize(m), label_means_.resize(m);
    row_sums_.resize(m), magnitudes_.resize(m), pulls_.resize(m);
    chunk_loss_.resize(chunks_of(m));
  }
  std::vector<Real> mean(d, 0);
  if (form_.kernel == BatchKernel::gaussian) {  // distances do not change, and less is lost to cancellation
    for (std::size_t i = 0; i < m; ++i) add_scaled(mean.data(), v.row(i), 1 / static_cast<Real>(m), d);
  }
  workers.run(chunks_of(m), [&](std::size_t chunk) {
    for (std::size_t i = chunk * chunk_rows; i < std::min(m, (chunk + 1) * chunk_rows); ++i) {
      Real* const row = compared_.row(i);
      std::copy(v.row(i), v.row(i) + d, row);
      if (form_.kernel == BatchKernel::gaussian) add_scaled(row, mean.data(), Real(-1), d);
      squares_[i] = dot(row, row, d);
      if (form_.kernel == BatchKernel::cosine) {
        squares_[i] = squares_[i] > 0 ? 1 / std::sqrt(squares_[i]) : Real(0);
        scale(row, squares_[i], d);
      }
    }
  });
}

/// The kernel of a chunk's rows with all samples from the chunk's first on.
template <class Real>
void KernelObjective<Real>::compare(std::size_t chunk) {
  const std::size_t m = compared_.rows, d = compared_.columns, first = chunk * chunk_rows;
  const std::size_t rows = std::min(chunk_rows, m - first), columns = m - first;
  multiply(Turned::no, Turned::yes, rows, columns, d, Real(1), compared_.row(first), d, compared_.row(first),
           d, Real(0), kernel_.row(first) + first, m);
  if (form_.kernel != BatchKernel::gaussian) return;
  const Real factor = static_cast<Real>(1 / (2 * form_.sigma * form_.sigma));
  for (std::size_t i = first; i < first + rows; ++i) {
    gaussian_row(kernel_.row(i) + first, squares_[i], squares_.data() + first, factor, columns);
    kernel_.row(i)[i] = 1;
  }
}

template <class Real>
void KernelObjective<Real>::mirror(std::size_t chunk) {
  const std::size_t m = kernel_.rows, first = chunk * chunk_rows, end = std::min(m, first + chunk_rows);
  for (std::size_t i = first; i < end; ++i) {
    for (std::size_t j = 0; j < first; ++j) kernel_.row(i)[j] = kernel_.row(j)[i];
    row_sums_[i] = static_cast<double>(sum(kernel_.row(i), m));
  }
}

template <class Real>
void KernelObjective<Real>::label_means(std::span<const std::int32_t> labels) {
  const double m = static_cast<double>(labels.size()), different = -1.0 / (classes_ - 1);
  std::vector<double> count(static_cast<std::size_t>(classes_), 0);
  for (const std::int32_t label : labels) ++count[static_cast<std::size_t>(label)];
  label_mean_ = 0;
  double same_pairs = 0;
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const double same = count[static_cast<std::size_t>(labels[i])];
    const double mean = (same + (m - same) * different) / m;
    label_means_[i] = static_cast<Real>(mean);
    label_mean_ += mean / m;
    same_pairs += same - 1;
  }
  signals_.same_class = same_pairs / (m * (m - 1));
}

/// The words of a chunk's samples; returns their part of the loss, times m^2.
template <class Real>
double KernelObjective<Real>::words(std::size_t chunk, std::span<const std::int32_t> labels) {
  const std::size_t m = compared_.rows, first = chunk * chunk_rows, end = std::min(m, first + chunk_rows);
  const Real inverse_variance = static_cast<Real>(1 / (form_.sigma * form_.sigma));
  double loss = 0;
  for (std::size_t i = first; i < end; ++i) {
    KernelRow<Real> row;
    const double own_kernel = hsic_ ? static_cast<double>(kernel_means_[i]) - kernel_mean_ : kernel_mean_;
    const double own_label = hsic_ ? static_cast<double>(label_means_[i]) - label_mean_ : label_mean_;
    row.kernel_mean = static_cast<Real>(own_kernel);
    row.same = static_cast<Real>(1 - own_label);
    row.different = static_cast<Real>(-1.0 / (classes_ - 1) - own_label);
    row.gamma = static_cast<Real>(form_.gamma);
    if (hsic_) row.kernel_means = kernel_means_.data(), row.label_means = label_means_.data();
    Real* const word = word_.row(i);
    const Real* const k = kernel_.row(i);
    loss += static_cast<double>(kernel_words(row, k, labels.data(), labels[i], word, m));
    if (form_.kernel == BatchKernel::gaussian)
      pulls_[i] = times_kernel(word, k, inverse_variance, m);
    else if (form_.kernel == BatchKernel::cosine)
      pulls_[i] = dot(word, k, m);
    magnitudes_[i] = static_cast<double>(sum_of_magnitudes(word, m) - std::abs(word[i]));
  }
  return loss;
}

/// dL/dv of samples [first, end), from their words.
template <class Real>
void KernelObjective<Real>::gather(std::size_t first, std::size_t end) {
  const std::size_t m = compared_.rows, d = compared_.columns;
  const Real factor = static_cast<Real>(2.0 / (static_cast<double>(m) * static_cast<double>(m)));
  multiply(Turned::no, Turned::no, end - first, d, m, factor, word_.row(first), m, compared_.values.data(), d,
           Real(0), gradient_.row(first), d);
  for (std::size_t i = first; i < end; ++i) {
    if (form_.kernel == BatchKernel::linear) continue;
    add_scaled(gradient_.row(i), compared_.row(i), -factor * pulls_[i], d);
    if (form_.kernel == BatchKernel::cosine) scale(gradient_.row(i), squares_[i], d);
  }
}

template <class Real>
const Matrix<Real>& KernelObjective<Real>::gradient(const MatrixView<Real>& v,
                                                    std::span<const std::int32_t> labels, Workers& workers) {
  const std::size_t m = v.rows, chunks = chunks_of(m);
  const double n = static_cast<double>(m);
  prepare(v, workers);
  workers.run(chunks, [&](std::size_t chunk) { compare(chunk); });
  workers.run(chunks, [&](std::size_t chunk) { mirror(chunk); });
  double total = 0, diagonal = 0;
  for (std::size_t i = 0; i < m; ++i) {
    total += row_sums_[i], diagonal += static_cast<double>(kernel_.row(i)[i]);
    kernel_means_[i] = static_cast<Real>(row_sums_[i] / n);
  }
  kernel_mean_ = total / (n * n);
  signals_.kernel = (total - diagonal) / (n * (n - 1));
  label_means(labels);
  workers.run(chunks, [&](std::size_t chunk) { chunk_loss_[chunk] = words(chunk, labels); });
  workers.run((m + piece_rows - 1) / piece_rows,
              [&](std::size_t piece) { gather(piece * piece_rows, std::min(m, (piece + 1) * piece_rows)); });
  loss_ = std::accumulate(chunk_loss_.begin(), chunk_loss_.end(), 0.0) / (n * n);
  signals_.third_factor = std::accumulate(magnitudes_.begin(), magnitudes_.end(), 0.0) / (n * (n - 1));
  return gradient_;
}

template class KernelObjective<float>;
template class KernelObjective<double>;

}  // namespace trifactor
