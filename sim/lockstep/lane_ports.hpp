// How the ports of the lanes are reached: packed into wide words, or one array element a lane.
#pragma once

#include "rtl/units/lane/rows.hpp"
#include "sim/lockstep/model.hpp"

namespace trifactor::lockstep {

/// What both forms share. `Derived` has the per-lane ports; offsets into a vector are those of LaneSubject.
template <class Model, std::size_t kLanes, class Derived>
class LanePorts {
 public:
  static constexpr std::size_t lanes = kLanes;

  void quiet() {
    model_->burst = model_->load = model_->clear_counters = 0;
    model_->b0 = model_->b1 = 0;
  }
  void configure(const LaneConfig& config) {
    model_->shift = static_cast<CData>(config.shift);
    model_->weight_bits = static_cast<CData>(config.weight_bits);
    model_->stochastic = config.stochastic;
  }
  void reset() { model_.reset(); }
  void settle() { model_.settle(); }
  void clock() { model_.clock(); }
  /// v: op, shift, weight_bits, stochastic, b0, b1, then a0, a1, c, generator, weight, exists of every lane.
  void show(const std::int64_t* v) {
    model_->burst = v[0] == 0;
    model_->load = v[0] == 1;
    model_->clear_counters = v[0] == 3;
    model_->b0 = static_cast<SData>(v[4]);
    model_->b1 = static_cast<SData>(v[5]);
    const std::int64_t* lane = v + 6;
    for (std::size_t k = 0; k < lanes; ++k) {
      if (v[0] != 0)
        derived().show_factors(k, lane[k], lane[lanes + k], lane[2 * lanes + k],
                               static_cast<std::uint32_t>(lane[3 * lanes + k]));
      derived().show_synapse(k, lane[4 * lanes + k], lane[5 * lanes + k] != 0);
    }
  }
  bool active() { return model_->active; }
  bool done() { return model_->done; }
  LaneLosses losses() {
    return {model_->applied, model_->rounded_to_zero, model_->saturations, model_->intended, model_->change};
  }

 protected:
  Clocked<Model> model_;

 private:
  Derived& derived() { return static_cast<Derived&>(*this); }
};

/// Flat ports of 8 lanes or more; a mask of up to 32 lanes is one word.
template <class Model, std::size_t kLanes>
class FlatLanePorts : public LanePorts<Model, kLanes, FlatLanePorts<Model, kLanes>> {
 public:
  void show_factors(std::size_t k, std::int64_t a0, std::int64_t a1, std::int64_t c,
                    std::uint32_t generator) {
    put_bits(this->model_->load_a0, 15 * k, 15, static_cast<std::uint64_t>(a0));
    put_bits(this->model_->load_a1, 15 * k, 15, static_cast<std::uint64_t>(a1));
    put_bits(this->model_->load_c, 15 * k, 15, static_cast<std::uint64_t>(c));
    put_bits(this->model_->load_generators, 32 * k, 32, generator);
  }
  void show_synapse(std::size_t k, std::int64_t weight, bool exists) {
    put_bits(this->model_->weights, 16 * k, 16, static_cast<std::uint64_t>(weight));
    auto& mask = this->model_->exists;
    mask =
        static_cast<std::remove_reference_t<decltype(mask)>>((mask & ~(1u << k)) | (unsigned{exists} << k));
  }
  std::uint32_t generator(std::size_t k) {
    return static_cast<std::uint32_t>(get_bits(this->model_->generators, 32 * k, 32));
  }
  std::int64_t weight(std::size_t k) {
    return as_signed(get_bits(this->model_->new_weights, 16 * k, 16), 16);
  }
  bool enabled(std::size_t k) { return (this->model_->enabled >> k & 1) != 0; }
  bool saturated(std::size_t k) { return (this->model_->saturated >> k & 1) != 0; }
};

template <class Model, std::size_t kLanes>
class ArrayLanePorts : public LanePorts<Model, kLanes, ArrayLanePorts<Model, kLanes>> {
 public:
  void show_factors(std::size_t k, std::int64_t a0, std::int64_t a1, std::int64_t c,
                    std::uint32_t generator) {
    this->model_->load_a0[k] = static_cast<SData>(a0 & 0x7fff);
    this->model_->load_a1[k] = static_cast<SData>(a1 & 0x7fff);
    this->model_->load_c[k] = static_cast<SData>(c & 0x7fff);
    this->model_->load_generators[k] = generator;
  }
  void show_synapse(std::size_t k, std::int64_t weight, bool exists) {
    this->model_->weights[k] = static_cast<SData>(weight);
    this->model_->exists[k] = exists;
  }
  std::uint32_t generator(std::size_t k) { return this->model_->generators[k]; }
  std::int64_t weight(std::size_t k) { return as_signed(this->model_->new_weights[k], 16); }
  bool enabled(std::size_t k) { return this->model_->enabled[k]; }
  bool saturated(std::size_t k) { return this->model_->saturated[k]; }
};

}  // namespace trifactor::lockstep
