// Fixed-point pHSIC with a Gaussian kernel: what the teacher unit, phsic_gaussian_teacher.sv, must equal. The
// post unit is the shared one (rtl/rules/partner_post.hpp), boosted by K / count. K = partners (1 in the
// two-point forms); two-term forms are (18), (19), mean-term (20), (21), delayed (22).
//
//   teacher  k_p = exp(-b1_p / 2 sigma^2);  b2_p = gamma k_y - 2 k_p  (64);  b3 <- leaky mean of b2 (65)
//            M_p = -(b2_p - b3) k_p; 1 / sigma^2 and 1 / K are part of eta's exponent and mantissa (66, 70)
#pragma once

#include <cstdint>
#include <memory>

#include "rtl/rules/partner_post.hpp"
#include "rtl/rules/rule.hpp"

namespace trifactor::phsic_gaussian {

/// Registers of the teacher unit.
enum TeacherRegister : std::size_t {
  teacher_partners,         ///< K
  teacher_groups,           ///< groups of the whole layer, 0: plain
  teacher_kernel_mantissa,  ///< 1 / (2 sigma^2) (and 1 / groups): u16 mantissa
  teacher_kernel_shift,     ///< right shift to 16 fraction bits
  teacher_same,             ///< gamma k_y of equal classes, 15 fraction bits
  teacher_different,        ///< gamma k_y of different classes, 15 fraction bits
  teacher_mean_extra,       ///< fraction bits of b3 beyond 15
  teacher_m_shift,          ///< right shift from b2 k to M
  teacher_group_mantissa,   ///< 1 / groups: u15 mantissa (grouped)
  teacher_group_shift,      ///< right shift from sum_p M_p dS_p x mantissa to m (grouped)
  teacher_mean_rate,        ///< first of `partners` entries: (1 - beta) / n x 2^24 for n = 1..K
  teacher_registers = teacher_mean_rate + max_partners
};

std::unique_ptr<TeacherUnit> golden_teacher();

}  // namespace trifactor::phsic_gaussian
