// The loops over neurons that no product of matrices does, each for the widest vectors of the processor. They
// are instantiated for float and double. Sums may be taken in another order on another processor.
#pragma once

#include <cstddef>
#include <cstdint>

#include "compiler/network/network.hpp"

namespace trifactor {

/// An activation function and its derivative from its value.
struct BatchActivation {
  enum class Kind : std::uint8_t {
    linear,
    leaky_relu,
    saturated_linear,
    tanh,
    selu,
    power
  } kind = Kind::linear;
  double slope = 0;
  double exponent = 1, scale = 1;  ///< of the power

  explicit BatchActivation(const PopulationSpec& spec);
  BatchActivation() = default;
};

/// alpha and lambda of SELU (Klambauer et al. 2017).
inline constexpr double selu_alpha = 1.6732632423543772, selu_lambda = 1.0507009873554805;

/// h[i] = f(h[i]).
template <class Real>
void activate(const BatchActivation& f, Real* h, std::size_t n);
/// d[i] *= f'(h[i]) where z[i] = f(h[i]); at a corner: the slope of leaky ReLU at 0, 0 at
/// saturation and of a power.
template <class Real>
void times_derivative(const BatchActivation& f, const Real* z, Real* d, std::size_t n);

/// Of one group of n neurons of one sample: zc[i] = z[i] - mean; returns sum zc^2.
template <class Real>
Real centre(const Real* z, Real* zc, std::size_t n);
/// x[i] *= s.
template <class Real>
void scale(Real* x, Real s, std::size_t n);
/// y[i] = s x[i] + t.
template <class Real>
void scaled_copy(const Real* x, Real s, Real t, Real* y, std::size_t n);
/// y[i] = s x[i] * w[i], the start of a group's error.
template <class Real>
void scaled_product(const Real* x, const Real* w, Real s, Real* y, std::size_t n);
/// y[i] += s x[i].
template <class Real>
void add_scaled(Real* y, const Real* x, Real s, std::size_t n);
template <class Real>
Real dot(const Real* x, const Real* y, std::size_t n);

/// k[j] = exp(-max(0, own + squares[j] - 2 k[j]) / (2 sigma^2)): from products to the Gaussian kernel.
template <class Real>
void gaussian_row(Real* k, Real own, const Real* squares, Real half_inverse_variance, std::size_t n);

/// Weights of one row: momentum += decay w; w -= eta momentum, the gradient already being in `momentum`.
template <class Real>
void momentum_step(Real* w, Real* momentum, Real decay, Real eta, std::size_t n);

struct AdamFactors {
  double beta1 = 0, beta2 = 0, epsilon = 0;
  double keep = 1;         ///< 1 - eta weight_decay
  double rate = 0;         ///< eta / (1 - beta1^t)
  double root_factor = 1;  ///< 1 / sqrt(1 - beta2^t)
};
template <class Real>
void adam_step(Real* w, Real* mean, Real* square, const Real* gradient, const AdamFactors& f, std::size_t n);

/// Constants of one row of the objective's derivative by the kernel.
template <class Real>
struct KernelRow {
  Real kernel_mean = 0;                ///< what is taken off k_ij, with kernel_means[j]
  Real same = 0, different = 0;        ///< centred label kernel, less label_means[j]
  const Real* kernel_means = nullptr;  ///< (m); null: all 0
  const Real* label_means = nullptr;   ///< (m); null: all 0
  Real gamma = 0;
};
/// G_ij = 2 kc_ij - gamma yc_ij for j in [0, m): word[j] = G_ij, returns sum_j k_ij (kc_ij - gamma yc_ij).
template <class Real>
Real kernel_words(const KernelRow<Real>& row, const Real* k, const std::int32_t* labels, std::int32_t label,
                  Real* word, std::size_t m);
/// word[j] *= s k[j]; returns the sum of the words.
template <class Real>
Real times_kernel(Real* word, const Real* k, Real s, std::size_t m);
template <class Real>
Real sum(const Real* x, std::size_t n);
template <class Real>
Real sum_of_magnitudes(const Real* x, std::size_t n);

}  // namespace trifactor
