#include "rtl/rules/competing/dynamics.hpp"

#include <algorithm>

namespace trifactor::competing {

void settle(const LateralInhibition& d, std::span<const double> current, std::span<double> h) {
  std::fill(h.begin(), h.end(), 0.0);
  for (std::size_t step = 0; step < d.steps; ++step) {
    double active = 0;
    for (const double value : h) active += std::max(value, 0.0);
    for (std::size_t i = 0; i < h.size(); ++i) {
      const double others = active - std::max(h[i], 0.0);
      h[i] += (current[i] - d.inhibition * others - h[i]) / d.tau;
    }
  }
}

}  // namespace trifactor::competing
