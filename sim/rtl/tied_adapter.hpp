// A Verilated `tied` as a TiedUnit: an entry of a kernel goes in, its new weight comes out two edges later.
#pragma once

#include <cstdlib>

#include "rtl/core/arithmetic.hpp"
#include "sim/rtl/model.hpp"

namespace trifactor {

template <class Model>
class TiedAdapter final : public TiedUnit {
 public:
  TiedAdapter() { model_->start = 0; }

  std::int32_t update(const LaneConfig& config, std::int64_t increment, std::int32_t decay,
                      std::int32_t weight, std::uint32_t& generator, LaneLosses& losses) override {
    model_->shift = static_cast<CData>(config.shift);
    model_->weight_bits = static_cast<CData>(config.weight_bits);
    model_->stochastic = config.stochastic;
    model_->sum = static_cast<QData>(increment) & 0xffff'ffff'ffffu;
    model_->decay = static_cast<IData>(decay);
    model_->weight = static_cast<SData>(weight);
    model_->generator = generator;
    model_->start = 1;
    clock();
    model_->start = 0;
    for (int cycle = 0; !model_->done; ++cycle) {
      if (cycle == 8) throw_unfinished("tied");
      clock();
    }
    const std::int32_t moved = static_cast<std::int16_t>(model_->new_weight);
    const std::int64_t change = static_cast<std::int64_t>(model_->change << 16) >> 16;  // 48 bits
    generator = model_->next_generator;
    losses.applied += moved != weight;
    losses.rounded_to_zero += moved == weight && change != 0;
    losses.saturated += model_->saturated;
    losses.intended += static_cast<std::uint64_t>(std::abs(change));
    losses.change += static_cast<std::uint64_t>(std::abs(moved - weight));
    return moved;
  }

 private:
  void clock() {
    model_.rise();
    model_.fall();
  }

  ClockedModel<Model> model_;
};

}  // namespace trifactor
