// A run at a sample boundary, complete: written, synced, renamed, so that a kill leaves the older one valid.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <vector>

#include "host/report/run_record.hpp"
#include "runtime/layout/sealed_file.hpp"
#include "runtime/session/session.hpp"

namespace trifactor {

struct Checkpoint {
  std::string layout;  ///< SHA-256 of the layout it belongs to
  std::string data, test;
  std::uint64_t total = 0, every = 0;
  std::uint64_t presentations = 0, learned = 0;
  ChipCounters counters;
  std::vector<double> encoder_offset;
  std::vector<AccuracyRow> accuracy;
  std::vector<LayerSignals> signals;
  std::map<std::uint64_t, std::uint64_t> latencies;
  std::uint64_t running_right = 0, running_seen = 0;
  std::vector<UpdateCounts> signal_updates;  ///< counters at the last row of signals
  std::map<std::uint32_t, UnitCounters> signal_teachers;
  std::uint64_t learn_cycles = 0;
  std::uint64_t digest_bytes = 0;  ///< length of digests.csv
};

/// Writes it with the state of the session's chip, which goes from the chip to the file unit by unit.
/// `checkpoint` holds layout, data, test, total and every; `fill_rest`, called when the chip is drained and
/// its state read, sets the others but `presentations` and `learned`.
void write_checkpoint(const std::filesystem::path& path, Checkpoint& checkpoint, Session& session,
                      const std::function<void(Checkpoint&)>& fill_rest);

/// A checkpoint being read: the state of the chip stays in the file until it is restored.
class CheckpointFile {
 public:
  /// Throws data when the file is damaged or belongs to another layout.
  CheckpointFile(const std::filesystem::path& path, const std::string& layout_digest);
  const Checkpoint& content() const { return content_; }
  /// Gives the session's chip its state, unit by unit.
  void restore(Session& session) const;

 private:
  struct Unit {
    std::uint32_t number = 0;
    std::span<const std::uint32_t> words;
  };
  SealedWords file_;
  Checkpoint content_;
  std::vector<Unit> units_;
};

}  // namespace trifactor
