// `eval --mode online` of a rule that says all in its learner: linear neurons z = w x, every sample's update
// from the same weights.
#pragma once

#include "rtl/rules/reference.hpp"

namespace trifactor {

/// Inputs x (T, n_in) and w (n_out, n_in); outputs z (T, n_out) and dw (T, n_out, n_in). `rule` stands in
/// messages. Throws what FloatChecks throws.
FloatArrays eval_online(const char* rule, const EvalRequest& request,
                        std::unique_ptr<FloatLearner> (*learner)(const Parameters&, const FloatLayer&));

}  // namespace trifactor
