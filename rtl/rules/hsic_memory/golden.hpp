// Fixed-point HSIC bottleneck with a working memory: what the teacher unit, hsic_memory_teacher.sv, must
// equal. The post unit is the shared one (rtl/rules/partner_post.hpp) in its one-term form, without a boost.
// K = N - 1 partners; distances of the layer come first in `up`, then those of the network's input.
//
//   k_z,p, k_x,p = exp(-d^2 / 2 sigma^2)        B_p = k_x,p - gamma k_y,p,  B_0 = 1 - gamma
//   S = sum_{p = 0..K} B_p                      N A_p = N B_p - S, exact
//   M_p = N A_p k_z,p;  1 / N and 2 / (sigma_z^2 (N-1)^2) of (8) are part of eta's exponent and mantissa
//
// Words are 0 and nothing is kept until K past samples exist.
#pragma once

#include <cstdint>
#include <memory>

#include "rtl/rules/partner_post.hpp"
#include "rtl/rules/rule.hpp"

namespace trifactor::hsic_memory {

enum TeacherRegister : std::size_t {
  teacher_partners,    ///< K
  teacher_z_mantissa,  ///< 1 / (2 sigma_z^2): u16 mantissa
  teacher_z_shift,     ///< right shift of distance x mantissa to 16 fraction bits
  teacher_x_mantissa,  ///< 1 / (2 sigma_x^2), likewise
  teacher_x_shift,
  teacher_same,       ///< gamma, kernel_frac fraction bits, at most 4096
  teacher_different,  ///< gamma exp(-1 / sigma_y^2): two one-hot vectors differ by sqrt(2)
  teacher_m_shift,    ///< right shift from N A k to M
  teacher_registers
};

inline constexpr int kernel_frac = 15;  ///< of kernels, B and S

// State: word 0 is S; word p holds k_z,p in its low 16 bits and k_x,p in the 16 above.
constexpr std::int64_t kernels_word(std::int64_t kernel_x, std::int64_t kernel_z) {
  return kernel_x << 16 | kernel_z;
}

std::unique_ptr<TeacherUnit> golden_teacher();

}  // namespace trifactor::hsic_memory
