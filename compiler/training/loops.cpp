#include "compiler/training/loops.hpp"

#include <algorithm>
#include <cmath>

// One version for every processor and two for those with wider vectors, chosen when the program is loaded.
// Sanitizers cannot instrument that choice.
#if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__) && !defined(__SANITIZE_ADDRESS__) && \
    !defined(__SANITIZE_THREAD__)
#define TRIFACTOR_WIDEST __attribute__((target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")))
#else
#define TRIFACTOR_WIDEST
#endif

namespace trifactor {

BatchActivation::BatchActivation(const PopulationSpec& spec) : slope(spec.slope) {
  if (spec.float_activation == FloatActivation::selu) {
    kind = Kind::selu;
    return;
  }
  switch (spec.activation) {
    case Activation::linear:
      kind = Kind::linear;
      break;
    case Activation::leaky_relu:
      kind = Kind::leaky_relu;
      break;
    case Activation::saturated_linear:
      kind = Kind::saturated_linear;
      scale = spec.scale;
      break;
    case Activation::tanh:
      kind = Kind::tanh;
      break;
    case Activation::power:
      kind = Kind::power;
      exponent = spec.exponent, scale = spec.scale;
      break;
  }
}

namespace {

template <class Real>
TRIFACTOR_WIDEST void leaky(Real* h, Real slope, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) h[i] = h[i] > 0 ? h[i] : slope * h[i];
}

template <class Real>
TRIFACTOR_WIDEST void leaky_derivative(const Real* z, Real slope, Real* d, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) d[i] = z[i] > 0 ? d[i] : slope * d[i];
}

}  // namespace

template <class Real>
void activate(const BatchActivation& f, Real* h, std::size_t n) {
  using Kind = BatchActivation::Kind;
  const auto each = [&](auto&& value) {
    for (std::size_t i = 0; i < n; ++i) h[i] = value(h[i]);
  };
  switch (f.kind) {
    case Kind::linear:
      break;
    case Kind::leaky_relu:
      leaky(h, static_cast<Real>(f.slope), n);
      break;
    case Kind::saturated_linear:
      each([inverse = static_cast<Real>(1 / f.scale)](Real v) {
        return std::clamp<Real>(v * inverse, -1, 1);
      });
      break;
    case Kind::tanh:
      each([](Real v) { return std::tanh(v); });
      break;
    case Kind::selu:
      each([](Real v) {
        return static_cast<Real>(selu_lambda) * (v > 0 ? v : static_cast<Real>(selu_alpha) * std::expm1(v));
      });
      break;
    case Kind::power: {
      const Real exponent = static_cast<Real>(f.exponent), inverse = static_cast<Real>(1 / f.scale);
      each([&](Real v) { return v > 0 ? std::pow(v * inverse, exponent) : Real(0); });
      break;
    }
  }
}

template <class Real>
void times_derivative(const BatchActivation& f, const Real* z, Real* d, std::size_t n) {
  using Kind = BatchActivation::Kind;
  const auto each = [&](auto&& derivative) {
    for (std::size_t i = 0; i < n; ++i) d[i] *= derivative(z[i]);
  };
  switch (f.kind) {
    case Kind::linear:
      break;
    case Kind::leaky_relu:
      leaky_derivative(z, static_cast<Real>(f.slope), d, n);
      break;
    case Kind::saturated_linear:
      each([inside = static_cast<Real>(1 / f.scale)](Real v) { return std::abs(v) < 1 ? inside : Real(0); });
      break;
    case Kind::tanh:
      each([](Real v) { return 1 - v * v; });
      break;
    case Kind::selu:  // lambda alpha e^h = z + lambda alpha
      each([](Real v) {
        return v > 0 ? static_cast<Real>(selu_lambda) : v + static_cast<Real>(selu_lambda * selu_alpha);
      });
      break;
    case Kind::power: {  // n (h / scale)^(n - 1) / scale
      const Real outer = static_cast<Real>(f.exponent / f.scale);
      const Real left = static_cast<Real>(1 - 1 / f.exponent);
      each([&](Real v) { return v > 0 ? outer * std::pow(v, left) : Real(0); });
      break;
    }
  }
}

template <class Real>
TRIFACTOR_WIDEST Real centre(const Real* z, Real* zc, std::size_t n) {
  Real mean = 0;
  for (std::size_t i = 0; i < n; ++i) mean += z[i];
  mean /= static_cast<Real>(n);
  Real squares = 0;
  for (std::size_t i = 0; i < n; ++i) {
    zc[i] = z[i] - mean;
    squares += zc[i] * zc[i];
  }
  return squares;
}

template <class Real>
TRIFACTOR_WIDEST void scale(Real* x, Real s, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) x[i] *= s;
}

template <class Real>
TRIFACTOR_WIDEST void scaled_copy(const Real* x, Real s, Real t, Real* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = s * x[i] + t;
}

template <class Real>
TRIFACTOR_WIDEST void scaled_product(const Real* x, const Real* w, Real s, Real* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] = s * x[i] * w[i];
}

template <class Real>
TRIFACTOR_WIDEST void add_scaled(Real* y, const Real* x, Real s, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) y[i] += s * x[i];
}

template <class Real>
TRIFACTOR_WIDEST Real dot(const Real* x, const Real* y, std::size_t n) {
  Real total = 0;
  for (std::size_t i = 0; i < n; ++i) total += x[i] * y[i];
  return total;
}

template <class Real>
TRIFACTOR_WIDEST void gaussian_row(Real* k, Real own, const Real* squares, Real half_inverse_variance,
                                   std::size_t n) {
  for (std::size_t j = 0; j < n; ++j)
    k[j] = -half_inverse_variance * std::max(Real(0), own + squares[j] - 2 * k[j]);
  for (std::size_t j = 0; j < n; ++j) k[j] = std::exp(k[j]);
}

template <class Real>
TRIFACTOR_WIDEST void momentum_step(Real* __restrict w, Real* __restrict momentum, Real decay, Real eta,
                                    std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    momentum[i] += decay * w[i];
    w[i] -= eta * momentum[i];
  }
}

template <class Real>
TRIFACTOR_WIDEST void adam_step(Real* __restrict w, Real* __restrict mean, Real* __restrict square,
                                const Real* __restrict gradient, const AdamFactors& f, std::size_t n) {
  const Real b1 = static_cast<Real>(f.beta1), b2 = static_cast<Real>(f.beta2),
             epsilon = static_cast<Real>(f.epsilon), keep = static_cast<Real>(f.keep),
             rate = static_cast<Real>(f.rate), root_factor = static_cast<Real>(f.root_factor);
  for (std::size_t i = 0; i < n; ++i) {
    const Real g = gradient[i];
    mean[i] = b1 * mean[i] + (1 - b1) * g;
    square[i] = b2 * square[i] + (1 - b2) * g * g;
    w[i] = keep * w[i] - rate * mean[i] / (root_factor * std::sqrt(square[i]) + epsilon);
  }
}

namespace {

template <class Real, bool rows>
TRIFACTOR_WIDEST Real words_of(const KernelRow<Real>& row, const Real* k, const std::int32_t* labels,
                               std::int32_t label, Real* word, std::size_t m) {
  Real loss = 0;
  for (std::size_t j = 0; j < m; ++j) {
    const Real kc = k[j] - row.kernel_mean - (rows ? row.kernel_means[j] : Real(0));
    const Real yc =
        row.gamma * ((labels[j] == label ? row.same : row.different) - (rows ? row.label_means[j] : Real(0)));
    word[j] = 2 * kc - yc;
    loss += k[j] * (kc - yc);
  }
  return loss;
}

}  // namespace

template <class Real>
Real kernel_words(const KernelRow<Real>& row, const Real* k, const std::int32_t* labels, std::int32_t label,
                  Real* word, std::size_t m) {
  return row.kernel_means != nullptr ? words_of<Real, true>(row, k, labels, label, word, m)
                                     : words_of<Real, false>(row, k, labels, label, word, m);
}

template <class Real>
TRIFACTOR_WIDEST Real times_kernel(Real* word, const Real* k, Real s, std::size_t m) {
  Real total = 0;
  for (std::size_t j = 0; j < m; ++j) {
    word[j] *= s * k[j];
    total += word[j];
  }
  return total;
}

template <class Real>
TRIFACTOR_WIDEST Real sum(const Real* x, std::size_t n) {
  Real total = 0;
  for (std::size_t i = 0; i < n; ++i) total += x[i];
  return total;
}

template <class Real>
TRIFACTOR_WIDEST Real sum_of_magnitudes(const Real* x, std::size_t n) {
  Real total = 0;
  for (std::size_t i = 0; i < n; ++i) total += std::abs(x[i]);
  return total;
}

#define TRIFACTOR_LOOPS(Real)                                                                               \
  template void activate(const BatchActivation&, Real*, std::size_t);                                       \
  template void times_derivative(const BatchActivation&, const Real*, Real*, std::size_t);                  \
  template Real centre(const Real*, Real*, std::size_t);                                                    \
  template void scale(Real*, Real, std::size_t);                                                            \
  template void scaled_copy(const Real*, Real, Real, Real*, std::size_t);                                   \
  template void scaled_product(const Real*, const Real*, Real, Real*, std::size_t);                         \
  template void add_scaled(Real*, const Real*, Real, std::size_t);                                          \
  template Real dot(const Real*, const Real*, std::size_t);                                                 \
  template void gaussian_row(Real*, Real, const Real*, Real, std::size_t);                                  \
  template void momentum_step(Real*, Real*, Real, Real, std::size_t);                                       \
  template void adam_step(Real*, Real*, Real*, const Real*, const AdamFactors&, std::size_t);               \
  template Real kernel_words(const KernelRow<Real>&, const Real*, const std::int32_t*, std::int32_t, Real*, \
                             std::size_t);                                                                  \
  template Real times_kernel(Real*, const Real*, Real, std::size_t);                                        \
  template Real sum(const Real*, std::size_t);                                                              \
  template Real sum_of_magnitudes(const Real*, std::size_t);
TRIFACTOR_LOOPS(float)
TRIFACTOR_LOOPS(double)

}  // namespace trifactor
