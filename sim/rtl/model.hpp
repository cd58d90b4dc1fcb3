// What the adapters of all Verilated classes share: a context and a model of its own for each unit, a clock,
// reset, and the configuration port.
#pragma once

#include <verilated.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "rtl/spec/diagnostic.hpp"

namespace trifactor {

template <class Model>
class ClockedModel {
 public:
  /// Registers and inputs start with arbitrary (but repeatable) contents, as silicon's do; then reset is
  /// given. The adapter has to set the inputs that matter before the next edge.
  ClockedModel() : context_(std::make_unique<VerilatedContext>()) {
    context_->randReset(2);
    context_->randSeed(1);
    model_ = std::make_unique<Model>(context_.get(), "unit");
    model_->clk = 0;
    model_->rst_n = 0;
    model_->eval();
    for (int i = 0; i < 2; ++i) rise(), fall();
    model_->rst_n = 1;
  }
  ClockedModel(const ClockedModel&) = delete;
  ClockedModel& operator=(const ClockedModel&) = delete;
  ~ClockedModel() { model_->final(); }

  Model& operator*() { return *model_; }
  Model* operator->() { return model_.get(); }

  void rise() {
    model_->clk = 1;
    model_->eval();
  }
  /// Inputs may change before it.
  void fall() {
    model_->clk = 0;
    model_->eval();
  }

  /// Writes the registers that differ from what the unit holds.
  void configure(std::span<const std::int32_t> registers) {
    if (registers_.size() == registers.size() &&
        std::equal(registers.begin(), registers.end(), registers_.begin()))
      return;
    model_->cfg_we = 1;
    for (std::size_t i = 0; i < registers.size(); ++i) {
      model_->cfg_addr = static_cast<CData>(i);
      model_->cfg_data = static_cast<IData>(registers[i]);
      rise(), fall();
    }
    model_->cfg_we = 0;
    registers_.assign(registers.begin(), registers.end());
  }

 private:
  std::unique_ptr<VerilatedContext> context_;
  std::unique_ptr<Model> model_;
  std::vector<std::int32_t> registers_;
};

/// A unit that never finishes is a mistake in its control, not in its user's data.
inline constexpr std::int64_t longest_run = std::int64_t{1} << 26;
[[noreturn]] inline void throw_unfinished(const char* unit) {
  throw Error(ExitCode::internal, {"TF-RTL-003", unit, "the unit gave no `done` within 2^26 cycles", "",
                                   "this is a fault of the unit's control; `trifactor verify` finds it"});
}

}  // namespace trifactor
