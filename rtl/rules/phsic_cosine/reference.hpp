// Float reference of phsic_cosine: batch plausible HSIC with a cosine kernel. README.md beside this file
// states the equations.
#pragma once

#include "rtl/rules/reference.hpp"

namespace trifactor {

/// eval, mode "batch". Inputs x (T, n_in), w (n_out, n_in), labels (T). Outputs z (T, n_out), kernel and
/// label_kernel (T, T), delta (T, n_out) = -dL/d(w x), loss, dw (n_out, n_in), grouped also u, v (T, groups)
/// and r (T, n_out). Throws Error (ExitCode::configuration or data, codes TF-EVL-...) naming every mistake of
/// the request. There is no learner: the rule is not local.
///
/// batch: kernel, gamma and eta, for training in mini-batches.
FloatRule phsic_cosine_reference();

}  // namespace trifactor
