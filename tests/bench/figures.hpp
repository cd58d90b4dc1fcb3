// What the benchmark measures: every figure is declared with its unit and limit before it is measured, so
// that one that was forgotten, or whose measurement broke off, fails.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace trifactor::bench {

enum class Bound { none, at_least, at_most };

struct Figure {
  std::string name, unit;
  Bound bound = Bound::none;
  double limit = 0;
  std::optional<double> value{};

  bool ok() const {
    if (!value) return false;
    if (bound == Bound::at_least) return *value >= limit;
    if (bound == Bound::at_most) return *value <= limit;
    return true;
  }
};

/// What every measurement is asked to do.
struct Plan {
  bool quick = false;  ///< small sizes: shows that everything runs, says little about speed
};

/// Figures that are measured together, in one run.
struct Section {
  std::vector<Figure> figures;
  /// Sets the values; throws when a measurement cannot be made.
  void (*measure)(const Plan&, Section&) = nullptr;

  void set(const std::string& name, double value);
};

Section kernel_section();
Section accumulate_section();
Section lane_rtl_section();
Section engine_section();
Section epoch_section();
Section memory_section();

}  // namespace trifactor::bench
