#include "sysc/third_factor/tile_teacher.hpp"

#include <algorithm>

#include "rtl/units/reduce/golden.hpp"
#include "sysc/core/packets.hpp"

namespace trifactor {
namespace {
std::uint64_t cycle_now() {
  static const sc_dt::uint64 ticks = sc_core::sc_time(1, sc_core::SC_NS).value();
  return sc_core::sc_time_stamp().value() / ticks;
}
}  // namespace

TileTeacher::TileTeacher(sc_core::sc_module_name name, Teacher teacher, Outlet& outlet)
    : sc_module(name), teacher_(std::move(teacher)), outlet_(outlet), slots_(slots) {
  const TeacherImage& image = teacher_.image();
  for (Slot& slot : slots_) {
    slot.sums.assign(static_cast<std::size_t>(image.up_words), reduce_start(image.reduction));
    slot.seen.assign(
        layer_words() * image.contributors.size() + input_words() * image.input_contributors.size(), false);
  }
}

void TileTeacher::fault(const char* code, const std::string& text) {
  outlet_.fault(code, "teacher of projection " + std::to_string(teacher_.image().projection) + ": " + text);
}

void TileTeacher::partial(std::uint32_t contributor, std::uint32_t projection, std::uint64_t tick,
                          std::uint32_t word, std::int64_t value, std::uint64_t cycle) {
  const TeacherImage& image = teacher_.image();
  const std::uint64_t sample = full_tick(tick, tick_);
  if (projection != image.projection || word >= static_cast<std::uint32_t>(image.up_words))
    return fault("TF-HW-006", "a partial sum that is not for this layer");
  const bool from_input = word >= layer_words();
  const auto& senders = from_input ? image.input_contributors : image.contributors;
  const std::size_t c =
      static_cast<std::size_t>(std::find(senders.begin(), senders.end(), contributor) - senders.begin());
  if (c == senders.size() || sample < tick_ || sample >= tick_ + slots)
    return fault("TF-HW-004",
                 "a partial sum of learning sample " + std::to_string(sample) + " arrived out of turn");
  Slot& slot = slots_[sample % slots];
  const std::size_t at =
      from_input ? layer_words() * image.contributors.size() + c * input_words() + (word - layer_words())
                 : c * layer_words() + word;
  if (slot.seen[at])
    return fault("TF-HW-002", "a partial sum of core " + std::to_string(contributor) + " arrived twice");
  slot.seen[at] = true;
  reduce_into(image.reduction, slot.sums, word, value);
  slot.complete_at = std::max(slot.complete_at, cycle);
  ++slot.received;
  ++open_;
  try_start();
}

void TileTeacher::same(std::uint32_t index, std::uint64_t tick, std::uint32_t bits, std::uint64_t cycle) {
  const std::uint64_t sample = full_tick(tick, next_same_);
  if (index != index_) return fault("TF-HW-006", "similarity bits for another teacher");
  if (sample != next_same_)
    return fault("TF-HW-004",
                 "similarity bits of learning sample " + std::to_string(sample) + " arrived out of turn");
  ++next_same_;
  same_.push_back({bits, cycle});
  try_start();
}

void TileTeacher::try_start() {
  const Slot& slot = slots_[tick_ % slots];
  if (computing_ || same_.empty() || slot.received != slot.seen.size()) return;
  const std::uint64_t now = cycle_now();
  const std::uint64_t ready = std::max({now, slot.complete_at, same_.front().second});
  const std::uint64_t cycles = static_cast<std::uint64_t>(teacher_.image().teach_cycles) +
                               outlet_.jitter(teacher_.image().tile, tick_, 16);
  busy_ += cycles;
  computing_ = true;
  outlet_.wake(*this, ready + cycles);
}

void TileTeacher::wake_up(std::uint64_t cycle) {
  Slot& slot = slots_[tick_ % slots];
  const auto words = teacher_.teach(slot.sums, same_.front().first);
  const std::uint64_t tick = tick_++, steps = teacher_.image().steps;
  if (tick_ % steps == 0) same_.pop_front();
  open_ -= slot.received;
  std::fill(slot.sums.begin(), slot.sums.end(), reduce_start(teacher_.image().reduction));
  std::fill(slot.seen.begin(), slot.seen.end(), false);
  slot.received = 0;
  slot.complete_at = 0;
  computing_ = false;
  if (on_taught) on_taught(tick / steps);
  outlet_.broadcast(teacher_.image().tile, teacher_.image().projection, tick, words, cycle);
  try_start();
}

std::string TileTeacher::waiting() const {
  if (idle()) return {};
  const Slot& slot = slots_[tick_ % slots];
  return "teacher of projection " + std::to_string(teacher_.image().projection) + " at learning sample " +
         std::to_string(tick_ / teacher_.image().steps) + " has " + std::to_string(slot.received) + " of " +
         std::to_string(slot.seen.size()) + " partial sums and " + (same_.empty() ? "no " : "") +
         "similarity bits";
}

}  // namespace trifactor
