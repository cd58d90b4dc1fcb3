// The local circuits of Amit 2019, Appendix 1, in floating point: a control neuron t that shuts the error of
// an output neuron off, and two neurons u and v that shut the gate of a hidden one. Includes nothing of the
// golden model.
#pragma once

namespace trifactor::urfb {

inline constexpr double circuit_threshold = 1;  ///< S
inline constexpr double circuit_excess = 0.25;  ///< epsilon: only t can tell 1 + epsilon from 1

/// What an output neuron's delta settles to: delta = sigma_delta(h + 2M s), then t = sigma_t(delta), then
/// delta = sigma_delta(h + 2M s - 2M t), where the circuit stays (t = 0) or rests half of the time (t not 0).
/// s = 1 for the class presented, else -1. For |h| < M this is the hinge, but at h = 1 and -1, where the
/// circuit still learns.
double circuit_error(double h, bool presented, double mu, double m);

/// sigma(delta - 2K u + 2K v) with u = 1[x >= 1], v = -1[x <= -1]; sigma cuts below -K. For |delta| < K it is
/// delta where |x| < 1 and 0 elsewhere.
double circuit_gate(double delta, double x, double k);

}  // namespace trifactor::urfb
