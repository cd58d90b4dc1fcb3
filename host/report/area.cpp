#include "host/report/energy.hpp"
#include "host/report/energy_model.hpp"

namespace trifactor {

AreaReport area(const RunRecord& run, const Technology& technology) {
  using namespace energy_model;
  Figures figures(technology);
  AreaReport report;
  for (const std::string_view name : area_part_names) report.parts.push_back({std::string(name), {}});
  for (const CoreRecord& core : run.cores) {
    std::array<TileArea, 3> tile;
    for (const Level level : levels) {
      figures.set_level(level);
      tile[static_cast<std::size_t>(level)] = tile_area(figures, core, run);
    }
    AreaRange sum{};
    for (std::size_t part = 0; part < area_part_count; ++part) {
      const AreaRange mm2{{tile[0][part]}, {tile[1][part]}, {tile[2][part]}};
      report.parts[part].area += mm2;
      sum += mm2;
    }
    report.core.push_back(sum);
    report.total += sum;
  }
  return report;
}

}  // namespace trifactor
