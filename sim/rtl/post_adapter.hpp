// Any Verilated post unit as a PostUnit: all post units have the same ports. The memories of the core, which
// answer one cycle after an address, are the caller's arrays.
#pragma once

#include "rtl/units/reduce/golden.hpp"
#include "sim/rtl/model.hpp"
#include "sim/rtl/rule_units.hpp"

namespace trifactor {

template <class Model>
class PostAdapter final : public TimedPost {
 public:
  PostAdapter() { model_->start = model_->cfg_we = model_->word_we = 0; }

  void contribute(const PostView& view, std::span<std::int64_t> up) override {
    prepare(view);
    run(view, false, [&] {
      if (model_->up_we) reduce_into(view.reduction, up, model_->up_addr, sign_extend(model_->up_data));
    });
  }

  void form(const PostView& view, std::span<const std::int16_t> words, int target,
            PostResult& result) override {
    prepare(view);
    model_->target = static_cast<SData>(target);
    model_->word_we = 1;
    for (std::size_t i = 0; i < words.size(); ++i) {
      model_->word_addr = static_cast<CData>(i);
      model_->word_data = static_cast<SData>(words[i]);
      model_.rise(), model_.fall();
    }
    model_->word_we = 0;
    result_ = &result;
    result.formed = 0;
    run(view, true, [&] { write(view, result); });
    result_ = nullptr;
    result.losses.factors_lost += model_->factors_lost;
    result.losses.factors_saturated += model_->factors_saturated;
  }

 private:
  static std::int64_t sign_extend(QData word) { return static_cast<std::int64_t>(word << 16) >> 16; }
  static std::int16_t factor(SData word) {
    return static_cast<std::int16_t>(static_cast<std::int16_t>(word << 1) >> 1);
  }

  void prepare(const PostView& view) {
    model_.configure(view.registers);
    model_->neurons = static_cast<SData>(view.neurons);
    model_->first_neuron = static_cast<SData>(view.first_neuron);
    model_->group_size = static_cast<SData>(view.group_size);
    model_->width = static_cast<SData>(view.group_size == 0 ? view.neurons : view.neurons / view.group_size);
    model_->count = static_cast<CData>(view.count);
    model_->eta = static_cast<SData>(view.eta);
  }

  /// Words of a neuron at `address`; what the core does not have reads 0.
  void read_neuron(const PostView& view, unsigned address) {
    if (address >= static_cast<unsigned>(view.neurons)) return;
    const auto word = [address](const auto* memory) {
      return memory == nullptr ? SData{0} : static_cast<SData>(memory[address]);
    };
    model_->neuron_z = word(view.now.z);
    model_->neuron_fprime = word(view.now.fprime);
    model_->neuron_r = word(view.now.r);
    model_->neuron_current = word(view.now.current);
    model_->before_fprime = word(view.before.fprime);
    model_->before_r = word(view.before.r);
    model_->neuron_error =
        view.error == nullptr ? 0 : static_cast<QData>(view.error[address]) & 0xffffffffffffu;
    if (result_ == nullptr) return;
    const std::size_t neurons = static_cast<std::size_t>(view.neurons);
    if (address < result_->generators.size()) model_->neuron_generator = result_->generators[address];
    if (address < result_->means.size()) model_->neuron_mean0 = static_cast<IData>(result_->means[address]);
    if (neurons + address < result_->means.size())
      model_->neuron_mean1 = static_cast<IData>(result_->means[neurons + address]);
  }

  void read_compared(const PostView& view, unsigned index, unsigned partner) {
    if (index >= model_->width) return;
    const auto word = [&](std::size_t age) {
      return age < view.compared.size() && age <= static_cast<std::size_t>(view.count) &&
                     view.compared[age] != nullptr
                 ? static_cast<SData>(view.compared[age][index])
                 : SData{0};
    };
    model_->compare_now = word(0);
    model_->compare_past = word(partner);
  }

  void write(const PostView& view, PostResult& result) {
    if (model_->neuron_we) {
      ++result.formed;
      const std::size_t i = model_->neuron_waddr, neurons = static_cast<std::size_t>(view.neurons);
      result.a0[i] = factor(model_->a0);
      if (!result.a1.empty()) result.a1[i] = factor(model_->a1);
      if (!result.c.empty()) result.c[i] = factor(model_->c);
      if (!result.error.empty()) result.error[i] = static_cast<std::int16_t>(model_->error);
      if (i < result.generators.size()) result.generators[i] = model_->generator;
      if (i < result.means.size()) result.means[i] = static_cast<std::int32_t>(model_->mean0);
      if (neurons + i < result.means.size())
        result.means[neurons + i] = static_cast<std::int32_t>(model_->mean1);
    }
    if (model_->held_we) result.held[model_->held_waddr] = static_cast<std::int32_t>(model_->held_wdata);
  }

  template <class Writes>
  void run(const PostView& view, bool form, Writes&& writes) {
    model_->op = form;
    model_->start = 1;
    model_.rise();
    model_->start = 0;
    for (std::int64_t cycle = 1; cycle < longest_run; ++cycle) {
      // memories take the addresses that stand before the edge and answer after it
      const unsigned neuron = model_->neuron_addr, index = model_->compare_index,
                     partner = model_->compare_partner;
      const unsigned held = model_->held_addr;
      model_.fall();
      model_.rise();
      writes();
      if (model_->done) {
        cycles_ = static_cast<int>(cycle);
        model_.fall();
        return;
      }
      read_neuron(view, neuron);
      read_compared(view, index, partner);
      if (form && held < result_->held.size()) model_->held_data = static_cast<IData>(result_->held[held]);
    }
    throw_unfinished("post unit");
  }

  ClockedModel<Model> model_;
  PostResult* result_ = nullptr;
};

}  // namespace trifactor
