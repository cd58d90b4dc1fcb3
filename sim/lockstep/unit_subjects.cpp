#include "sim/lockstep/unit_subjects.hpp"

namespace trifactor::lockstep {

std::span<const SubjectEntry> unit_subjects() {
  static const std::vector<SubjectEntry> all = {
      {"accumulate", accumulate_subject},
      {"activation", activation_subject},
      {"distance", distance_subject},
      {"exp", exp_subject},
      {"history", history_subject},
      {"label", label_subject},
      {"lane", lane_subject},
      {"lane_array", lane_array_subject},
      {"lane_array_64", lane_array_64_subject},
      {"membrane", membrane_subject},
      {"noise", noise_subject},
      {"packages", packages_subject},
      {"pool", pool_subject},
      {"power", power_subject},
      {"random", random_subject},
      {"rank", rank_subject},
      {"reciprocal", reciprocal_subject},
      {"reduce", reduce_subject},
      {"tied", tied_subject},
      {"tied_increment", tied_increment_subject},
      {"trace", trace_subject},
      {"transform", transform_subject},
  };
  return all;
}

}  // namespace trifactor::lockstep
