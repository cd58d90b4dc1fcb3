// Float reference of hsic_memory: HSIC bottleneck with a working memory of the last samples. README.md beside
// this file states the equations.
#pragma once

#include "rtl/rules/reference.hpp"

namespace trifactor {

/// eval, mode "online". Inputs x (T, n_in), w (n_out, n_in), labels (T), and x_net (T, n) where the kernel of
/// the input is taken on the network's input and not on x. Outputs z, xi and third_factor (= xi)
/// (T, n_out), kernel_x, kernel_y, kernel_z and a (T, N), dw (T, n_out, n_in); row t is 0 while t < N - 1,
/// where the memory is not full. Throws Error (ExitCode::configuration or data, codes TF-EVL-...) naming
/// every mistake of the request.
///
/// learner: reads x, z, fprime, label and the network's input of each sample. Activities of the layer should
/// be tanh, as the paper's are; the derivative is taken as the neuron gives it. Its signals are means over
/// the N - 1 past samples: kernel of z, |c_p|, share of the same class.
FloatRule hsic_memory_reference();

}  // namespace trifactor
