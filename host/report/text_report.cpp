#include <fmt/format.h>

#include <algorithm>
#include <iterator>

#include "host/report/findings.hpp"
#include "host/report/format.hpp"
#include "host/report/report.hpp"
#include "host/report/technology_file.hpp"

namespace trifactor {
namespace {

class TextReport {
 public:
  TextReport(const RunRecord& run, const Technology& technology)
      : run_(run), technology_(technology), energy_(cost(run, technology)) {}

  std::string text() {
    headline();
    speed();
    energy();
    losses();
    put("\nArea      {}\n", format_range(energy_.area.total));
    for (const AreaPart& part : energy_.area.parts)
      put("  {:<26}{:>32}\n", part.name, format_range(part.area));
    return std::move(out_);
  }

 private:
  template <class... Args>
  void put(fmt::format_string<Args...> format, Args&&... args) {
    fmt::format_to(std::back_inserter(out_), format, std::forward<Args>(args)...);
  }

  void headline() {
    put("{} on {} ({}), {} of {} samples with learning\n", run_.network, run_.machine.name, run_.engine,
        format_count(run_.learn_samples), format_count(run_.samples));
    for (const std::string& warning : warnings(run_)) put("warning: {}\n", warning);
    if (const auto accuracy = run_.test_accuracy()) {
      put("Accuracy  {} on the test data", format_percent(*accuracy, 2));
      for (const auto& [name, value] : run_.reference_accuracies)
        put("; {} {}", name, format_percent(value, 2));
      put("\n");
    }
  }

  void speed() {
    const Throughput t = throughput(run_);
    if (t.time) {
      put("Speed     {} samples/s, {} updates/s; {} cycles, {}\n", format_si(*t.samples_per_s, 0, ""),
          format_si(*t.updates_per_s, 0, ""), format_count(*run_.cycles), format_time(*t.time));
    } else {
      put("Speed     not measured by the engine {}\n", run_.engine);
    }
    if (t.latency_p50) {
      put("Latency   {} (half of all samples)", format_time(*t.latency_p50));
      if (t.latency_p99) put(", {} (99 of 100)", format_time(*t.latency_p99));
      put("\n");
    }
    put("Limit     {}\n", t.bottleneck);
    for (const std::string& note : run_.notes) put("          {}\n", note);
  }

  void line(std::string_view name, const std::optional<EnergyRange>& range) {
    if (range) put("  {:<26}{:>32}\n", name, format_range(*range));
  }

  void energy() {
    put("\nEnergy    {}{} at {}\n", format_range(energy_.total), energy_.dynamic_only ? ", dynamic only" : "",
        technology_.name);
    line("a learning sample", energy_.per_learning_sample);
    line("an inference", energy_.per_inference);
    line("an update", energy_.per_update);
    line("an update, all learning", energy_.per_update_all);
    line("a synaptic operation", energy_.per_synaptic_operation);
    if (energy_.per_update) put("  published updates: {}\n", published());
    if (!energy_.update_remark.empty()) put("  remark: {}\n", energy_.update_remark);
    put("\n  {:<26}{:>32}{:>8}\n", "cause", "nominal (low to high)", "share");
    for (const EnergyCause& cause : energy_.causes) {
      if (!cause.energy) {
        put("  {:<26}{:>32}\n", cause.name, "not measured");
        continue;
      }
      const double total = energy_.total.nominal.value;
      put("  {:<26}{:>32}{:>8}\n", cause.name, format_range(*cause.energy),
          total > 0 ? format_percent(cause.energy->nominal.value / total) : "");
    }
    put("  of these, the overhead factor {} adds {}\n", format_band(energy_.overhead),
        format_energy(energy_.overhead_share.nominal));
  }

  std::string published() const {
    std::string text;
    for (const Constant& c : technology_.constants) {
      if (c.kind != "comparison" || !c.name.ends_with("_update")) continue;
      text += fmt::format("{}{} {:.3g} pJ ({} nm)", text.empty() ? "" : ", ",
                          c.name.substr(0, c.name.size() - 7), c.value.nominal, c.node_nm);
    }
    return text.empty() ? "none in this technology file" : text;
  }

  void losses() {
    const bool any = std::any_of(run_.projections.begin(), run_.projections.end(),
                                 [](const ProjectionRecord& p) { return !p.rule.empty(); });
    if (!any) return;
    std::size_t longest = 10;
    for (const ProjectionRecord& p : run_.projections) longest = std::max(longest, p.name.size());
    put("\n  {:<{}} {:>15} {:>15} {:>13} {:>13} {:>9}\n", "projection", longest, "changed", "rounded to 0",
        "saturated", "factors lost", "applied");
    for (const ProjectionRecord& p : run_.projections) {
      if (p.rule.empty()) continue;
      const auto share = change_share(p);
      put("  {:<{}} {:>15} {:>15} {:>13} {:>13} {:>9}\n", p.name, longest, format_count(p.counts.applied),
          format_count(p.counts.rounded_to_zero), format_count(p.counts.saturated),
          format_count(p.counts.factors_lost), share ? format_percent(*share) : "-");
    }
  }

  const RunRecord& run_;
  const Technology& technology_;
  EnergyReport energy_;
  std::string out_;
};

}  // namespace

std::string text_report(const RunRecord& run, const Technology& technology) {
  return TextReport(run, technology).text();
}

}  // namespace trifactor
