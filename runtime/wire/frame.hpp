// Frames of the host port: all that a chip, emulated or real, is told and tells. Every engine accepts the
// same.
#pragma once

#include <cstdint>
#include <vector>

namespace trifactor {

enum class FrameType : std::uint32_t {
  // host to chip
  chip,           ///< words: packed ChipImage; first frame, clears everything
  core,           ///< unit: tile; words: packed CoreImage
  teacher,        ///< unit: projection; words: packed TeacherImage
  label,          ///< words: packed LabelImage
  start,          ///< programming is complete
  sample,         ///< tick: presentation; words: learn, class, then two 16-bit activities a word
  rate,           ///< unit: projection; tick: first learning sample it holds for; words: eta mantissa
  drain,          ///< answer `drained` when every presentation so far is done
  read_state,     ///< answer one `state` a unit, then `done`
  write_state,    ///< unit as in `state`
  read_counters,  ///< answer one `counters` a unit, then `done`
  read_weights,   ///< answer one `weights` a block, then `done`
  // chip to host
  result,  ///< tick: presentation; words: packed ResultWords
  digest,  ///< tick: presentation; unit: projection or population; words: packed DigestWords
  drained,
  state,     ///< unit: tile, teacher_unit + projection, or label_unit
  counters,  ///< unit: as state; words: packed UnitCounters
  weights,   ///< unit: tile; words: packed BlockWeights
  fault,     ///< words: packed FaultWords; the chip takes no further samples
  done,
};

inline constexpr std::uint32_t teacher_unit = 0x40000000u;
inline constexpr std::uint32_t label_unit = 0x80000000u;
inline constexpr std::uint32_t network_unit = 0x80000001u;  ///< counters of the mesh and trees

struct Frame {
  FrameType type = FrameType::done;
  std::uint32_t unit = 0;
  std::uint64_t tick = 0;
  std::vector<std::uint32_t> words;
};

}  // namespace trifactor
