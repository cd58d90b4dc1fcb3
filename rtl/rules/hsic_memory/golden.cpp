#include "rtl/rules/hsic_memory/golden.hpp"

#include <algorithm>

#include "rtl/spec/fixed.hpp"
#include "rtl/units/exp/golden.hpp"

namespace trifactor::hsic_memory {
namespace {

class GoldenTeacher final : public TeacherUnit {
 public:
  void teach(std::span<const std::int32_t> reg, std::uint64_t, int count, std::span<const std::int64_t> up,
             std::uint32_t same, TeacherState state, std::span<std::int16_t> words,
             TeacherMonitor& monitor) override {
    const int partners = reg[teacher_partners];
    std::fill(words.begin(), words.end(), std::int16_t{0});
    if (count < partners) return;
    std::int64_t kernel_z[max_partners], b[max_partners];
    std::int64_t sum = (std::int64_t{1} << kernel_frac) - reg[teacher_same];  // B_0
    for (int p = 0; p < partners; ++p) {
      kernel_z[p] = kernel(up[p], reg[teacher_z_mantissa], reg[teacher_z_shift]);
      const std::int64_t kernel_x = kernel(up[partners + p], reg[teacher_x_mantissa], reg[teacher_x_shift]);
      const bool equal = (same >> p & 1) != 0;
      b[p] = kernel_x - (equal ? reg[teacher_same] : reg[teacher_different]);
      sum += b[p];
      state[p + 1] = kernels_word(kernel_x, kernel_z[p]);
      monitor.kernel += kernel_z[p];
      monitor.same_class += equal;
    }
    state[0] = sum;
    monitor.partners += partners;
    for (int p = 0; p < partners; ++p) {
      const std::int64_t above_mean = (partners + 1) * b[p] - sum;  // N A_p
      const std::int64_t m =
          saturate_signed(round_shift(above_mean * kernel_z[p], reg[teacher_m_shift]), third_factor_bits);
      words[p] = static_cast<std::int16_t>(m);
      monitor.third_factor += m < 0 ? -m : m;
    }
  }

 private:
  static std::int64_t kernel(std::int64_t distance, std::int32_t mantissa, std::int32_t shift) {
    return exp_negative(round_shift(distance * mantissa, shift));
  }
};

}  // namespace

std::unique_ptr<TeacherUnit> golden_teacher() { return std::make_unique<GoldenTeacher>(); }

}  // namespace trifactor::hsic_memory
