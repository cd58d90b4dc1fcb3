#include "rtl/rules/phsic_gaussian/golden.hpp"

#include "rtl/spec/fixed.hpp"
#include "rtl/units/exp/golden.hpp"
#include "rtl/units/history/golden.hpp"

namespace trifactor::phsic_gaussian {
namespace {

class GoldenTeacher final : public TeacherUnit {
 public:
  void teach(std::span<const std::int32_t> reg, std::uint64_t sample, int count,
             std::span<const std::int64_t> up, std::uint32_t same, TeacherState state,
             std::span<std::int16_t> words, TeacherMonitor& monitor) override {
    const int partners = reg[teacher_partners];
    const bool grouped = reg[teacher_groups] != 0;
    std::int64_t& b3 = state[0];                                 // 15 + teacher_mean_extra fraction bits
    const std::span<std::int64_t> past_sums = state.subspan(1);  // ring of K + 1 group sums
    const auto past_sum = [&](int age) -> std::int64_t& {
      return past_sums[history_slot(sample, static_cast<std::uint32_t>(age),
                                    static_cast<std::uint32_t>(partners) + 1)];
    };
    if (grouped) past_sum(0) = up[partners];

    std::int64_t kernel[max_partners], b2[max_partners], sum_step[max_partners];
    std::int64_t deviation = 0;
    for (int p = 0; p < count; ++p) {
      sum_step[p] = grouped ? past_sum(0) - past_sum(p + 1) : 0;
      // grouped: sum_g (d - mean d)^2 = (G sum d^2 - (sum d)^2) / G; 1 / G is in the mantissa
      const std::int64_t b1 = grouped ? reg[teacher_groups] * up[p] - sum_step[p] * sum_step[p] : up[p];
      kernel[p] = exp_negative(round_shift(b1 * reg[teacher_kernel_mantissa], reg[teacher_kernel_shift]));
      const bool equal = (same >> p & 1) != 0;
      b2[p] = (equal ? reg[teacher_same] : reg[teacher_different]) - 2 * kernel[p];
      deviation += (b2[p] << reg[teacher_mean_extra]) - b3;
      monitor.kernel += kernel[p];
      monitor.same_class += equal;
    }
    monitor.partners += count;
    if (count > 0) b3 += round_shift(deviation * reg[teacher_mean_rate + count - 1], 24);

    std::int64_t mean = 0;
    for (int p = 0; p < partners; ++p) {
      const std::int64_t exact = p < count ? (b3 - (b2[p] << reg[teacher_mean_extra])) * kernel[p] : 0;
      const std::int64_t m = saturate_signed(round_shift(exact, reg[teacher_m_shift]), third_factor_bits);
      words[p] = static_cast<std::int16_t>(m);
      monitor.third_factor += m < 0 ? -m : m;
      if (p < count) mean += m * sum_step[p];
    }
    if (grouped)
      words[partners] = static_cast<std::int16_t>(saturate_signed(
          round_shift(mean * reg[teacher_group_mantissa], reg[teacher_group_shift]), third_factor_bits));
  }
};

}  // namespace

std::unique_ptr<TeacherUnit> golden_teacher() { return std::make_unique<GoldenTeacher>(); }

}  // namespace trifactor::phsic_gaussian
