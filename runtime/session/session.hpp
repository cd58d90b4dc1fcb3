// What a host does with a chip: program it, stream samples through it, read what it learned, save and resume.
// The same code drives every engine, and would drive silicon.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "rtl/spec/events.hpp"
#include "runtime/device/device.hpp"
#include "runtime/layout/layout.hpp"
#include "runtime/wire/words.hpp"

namespace trifactor {

/// The chip's answer to one sample.
struct Answer {
  std::uint64_t presentation = 0;
  std::int64_t label = 0;
  std::int64_t predicted = 0;  ///< index of the largest output, the highest one in a tie
  bool learned = false;
  std::uint64_t entered_cycle = 0, answered_cycle = 0;
};

struct SessionOptions {
  bool digests = false;
  std::uint32_t threads = 1;
};

/// Stored integers of one projection, as users know it: (n_post, n_pre) and (n_post).
struct ProjectionWeights {
  std::vector<std::int16_t> weights, bias;
};

/// Counters of the whole chip, by unit.
struct ChipCounters {
  std::map<std::uint32_t, UnitCounters>
      units;  ///< by tile, teacher_unit + projection, label_unit, network_unit
};

class Session {
 public:
  /// Programs the device: one core's image at a time passes through this process.
  Session(Device& device, const LayoutReader& layout, const SessionOptions& options);

  std::function<void(const Answer&)> on_answer;
  std::function<void(std::uint64_t presentation, const DigestWords&)> on_digest;

  /// Learning samples of the whole run: what linear schedules fall over.
  void set_run_length(std::uint64_t learning_samples) { run_length_ = learning_samples; }

  /// Streams one sample; answers arrive through on_answer, in order, some of them during later calls.
  /// values: real activities of the input population, quantised here to its format.
  void present(std::span<const float> values, std::int64_t label, bool learn);
  /// Waits for every answer and until all updates that may be written are.
  void drain();

  ChipCounters counters();  ///< drains first

  // What follows is as large as the chip, so it passes through this process one unit at a time. Drains first.
  /// All blocks, in an order of the device's own.
  void read_weights(const std::function<void(const BlockWeights&)>& take);
  /// Gathers them, for layouts known to be small.
  std::vector<ProjectionWeights> weights();
  /// Everything the drained chip holds: state_units() units, for a checkpoint.
  void save(const std::function<void(std::uint32_t unit, std::span<const std::uint32_t> words)>& take);
  std::size_t state_units() const { return state_units_; }
  /// Gives a unit the state that `save` took.
  void restore(std::uint32_t unit, std::span<const std::uint32_t> words);
  /// Goes on behind so many presentations, once every unit is restored.
  void go_on_from(std::uint64_t presentations, std::uint64_t learned);

  std::uint64_t learned() const { return learned_; }
  std::uint64_t presentations() const { return presentations_; }

 private:
  void send_rates();
  void handle(const Frame& frame);
  Frame next_of(FrameType wanted);
  template <class Handler>
  void read_all(FrameType question, FrameType answer, Handler handler);

  Device& device_;
  Program program_;
  std::size_t state_units_;  ///< cores, teachers and the label unit
  std::uint64_t run_length_ = 0;
  std::uint64_t presentations_ = 0, learned_ = 0, outstanding_ = 0;
  std::vector<std::int16_t> quantised_;
};

}  // namespace trifactor
