#include "compiler/reference/float_kernels.hpp"

#include <cmath>

// One version for every processor and one for those with wider vectors, chosen when the program is loaded.
// Sanitizers cannot instrument that choice. "avx2" alone has no fused multiply-add: the bits are the same.
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define TRIFACTOR_WIDEST __attribute__((target_clones("avx2", "default")))
#else
#define TRIFACTOR_WIDEST
#endif

namespace trifactor {
namespace {

TRIFACTOR_WIDEST void add_four(const double* __restrict w0, const double* __restrict w1,
                               const double* __restrict w2, const double* __restrict w3, const double* x,
                               double* __restrict sums, std::size_t n) {
  const double x0 = x[0], x1 = x[1], x2 = x[2], x3 = x[3];
  for (std::size_t i = 0; i < n; ++i)
    sums[i] = (((sums[i] + x0 * w0[i]) + x1 * w1[i]) + x2 * w2[i]) + x3 * w3[i];
}

TRIFACTOR_WIDEST void add_one(const double* __restrict w, double x, double* __restrict sums, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) sums[i] += x * w[i];
}

TRIFACTOR_WIDEST void add_square(const double* __restrict w, double x, double* __restrict sums,
                                 std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) sums[i] += x * (w[i] * std::abs(w[i]));
}

TRIFACTOR_WIDEST void add_cube(const double* __restrict w, double x, double* __restrict sums, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) sums[i] += x * (w[i] * w[i] * w[i]);
}

void add_power(const double* w, double x, double exponent, double* sums, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) sums[i] += x * std::copysign(std::pow(std::abs(w[i]), exponent), w[i]);
}

TRIFACTOR_WIDEST void update_two(double* __restrict w, const double* __restrict a0, double b0,
                                 const double* __restrict a1, double b1, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) w[i] += a0[i] * b0 + a1[i] * b1;
}

TRIFACTOR_WIDEST double product(const double* __restrict w, const double* __restrict d, std::size_t n) {
  double part[8] = {};
  std::size_t i = 0;
  for (; i + 8 <= n; i += 8)
    for (std::size_t k = 0; k < 8; ++k) part[k] += w[i + k] * d[i + k];
  for (; i < n; ++i) part[i % 8] += w[i] * d[i];
  return ((part[0] + part[1]) + (part[2] + part[3])) + ((part[4] + part[5]) + (part[6] + part[7]));
}

}  // namespace

void add_rows(std::span<const FloatAxon> axons, const double* weights, std::span<double> sums) {
  const std::size_t n = sums.size();
  std::size_t k = 0;
  for (; k + 4 <= axons.size(); k += 4) {
    const double x[4] = {axons[k].value, axons[k + 1].value, axons[k + 2].value, axons[k + 3].value};
    add_four(weights + axons[k].row * n, weights + axons[k + 1].row * n, weights + axons[k + 2].row * n,
             weights + axons[k + 3].row * n, x, sums.data(), n);
  }
  for (; k < axons.size(); ++k) add_one(weights + axons[k].row * n, axons[k].value, sums.data(), n);
}

void add_powers(std::span<const FloatAxon> axons, const double* weights, double power,
                std::span<double> sums) {
  if (power == 0 || power == 2) return add_rows(axons, weights, sums);
  const std::size_t n = sums.size();
  for (const FloatAxon& axon : axons) {
    const double* row = weights + axon.row * n;
    if (power == 3)
      add_square(row, axon.value, sums.data(), n);
    else if (power == 4)
      add_cube(row, axon.value, sums.data(), n);
    else
      add_power(row, axon.value, power - 1, sums.data(), n);
  }
}

void update_row(std::span<double> w, std::span<const double> a0, double b0, std::span<const double> a1,
                double b1, std::span<const double> c) {
  const std::size_t n = w.size();
  if (!c.empty()) {
    for (std::size_t i = 0; i < n; ++i) w[i] += a0[i] * b0 + (a1.empty() ? 0.0 : a1[i] * b1) - c[i] * w[i];
  } else if (!a1.empty()) {
    update_two(w.data(), a0.data(), b0, a1.data(), b1, n);
  } else if (b0 != 0) {
    add_one(a0.data(), b0, w.data(), n);
  }
}

double row_product(std::span<const double> w, std::span<const double> d) {
  return product(w.data(), d.data(), w.size());
}

}  // namespace trifactor
