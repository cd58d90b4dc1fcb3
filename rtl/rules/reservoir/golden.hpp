// The units of the reservoir's read-out; reservoir_post.sv and reservoir_teacher.sv are their twins. S is the
// squared distance of the whole read-out from its target, the least of which is the highest power P = -S.
#pragma once

#include <memory>

#include "rtl/rules/rule.hpp"

namespace trifactor::reservoir {

enum PostRegister : std::size_t {
  post_target_shift,  ///< right shift from the sums of errors that came back to the target, in z's format
  post_a_shift,       ///< right shift from eta d to the factor
  post_stochastic,    ///< 1: factors are rounded stochastically
  post_rate,          ///< 1 / tau as a 16-bit fraction
  post_extra,         ///< fraction bits of the mean of z beyond z's
  post_registers
};

enum TeacherRegister : std::size_t {
  teacher_rate,  ///< 1 / tau as a 16-bit fraction
  teacher_registers
};

/// State of the teacher: word 0 is the mean of S.
inline constexpr int most_neurons = 16384;  ///< S has 46 bits

std::unique_ptr<PostUnit> golden_post();
std::unique_ptr<TeacherUnit> golden_teacher();

}  // namespace trifactor::reservoir
