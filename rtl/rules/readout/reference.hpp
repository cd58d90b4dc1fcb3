// Float reference of readout: the delta rule with softmax, linear or hinge error. README.md beside this file
// states the equations.
#pragma once

#include "rtl/rules/reference.hpp"

namespace trifactor {

/// eval, modes "online" and "batch". Inputs x (T, n_in), w (n_out, n_in), labels (T); classes must equal
/// n_out. Outputs z, delta (T, n_out) and dw (T, n_out, n_in), batch (n_out, n_in). z is softmax(w x) for
/// softmax, w x for linear and hinge. Throws Error (ExitCode::configuration or data, codes TF-EVL-...) naming
/// every mistake of the request.
///
/// learner: reads x, z and label of each sample, where z is the neuron's own linear sum (w x plus bias) for
/// every error, softmax included; the softmax is part of the rule. error, mu and decay come from the
/// parameters; classes are the layer's neurons. It keeps nothing between samples; its signals are 0. A label
/// that is not one of the neurons throws ExitCode::data.
FloatRule readout_reference();

}  // namespace trifactor
