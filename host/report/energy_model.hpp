// What each event costs, as functions of a technology's figures: the cost model itself, read by energy.cpp.
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "host/report/run_record.hpp"

namespace trifactor::energy_model {

/// Which end of every band is taken.
enum class Level { low, nominal, high };
inline constexpr std::array<Level, 3> levels = {Level::low, Level::nominal, Level::high};

/// The figures of a technology at one level; remembers which were asked for.
class Figures {
 public:
  explicit Figures(const Technology& technology);

  double operator()(std::string_view name);
  void set_level(Level level) { level_ = level; }
  Level level() const { return level_; }
  const std::vector<std::string>& used() const { return used_; }
  void forget_used() { used_.clear(); }
  void mark_used(const std::vector<std::string>& names);

 private:
  std::map<std::string, Band, std::less<>> values_;
  Level level_ = Level::nominal;
  std::vector<std::string> used_;
};

/// Areas of a tile in mm2. `names` gives the order of the parts.
inline constexpr std::size_t area_part_count = 8;
inline constexpr std::array<std::string_view, area_part_count> area_part_names = {
    "synapse memory", "axon memory",  "neuron memory",          "history memory",
    "lanes",          "neuron units", "post and teacher units", "router"};
using TileArea = std::array<double, area_part_count>;
TileArea tile_area(Figures& figures, const CoreRecord& core, const RunRecord& run);

/// Leakage of a tile in mW, from its memories' bytes and the area of everything else.
double tile_leakage(Figures& figures, const CoreRecord& core, const TileArea& tile);

/// What a part needs to know beside the figures.
struct Place {
  const CoreRecord& core;
  const RunRecord& run;
  int weight_bits, activity_bits;  ///< of what the event moves or computes with; 0 without a width
  double pitch_mm;                 ///< side of a mean tile at the level of the figures
};

struct CauseModel {
  std::string_view name;
  bool bottom_up, learning, timed;
};

struct PartModel {
  std::string_view cause;
  std::string_view event;  ///< name shown; a name of the event list
  std::uint64_t (*count)(const EventCounts&);
  double (*energy_pj)(Figures&, const Place&);  ///< of one event
  bool by_width;                                ///< an event of width_events
  bool uses_pitch;                              ///< depends on the area figures through Place::pitch_mm
};

/// All causes in the order of a report; clock and leakage, last, have no part models.
const std::vector<CauseModel>& causes();
const std::vector<PartModel>& parts();

}  // namespace trifactor::energy_model
