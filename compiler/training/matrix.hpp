// A matrix in C order, rows being samples or neurons.
#pragma once

#include <cstddef>
#include <vector>

namespace trifactor {

template <class Real>
struct Matrix {
  std::size_t rows = 0, columns = 0;
  std::vector<Real> values;

  Matrix() = default;
  Matrix(std::size_t rows_, std::size_t columns_)
      : rows(rows_), columns(columns_), values(rows_ * columns_, Real(0)) {}

  Real* row(std::size_t i) { return values.data() + i * columns; }
  const Real* row(std::size_t i) const { return values.data() + i * columns; }
};

/// The first `rows` rows of somebody's matrix.
template <class Real>
struct MatrixView {
  const Real* values = nullptr;
  std::size_t rows = 0, columns = 0;

  const Real* row(std::size_t i) const { return values + i * columns; }
};

template <class Real>
MatrixView<Real> first_rows(const Matrix<Real>& matrix, std::size_t rows) {
  return {matrix.values.data(), rows, matrix.columns};
}

}  // namespace trifactor
