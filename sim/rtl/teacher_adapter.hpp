// Any Verilated teacher unit as a TeacherUnit: all teacher units have the same ports.
#pragma once

#include "rtl/units/history/golden.hpp"
#include "sim/rtl/model.hpp"
#include "sim/rtl/rule_units.hpp"

namespace trifactor {

template <class Model>
class TeacherAdapter final : public TimedTeacher {
 public:
  TeacherAdapter() { model_->start = model_->cfg_we = 0; }

  void teach(std::span<const std::int32_t> registers, std::uint64_t sample, int count,
             std::span<const std::int64_t> up, std::uint32_t same, TeacherState state,
             std::span<std::int16_t> words, TeacherMonitor& monitor) override {
    model_.configure(registers);
    model_->count = static_cast<CData>(count);
    // the counter that addresses a ring of all words of the state but the first
    model_->slot = static_cast<CData>(history_slot(sample, 0, static_cast<std::uint32_t>(state.size() - 1)));
    model_->same = same;
    model_->start = 1;
    model_.rise();
    model_->start = 0;
    for (std::int64_t cycle = 1; cycle < longest_run; ++cycle) {
      const std::size_t up_address = model_->up_addr, state_address = model_->state_addr;
      model_.fall();
      model_.rise();
      if (model_->state_we) state[model_->state_waddr] = static_cast<std::int64_t>(model_->state_wdata);
      if (model_->word_we) words[model_->word_addr] = static_cast<std::int16_t>(model_->word_data);
      if (model_->done) {
        cycles_ = static_cast<int>(cycle);
        model_.fall();
        monitor.kernel += model_->monitor_kernel;
        monitor.third_factor += model_->monitor_third_factor;
        monitor.same_class += model_->monitor_same_class;
        monitor.partners += model_->monitor_partners;
        return;
      }
      if (up_address < up.size()) model_->up_data = static_cast<QData>(up[up_address]) & 0xffff'ffff'ffffull;
      if (state_address < state.size()) model_->state_data = static_cast<QData>(state[state_address]);
    }
    throw_unfinished("teacher unit");
  }

 private:
  ClockedModel<Model> model_;
};

}  // namespace trifactor
