// Fixed-point pHSIC with a Gaussian kernel: the post unit and the teacher unit that post.sv and teacher.sv
// must equal. K = partners (1 in the two-point forms); d_p = difference of the compared value (z, or u^q of a
// group) between this sample and the one p ago; m = sum_p M_p mean_g d_gp, 0 when not grouped.
//
//   post     T = (sum_p M_p d_p - m) K / count;  a0 = eta T h f';  h = r (grouped) or 1
//   two-term          a1 = -eta T h' f''                          (18), (19)
//   mean-term         a1 = -eta T mean(h f'), T of (z - mean z)   (20), (21; T of the pair)
//   delayed           a0 = eta (T' - T) h' f''                    (22)
//   teacher  k_p = exp(-b1_p / 2 sigma^2);  b2_p = gamma k_y - 2 k_p  (64);  b3 <- leaky mean of b2 (65)
//            M_p = -(b2_p - b3) k_p; 1 / sigma^2 and 1 / K are part of eta's exponent and mantissa (66, 70)
#pragma once

#include <cstdint>
#include <memory>

#include "rtl/rules/rule.hpp"

namespace trifactor::phsic_gaussian {

enum class Form : std::int32_t { one_term, two_term, mean_term, delayed };

/// Registers of the post unit.
enum PostRegister : std::size_t {
  post_form,        ///< Form
  post_partners,    ///< K
  post_m_shift,     ///< left shift of the last word, m, to the fraction of M d
  post_t_shift,     ///< right shift from (sum) x boost to T
  post_a_shift,     ///< right shift from T h g to the factor; 15 more for the mean of f' in (20)
  post_c_rate,      ///< decay as a u16 mantissa, 0: none
  post_c_shift,     ///< right shift from eta x decay to c
  post_stochastic,  ///< 1: factors are rounded stochastically
  post_mean_rate,   ///< 1 - beta_mu, 16-bit fraction (mean-term forms)
  post_mean_extra,  ///< fraction bits of those means beyond the value's
  post_boost,       ///< first of `partners` entries: 2^12 K / n for n = 1..K
  post_registers = post_boost + max_partners
};

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

inline constexpr int t_bits = 24;  ///< of T
inline constexpr int boost_frac = 12;
inline constexpr int derivative_frac = 15;  ///< of f'

std::unique_ptr<PostUnit> golden_post();
std::unique_ptr<TeacherUnit> golden_teacher();

}  // namespace trifactor::phsic_gaussian
