#include "rtl/rules/phsic_gaussian/differences.hpp"

#include <algorithm>
#include <cmath>

namespace trifactor::phsic_gaussian {
namespace {

/// One signal's way through the circuit, step by step.
class Channel {
 public:
  explicit Channel(const DifferenceCircuit& c) : c_(c) {}

  /// The value that the kernel is given at this step.
  double step(double signal) {
    if (!c_.memory) return signal;
    const double d = (signal - mu_) / c_.deviation, cube = d * d * d;
    w_ += c_.step * (cube - std::tanh(std::abs(cube)) * w_ - c_.leak * w_);  // (59)
    if (c_.tau_mu > 0) mu_ += (signal - mu_) / c_.tau_mu;
    return std::cbrt(w_) * c_.deviation;
  }

 private:
  const DifferenceCircuit& c_;
  double w_ = 0, mu_ = 0;
};

}  // namespace

std::vector<double> difference_kernel(const DifferenceCircuit& c) {
  const double q = std::exp(-c.c2), side = q / ((1 - q) * (1 - q));  // sum over m of m q^m
  std::vector<double> kernel;
  for (std::size_t u = 0;; ++u) {
    const double m = static_cast<double>(u) - static_cast<double>(c.c1);
    const double value = -m * std::exp(-c.c2 * std::abs(m)) / side;
    if (m > 0 && m * c.c2 > 1 && std::abs(value) < 1e-12) return kernel;
    kernel.push_back(value);
  }
}

std::vector<double> circuit_differences(const DifferenceCircuit& c, std::span<const double> values,
                                        std::size_t width) {
  const std::vector<double> kernel = difference_kernel(c);
  const std::size_t samples = values.size() / width, period = c.duration + c.gap;
  std::vector<double> out(values.size(), 0.0), seen(samples * period);
  for (std::size_t k = 0; k < width; ++k) {
    Channel channel(c);
    for (std::size_t at = 0; at < seen.size(); ++at)
      seen[at] = channel.step(at % period < c.duration ? values[at / period * width + k] : 0.0);
    for (std::size_t t = 1; t < samples; ++t) {
      const std::size_t now = t * period + c.c1;
      const std::size_t length = std::min(kernel.size(), now + 1);
      double sum = 0;
      for (std::size_t u = 0; u < length; ++u) sum += kernel[u] * seen[now - u];
      out[t * width + k] = sum;
    }
  }
  return out;
}

}  // namespace trifactor::phsic_gaussian
