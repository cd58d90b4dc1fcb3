// The points of a sweep: every combination of the values that `--vary KEY=V1,V2...` lists.
#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace trifactor {

/// One thing that is varied. `A+B=V1,V2` gives keys A and B the same value at a time.
struct SweepAxis {
  std::string name;                 ///< as written: the keys joined by '+'
  std::vector<std::string> keys;    ///< overrides of read_network(), or "machine." and one of read_machine()
  std::vector<std::string> values;  ///< TOML as written, without blanks around; no two equal

  friend bool operator==(const SweepAxis&, const SweepAxis&) = default;
};

/// Values are parted by commas outside brackets, braces and quotes. Throws Error (configuration) with all
/// mistakes: TF-SWP-001 not KEY=V1,V2; 002 a key twice; 003 a value twice; 005 a key that is not to be
/// varied.
std::vector<SweepAxis> parse_axes(const std::vector<std::string>& texts);

/// What people call the axes: the ends of their keys, as long as they need to be to tell them apart.
std::vector<std::string> short_names(const std::vector<SweepAxis>& axes);

/// One value an axis.
using SweepPoint = std::vector<std::string>;

/// All points, the last axis fastest; one point without values when nothing is varied. Throws TF-SWP-004 when
/// points times seeds exceed `most_sweep_runs`.
std::vector<SweepPoint> sweep_points(const std::vector<SweepAxis>& axes, std::size_t seeds);
inline constexpr std::size_t most_sweep_runs = 100'000;

/// What a point says to read_network() and to read_machine(), KEY=VALUE.
struct SweepOverrides {
  std::vector<std::string> network, machine;
};
SweepOverrides overrides_of(const std::vector<SweepAxis>& axes, const SweepPoint& point);

}  // namespace trifactor
