// Handling of a Verilated model: clock, and words inside wide ports.
#pragma once

#include <verilated.h>

#include <cstdint>
#include <memory>

namespace trifactor::lockstep {

/// A model with its own context, its registers random before reset so that nothing depends on them.
template <class Model>
class Clocked {
 public:
  Clocked() : context_(prepare()), model_(std::make_unique<Model>(context_.get(), "top")) {}
  ~Clocked() { model_->final(); }
  Clocked(const Clocked&) = delete;
  Clocked& operator=(const Clocked&) = delete;

  Model* operator->() { return model_.get(); }
  Model& operator*() { return *model_; }
  /// Lets the inputs settle before the edge, so that outputs without a register can be read.
  void settle() {
    model_->clk = 0;
    model_->eval();
  }
  void clock() {
    settle();
    model_->clk = 1;
    model_->eval();
  }
  void reset() {
    model_->rst_n = 0;
    clock();
    clock();
    model_->rst_n = 1;
  }

 private:
  static std::unique_ptr<VerilatedContext> prepare() {
    auto context = std::make_unique<VerilatedContext>();
    context->randReset(2);
    context->randSeed(1);
    return context;
  }
  std::unique_ptr<VerilatedContext> context_;
  std::unique_ptr<Model> model_;
};

/// Writes `width` bits (at most 32) of a wide port at bit `low`.
template <class Port>
void put_bits(Port& port, std::size_t low, std::size_t width, std::uint64_t value) {
  for (std::size_t bit = 0; bit < width;) {
    const std::size_t word = (low + bit) / 32, offset = (low + bit) % 32;
    const std::size_t part = width - bit < 32 - offset ? width - bit : 32 - offset;
    const std::uint32_t mask = part == 32 ? ~0u : ((1u << part) - 1u);
    const std::uint32_t bits = static_cast<std::uint32_t>(value >> bit) & mask;
    port[word] = (port[word] & ~(mask << offset)) | (bits << offset);
    bit += part;
  }
}

/// Reads `width` bits (at most 64) of a wide port at bit `low`.
template <class Port>
std::uint64_t get_bits(const Port& port, std::size_t low, std::size_t width) {
  std::uint64_t value = 0;
  for (std::size_t bit = 0; bit < width;) {
    const std::size_t word = (low + bit) / 32, offset = (low + bit) % 32;
    const std::size_t part = width - bit < 32 - offset ? width - bit : 32 - offset;
    const std::uint32_t mask = part == 32 ? ~0u : ((1u << part) - 1u);
    value |= static_cast<std::uint64_t>((port[word] >> offset) & mask) << bit;
    bit += part;
  }
  return value;
}

/// The low `bits` bits of a port as a signed number.
constexpr std::int64_t as_signed(std::uint64_t value, int bits) {
  return static_cast<std::int64_t>(value << (64 - bits)) >> (64 - bits);
}

}  // namespace trifactor::lockstep
