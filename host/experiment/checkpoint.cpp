#include "host/experiment/checkpoint.hpp"

#include <optional>

#include "rtl/spec/diagnostic.hpp"
#include "rtl/spec/pack.hpp"
#include "runtime/layout/sealed_file.hpp"

namespace trifactor {
namespace {

const SealKind seal{"TRIFCKPT", "checkpoint", 4, "TF-CKP"};

/// An optional as a flag and a value.
struct MaybeNumber {
  bool present = false;
  double value = 0;
  template <class V>
  friend void visit(V& v, MaybeNumber& m) {
    v(m.present, m.value);
  }
};
template <class V>
void number(V& v, std::optional<double>& field) {
  MaybeNumber maybe{field.has_value(), field.value_or(0)};
  v(maybe);
  field = maybe.present ? std::optional<double>(maybe.value) : std::nullopt;
}

}  // namespace

template <class V>
void visit(V& v, AccuracyRow& row) {
  v(row.samples_seen, row.epoch);
  for (auto* field : {&row.test_accuracy, &row.train_accuracy, &row.loss}) number(v, *field);
}
template <class V>
void visit(V& v, LayerSignals& s) {
  v(s.sample, s.layer, s.saturated, s.rounded_to_zero, s.factors_lost);
  for (auto* field : {&s.mean_kernel, &s.sigma, &s.mean_abs_third_factor, &s.same_class_share, &s.weight_norm,
                      &s.applied_share, &s.eta})
    number(v, *field);
}

namespace {

/// What stands before the chip's state in the file.
template <class V>
void visit_head(V& v, Checkpoint& c) {
  v(c.layout, c.data, c.test, c.total, c.every, c.presentations, c.learned);
}

/// What stands behind it. Maps travel as two arrays.
struct Tail {
  Checkpoint& checkpoint;
  std::vector<std::uint32_t> units;
  std::vector<UnitCounters> counters;
  std::vector<std::uint64_t> latency_cycles, latency_counts;
  std::vector<std::uint32_t> teachers;
  std::vector<UnitCounters> teacher_counters;
  template <class V>
  friend void visit(V& v, Tail& t) {
    Checkpoint& c = t.checkpoint;
    v(c.encoder_offset, c.accuracy, c.signals, c.running_right, c.running_seen, c.learn_cycles,
      c.digest_bytes, t.units, t.counters, t.latency_cycles, t.latency_counts, c.signal_updates, t.teachers,
      t.teacher_counters);
  }
};

std::vector<std::uint32_t> pack_tail(Checkpoint& checkpoint) {
  Tail tail{checkpoint, {}, {}, {}, {}, {}, {}};
  for (const auto& [unit, counters] : checkpoint.counters.units)
    tail.units.push_back(unit), tail.counters.push_back(counters);
  for (const auto& [cycles, count] : checkpoint.latencies)
    tail.latency_cycles.push_back(cycles), tail.latency_counts.push_back(count);
  for (const auto& [teacher, counters] : checkpoint.signal_teachers)
    tail.teachers.push_back(teacher), tail.teacher_counters.push_back(counters);
  return pack(tail);
}

void unpack_tail(Unpacker& unpacker, Checkpoint& checkpoint) {
  Tail tail{checkpoint, {}, {}, {}, {}, {}, {}};
  unpacker(tail);
  for (std::size_t i = 0; i < tail.units.size() && i < tail.counters.size(); ++i)
    checkpoint.counters.units[tail.units[i]] = tail.counters[i];
  for (std::size_t i = 0; i < tail.latency_cycles.size() && i < tail.latency_counts.size(); ++i)
    checkpoint.latencies[tail.latency_cycles[i]] = tail.latency_counts[i];
  for (std::size_t i = 0; i < tail.teachers.size() && i < tail.teacher_counters.size(); ++i)
    checkpoint.signal_teachers[tail.teachers[i]] = tail.teacher_counters[i];
}

/// Appends what `fill` packs.
template <class Fill>
void append(SealedWriter& file, Fill fill) {
  std::vector<std::uint32_t> words;
  Packer packer(words);
  fill(packer);
  file.append(words);
}

}  // namespace

void write_checkpoint(const std::filesystem::path& path, Checkpoint& checkpoint, Session& session,
                      const std::function<void(Checkpoint&)>& fill_rest) {
  checkpoint.presentations = session.presentations(), checkpoint.learned = session.learned();
  SealedWriter file(seal, path);
  append(file, [&](Packer& packer) { visit_head(packer, checkpoint); });
  // The numbers of the units stand before their states and are known after them.
  const std::uint64_t count = session.state_units();
  append(file, [&](Packer& packer) { packer(count); });
  const std::uint64_t numbers_at = file.size();
  std::vector<std::uint32_t> numbers(count);
  file.append(numbers);
  numbers.clear();
  append(file, [&](Packer& packer) { packer(count); });
  session.save([&](std::uint32_t unit, std::span<const std::uint32_t> words) {
    numbers.push_back(unit);
    append(file, [&](Packer& packer) { packer(static_cast<std::uint64_t>(words.size())); });
    file.append(words);
  });
  if (numbers.size() != count)
    throw Error(ExitCode::internal,
                {"TF-CKPT-090", path.string(),
                 "the chip sent the states of " + std::to_string(numbers.size()) + " units",
                 std::to_string(count), ""});
  file.replace(numbers_at, numbers);
  fill_rest(checkpoint);
  file.append(pack_tail(checkpoint));
  file.finish();
}

CheckpointFile::CheckpointFile(const std::filesystem::path& path, const std::string& layout_digest)
    : file_(seal, path) {
  Unpacker unpacker(file_.words(), path.string());
  visit_head(unpacker, content_);
  std::vector<std::uint32_t> numbers;
  std::uint64_t count = 0;
  unpacker(numbers, count);
  if (count != numbers.size())
    throw Error(ExitCode::data, {"TF-CKPT-006", path.string(), std::to_string(count) + " states of units",
                                 std::to_string(numbers.size()), "make the checkpoint again"});
  for (const std::uint32_t number : numbers) units_.push_back({number, unpacker.view()});
  unpack_tail(unpacker, content_);
  unpacker.finish();
  if (content_.layout != layout_digest)
    throw Error(ExitCode::data, {"TF-CKPT-003", path.string(),
                                 "the checkpoint belongs to another layout (SHA-256 " +
                                     content_.layout.substr(0, 12) + "...)",
                                 "the layout with SHA-256 " + layout_digest.substr(0, 12) + "...",
                                 "give the layout it was made with"});
}

void CheckpointFile::restore(Session& session) const {
  for (const Unit& unit : units_) {
    session.restore(unit.number, unit.words);
    file_.release(unit.words);
  }
  session.go_on_from(content_.presentations, content_.learned);
}

}  // namespace trifactor
