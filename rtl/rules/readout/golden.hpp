// Fixed-point delta rule of a read-out: its own core knows the target. No teacher, no reduction.
//
//   softmax   delta_i = [i = c] - e_i / sum e,  e_i = exp(z_i - max z)
//   linear    delta_i = [i = c] - z_i
//   hinge     delta_c = 1 if z_c < 1;  delta_i = -mu if z_i > -1 (i not c), both strict
//   a0 = eta delta
#pragma once

#include <cstdint>
#include <memory>

#include "rtl/rules/rule.hpp"

namespace trifactor::readout {

enum class ErrorKind : std::int32_t { softmax, linear, hinge };

/// Registers of the post unit.
enum PostRegister : std::size_t {
  post_error,       ///< ErrorKind
  post_value_frac,  ///< fraction bits of z, at most 16
  post_mu,          ///< mu, 15 fraction bits (hinge)
  post_a_shift,     ///< right shift from delta x eta to the factor; delta: 15 fraction bits (linear: z's)
  post_c_rate,      ///< decay as a u16 mantissa, 0: none
  post_c_shift,     ///< right shift from eta x decay to c
  post_stochastic,  ///< 1: factors are rounded stochastically
  post_registers
};

std::unique_ptr<PostUnit> golden_post();

}  // namespace trifactor::readout
