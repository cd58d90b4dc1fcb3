// Which pairs of a row an update enables: how many columns, and how many bursts hold one.
#pragma once

#include <cstdint>
#include <vector>

#include "rtl/core/core.hpp"

namespace trifactor {

struct EnabledPairs {
  std::uint32_t columns = 0, bursts = 0;
};

/// Columns that a row takes part with: those driven by its activity, or else only those that decay; of these,
/// the ones whose synapse exists.
class UpdateColumns {
 public:
  /// mask: as WeightBlock's, null where every synapse exists; it must outlive this.
  UpdateColumns(const PendingUpdate& update, std::uint32_t columns, int lanes, const std::uint8_t* mask);
  EnabledPairs of(const UpdateRow& row) const;

 private:
  struct Columns {
    std::vector<std::uint64_t> bits;
    EnabledPairs all;
  };
  EnabledPairs count(const std::vector<std::uint64_t>& bits, const std::uint8_t* row) const;

  std::uint32_t lanes_;
  const std::uint8_t* mask_;
  Columns driven_, decaying_;
};

}  // namespace trifactor
