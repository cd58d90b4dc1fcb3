// Float reference of urfb: learning with feedback weights of their own. README.md beside this file states the
// equations.
#pragma once

#include "rtl/rules/reference.hpp"

namespace trifactor {

/// eval, modes "online" and "batch"; a leading T stands before every array online, batch has the mean of dw
/// and dr. Which arrays are given says what is computed:
///   w1 (n1, n_in), w2 (n2, n1), w3 (n_out, n2), r2 (n1, n2), r3 (n2, n_out), x, labels: a whole network.
///   Outputs
///     x1 x2 out, delta1 delta2 delta3, dw1 dw2 dw3, dr2 dr3.
///   w, x, r (n_out, n_next), delta_next (T, n_next): one hidden layer, no labels. Outputs z, gate,
///   third_factor
///     (= R delta_next, before the gate), delta, dw, dr.
///   w, x, labels: the output projection. Outputs z, delta, dw.
/// dr is 0 where update_r is false (fixed random feedback). Throws Error (ExitCode::configuration or data,
/// codes TF-EVL-...) naming every mistake of the request.
///
/// learner: its role follows from the layer. At the output it reads x, z and label; in a hidden layer x,
/// fprime and error; as a feedback projection x, which then is delta of its source, and z, its target's own
/// activity. error() is delta, empty for feedback. The neurons' f' is the gate.
FloatRule urfb_reference();

}  // namespace trifactor
