// Batch form of plausible HSIC, which its kernels share: the layer's forward pass, plain or with divisive
// normalisation in groups, and the exact gradient of L = pHSIC(Z,Z) - gamma pHSIC(Y,Z) for any kernel of
// pairs (R. Pogodin and P. Latham 2020, eqs 13, 14, 17, 33, 34, appendix B). Float reference only.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "rtl/rules/float_support.hpp"

namespace trifactor {

/// A layer of leaky ReLU neurons, in contiguous groups with divisive normalisation or, with groups = 0,
/// plain.
struct PhsicLayer {
  std::size_t groups = 0;
  double slope = 0, p = 0, delta = 0;

  bool grouped() const { return groups > 0; }
};

/// Parameters groups, slope, p and delta.
PhsicLayer read_phsic_layer(const Parameters& given, FloatChecks& checks);
/// Reports groups that do not divide the rows of w.
void check_groups(const PhsicLayer& layer, const EvalArrays& in, FloatChecks& checks);

/// All samples through the layer with the frozen weights. Arrays are (T, n) or (T, groups).
struct PhsicForward {
  std::size_t samples = 0, inputs = 0, neurons = 0, groups = 0;
  std::vector<double> z, fprime, u, v, r;
  std::vector<double> post;  ///< postsynaptic Hebbian factor: f', grouped r f'

  /// What the kernel compares: z, grouped v.
  std::span<const double> seen(std::size_t t) const {
    return groups > 0 ? row_of(v, t, groups) : row_of(z, t, neurons);
  }
  std::size_t group_of(std::size_t neuron) const { return neuron / (neurons / groups); }
};
PhsicForward phsic_forward(const PhsicLayer& layer, const EvalArrays& in);
/// Adds z and, grouped, u, v and r to the outputs.
void put_forward(const PhsicForward& f, FloatArrays& out);

/// A symmetric kernel of two samples.
struct PhsicKernel {
  double (*value)(std::span<const double> a, std::span<const double> b, double sigma) = nullptr;
  /// out += weight dk/da; k is value(a, b, sigma).
  void (*pull)(std::span<const double> a, std::span<const double> b, double k, double sigma, double weight,
               std::span<double> out) = nullptr;
};

struct PhsicObjective {
  double sigma = 1, gamma = 0, eta = 0;
  int classes = 2;
};

/// kernel, label_kernel (T, T), delta (T, n_out) = -dL/d(w x), dw = eta delta^T x (n_out, n_in) and loss
/// (scalar) are added to `out`. Returns G (T, T) = m^2 dL/dk = 2 (k - mean) - gamma (k_y - mean); means over
/// all m^2 pairs.
std::vector<double> phsic_batch(const PhsicKernel& kernel, const PhsicObjective& objective,
                                const PhsicLayer& layer, const EvalArrays& in, const PhsicForward& f,
                                FloatArrays& out);

/// eval of a rule that has the batch form alone: parameters gamma, eta, classes and those of the layer.
FloatArrays eval_phsic_batch(const char* rule, const PhsicKernel& kernel, const EvalRequest& request);

}  // namespace trifactor
