// The units of a core that exist both as golden C++ and as SystemVerilog, behind one interface: an engine is
// given one set of them and cannot tell which.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "rtl/rules/rule.hpp"
#include "rtl/units/lane/rows.hpp"

namespace trifactor {

/// The update lanes of a core: arguments as of update_rows().
class LaneUnit {
 public:
  virtual ~LaneUnit() = default;
  virtual void update(const LaneConfig& config, const ColumnFactors& factors, std::span<const UpdateRow> rows,
                      const WeightBlock& weights, std::uint32_t* generator, LaneLosses& losses) = 0;
};

/// Makes units. Every core and every layer gets units of its own, so that cores may run in parallel.
class Arithmetic {
 public:
  virtual ~Arithmetic() = default;
  virtual std::unique_ptr<LaneUnit> lane() const = 0;
  virtual std::unique_ptr<PostUnit> post(const std::string& rule) const = 0;
  virtual std::unique_ptr<TeacherUnit> teacher(const std::string& rule) const = 0;  ///< null: none
};

/// The golden units. Linked only by engines that compute with them (target trifactor_golden).
std::unique_ptr<Arithmetic> golden_arithmetic();

}  // namespace trifactor
