#include "host/experiment/checkpoint.hpp"

#include <optional>

#include "rtl/spec/diagnostic.hpp"
#include "rtl/spec/pack.hpp"
#include "runtime/layout/sealed_file.hpp"

namespace trifactor {
namespace {

const SealKind seal{"TRIFCKPT", "checkpoint", 1, "TF-CKP"};

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

/// Maps travel as two arrays.
struct Wire {
  Checkpoint checkpoint;
  std::vector<std::uint32_t> units;
  std::vector<UnitCounters> counters;
  std::vector<std::uint64_t> latency_cycles, latency_counts;
  std::vector<std::uint32_t> teachers;
  std::vector<UnitCounters> teacher_counters;
  template <class V>
  friend void visit(V& v, Wire& w) {
    Checkpoint& c = w.checkpoint;
    v(c.layout, c.data, c.test, c.total, c.every, c.chip, c.encoder_offset, c.accuracy, c.signals,
      c.running_right, c.running_seen, c.digest_bytes, w.units, w.counters, w.latency_cycles,
      w.latency_counts, c.signal_updates, w.teachers, w.teacher_counters);
  }
};

}  // namespace

void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint) {
  Wire wire;
  wire.checkpoint = checkpoint;
  for (const auto& [unit, counters] : checkpoint.counters.units)
    wire.units.push_back(unit), wire.counters.push_back(counters);
  for (const auto& [cycles, count] : checkpoint.latencies)
    wire.latency_cycles.push_back(cycles), wire.latency_counts.push_back(count);
  for (const auto& [teacher, counters] : checkpoint.signal_teachers)
    wire.teachers.push_back(teacher), wire.teacher_counters.push_back(counters);
  write_sealed_words(seal, path, pack(wire));
}

Checkpoint read_checkpoint(const std::filesystem::path& path, const std::string& layout_digest) {
  Wire wire = unpack<Wire>(read_sealed_words(seal, path), path.string());
  Checkpoint& checkpoint = wire.checkpoint;
  if (checkpoint.layout != layout_digest)
    throw Error(ExitCode::data, {"TF-CKPT-003", path.string(),
                                 "the checkpoint belongs to another layout (SHA-256 " +
                                     checkpoint.layout.substr(0, 12) + "...)",
                                 "the layout with SHA-256 " + layout_digest.substr(0, 12) + "...",
                                 "give the layout it was made with"});
  for (std::size_t i = 0; i < wire.units.size() && i < wire.counters.size(); ++i)
    checkpoint.counters.units[wire.units[i]] = wire.counters[i];
  for (std::size_t i = 0; i < wire.latency_cycles.size() && i < wire.latency_counts.size(); ++i)
    checkpoint.latencies[wire.latency_cycles[i]] = wire.latency_counts[i];
  for (std::size_t i = 0; i < wire.teachers.size() && i < wire.teacher_counters.size(); ++i)
    checkpoint.signal_teachers[wire.teachers[i]] = wire.teacher_counters[i];
  return checkpoint;
}

}  // namespace trifactor
