// A Verilated lane_array as a LaneUnit: it keeps the sequence that a core's update pass has, one column block
// after the other, the rows walking past while the lanes hold factors and generators.
#pragma once

#include "rtl/core/arithmetic.hpp"
#include "sim/rtl/model.hpp"

namespace trifactor {

template <class Model, std::size_t kLanes>
class LaneAdapter final : public LaneUnit {
  static_assert(column_padding % kLanes == 0 && kLanes % 8 == 0);

 public:
  LaneAdapter() { model_->load = model_->burst = model_->clear_counters = 0; }

  void update(const LaneConfig& config, const ColumnFactors& factors, std::span<const UpdateRow> rows,
              const WeightBlock& block, std::uint32_t* generator, LaneLosses& losses) override {
    model_->shift = static_cast<CData>(config.shift);
    model_->weight_bits = static_cast<CData>(config.weight_bits);
    model_->stochastic = config.stochastic;
    model_->clear_counters = 1;
    clock();
    model_->clear_counters = 0;
    for (std::size_t column = 0; column < block.columns; column += kLanes) {
      if (!load(factors, column, generator)) continue;
      if (block.narrow)
        walk(static_cast<std::int8_t*>(block.words), block, rows, column);
      else
        walk(static_cast<std::int16_t*>(block.words), block, rows, column);
      if (config.stochastic)
        for (std::size_t k = 0; k < kLanes; ++k) generator[column + k] = model_->generators[k];
    }
    clock();  // the counters lag one cycle behind the last weights
    losses.applied += model_->applied;
    losses.rounded_to_zero += model_->rounded_to_zero;
    losses.saturated += model_->saturations;
    losses.intended += model_->intended;
    losses.change += model_->change;
  }

 private:
  static constexpr std::size_t no_row = ~std::size_t{0};

  void clock() {
    model_.rise();
    model_.fall();
  }

  /// False: no pair of these columns can be enabled.
  bool load(const ColumnFactors& factors, std::size_t column, const std::uint32_t* generator) {
    constexpr SData word = 0x7fff;  // 15 bits
    int any = 0;
    for (std::size_t k = 0; k < kLanes; ++k) {
      const int a0 = factors.a0[column + k], a1 = factors.a1 == nullptr ? 0 : factors.a1[column + k];
      const int c = factors.c == nullptr ? 0 : factors.c[column + k];
      any |= a0 | a1 | c;
      model_->load_a0[k] = static_cast<SData>(a0) & word;
      model_->load_a1[k] = static_cast<SData>(a1) & word;
      model_->load_c[k] = static_cast<SData>(c) & word;
      model_->load_generators[k] = generator == nullptr ? 1 : generator[column + k];
      model_->exists[k] = 1;
    }
    if (any == 0) return false;
    model_->load = 1;
    clock();
    model_->load = 0;
    return true;
  }

  /// One burst a cycle; a burst's weights come back two edges later.
  template <class Word>
  void walk(Word* words, const WeightBlock& block, std::span<const UpdateRow> rows, std::size_t column) {
    std::size_t newer = no_row, older = no_row;  // bursts under way
    for (const UpdateRow& row : rows) {
      const std::size_t at = row.row * block.columns + column;
      while (at == newer || at == older) step<Word>(words, no_row, newer, older);
      for (std::size_t k = 0; k < kLanes; ++k) model_->weights[k] = static_cast<SData>(words[at + k]);
      if (block.mask != nullptr)
        for (std::size_t k = 0; k < kLanes; ++k) model_->exists[k] = block.mask[(at + k) / 8] >> (k % 8) & 1;
      model_->b0 = static_cast<SData>(row.b0);
      model_->b1 = static_cast<SData>(row.b1);
      model_->burst = 1;
      step<Word>(words, at, newer, older);
      model_->burst = 0;
    }
    for (int i = 0; i < 2; ++i) step<Word>(words, no_row, newer, older);
  }

  template <class Word>
  void step(Word* words, std::size_t given, std::size_t& newer, std::size_t& older) {
    clock();
    older = newer;
    newer = given;
    if (older == no_row || !model_->done) return;
    for (std::size_t k = 0; k < kLanes; ++k) words[older + k] = static_cast<Word>(model_->new_weights[k]);
    older = no_row;
  }

  ClockedModel<Model> model_;
};

}  // namespace trifactor
