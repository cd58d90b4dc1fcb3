// A layer's teacher unit with its state, and the label unit with its memory, without time.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <vector>

#include "rtl/core/arithmetic.hpp"
#include "rtl/spec/events.hpp"
#include "rtl/spec/image.hpp"
#include "rtl/spec/pack.hpp"
#include "rtl/units/history/golden.hpp"
#include "rtl/units/label/golden.hpp"

namespace trifactor {

class Teacher {
 public:
  Teacher(TeacherImage image, const Arithmetic& arithmetic)
      : image_(std::move(image)),
        unit_(arithmetic.teacher(image_.rule)),
        state_(teacher_state_words(image_.partners), 0),
        words_(static_cast<std::size_t>(image_.down_words), 0) {}

  const TeacherImage& image() const { return image_; }

  /// up: complete sums of the next learning sample, or of its next step where it teaches at every step. The
  /// words stay valid until the next call.
  std::span<const std::int16_t> teach(std::span<const std::int64_t> up, std::uint32_t same) {
    const std::uint64_t sample = tick_ / image_.steps;
    const int count = static_cast<int>(history_count(sample, static_cast<std::uint32_t>(image_.partners)));
    unit_->teach(image_.registers, sample, count, up, same, state_, words_, monitor_);
    ++tick_;
    events_[Event::teacher_word] += words_.size();
    events_[Event::exponential] += static_cast<std::uint64_t>(count);
    return words_;
  }

  EventCounts& events() { return events_; }
  const TeacherMonitor& monitor() const { return monitor_; }
  std::uint64_t digest() const;

  template <class V>
  void visit_state(V& v) {
    v(tick_, state_);
  }

 private:
  TeacherImage image_;
  std::unique_ptr<TeacherUnit> unit_;
  std::vector<std::int64_t> state_;
  std::vector<std::int16_t> words_;
  std::uint64_t tick_ = 0;  ///< learning samples, or their steps, taught so far
  TeacherMonitor monitor_;
  EventCounts events_;
};

class LabelUnit {
 public:
  LabelUnit() = default;
  explicit LabelUnit(LabelImage image) : image_(std::move(image)), ring_(image_.slots, 0) {}

  const LabelImage& image() const { return image_; }

  /// Stores the class of the next learning sample.
  void enter(std::uint16_t label) {
    if (ring_.empty()) return;
    ring_[history_slot(sample_++, 0, image_.slots)] = label;
  }
  /// Similarity of the sample last entered to its predecessors, one bit each.
  std::uint32_t same(std::uint32_t partners) const {
    return label_bits(ring_, sample_ - 1, history_count(sample_ - 1, partners));
  }
  EventCounts& events() { return events_; }

  template <class V>
  void visit_state(V& v) {
    v(sample_, ring_);
  }

 private:
  LabelImage image_;
  std::vector<std::uint16_t> ring_;
  std::uint64_t sample_ = 0;
  EventCounts events_;
};

}  // namespace trifactor
