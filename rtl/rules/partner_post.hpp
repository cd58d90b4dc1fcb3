// The post unit of rules that compare a layer with its last K samples: squared distances go up, one word M_p
// for each past sample comes down, and the neurons move towards or away from what they were. partner_post.sv
// is its twin. d_p = difference of the compared value (z, or u^q of a group) between this sample and the one
// p ago; m = sum_p M_p mean_g d_gp, 0 when not grouped. A rule says what the words are.
//
//   T = (sum_p M_p d_p - m) boost;  a0 = eta T h f';  h = r (grouped) or 1
//   two-term          a1 = -eta T h' f''
//   mean-term         a1 = -eta T mean(h f'), plain T of (z - mean z)
//   delayed           a0 = eta (T' - T) h' f''
//
// Plain layers of the one-term form may send -T times a constant to those that ask for the layer's errors,
// and may learn from errors E that are said to them in place of their own: a0 = -eta E f'.
#pragma once

#include <cstdint>
#include <memory>

#include "rtl/rules/rule.hpp"

namespace trifactor::partner_post {

enum class Form : std::int32_t { one_term, two_term, mean_term, delayed };

enum PostRegister : std::size_t {
  post_form,        ///< Form
  post_partners,    ///< K
  post_m_shift,     ///< left shift of the last word, m, to the fraction of M d
  post_t_shift,     ///< right shift from (sum) x boost to T
  post_a_shift,     ///< right shift from T h g to the factor; 15 more for the mean of f' (plain mean-term)
  post_c_rate,      ///< decay as a u16 mantissa, 0: none
  post_c_shift,     ///< right shift from eta x decay to c
  post_stochastic,  ///< 1: factors are rounded stochastically
  post_mean_rate,   ///< 1 - beta_mu, 16-bit fraction (mean-term forms)
  post_mean_extra,  ///< fraction bits of those means beyond the value's
  post_boost,       ///< first of `partners` entries: u18.12, what T is multiplied with when n = 1..K exist
  post_error_mantissa =
      post_boost + max_partners,  ///< u16, of what -T is multiplied with to be sent; 0: it is not
  post_error_shift,               ///< right shift of that product to the word that is sent
  post_hears,                     ///< 1: learns from the errors that it is told
  post_hear_shift,                ///< right shift from their sum to E
  post_registers
};

inline constexpr int t_bits = 24;  ///< of T
inline constexpr int boost_frac = 12;
inline constexpr int derivative_frac = 15;  ///< of f'

/// |M d| summed must stay within 41 bits and the sign: 16-bit words on up to 32 partners do.
std::unique_ptr<PostUnit> golden_post();

/// Cycles that partner_post.sv takes; the plan's post registers as above.
int contribute_cycles(const RulePlan& plan, int neurons, int group_size);
int form_cycles(const RulePlan& plan, int neurons, int group_size);

}  // namespace trifactor::partner_post
