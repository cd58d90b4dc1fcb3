#include "rtl/rules/competing/golden.hpp"

#include "rtl/rules/factor.hpp"
#include "rtl/units/rank/golden.hpp"

namespace trifactor::competing {
namespace {

class GoldenPost final : public PostUnit {
 public:
  void contribute(const PostView& view, std::span<std::int64_t> up) override {
    for (int i = 0; i < view.neurons; ++i)
      rank_insert(up, rank_key(view.now.current[i], static_cast<std::uint32_t>(view.first_neuron + i)));
  }

  void form(const PostView& view, std::span<const std::int16_t> words, int, PostResult& result) override {
    const auto& reg = view.registers;
    const FactorRounder round_a{reg[post_stochastic] != 0, reg[post_a_shift]};
    const FactorRounder round_c{reg[post_stochastic] != 0, reg[post_c_shift]};
    result.formed = 0;
    const auto learn = [&](int i, std::int64_t g) {
      const std::int64_t gain = std::int64_t{view.eta} * g;
      result.a0[i] = round_a(gain, result.generators[i], result.losses);
      result.c[i] = round_c(gain * view.now.current[i], result.generators[i], result.losses);
      ++result.formed;
    };
    if (reg[post_lateral] != 0) {
      for (int i = 0; i < view.neurons; ++i)
        if (const std::int64_t h = view.error == nullptr ? 0 : view.error[i]; h > 0)
          learn(i, h > reg[post_threshold] ? reg[post_first] : reg[post_kth]);
      return;
    }
    for (int pair = 0; pair < pairs; ++pair) {
      const int i = static_cast<std::uint16_t>(words[2 * pair]) - view.first_neuron;
      if (i >= 0 && i < view.neurons) learn(i, words[2 * pair + 1]);
    }
  }
};

class GoldenTeacher final : public TeacherUnit {
 public:
  void teach(std::span<const std::int32_t> reg, std::uint64_t, int, std::span<const std::int64_t> up,
             std::uint32_t, TeacherState, std::span<std::int16_t> words, TeacherMonitor& monitor) override {
    const auto index = [&](std::size_t place) { return static_cast<std::int16_t>(rank_index(up[place])); };
    words[0] = index(0);
    words[1] = static_cast<std::int16_t>(reg[teacher_first]);
    words[2] = index(static_cast<std::size_t>(reg[teacher_ranks]) - 1);
    words[3] = static_cast<std::int16_t>(reg[teacher_kth]);
    for (const int g : {reg[teacher_first], reg[teacher_kth]}) monitor.third_factor += g < 0 ? -g : g;
  }
};

}  // namespace

std::unique_ptr<PostUnit> golden_post() { return std::make_unique<GoldenPost>(); }
std::unique_ptr<TeacherUnit> golden_teacher() { return std::make_unique<GoldenTeacher>(); }

}  // namespace trifactor::competing
