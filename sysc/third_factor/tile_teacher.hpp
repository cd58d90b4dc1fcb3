// A layer's teacher unit with time: waits for all partial sums and for the similarity bits of a learning
// sample, takes the cycles its RTL takes, and broadcasts its words.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <span>
#include <string>
#include <systemc>
#include <vector>

#include "rtl/core/teacher.hpp"
#include "sysc/core/outlet.hpp"

namespace trifactor {

class TileTeacher : public sc_core::sc_module, public Sleeper {
 public:
  TileTeacher(sc_core::sc_module_name name, Teacher teacher, Outlet& outlet);

  /// One word of a contributor's partial sums, complete at `cycle`, which may lie ahead (own trees). Ticks
  /// are those of packets: 16 bits.
  void partial(std::uint32_t contributor, std::uint32_t projection, std::uint64_t tick, std::uint32_t word,
               std::int64_t value, std::uint64_t cycle);
  void same(std::uint32_t index, std::uint64_t tick, std::uint32_t bits, std::uint64_t cycle);
  /// The words of the sample under way are computed.
  void wake_up(std::uint64_t cycle) override;

  Teacher& teacher() { return teacher_; }
  std::uint64_t busy_cycles() const { return busy_; }
  bool idle() const { return same_.empty() && !computing_ && open_ == 0; }
  std::string waiting() const;
  void resume_at(std::uint64_t learned) {
    next_same_ = learned;
    tick_ = learned * teacher_.image().steps;
  }
  std::function<void(std::uint64_t sample)> on_taught;
  /// Which of the label unit's teachers this is.
  void set_index(std::uint32_t index) { index_ = index; }

 private:
  static constexpr std::size_t slots = 16;  ///< learning samples, or steps, that may be under way at a time
  struct Slot {
    std::vector<std::int64_t> sums;
    std::vector<bool> seen;
    std::uint32_t received = 0;
    std::uint64_t complete_at = 0;
  };
  /// Words that the layer's own cores send, and those from the input cores behind them.
  std::size_t layer_words() const {
    return static_cast<std::size_t>(teacher_.image().up_words - teacher_.image().input_words);
  }
  std::size_t input_words() const { return static_cast<std::size_t>(teacher_.image().input_words); }
  void try_start();
  void fault(const char* code, const std::string& text);

  Teacher teacher_;
  Outlet& outlet_;
  std::vector<Slot> slots_;
  std::deque<std::pair<std::uint32_t, std::uint64_t>> same_;  ///< bits and arrival, of samples
  std::uint64_t tick_ = 0;  ///< learning samples, or their steps, taught so far
  std::uint64_t next_same_ = 0;
  std::uint32_t index_ = 0;
  std::uint32_t open_ = 0;  ///< words received for samples not yet taught
  bool computing_ = false;
  std::uint64_t busy_ = 0;
};

}  // namespace trifactor
