#include "rtl/rules/reservoir/golden.hpp"

#include "rtl/rules/factor.hpp"
#include "rtl/spec/fixed.hpp"
#include "rtl/units/trace/golden.hpp"

namespace trifactor::reservoir {
namespace {

class GoldenPost final : public PostUnit {
 public:
  void contribute(const PostView& view, std::span<std::int64_t> up) override {
    for (int i = 0; i < view.neurons; ++i) {
      const std::int64_t told = view.error == nullptr ? 0 : view.error[i];
      const std::int64_t target = saturate_signed(round_shift(told, view.registers[post_target_shift]), 16);
      const std::int64_t d = view.now.z[i] - target;
      up[0] += d * d;
    }
  }

  void form(const PostView& view, std::span<const std::int16_t> words, int, PostResult& result) override {
    const auto& reg = view.registers;
    const FactorRounder round{reg[post_stochastic] != 0, reg[post_a_shift]};
    const TraceConfig trace{reg[post_rate], reg[post_extra]};
    for (int i = 0; i < view.neurons; ++i) {
      const std::int64_t z = view.now.z[i], d = z - trace_value(trace, result.means[i]);
      result.means[i] = static_cast<std::int32_t>(trace_step(trace, result.means[i], z));
      result.a0[i] = round(words[0] != 0 ? view.eta * d : 0, result.generators[i], result.losses);
    }
  }
};

class GoldenTeacher final : public TeacherUnit {
 public:
  void teach(std::span<const std::int32_t> reg, std::uint64_t, int, std::span<const std::int64_t> up,
             std::uint32_t, TeacherState state, std::span<std::int16_t> words,
             TeacherMonitor& monitor) override {
    const TraceConfig trace{reg[teacher_rate], 0};
    const bool better = up[0] < state[0];
    state[0] = trace_step(trace, state[0], up[0]);
    words[0] = better ? 1 : 0;
    monitor.third_factor += words[0];
    monitor.partners += 1;
  }
};

}  // namespace

std::unique_ptr<PostUnit> golden_post() { return std::make_unique<GoldenPost>(); }
std::unique_ptr<TeacherUnit> golden_teacher() { return std::make_unique<GoldenTeacher>(); }

}  // namespace trifactor::reservoir
