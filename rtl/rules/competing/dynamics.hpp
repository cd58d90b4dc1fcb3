// Competition by lateral inhibition, in floating point: the dynamics of which the fast rule takes the rank
// (Krotov and Hopfield 2019, eqs 2 to 4).
#pragma once

#include <cstddef>
#include <span>

namespace trifactor::competing {

struct LateralInhibition {
  double tau = 0;         ///< of (4), in Euler steps
  double inhibition = 0;  ///< w_inh
  double threshold = 0;   ///< h*
  std::size_t steps = 0;
};

/// Whether Euler steps cannot overshoot, however many of the n units are active.
constexpr bool steps_are_stable(const LateralInhibition& d, std::size_t n) {
  return d.tau >= 1 + d.inhibition * static_cast<double>(n - 1);
}

/// tau dh_i/dt = I_i - w_inh sum over j not i of max(h_j, 0) - h_i from h = 0, `steps` Euler steps.
/// current, h: (n).
void settle(const LateralInhibition& d, std::span<const double> current, std::span<double> h);

/// g of (3): 1 above h*, -delta from there down to 0 (h* included, 0 not), else 0.
constexpr double learning_sign(const LateralInhibition& d, double h, double delta) {
  return h > d.threshold ? 1 : h > 0 ? -delta : 0;
}

}  // namespace trifactor::competing
