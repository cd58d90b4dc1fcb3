// A run at a sample boundary, complete: written, synced, renamed, so that a kill leaves the older one valid.
#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "host/report/run_record.hpp"
#include "runtime/session/session.hpp"

namespace trifactor {

struct Checkpoint {
  std::string layout;  ///< SHA-256 of the layout it belongs to
  std::string data, test;
  std::uint64_t total = 0, every = 0;
  SavedChip chip;
  ChipCounters counters;
  std::vector<double> encoder_offset;
  std::vector<AccuracyRow> accuracy;
  std::vector<LayerSignals> signals;
  std::map<std::uint64_t, std::uint64_t> latencies;
  std::uint64_t running_right = 0, running_seen = 0;
  std::vector<UpdateCounts> signal_updates;  ///< counters at the last row of signals
  std::map<std::uint32_t, UnitCounters> signal_teachers;
  std::uint64_t digest_bytes = 0;  ///< length of digests.csv
};

void write_checkpoint(const std::filesystem::path& path, const Checkpoint& checkpoint);

/// Throws data when the file is damaged or belongs to another layout.
Checkpoint read_checkpoint(const std::filesystem::path& path, const std::string& layout_digest);

}  // namespace trifactor
