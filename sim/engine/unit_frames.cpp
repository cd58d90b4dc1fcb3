#include "sim/engine/unit_frames.hpp"

#include "runtime/wire/words.hpp"

namespace trifactor {

void state_frames(ChipUnits units, LateFrames& late) {
  for (const Core& core : units.cores)
    late.push_back([&core] { return Frame{FrameType::state, core.image().core, 0, core.save()}; });
  for (Teacher& teacher : units.teachers) {
    std::vector<std::uint32_t> words;
    Packer packer(words);
    teacher.visit_state(packer);
    late.push_back([frame = Frame{FrameType::state, teacher_unit + teacher.image().projection, 0, words}] {
      return frame;
    });
  }
  std::vector<std::uint32_t> words;
  Packer packer(words);
  units.label.visit_state(packer);
  packer(units.learned);
  late.push_back([frame = Frame{FrameType::state, label_unit, 0, words}] { return frame; });
  late.push_back([] { return Frame{}; });
}

void set_state(ChipUnits units, const Frame& frame) {
  if (frame.unit == label_unit) {
    Unpacker unpacker(frame.words, "state of the label unit");
    units.label.visit_state(unpacker);
    unpacker(units.learned);
    unpacker.finish();
    return;
  }
  for (Teacher& teacher : units.teachers)
    if (frame.unit == teacher_unit + teacher.image().projection) {
      Unpacker unpacker(frame.words, "state of a teacher unit");
      teacher.visit_state(unpacker);
      return unpacker.finish();
    }
  for (Core& core : units.cores)
    if (frame.unit == core.image().core) return core.restore(frame.words);
  throw Error(ExitCode::data, {"TF-CKPT-001", "checkpoint", "state of a unit that this layout does not have",
                               "", "use the layout with which the checkpoint was made"});
}

void counter_frames(ChipUnits units, std::deque<Frame>& answers) {
  for (std::size_t k = 0; k < units.cores.size(); ++k) {
    UnitCounters counters;
    counters.events = units.cores[k].events();
    for (std::size_t b = 0; b < units.cores[k].image().blocks.size(); ++b) {
      counters.projections.push_back(units.cores[k].image().blocks[b].projection);
      counters.updates.push_back(units.cores[k].update_counts(b));
      counters.block_events.push_back(units.cores[k].block_events(b));
    }
    answers.push_back({FrameType::counters, units.cores[k].image().core, 0, pack(counters)});
  }
  for (Teacher& teacher : units.teachers) {
    UnitCounters counters;
    counters.events = teacher.events();
    const TeacherMonitor& m = teacher.monitor();
    counters.kernel_sum = m.kernel, counters.third_factor_sum = m.third_factor;
    counters.same_class = m.same_class, counters.partners = m.partners;
    answers.push_back({FrameType::counters, teacher_unit + teacher.image().projection, 0, pack(counters)});
  }
  UnitCounters counters;
  counters.events = units.label.events();
  answers.push_back({FrameType::counters, label_unit, 0, pack(counters)});
  answers.push_back({FrameType::done, 0, 0, {}});
}

void weight_frames(ChipUnits units, LateFrames& late) {
  for (const Core& core : units.cores)
    for (std::size_t b = 0; b < core.image().blocks.size(); ++b)
      late.push_back([&core, b] {
        return Frame{FrameType::weights, core.image().core, 0, pack(core.read_weights(b))};
      });
  late.push_back([] { return Frame{}; });
}

}  // namespace trifactor
