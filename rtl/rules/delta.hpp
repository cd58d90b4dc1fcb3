// Delta rules in hardware: a neuron's error, from its own target or from errors that came back, and
// a0 = eta delta. One unit serves all rules of this kind; no teacher, no reduction.
//
//   softmax   delta_i = [i = c] - e_i / sum e,  e_i = exp(z_i - max z)
//   linear    delta_i = [i = c] - z_i
//   hinge     delta_c = 1 if z_c < 1;  delta_i = -mu if z_i > -1 (i not c), both strict
//   returned  delta_i = f'_i sum_j R_ij delta_j          the sum is exact, rounded here
//   circuit   delta_i as the local circuit of Amit 2019, Appendix 1, settles; returned errors then pass its
//             gate, delta - 2K where |x| = 1 and nothing below -K, in place of f'
//   own       delta_i = what the neuron sends of z_i     the factor of a feedback projection
//
// The word that is sent back is delta rounded to nearest at a shift of its own and saturated; `from word`
// forms a0 from that word, so that both ends of a connection multiply the same number.
#pragma once

#include <cstdint>
#include <memory>

#include "rtl/rules/rule.hpp"

namespace trifactor {

enum class DeltaKind : std::int32_t { softmax, linear, hinge, returned, own, circuit };

/// Registers of the post unit.
enum DeltaRegister : std::size_t {
  delta_kind,        ///< DeltaKind
  delta_value_frac,  ///< fraction bits of z, at most 16
  delta_mu,          ///< mu, 15 fraction bits (hinge)
  delta_a_shift,     ///< right shift from delta x eta to the factor
  delta_c_rate,      ///< decay as a u16 mantissa, 0: none
  delta_c_shift,     ///< right shift from eta x decay to c
  delta_stochastic,  ///< 1: factors are rounded stochastically
  delta_word_shift,  ///< right shift from delta (15 fraction bits; linear: z's), sum or z to the word
  delta_word_bits,   ///< the word is saturated to
  delta_from_word,   ///< 1: a0 is formed from the word; always with returned and own
  delta_circuit_m,   ///< M at the point of z (circuit)
  delta_circuit_k,   ///< K in steps of the word (returned; 0: errors pass f')
  delta_registers
};

std::unique_ptr<PostUnit> delta_post();

/// What the circuit's two excited states exceed 1 and mu by, 15 fraction bits: only its control neuron sees
/// it.
inline constexpr std::int32_t circuit_excess_word = 1 << 13;

/// delta_mu of the parameter mu; 0 means 1 / (classes - 1).
std::int32_t hinge_mu(const Parameters& p, int classes);

/// Claims of the hardware unit.
int delta_contribute_cycles(const RulePlan& plan, int neurons, int group_size);
int delta_form_cycles(const RulePlan& plan, int neurons, int group_size);

}  // namespace trifactor
