// Fixed-point competing hidden units: who is first and who is k-th, reduced as ranked keys; those two neurons
// learn and no other.
//
//   up       keys of this core's neurons by their currents, the highest k
//   teacher  (index, g) of the first, g = 1, and of the k-th, g = -Delta
//   post     neuron of a pair that lies in this core: a0 = eta g, c = eta g I
//
// With lateral inhibition nothing is reduced and there is no teacher: each neuron is told its activity h by
// the population in which the neurons inhibit one another, and g is 1 above h*, -Delta from there down to 0,
// else 0.
#pragma once

#include <cstdint>
#include <memory>

#include "rtl/rules/rule.hpp"

namespace trifactor::competing {

inline constexpr int most_ranks = 8;  ///< entries of the rank unit
inline constexpr int pairs = 2;       ///< (index, g) broadcast

/// Registers of the post unit.
enum PostRegister : std::size_t {
  post_a_shift,     ///< right shift from eta g to the factor
  post_c_shift,     ///< right shift from eta g I to c
  post_stochastic,  ///< 1: factors are rounded stochastically
  post_ranks,       ///< k
  post_lateral,     ///< 1: each neuron's g is of the h that it is told
  post_threshold,   ///< h*, at the binary point of the sums that tell h
  post_first,       ///< g of neurons above it, in the third factor's format
  post_kth,         ///< g of the other active ones
  post_registers
};

/// Registers of the teacher unit.
enum TeacherRegister : std::size_t {
  teacher_ranks,  ///< k
  teacher_first,  ///< g of the first, in the third factor's format
  teacher_kth,    ///< g of the k-th
  teacher_registers
};

std::unique_ptr<PostUnit> golden_post();
std::unique_ptr<TeacherUnit> golden_teacher();

}  // namespace trifactor::competing
