// A rule's own signals over a run: what the chip's counters gained between one look and the next.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "host/report/run_record.hpp"
#include "runtime/layout/program.hpp"
#include "runtime/session/session.hpp"

namespace trifactor {

/// Losses of each projection, over all its cores.
std::vector<UpdateCounts> updates_of(const ChipCounters& all, std::size_t projections);

/// Learning samples from one look to the next: 25 looks a run.
std::uint64_t signal_interval(std::uint64_t run_length);

class SignalMeter {
 public:
  /// Counters at the last look; part of a checkpoint.
  struct Since {
    std::vector<UpdateCounts> updates;               ///< by projection
    std::map<std::uint32_t, UnitCounters> teachers;  ///< by projection
  };

  SignalMeter(const Program& program, std::uint64_t run_length);

  /// A row for each projection that learns. `squares`: sum of its squared stored weights, by projection.
  std::vector<LayerSignals> read(std::uint64_t sample, const ChipCounters& all,
                                 const std::vector<std::uint64_t>& squares);

  const Since& since() const { return since_; }
  void go_on_from(Since since) { since_ = std::move(since); }

 private:
  const Program& program_;
  std::uint64_t run_length_;
  Since since_;
};

}  // namespace trifactor
