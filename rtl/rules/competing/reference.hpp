// Float reference of competing: unsupervised competing hidden units. README.md beside this file states the
// equations.
#pragma once

#include "rtl/rules/reference.hpp"

namespace trifactor {

/// eval, modes "online" and "batch". Inputs x (T, n_in) and w (n_out, n_in); no labels. Outputs current and g
/// (T, n_out), winner and kth (T) (indices of neurons), raw, the change before eta and normalisation, and dw:
/// (T, n_out, n_in) online; in batch (n_out, n_in), raw the sum over the batch. Throws Error
/// (ExitCode::configuration or data, codes TF-EVL-...) naming every mistake of the request.
///
/// learner: reads x and current of each sample. p, k and delta come from the parameters; `normalise` is of
/// eval and mini-batches, because a neuron on the chip does not see the largest change of its layer.
FloatRule competing_reference();

}  // namespace trifactor
