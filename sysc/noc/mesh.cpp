#include "sysc/noc/mesh.hpp"

#include <algorithm>

namespace trifactor {

Mesh::Mesh(sc_core::sc_module_name name, const MeshConfig& config)
    : sc_core::sc_module(name), fabric_(config), wake_("wake") {
  SC_METHOD(cycle);
  sensitive << wake_;
  dont_initialize();
}

void Mesh::wake_at(std::uint64_t cycle) {
  scheduled_ = cycle;
  // An earlier notification replaces a later one.
  wake_.notify(sc_core::sc_time::from_value((cycle - now()) * ticks_per_cycle()));
}

void Mesh::inject_train(std::uint32_t tile, std::span<const Packet> packets, std::uint64_t ready_cycle) {
  const std::uint64_t earliest = started_ ? now() + 1 : 0, ready = std::max(ready_cycle, earliest);
  fabric_.inject_train(tile, packets, ready_cycle, earliest);
  if (!running_ && ready < scheduled_) wake_at(ready);
}

void Mesh::cycle() {
  ++activations_;
  running_ = true;
  fabric_.run(now());
  running_ = false;
  scheduled_ = no_cycle;
  const std::uint64_t next = fabric_.next_cycle();
  if (next != no_cycle) wake_at(next);
}

void Mesh::reset_counters() {
  fabric_.reset_counters(now());
  activations_ = 0;
}

}  // namespace trifactor
