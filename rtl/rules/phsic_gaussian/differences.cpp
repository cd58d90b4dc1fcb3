#include "rtl/rules/phsic_gaussian/differences.hpp"

#include <algorithm>
#include <cmath>

namespace trifactor::phsic_gaussian {

double DifferenceMemory::step(const DifferenceCircuit& c, double signal) {
  const double d = (signal - mu) / c.deviation, cube = d * d * d;
  w += c.step * (cube - std::tanh(std::abs(cube)) * w - c.leak * w);  // (59)
  if (c.tau_mu > 0) mu += (signal - mu) / c.tau_mu;
  return std::cbrt(w) * c.deviation;
}

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
    DifferenceMemory memory;
    for (std::size_t at = 0; at < seen.size(); ++at) {
      const double signal = at % period < c.duration ? values[at / period * width + k] : 0.0;
      seen[at] = c.memory ? memory.step(c, signal) : signal;
    }
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

DifferenceStream::DifferenceStream(const DifferenceCircuit& circuit, std::size_t width)
    : c_(circuit), width_(width), now_(width), memory_(circuit.memory ? width : 0) {
  const std::vector<double> kernel = difference_kernel(c_);
  const std::size_t period = c_.duration + c_.gap;
  // A sample's last step is the latest that anything hears of it.
  ahead_ = (kernel.size() + period - 1 - c_.c1) / period + 1;
  weight_.assign(ahead_ * period, 0.0), tap_.assign(ahead_, 0.0), said_.assign(ahead_ * width, 0.0);
  for (std::size_t later = 0; later < ahead_; ++later)
    for (std::size_t at = 0; at < period; ++at) {
      const std::size_t heard = later * period + c_.c1;
      if (heard < at || heard - at >= kernel.size()) continue;
      weight_[later * period + at] = kernel[heard - at];
      if (at < c_.duration) tap_[later] += kernel[heard - at];
    }
}

std::span<const double> DifferenceStream::next(std::span<const double> values) {
  const std::size_t period = c_.duration + c_.gap;
  const auto said = [&](std::size_t later) { return &said_[(samples_ + later) % ahead_ * width_]; };
  if (c_.memory) {
    for (std::size_t k = 0; k < width_; ++k)
      for (std::size_t at = 0; at < period; ++at) {
        const double seen = memory_[k].step(c_, at < c_.duration ? values[k] : 0.0);
        for (std::size_t later = 0; later < ahead_; ++later)
          said(later)[k] += weight_[later * period + at] * seen;
      }
  } else {
    for (std::size_t later = 0; later < ahead_; ++later) {
      double* const sum = said(later);
      for (std::size_t k = 0; k < width_; ++k) sum[k] += tap_[later] * values[k];
    }
  }
  double* const heard = said(0);
  for (std::size_t k = 0; k < width_; ++k) now_[k] = samples_ == 0 ? 0.0 : heard[k];
  std::fill(heard, heard + width_, 0.0);
  ++samples_;
  return now_;
}

}  // namespace trifactor::phsic_gaussian
