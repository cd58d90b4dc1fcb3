#include <algorithm>

#include <Vtied.h>

#include "rtl/spec/diagnostic.hpp"
#include "sim/rtl/lane_factory.hpp"
#include "sim/rtl/rule_units.hpp"
#include "sim/rtl/tied_adapter.hpp"
#include "sim/rtl/verilated.hpp"

namespace trifactor {
namespace {

const VerilatedRule& rule_of(const std::string& name) {
  const std::vector<VerilatedRule>& all = verilated_rules();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const VerilatedRule& r) { return r.name == name; });
  if (found != all.end()) return *found;
  std::string names;
  for (const VerilatedRule& rule : all) names += (names.empty() ? "" : ", ") + rule.name;
  throw Error(
      ExitCode::does_not_fit,
      {"TF-RTL-002", name,
       "no file rtl/rules/" + name + "/" + name + "_post.sv was there when this was built",
       "a rule with a post unit in SystemVerilog: " + names, "use the functional or the systemc engine"});
}

class VerilatedArithmetic final : public Arithmetic {
 public:
  explicit VerilatedArithmetic(const VerilatedLanes& lanes) : lanes_(lanes) {}
  std::unique_ptr<LaneUnit> lane() const override { return lanes_.make(); }
  std::unique_ptr<TiedUnit> tied() const override { return std::make_unique<TiedAdapter<Vtied>>(); }
  std::unique_ptr<PostUnit> post(const std::string& rule) const override { return rule_of(rule).post(); }
  std::unique_ptr<TeacherUnit> teacher(const std::string& rule) const override {
    const VerilatedRule& found = rule_of(rule);
    if (found.teacher == nullptr) return nullptr;
    return found.teacher();
  }

 private:
  const VerilatedLanes& lanes_;
};

}  // namespace

std::vector<int> verilated_lane_counts() {
  std::vector<int> counts;
  for (const VerilatedLanes& built : verilated_lanes()) counts.push_back(built.lanes);
  return counts;
}

std::unique_ptr<Arithmetic> verilated_arithmetic(int lanes) {
  std::string counts;
  for (const VerilatedLanes& built : verilated_lanes()) {
    if (built.lanes == lanes) return std::make_unique<VerilatedArithmetic>(built);
    counts += (counts.empty() ? "" : ", ") + std::to_string(built.lanes);
  }
  throw Error(ExitCode::does_not_fit,
              {"TF-RTL-001", "core.lanes",
               "update lanes in SystemVerilog were not built " + std::to_string(lanes) + " wide",
               "core.lanes = " + counts,
               "--set core.lanes=" + std::to_string(verilated_lanes().front().lanes) +
                   ", or the functional or systemc engine"});
}

}  // namespace trifactor
