#include "host/report/findings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

namespace trifactor {
namespace {

constexpr double stuck_low = .02, stuck_high = .98;
constexpr double kernel_step = 1.0 / 65536;  // what a 16-bit kernel word resolves

std::uint64_t total_cycles(const CoreRecord& core) {
  return std::accumulate(core.cycles.begin(), core.cycles.end(), std::uint64_t{0});
}

std::uint64_t accesses(const CoreRecord& core) {
  return core.events[Event::synapse_read] + core.events[Event::synapse_write];
}

std::string cure(CycleCause cause, const CoreRecord& core) {
  switch (cause) {
    case CycleCause::computing:
      return core.columns > core.lanes
                 ? "more lanes, or this population spread over more cores, would raise throughput"
                 : "a row takes one cycle already: fewer rows a core, or a faster clock, would raise "
                   "throughput";
    case CycleCause::waiting_for_memory:
      return "a synapse memory with two ports, or fewer rows a core, would raise throughput";
    case CycleCause::blocked_by_buffer:
      return "wider links or another placement would raise throughput, and deeper buffers where traffic is "
             "uneven";
    case CycleCause::waiting_for_third_factor:
      return "the largest part of its time goes to the round trip to the teacher, or of errors or increments "
             "where a "
             "layer learns from those: faster trees or older weights (larger D) would raise throughput";
    default:
      return "the largest part of its time it waits for input: a faster host port would raise throughput";
  }
}

std::string percent(double share) { return fmt::format("{:.0f} %", 100 * share); }

double share(const CoreRecord& core, CycleCause cause) {
  return cycle_shares(core)[static_cast<std::size_t>(cause)];
}

/// What a core spends on its own account. A full buffer is some other core's doing, or the mesh's.
double own_share(const CoreRecord& core) {
  return share(core, CycleCause::computing) + share(core, CycleCause::waiting_for_memory) +
         share(core, CycleCause::waiting_for_third_factor);
}

template <class Measure>
std::size_t most(const std::vector<CoreRecord>& cores, Measure measure) {
  const auto best =
      std::max_element(cores.begin(), cores.end(),
                       [&](const CoreRecord& a, const CoreRecord& b) { return measure(a) < measure(b); });
  return static_cast<std::size_t>(best - cores.begin());
}

std::string where(const CoreRecord& core) {
  return fmt::format("Core ({}, {}), {}", core.x, core.y,
                     core.population.empty() ? core.role : "population " + core.population);
}

void find_bottleneck(const RunRecord& run, Throughput& t) {
  const auto work = [&](const CoreRecord& core) {
    return run.cycles ? own_share(core) + share(core, CycleCause::blocked_by_buffer)
                      : static_cast<double>(accesses(core));
  };
  if (run.cores.empty() || work(run.cores[most(run.cores, work)]) <= 0) {
    t.bottleneck = "No core did any work.";
    return;
  }
  if (!run.cycles) {
    t.busiest = most(run.cores, work);
    t.bottleneck = fmt::format("{}, does the most memory accesses; this engine measures no time.",
                               where(run.cores[*t.busiest]));
    return;
  }
  const auto blocked = [](const CoreRecord& core) { return share(core, CycleCause::blocked_by_buffer); };
  const std::size_t paces = most(run.cores, own_share), waits = most(run.cores, blocked);
  const double own = own_share(run.cores[paces]), full = blocked(run.cores[waits]);
  // A core that others wait for is at work all the time; one that is not waits for packets itself.
  const bool mesh = full > own && own < .9;
  t.busiest = mesh ? waits : paces;
  const CoreRecord& core = run.cores[*t.busiest];
  if (mesh) {
    t.bottleneck = fmt::format(
        "{}, is blocked by full buffers in {} of its cycles while no core is busy for more than {}; {}.",
        where(core), percent(full), percent(own), cure(CycleCause::blocked_by_buffer, core));
    return;
  }
  // The largest share is what could be shortened most.
  const auto largest = std::max_element(core.cycles.begin(), core.cycles.end());
  const auto cause = static_cast<CycleCause>(largest - core.cycles.begin());
  t.bottleneck = fmt::format(
      "{}, sets the pace: it is computing in {} of its cycles, waiting for its memory in {} and for the "
      "third factor, errors or increments in {}; {}.",
      where(core), percent(share(core, CycleCause::computing)),
      percent(share(core, CycleCause::waiting_for_memory)),
      percent(share(core, CycleCause::waiting_for_third_factor)), cure(cause, core));
}

void warn_about_kernels(const RunRecord& run, std::vector<std::string>& found) {
  std::map<std::string, std::vector<const LayerSignals*>> layers;
  for (const LayerSignals& s : run.signals) {
    if (s.mean_kernel && s.sigma && *s.sigma > 0 && std::isfinite(*s.mean_kernel))
      layers[s.layer].push_back(&s);
  }
  for (const auto& [layer, rows] : layers) {
    // The last quarter: a kernel may start anywhere.
    const std::size_t first = rows.size() - (rows.size() + 3) / 4;
    double sum = 0;
    for (std::size_t i = first; i < rows.size(); ++i) sum += *rows[i]->mean_kernel;
    const double mean = sum / static_cast<double>(rows.size() - first);
    if (mean >= stuck_low && mean <= stuck_high) continue;
    const double sigma = *rows.back()->sigma;
    const SigmaAdvice advice = advise_sigma(mean, sigma);
    const char* bound = advice.bound == SigmaAdvice::Bound::at_least  ? "at least "
                        : advice.bound == SigmaAdvice::Bound::at_most ? "at most "
                                                                      : "";
    found.push_back(
        fmt::format("The kernel of layer {} is stuck near {} (mean {:.3g}, sigma {:.3g}): the third factor "
                    "hardly depends on "
                    "the samples. sigma = {}{:.2g} would bring its mean to about 0.25.",
                    layer, mean < .5 ? 0 : 1, mean, sigma, bound, advice.sigma));
  }
}

void warn_about_losses(const RunRecord& run, std::vector<std::string>& found) {
  for (const ProjectionRecord& p : run.projections) {
    if (p.rule.empty()) continue;
    const UpdateCounts& c = p.counts;
    if (const auto share = change_share(p); share && (*share < .5 || *share > 1.5)) {
      found.push_back(fmt::format(
          "Projection {} applied {} of the change it intended: {}.", p.name, percent(*share),
          *share < 1
              ? "learning is being lost to rounding or saturation; stochastic rounding, more weight bits or "
                "a smaller range keep it"
              : "rounding adds more than it should; check the rounding mode"));
    }
    // Pairs that moved, that rounded to nothing, and that were clipped to no change: the last two may overlap
    // in a counter, so the base is a lower bound and the share an upper one.
    const std::uint64_t pairs = c.applied + c.rounded_to_zero;
    if (pairs > 0 && c.saturated * 20 > pairs) {
      found.push_back(fmt::format(
          "Projection {} was clipped at the end of its weight range in {} of its updates: "
          "widen the range of {} or add weight decay.",
          p.name, percent(std::min(1.0, static_cast<double>(c.saturated) / static_cast<double>(pairs))),
          p.weight_format));
    }
    if (c.applied == 0 && c.rounded_to_zero > 0) {
      found.push_back(
          fmt::format("Projection {} never changed a weight: every one of {} updates rounded to zero.",
                      p.name, c.rounded_to_zero));
    }
  }
}

}  // namespace

std::array<double, cycle_cause_count> cycle_shares(const CoreRecord& core) {
  std::array<double, cycle_cause_count> shares{};
  const auto total = static_cast<double>(total_cycles(core));
  if (total == 0) return shares;
  for (std::size_t i = 0; i < shares.size(); ++i) shares[i] = static_cast<double>(core.cycles[i]) / total;
  return shares;
}

std::vector<double> loads(const RunRecord& run) {
  std::uint64_t most = 1;
  for (const CoreRecord& core : run.cores) most = std::max(most, accesses(core));
  std::vector<double> all;
  for (const CoreRecord& core : run.cores) {
    if (!run.cycles) {
      all.push_back(static_cast<double>(accesses(core)) / static_cast<double>(most));
    } else if (total_cycles(core) == 0) {
      all.push_back(0);
    } else {
      all.push_back(1 - cycle_shares(core)[static_cast<std::size_t>(CycleCause::idle)]);
    }
  }
  return all;
}

Throughput throughput(const RunRecord& run) {
  Throughput t;
  find_bottleneck(run, t);
  if (!run.cycles || *run.cycles == 0) return t;
  const Nanoseconds cycle = period(Megahertz{static_cast<double>(run.machine.clock_mhz)});
  t.time = cycle * static_cast<double>(*run.cycles);
  const double seconds = t.time->value * 1e-9;
  const EventCounts events = run.events();
  t.samples_per_s = static_cast<double>(run.samples) / seconds;
  t.updates_per_s = static_cast<double>(events[Event::update]) / seconds;
  t.operations_per_s = static_cast<double>(events[Event::accumulate]) / seconds;
  if (run.latency_p50_cycles) t.latency_p50 = cycle * static_cast<double>(*run.latency_p50_cycles);
  if (run.latency_p99_cycles) t.latency_p99 = cycle * static_cast<double>(*run.latency_p99_cycles);
  return t;
}

SigmaAdvice advise_sigma(double mean_kernel, double sigma, double wanted) {
  const double seen = std::clamp(mean_kernel, kernel_step, 1 - kernel_step);
  const double cured = sigma * std::sqrt(std::log(seen) / std::log(wanted));
  if (mean_kernel < kernel_step) return {cured, SigmaAdvice::Bound::at_least};
  if (mean_kernel > 1 - kernel_step) return {cured, SigmaAdvice::Bound::at_most};
  return {cured, SigmaAdvice::Bound::none};
}

std::vector<std::string> warnings(const RunRecord& run) {
  std::vector<std::string> found;
  if (run.interrupted)
    found.emplace_back("The run was interrupted: everything here covers only its first part.");
  warn_about_kernels(run, found);
  warn_about_losses(run, found);
  return found;
}

}  // namespace trifactor
