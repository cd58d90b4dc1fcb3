#include "host/experiment/signals.hpp"

#include <algorithm>
#include <cmath>

namespace trifactor {

std::vector<UpdateCounts> updates_of(const ChipCounters& all, std::size_t projections) {
  std::vector<UpdateCounts> updates(projections);
  for (const auto& [unit, counts] : all.units)
    for (std::size_t i = 0; i < counts.projections.size(); ++i)
      updates[counts.projections[i]] += counts.updates[i];
  return updates;
}

std::uint64_t signal_interval(std::uint64_t run_length) {
  return std::max<std::uint64_t>(1, run_length / 25);
}

SignalMeter::SignalMeter(const Program& program, std::uint64_t run_length)
    : program_(program),
      run_length_(run_length),
      since_{std::vector<UpdateCounts>(program.projections.size()), {}} {}

std::vector<LayerSignals> SignalMeter::read(std::uint64_t sample, const ChipCounters& all,
                                            const std::vector<std::uint64_t>& squares) {
  std::vector<LayerSignals> rows;

  const std::vector<UpdateCounts> updates = updates_of(all, program_.projections.size());
  for (std::uint32_t k = 0; k < program_.projections.size(); ++k) {
    const ProjectionInfo& p = program_.projections[k];
    if (p.rule.empty()) continue;
    LayerSignals s;
    s.sample = sample;
    s.layer = p.name;
    s.weight_norm = std::sqrt(std::ldexp(static_cast<double>(squares[k]), -2 * p.weight.frac));
    const UpdateCounts &now = updates[k], &before = since_.updates[k];
    s.saturated = now.saturated - before.saturated;
    s.rounded_to_zero = now.rounded_to_zero - before.rounded_to_zero;
    s.factors_lost = now.factors_lost - before.factors_lost;
    if (now.intended != before.intended)
      s.applied_share = std::ldexp(static_cast<double>(now.change - before.change), p.shift) /
                        static_cast<double>(now.intended - before.intended);
    s.eta = p.eta * p.schedule.at(static_cast<double>((sample - 1) / schedule_piece(run_length_) *
                                                      schedule_piece(run_length_)),
                                  static_cast<double>(run_length_));
    if (const auto unit = all.units.find(teacher_unit + k); unit != all.units.end()) {
      const UnitCounters& t = unit->second;
      const UnitCounters& b = since_.teachers[k];
      const double partners = static_cast<double>(t.partners - b.partners);
      if (partners > 0) {
        s.mean_kernel =
            std::ldexp(static_cast<double>(t.kernel_sum - b.kernel_sum), -p.kernel_frac) / partners;
        s.mean_abs_third_factor =
            std::ldexp(static_cast<double>(t.third_factor_sum - b.third_factor_sum), -p.third_factor_frac) *
            p.third_factor_scale / partners;
        s.same_class_share = static_cast<double>(t.same_class - b.same_class) / partners;
        s.sigma = p.sigma;
      }
      since_.teachers[k] = t;
    }
    rows.push_back(s);
  }
  since_.updates = updates;
  return rows;
}

}  // namespace trifactor
