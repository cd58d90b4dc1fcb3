// What a chip without time answers when it is asked for its units: states, counters, weights.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "rtl/core/core.hpp"
#include "rtl/core/teacher.hpp"
#include "runtime/wire/frame.hpp"

namespace trifactor {

struct ChipUnits {
  std::vector<Core>& cores;
  std::deque<Teacher>& teachers;
  LabelUnit& label;
  std::uint64_t& learned;  ///< learning samples
};

/// Answers that are made one by one as they are taken: weights and states are as large as the chip. The last
/// one is an empty frame.
using LateFrames = std::deque<std::function<Frame()>>;

void state_frames(ChipUnits units, LateFrames& late);
void weight_frames(ChipUnits units, LateFrames& late);
void counter_frames(ChipUnits units, std::deque<Frame>& answers);
/// Throws Error (data) for a unit that is not there (TF-CKPT-001).
void set_state(ChipUnits units, const Frame& frame);

}  // namespace trifactor
