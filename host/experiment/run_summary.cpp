#include "host/experiment/run_summary.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "rtl/rules/rule.hpp"

namespace trifactor {

namespace {

/// Rules that ask for sums with raised weights bring lanes of their own for them.
bool raises_weights(const std::string& name) {
  const Rule* rule = find_rule(name);
  return rule != nullptr && rule->floating.weight_power != nullptr;
}

WidthRecord& width_of(CoreRecord& core, const BlockImage& block) {
  for (WidthRecord& width : core.widths)
    if (width.weight_bits == block.weight_bits && width.activity_bits == block.activity_bits) return width;
  return core.widths.emplace_back(WidthRecord{block.weight_bits, block.activity_bits, {}});
}

}  // namespace

std::vector<CoreRecord> core_records(const LayoutReader& layout, const Program& program,
                                     const ChipCounters& all, std::optional<std::uint64_t> cycles) {
  std::vector<CoreRecord> records;

  const Machine& m = program.machine;
  for (std::int64_t tile = 0; tile < m.tiles(); ++tile) {
    CoreRecord core;
    core.x = static_cast<int>(tile % m.mesh.width), core.y = static_cast<int>(tile / m.mesh.width);
    core.role = "idle";
    core.lanes = m.core.lanes;
    core.synapse_bytes = m.core.synapse_bytes, core.neuron_bytes = m.core.neuron_bytes;
    core.history_bytes = m.core.history_bytes, core.axon_bytes = m.core.axon_bytes;
    for (const CoreType& type : m.core_types)
      if (core.x >= type.x0 && core.x <= type.x1 && core.y >= type.y0 && core.y <= type.y1) {
        core.teacher = type.teacher;
        core.post_units = static_cast<int>(type.rules.size());
        if (std::any_of(type.rules.begin(), type.rules.end(), raises_weights))
          core.raising_lanes = core.lanes;
      }
    if (const auto unit = all.units.find(static_cast<std::uint32_t>(tile)); unit != all.units.end()) {
      core.events = unit->second.events;
      core.cycles = unit->second.cycles;
    } else if (cycles) {  // a tile without a layer
      core.cycles[static_cast<std::size_t>(CycleCause::idle)] = *cycles;
    }
    for (const TeacherImage& teacher : program.teachers)
      if (teacher.tile == tile) core.events += all.units.at(teacher_unit + teacher.projection).events;
    records.push_back(core);
  }
  for (std::size_t k = 0; k < layout.cores(); ++k) {
    const CoreImage image = layout.core(k);
    CoreRecord& core = records[image.core];
    core.role = image.input ? "input" : "synaptic";
    core.population = program.populations[image.population].name;
    core.columns = image.neurons;
    for (std::size_t b = 0; b < image.blocks.size(); ++b) {
      core.rows += image.blocks[b].total_rows();
      width_of(core, image.blocks[b]).events += all.units.at(image.core).block_events.at(b);
    }
    for (const CoreUsage& usage : program.usage)
      if (usage.core == image.core)
        core.occupancy = static_cast<double>(usage.synapse_bytes) / static_cast<double>(core.synapse_bytes);
  }
  return records;
}

std::optional<std::uint64_t> percentile(const std::map<std::uint64_t, std::uint64_t>& histogram,
                                        std::uint64_t percent) {
  std::uint64_t total = 0, seen = 0;
  for (const auto& [value, count] : histogram) total += count;
  for (const auto& [value, count] : histogram)
    if ((seen += count) * 100 >= total * percent) return value;
  return std::nullopt;
}

std::map<std::string, std::string> resolved_configuration(const RunOptions& options, const Program& program) {
  std::map<std::string, std::string> c;
  c["data"] = options.data;
  c["test"] = options.test.value_or("");
  c["epochs"] = std::to_string(options.epochs);
  c["learn"] = options.learn ? "true" : "false";
  c["technology"] = options.technology;
  for (const ArrayFormat& f : program.formats) c["format." + f.array] = to_string(f.format);
  for (const ProjectionInfo& p : program.projections)
    if (!p.rule.empty()) {
      c["projection." + p.name + ".rule"] = p.rule;
      c["projection." + p.name + ".eta"] = fmt::format("{}", p.eta);
      c["projection." + p.name + ".weight_age"] = std::to_string(p.weight_age);
    }
  return c;
}

}  // namespace trifactor
