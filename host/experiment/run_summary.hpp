// A finished run in the words of its record.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "host/experiment/run.hpp"
#include "runtime/layout/layout.hpp"
#include "runtime/session/session.hpp"

namespace trifactor {

/// One a tile, idle ones too. `cycles`: of the run, where the engine measures time.
std::vector<CoreRecord> core_records(const LayoutReader& layout, const Program& program,
                                     const ChipCounters& all, std::optional<std::uint64_t> cycles);

/// The smallest value that `percent` of all do not exceed; the histogram counts each value.
std::optional<std::uint64_t> percentile(const std::map<std::uint64_t, std::uint64_t>& histogram,
                                        std::uint64_t percent);

/// What the run was told and what the compiler resolved.
std::map<std::string, std::string> resolved_configuration(const RunOptions& options, const Program& program);

}  // namespace trifactor
