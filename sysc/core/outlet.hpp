// What a unit at a tile needs of the chip around it: a way out for packets, the trees, an alarm
// clock, and a place for faults.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "sysc/core/alarm.hpp"
#include "sysc/noc/packet.hpp"

namespace trifactor {

class Outlet {
 public:
  virtual ~Outlet() = default;
  /// Route for a set of destinations from `tile`; asked for once, while the chip is put together.
  virtual std::uint32_t route(std::uint32_t tile, std::vector<std::uint32_t> destinations) = 0;
  virtual void inject(std::uint32_t tile, const Packet& packet, std::uint64_t ready_cycle) = 0;
  /// Packets of one kind, no end packets or credits, each ready a cycle after the one before.
  virtual void inject_train(std::uint32_t tile, std::span<const Packet> packets, std::uint64_t ready_cycle) {
    for (const Packet& packet : packets) inject(tile, packet, ready_cycle++);
  }
  /// A core's partial words [first_word, ...) for a layer's teacher, by the reduction tree or as packets.
  virtual void reduce(std::uint32_t tile, std::uint32_t projection, std::uint64_t sample,
                      std::uint32_t first_word, std::span<const std::int64_t> partial,
                      std::uint64_t ready_cycle) = 0;
  /// A teacher's words for the cores of its layer.
  virtual void broadcast(std::uint32_t teacher, std::uint32_t projection, std::uint64_t sample,
                         std::span<const std::int16_t> words, std::uint64_t ready_cycle) = 0;
  /// Wakes a unit at a cycle, see Alarm::set.
  void wake(Sleeper& unit, std::uint64_t cycle) { alarm_.set(unit, cycle); }
  const Alarm& alarm() const { return alarm_; }
  /// A modelled hardware fault: the chip stops.
  virtual void fault(const char* code, std::string text) = 0;
  /// Extra cycles of a stage under jitter, 0 without.
  virtual std::uint64_t jitter(std::uint32_t tile, std::uint64_t tick, std::uint32_t stage) const = 0;

 private:
  Alarm alarm_{"alarm"};
};

}  // namespace trifactor
