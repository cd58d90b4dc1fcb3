#include "host/report/findings.hpp"
#include "host/report/report.hpp"
#include "host/report/run_json.hpp"
#include "host/report/technology_file.hpp"

namespace trifactor {
namespace {

using nlohmann::json;

template <class Q>
json range_json(const Range<Q>& range) {
  return {{"low", range.low.value}, {"nominal", range.nominal.value}, {"high", range.high.value}};
}
json range_json(const std::optional<EnergyRange>& range) {
  return range ? range_json(*range) : json(nullptr);
}

json or_null(const std::optional<double>& value) { return value ? json(*value) : json(nullptr); }
json or_null(const std::optional<Nanoseconds>& value) { return value ? json(value->value) : json(nullptr); }

json causes_json(const EnergyReport& energy) {
  json causes = json::array();
  for (const EnergyCause& cause : energy.causes) {
    json parts = json::array();
    for (const EnergyPart& part : cause.parts) {
      parts.push_back({{"event", part.event},
                       {"count", part.count},
                       {"per_event_pJ", range_json(part.per_event())},
                       {"bare_pJ", range_json(part.bare)},
                       {"energy_pJ", range_json(part.energy)},
                       {"constants", part.constants}});
    }
    causes.push_back({{"name", cause.name},
                      {"overhead_applies", cause.bottom_up},
                      {"learning", cause.learning},
                      {"energy_pJ", range_json(cause.energy)},
                      {"constants", cause.constants()},
                      {"parts", parts}});
  }
  return causes;
}

json cores_json(const RunRecord& run, const EnergyReport& energy) {
  json cores = json::array();
  const std::vector<double> load = loads(run);
  for (std::size_t i = 0; i < run.cores.size(); ++i) {
    const CoreRecord& core = run.cores[i];
    json cycles = json(nullptr);
    if (run.cycles) {
      cycles = json::object();
      for (std::size_t c = 0; c < cycle_cause_count; ++c)
        cycles[std::string(cycle_cause_names[c])] = core.cycles[c];
    }
    cores.push_back({{"x", core.x},
                     {"y", core.y},
                     {"role", core.role},
                     {"population", core.population},
                     {"occupancy", core.occupancy},
                     {"load", load[i]},
                     {"cycles", cycles},
                     {"energy_pJ", range_json(energy.core[i])},
                     {"area_mm2", range_json(energy.area.core[i])}});
  }
  return cores;
}

json losses_json(const RunRecord& run) {
  json losses = json::array();
  for (const ProjectionRecord& p : run.projections) {
    if (p.rule.empty()) continue;
    losses.push_back({{"projection", p.name},
                      {"rule", p.rule},
                      {"weight_format", p.weight_format},
                      {"applied", p.counts.applied},
                      {"rounded_to_zero", p.counts.rounded_to_zero},
                      {"saturated", p.counts.saturated},
                      {"factors_lost", p.counts.factors_lost},
                      {"factors_saturated", p.counts.factors_saturated},
                      {"applied_share", or_null(change_share(p))}});
  }
  return losses;
}

}  // namespace

json json_report(const RunRecord& run, const Technology& technology) {
  const EnergyReport energy = cost(run, technology);
  const Throughput speed = throughput(run);
  json area = {{"total_mm2", range_json(energy.area.total)}, {"parts", json::array()}};
  for (const AreaPart& part : energy.area.parts) {
    area["parts"].push_back({{"name", part.name}, {"area_mm2", range_json(part.area)}});
  }
  json accuracy = json::array();
  for (const AccuracyRow& row : run.accuracy) {
    accuracy.push_back({{"samples_seen", row.samples_seen},
                        {"epoch", row.epoch},
                        {"test_accuracy", or_null(row.test_accuracy)},
                        {"train_accuracy", or_null(row.train_accuracy)},
                        {"loss", or_null(row.loss)}});
  }
  json signals = json::array();
  for (const LayerSignals& s : run.signals) {
    signals.push_back({{"sample", s.sample},
                       {"layer", s.layer},
                       {"mean_kernel", or_null(s.mean_kernel)},
                       {"sigma", or_null(s.sigma)},
                       {"mean_abs_third_factor", or_null(s.mean_abs_third_factor)},
                       {"same_class_share", or_null(s.same_class_share)},
                       {"weight_norm", or_null(s.weight_norm)},
                       {"applied_share", or_null(s.applied_share)},
                       {"saturated", s.saturated},
                       {"rounded_to_zero", s.rounded_to_zero},
                       {"factors_lost", s.factors_lost},
                       {"eta", or_null(s.eta)}});
  }
  json busiest = json(nullptr);
  if (speed.busiest) busiest = {{"x", run.cores[*speed.busiest].x}, {"y", run.cores[*speed.busiest].y}};
  return {{"run", run_json(run)},
          {"test_accuracy", or_null(run.test_accuracy())},
          {"reference_accuracies", run.reference_accuracies},
          {"warnings", warnings(run)},
          {"energy",
           {{"technology", energy.technology},
            {"scope", energy.dynamic_only ? "dynamic only" : "all"},
            {"total_pJ", range_json(energy.total)},
            {"overhead",
             {{"low", energy.overhead.low},
              {"nominal", energy.overhead.nominal},
              {"high", energy.overhead.high}}},
            {"overhead_share_pJ", range_json(energy.overhead_share)},
            {"outside_cores_pJ", range_json(energy.outside_cores)},
            {"causes", causes_json(energy)},
            {"per_update_pJ", range_json(energy.per_update)},
            {"per_update_all_learning_pJ", range_json(energy.per_update_all)},
            {"per_synaptic_operation_pJ", range_json(energy.per_synaptic_operation)},
            {"per_inference_pJ", range_json(energy.per_inference)},
            {"per_learning_sample_pJ", range_json(energy.per_learning_sample)},
            {"update_remark", energy.update_remark}}},
          {"throughput",
           {{"time_ns", or_null(speed.time)},
            {"samples_per_s", or_null(speed.samples_per_s)},
            {"updates_per_s", or_null(speed.updates_per_s)},
            {"synaptic_operations_per_s", or_null(speed.operations_per_s)},
            {"latency_p50_ns", or_null(speed.latency_p50)},
            {"latency_p99_ns", or_null(speed.latency_p99)},
            {"busiest_core", busiest},
            {"bottleneck", speed.bottleneck}}},
          {"area", area},
          {"cores", cores_json(run, energy)},
          {"losses", losses_json(run)},
          {"signals", signals},
          {"accuracy", accuracy},
          {"technology", technology_json(technology)}};
}

}  // namespace trifactor
