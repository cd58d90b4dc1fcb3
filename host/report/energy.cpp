#include "host/report/energy.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "host/report/energy_model.hpp"
#include "host/report/technology_file.hpp"
#include "rtl/spec/diagnostic.hpp"

namespace trifactor {
namespace {

using namespace energy_model;

Picojoules& at(EnergyRange& range, Level level) {
  return level == Level::low ? range.low : level == Level::nominal ? range.nominal : range.high;
}
double at(const AreaRange& range, Level level) {
  return (level == Level::low ? range.low : level == Level::nominal ? range.nominal : range.high).value;
}

EnergyRange scaled(const EnergyRange& a, const Band& factor) {
  return {a.low * factor.low, a.nominal * factor.nominal, a.high * factor.high};
}

/// Adds names that are not there yet.
void merge(std::vector<std::string>& names, const std::vector<std::string>& more) {
  for (const std::string& name : more) {
    if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
  }
}

/// Collects one report; `owner` of an energy is a core's index, or -1 for what no core owns.
class Costing {
 public:
  Costing(const RunRecord& run, const Technology& technology)
      : run_(run), figures_(technology), overhead_(find_constant(technology, "overhead").value) {
    report_.technology = technology.name;
    report_.overhead = overhead_;
    report_.area = trifactor::area(run, technology);
    report_.core.resize(run.cores.size());
    report_.dynamic_only = !run.cycles.has_value();
    if (run.cycles) {
      const Megahertz clock{static_cast<double>(run.machine.clock_mhz)};
      report_.time = period(clock) * static_cast<double>(*run.cycles);
    }
    for (const CauseModel& model : causes()) {
      EnergyCause& cause = report_.causes.emplace_back();
      cause.name = model.name;
      cause.bottom_up = model.bottom_up;
      cause.learning = model.learning;
      if (!model.timed || run.cycles) cause.energy = EnergyRange{};
    }
    note_area_figures();
  }

  EnergyReport finish(const Technology& technology) {
    // What happens outside the cores (host port, label unit) sees a core as the machine file describes it.
    CoreRecord outside;
    const Machine::Core& silicon = run_.machine.core;
    outside.lanes = silicon.lanes;
    outside.synapse_bytes = silicon.synapse_bytes;
    outside.neuron_bytes = silicon.neuron_bytes;
    outside.history_bytes = silicon.history_bytes;
    outside.axon_bytes = silicon.axon_bytes;
    for (const PartModel& model : parts()) {
      EnergyCause& cause = cause_of(model.cause);
      if (!cause.energy) continue;
      EnergyPart part;
      part.event = model.event;
      for (std::size_t i = 0; i < run_.cores.size(); ++i) {
        const CoreRecord& core = run_.cores[i];
        if (!model.by_width)
          charge(model, cause, part, core, WidthRecord{0, 0, core.events}, report_.core[i]);
        else
          for (const WidthRecord& width : core.widths)
            charge(model, cause, part, core, width, report_.core[i]);
      }
      if (!model.by_width)
        charge(model, cause, part, outside, WidthRecord{0, 0, run_.chip_events}, report_.outside_cores);
      add(cause, std::move(part));
    }
    if (run_.cycles) charge_time();
    for (const EnergyCause& cause : report_.causes) {
      if (!cause.energy) continue;
      report_.total += *cause.energy;
      for (const EnergyPart& part : cause.parts) {
        report_.overhead_share +=
            EnergyRange{part.energy.low - part.bare.low, part.energy.nominal - part.bare.nominal,
                        part.energy.high - part.bare.high};
      }
    }
    divide(technology);
    return std::move(report_);
  }

 private:
  EnergyCause& cause_of(std::string_view name) {
    return *std::find_if(report_.causes.begin(), report_.causes.end(),
                         [&](const EnergyCause& cause) { return cause.name == name; });
  }

  void note_area_figures() {
    figures_.forget_used();
    for (const CoreRecord& core : run_.cores) tile_area(figures_, core, run_);
    area_figures_ = figures_.used();
  }

  double pitch_mm(Level level) const {
    const double tiles = static_cast<double>(std::max<std::size_t>(1, run_.cores.size()));
    return std::sqrt(at(report_.area.total, level) / tiles);
  }

  void charge(const PartModel& model, const EnergyCause& cause, EnergyPart& part, const CoreRecord& core,
              const WidthRecord& width, EnergyRange& owner) {
    const std::uint64_t count = model.count(width.events);
    if (count == 0) return;
    EnergyRange one;
    figures_.forget_used();
    for (const Level level : levels) {
      figures_.set_level(level);
      at(one, level) = Picojoules{model.energy_pj(
          figures_, Place{core, run_, width.weight_bits, width.activity_bits, pitch_mm(level)})};
    }
    if (model.uses_pitch) figures_.mark_used(area_figures_);
    merge(part.constants, figures_.used());
    charge(cause, part, one * static_cast<double>(count), owner);
    part.count += static_cast<double>(count);
  }

  void charge(const EnergyCause& cause, EnergyPart& part, const EnergyRange& bare, EnergyRange& owner) {
    const EnergyRange energy = cause.bottom_up ? scaled(bare, overhead_) : bare;
    part.bare += bare;
    part.energy += energy;
    owner += energy;
  }

  static void add(EnergyCause& cause, EnergyPart part) {
    *cause.energy += part.energy;
    cause.parts.push_back(std::move(part));
  }

  /// Clock and leakage of every tile, used or not.
  void charge_time() {
    EnergyPart clock, leakage;
    clock.event = "cycle";
    clock.count = static_cast<double>(*run_.cycles);
    leakage.event = "nanosecond";
    leakage.count = report_.time->value;
    EnergyCause& clock_cause = cause_of("clock");
    EnergyCause& leakage_cause = cause_of("leakage");
    for (std::size_t i = 0; i < run_.cores.size(); ++i) {
      EnergyRange clock_energy, leakage_energy;
      for (const Level level : levels) {
        figures_.set_level(level);
        figures_.forget_used();
        const TileArea tile = tile_area(figures_, run_.cores[i], run_);
        const double mm2 = std::accumulate(tile.begin(), tile.end(), 0.0);
        at(leakage_energy, level) = Milliwatts{tile_leakage(figures_, run_.cores[i], tile)} * *report_.time;
        merge(leakage.constants, leakage_figures());
        at(clock_energy, level) = Picojoules{figures_("clock_mm2") * mm2 * clock.count};
      }
      charge(clock_cause, clock, clock_energy, report_.core[i]);
      charge(leakage_cause, leakage, leakage_energy, report_.core[i]);
    }
    clock.constants = area_figures_;
    merge(clock.constants, {"clock_mm2"});
    add(clock_cause, std::move(clock));
    add(leakage_cause, std::move(leakage));
  }

  /// Leakage of memory goes by kilobytes, so the area of a memory cell does not move it.
  std::vector<std::string> leakage_figures() const {
    std::vector<std::string> names = figures_.used();
    std::erase(names, "area_sram");
    return names;
  }

  EnergyRange sum_of(const std::vector<std::string_view>& names) {
    EnergyRange sum{};
    for (const std::string_view name : names) sum += cause_of(name).energy.value_or(EnergyRange{});
    return sum;
  }

  void divide(const Technology& technology) {
    const EventCounts events = run_.events();
    EnergyRange learning{}, forward{}, with_time{};
    for (const EnergyCause& cause : report_.causes) {
      const bool by_time = cause.name == "clock" || cause.name == "leakage";
      (by_time ? with_time : cause.learning ? learning : forward) += cause.energy.value_or(EnergyRange{});
    }
    if (const auto updates = static_cast<double>(events[Event::update]); updates > 0) {
      report_.per_update =
          sum_of({"synapse read, update", "synapse write, update", "update lanes", "random words"}) / updates;
      report_.per_update_all = learning / updates;
      remark(technology, *report_.per_update);
    }
    if (const auto operations = static_cast<double>(events[Event::accumulate]); operations > 0) {
      report_.per_synaptic_operation = sum_of({"synapse read, forward", "accumulate lanes"}) / operations;
    }
    if (run_.samples == 0) return;
    // What goes with time is shared by the cycles of each kind of sample; a forward pass costs both the same.
    const EnergyRange pass = forward / static_cast<double>(run_.samples);
    const double share =
        run_.cycles ? static_cast<double>(*run_.learn_cycles) / static_cast<double>(*run_.cycles) : 0;
    if (const auto inferred = static_cast<double>(run_.samples - run_.learn_samples);
        inferred > 0 || !run_.cycles) {
      report_.per_inference = pass;
      if (run_.cycles) *report_.per_inference += with_time * ((1 - share) / inferred);
    }
    if (const auto learned = static_cast<double>(run_.learn_samples); learned > 0) {
      report_.per_learning_sample = pass;
      *report_.per_learning_sample += learning / learned;
      *report_.per_learning_sample += with_time * (share / learned);
    }
  }

  /// Published learning silicon lies between 1 pJ (no multiplier, 0.5 V) and about 20 pJ an update.
  void remark(const Technology& technology, const EnergyRange& update) {
    const double pj = update.nominal.value;
    if (pj >= 1 && pj <= 20) return;
    std::string reckon = "about 1 pJ";
    for (const Constant& c : technology.constants) {
      if (c.name == "reckon_update") reckon = fmt::format("{:.2g} pJ", c.value.nominal);
    }
    report_.update_remark =
        pj < 1 ? fmt::format(
                     "{:.2g} pJ an update is below the best published silicon (ReckOn, {}, which has no "
                     "multiplier): check the counts of row accesses and the technology file",
                     pj, reckon)
               : fmt::format(
                     "{:.3g} pJ an update is above 20 pJ: rows are long, few pairs of each row are "
                     "enabled, or the synapse memory of a core is large; see the causes below",
                     pj);
  }

  const RunRecord& run_;
  Figures figures_;
  Band overhead_;
  std::vector<std::string> area_figures_;
  EnergyReport report_;
};

}  // namespace

std::vector<std::string> EnergyCause::constants() const {
  std::vector<std::string> names;
  for (const EnergyPart& part : parts) merge(names, part.constants);
  if (bottom_up && !names.empty()) names.emplace_back("overhead");
  return names;
}

EnergyReport cost(const RunRecord& run, const Technology& technology) {
  if (static_cast<std::int64_t>(run.cores.size()) != run.machine.tiles()) {
    throw Error(
        ExitCode::data,
        Diagnostic{"TF-RUN-011", "per_core.csv", fmt::format("{} cores are listed", run.cores.size()),
                   fmt::format("all {} tiles of {}, used or not", run.machine.tiles(), run.machine.name),
                   ""});
  }
  return Costing(run, technology).finish(technology);
}

}  // namespace trifactor
