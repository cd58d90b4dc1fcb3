// Wakes units at the cycles they ask for: one SystemC event for all of them, so that what every cycle of the
// mesh costs in the kernel does not grow with the number of units that wait.
#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <systemc>
#include <tuple>
#include <vector>

namespace trifactor {

/// A unit that may ask to be woken.
class Sleeper {
 public:
  virtual void wake_up(std::uint64_t cycle) = 0;

 protected:
  ~Sleeper() = default;

 private:
  friend class Alarm;
  std::uint64_t due_ = ~std::uint64_t{0};
};

class Alarm : public sc_core::sc_module {
 public:
  SC_HAS_PROCESS(Alarm);
  explicit Alarm(sc_core::sc_module_name name) : sc_module(name) {
    SC_METHOD(ring);
    sensitive << event_;
    dont_initialize();
  }

  /// Wakes `who` at `cycle`, at once where that has passed. An earlier cycle replaces a later one. `who` must
  /// outlive the simulation.
  void set(Sleeper& who, std::uint64_t cycle) {
    if (cycle >= who.due_) return;
    who.due_ = cycle;
    entries_.push_back({cycle, count_++, &who});
    std::push_heap(entries_.begin(), entries_.end(), std::greater<>());
    if (!ringing_ && cycle < scheduled_) schedule(cycle);
  }

  std::uint64_t activations() const { return activations_; }  ///< of the SC_METHOD

 private:
  static constexpr std::uint64_t never = ~std::uint64_t{0};
  using Entry = std::tuple<std::uint64_t, std::uint64_t, Sleeper*>;  ///< cycle; those of a cycle in turn

  static std::uint64_t now() {
    static const sc_dt::uint64 ticks = sc_core::sc_time(1, sc_core::SC_NS).value();
    return sc_core::sc_time_stamp().value() / ticks;
  }
  void schedule(std::uint64_t cycle) {
    scheduled_ = cycle;
    event_.cancel();
    event_.notify(sc_core::sc_time(static_cast<double>(std::max(cycle, now()) - now()), sc_core::SC_NS));
  }
  void ring() {
    ++activations_;
    const std::uint64_t cycle = now();
    ringing_ = true;
    while (!entries_.empty()) {
      const auto [due, number, who] = entries_.front();
      const bool replaced = who->due_ != due;  // by an earlier one
      if (!replaced && due > cycle) break;
      std::pop_heap(entries_.begin(), entries_.end(), std::greater<>());
      entries_.pop_back();
      if (replaced) continue;
      who->due_ = never;
      who->wake_up(cycle);
    }
    ringing_ = false;
    scheduled_ = never;
    if (!entries_.empty()) schedule(std::get<0>(entries_.front()));
  }

  sc_core::sc_event event_;
  std::vector<Entry> entries_;  ///< a heap, the first due in front
  std::uint64_t count_ = 0, activations_ = 0;
  std::uint64_t scheduled_ = never;  ///< cycle for which the event is notified
  bool ringing_ = false;
};

}  // namespace trifactor
