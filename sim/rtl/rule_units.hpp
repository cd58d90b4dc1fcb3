// Verilated rule units with their measured time, and the generated table of them.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "rtl/rules/rule.hpp"

namespace trifactor {

/// A post unit that counts clock edges from the one that takes `start` (not counted) to the one after which
/// `done` is high.
class TimedPost : public PostUnit {
 public:
  int last_cycles() const { return cycles_; }

 protected:
  int cycles_ = 0;
};

class TimedTeacher : public TeacherUnit {
 public:
  int last_cycles() const { return cycles_; }

 protected:
  int cycles_ = 0;
};

struct VerilatedRule {
  std::string name;
  std::unique_ptr<TimedPost> (*post)() = nullptr;
  std::unique_ptr<TimedTeacher> (*teacher)() = nullptr;  ///< null: the rule has no teacher
};

/// Rules whose folder holds <rule>_post.sv, in alphabetical order. Generated.
const std::vector<VerilatedRule>& verilated_rules();

}  // namespace trifactor
