// The subjects of the units, one function each; unit_subjects() lists them.
#pragma once

#include <memory>

#include "sim/lockstep/subject.hpp"

namespace trifactor::lockstep {

std::unique_ptr<Subject> accumulate_subject();
std::unique_ptr<Subject> activation_subject();
std::unique_ptr<Subject> distance_subject();
std::unique_ptr<Subject> exp_subject();
std::unique_ptr<Subject> history_subject();
std::unique_ptr<Subject> label_subject();
std::unique_ptr<Subject> lane_subject();           ///< flat ports, 8 lanes: what is synthesised
std::unique_ptr<Subject> lane_array_subject();     ///< array ports, 8 lanes
std::unique_ptr<Subject> lane_array_64_subject();  ///< array ports, 64 lanes
std::unique_ptr<Subject> membrane_subject();
std::unique_ptr<Subject> noise_subject();
std::unique_ptr<Subject> packages_subject();
std::unique_ptr<Subject> pool_subject();
std::unique_ptr<Subject> power_subject();
std::unique_ptr<Subject> random_subject();
std::unique_ptr<Subject> rank_subject();
std::unique_ptr<Subject> reciprocal_subject();
std::unique_ptr<Subject> reduce_subject();
std::unique_ptr<Subject> tied_subject();
std::unique_ptr<Subject> tied_increment_subject();
std::unique_ptr<Subject> trace_subject();
std::unique_ptr<Subject> transform_subject();

}  // namespace trifactor::lockstep
