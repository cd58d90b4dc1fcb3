// Products of matrices in C order by BLAS, in both precisions. Each call runs on the thread that makes it
// (use_one_blas_thread): the work is divided by Workers, so that a product and what follows it stay in one
// core's cache.
#pragma once

#include <cblas.h>

#include <cstddef>

namespace trifactor {

/// From now on every product of this process runs on its caller's thread.
inline void use_one_blas_thread() { openblas_set_num_threads(1); }

enum class Turned : bool { no, yes };

/// c = alpha op(a) op(b) + beta c; op(a) is (m, k), op(b) is (k, n). lda, ldb, ldc: elements from a row as it
/// is stored to the next.
inline void multiply(Turned a_turned, Turned b_turned, std::size_t m, std::size_t n, std::size_t k,
                     float alpha, const float* a, std::size_t lda, const float* b, std::size_t ldb,
                     float beta, float* c, std::size_t ldc) {
  cblas_sgemm(CblasRowMajor, a_turned == Turned::yes ? CblasTrans : CblasNoTrans,
              b_turned == Turned::yes ? CblasTrans : CblasNoTrans, static_cast<blasint>(m),
              static_cast<blasint>(n), static_cast<blasint>(k), alpha, a, static_cast<blasint>(lda), b,
              static_cast<blasint>(ldb), beta, c, static_cast<blasint>(ldc));
}

inline void multiply(Turned a_turned, Turned b_turned, std::size_t m, std::size_t n, std::size_t k,
                     double alpha, const double* a, std::size_t lda, const double* b, std::size_t ldb,
                     double beta, double* c, std::size_t ldc) {
  cblas_dgemm(CblasRowMajor, a_turned == Turned::yes ? CblasTrans : CblasNoTrans,
              b_turned == Turned::yes ? CblasTrans : CblasNoTrans, static_cast<blasint>(m),
              static_cast<blasint>(n), static_cast<blasint>(k), alpha, a, static_cast<blasint>(lda), b,
              static_cast<blasint>(ldb), beta, c, static_cast<blasint>(ldc));
}

}  // namespace trifactor
