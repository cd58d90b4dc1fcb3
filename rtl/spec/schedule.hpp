// How a learning rate changes over a run.
#pragma once

#include <cmath>
#include <cstdint>

namespace trifactor {

enum class ScheduleKind : std::uint8_t { constant, linear, step, inverse };

struct Schedule {
  ScheduleKind kind = ScheduleKind::constant;
  double every = 0;   ///< step: learning samples between steps
  double factor = 1;  ///< step: multiplies eta at each
  double tau = 0;     ///< inverse: eta / (1 + t / tau), t in learning samples

  /// eta's multiplier at learning sample t of a run of `total` samples.
  double at(double t, double total) const {
    switch (kind) {
      case ScheduleKind::linear:
        return total > 0 && t < total ? 1 - t / total : 0;
      case ScheduleKind::step:
        return std::pow(factor, std::floor(t / every));
      case ScheduleKind::inverse:
        return 1 / (1 + t / tau);
      case ScheduleKind::constant:
        break;
    }
    return 1;
  }

  template <class V>
  friend void visit(V& v, Schedule& s) {
    v(s.kind, s.every, s.factor, s.tau);
  }
};

/// Rates reach the chip as configuration frames at these learning samples only, the float reference too:
/// `schedule_steps` equal pieces of a run.
inline constexpr std::uint64_t schedule_steps = 256;
constexpr std::uint64_t schedule_piece(std::uint64_t total) {
  return total < schedule_steps ? 1 : (total + schedule_steps - 1) / schedule_steps;
}

}  // namespace trifactor
