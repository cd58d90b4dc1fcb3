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

/// The unit that moves the entries of a kernel: the last stage of a lane, after a sum over many synapses.
class TiedUnit {
 public:
  virtual ~TiedUnit() = default;
  /// One entry: its new weight. The generator moves once where rounding is stochastic.
  virtual std::int32_t update(const LaneConfig& config, std::int64_t increment, std::int32_t decay,
                              std::int32_t weight, std::uint32_t& generator, LaneLosses& losses) = 0;
};

/// Makes units. Every core and every layer gets units of its own, so that cores may run in parallel.
class Arithmetic {
 public:
  virtual ~Arithmetic() = default;
  virtual std::unique_ptr<LaneUnit> lane() const = 0;
  virtual std::unique_ptr<TiedUnit> tied() const = 0;
  virtual std::unique_ptr<PostUnit> post(const std::string& rule) const = 0;
  virtual std::unique_ptr<TeacherUnit> teacher(const std::string& rule) const = 0;  ///< null: none
};

/// The golden units. Linked only by engines that compute with them (target trifactor_golden).
std::unique_ptr<Arithmetic> golden_arithmetic();

}  // namespace trifactor
