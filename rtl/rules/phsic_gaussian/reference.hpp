// Float reference of phsic_gaussian: the Gaussian-kernel pHSIC rules of Pogodin and Latham (2020), as the
// paper writes them. README.md beside this file states the equations.
#pragma once

#include "rtl/rules/reference.hpp"

namespace trifactor {

/// eval, modes "online" and "batch". Inputs x (T, n_in), w (n_out, n_in), labels (T). Outputs by name,
/// online: two-point forms dw (T, n_out, n_in); z, fprime (T, n_out); label_kernel, kernel, b1, b2, b3 (T);
/// third_factor (T), grouped (T, groups) and then also u, v, b4 (T, groups), r (T, n_out) and
/// third_factor_scalar (T); variants 20 and 21 also mu_post (T, n_out) and mu_x (T, n_in), 20 also mu_z
/// (T, n_out). With partners = K: dw, z, fprime, kernel and third_factor (T, K), b3 (T), t_factor (T, n_out
/// or groups), grouped also u, v, r. Batch: dw (n_out, n_in), z, delta (T, n_out), kernel, label_kernel and
/// third_factor (T, T), loss (scalar, empty shape), grouped also u, v, r. Throws Error
/// (ExitCode::configuration or data, codes TF-EVL-...) naming every mistake of the request.
///
/// learner: one layer, sample by sample. Reads x, z and fprime, with groups also r and uq; keeps the last
/// `partners` samples (at least one) of z or uq, their labels, and b3. `groups` and `classes` come from the
/// layer (classes from the parameters where the layer names none); sigma, gamma, beta, variant, partners,
/// beta_mu and decay from the parameters. Signals are of this sample: third_factor is the mean |M_p| of the
/// words as broadcast (with partners they hold 1/n).
FloatRule phsic_gaussian_reference();

namespace phsic_gaussian {

/// Whether differences between samples come from a circuit in time: floating point only.
bool by_circuit(const Parameters& parameters);
/// Throws where an array that its learners read is not of the layer's shape.
void expect_activity(const FloatLayer& layer, const FloatActivity& now);

}  // namespace phsic_gaussian

}  // namespace trifactor
