// The chip with time against the same frames without: samples a second at 256 columns a core, and how both
// scale from 64 to 4,096 equally busy cores.
#include <string>

#include "tests/bench/chips.hpp"
#include "tests/bench/clocks.hpp"
#include "tests/bench/figures.hpp"

namespace trifactor::bench {
namespace {

struct Compared {
  Pair rates;
  double load_seconds = 0;  ///< processor time of compiling and programming both
  double updates = 0;       ///< a core and sample
  double activations_per_pass = 0, activations_per_hop = 0, hops_per_pass = 0;
};

Compared compare(int cores, std::uint64_t samples, int rounds) {
  Compared result;
  const double start = process_seconds(0);
  Program program = chains(cores);
  Loaded without_time(functional(), program), with_time(systemc(), program);
  for (CoreImage& core : program.cores) core.blocks.clear();  // both have their weights now
  result.load_seconds = process_seconds(0) - start;
  const Loaded::Sums before = with_time.counters();
  result.rates = interleaved(
      rounds, [&] { return with_time.learn(samples); }, [&] { return without_time.learn(samples); });
  const Loaded::Sums after = with_time.counters();
  const double passes = static_cast<double>(samples) * rounds * static_cast<double>(program.cores.size());
  const double activations = static_cast<double>(after.activations - before.activations);
  const double hops = static_cast<double>(after.events[Event::hop] - before.events[Event::hop]);
  result.updates = static_cast<double>(after.events[Event::update] - before.events[Event::update]) / passes;
  result.activations_per_pass = activations / passes;
  result.activations_per_hop = activations / hops;
  result.hops_per_pass = hops / passes;
  return result;
}

void set(Section& section, const std::string& cores, const Compared& result) {
  section.set("functional, " + cores + " cores", result.rates.second);
  section.set("systemc, " + cores + " cores", result.rates.first);
  section.set("systemc / functional, " + cores + " cores", result.rates.ratio);
  section.set("updates a pass, " + cores + " cores", result.updates);
  section.set("kernel activations a pass, " + cores + " cores", result.activations_per_pass);
  section.set("kernel activations a link crossing, " + cores + " cores", result.activations_per_hop);
  section.set("link crossings a pass, " + cores + " cores", result.hops_per_pass);
  section.set("compile and program, " + cores + " cores", result.load_seconds);
}

void measure(const Plan& plan, Section& section) {
  const Compared few = plan.quick ? compare(16, 4, 2) : compare(64, 100, 7);
  set(section, "64", few);
  const Compared many = plan.quick ? compare(64, 2, 2) : compare(4096, 4, 5);
  set(section, "4,096", many);
  section.set("systemc / functional, fall from 64 to 4,096 cores", few.rates.ratio / many.rates.ratio);
}

void declare(Section& section, const std::string& cores, bool limited) {
  const auto name = [&](const std::string& text) { return text + ", " + cores + " cores"; };
  section.figures.push_back({name("functional"), "samples/s"});
  section.figures.push_back({name("systemc"), "samples/s"});
  section.figures.push_back(
      {name("systemc / functional"), "", limited ? Bound::at_least : Bound::none, limited ? 0.5 : 0});
  section.figures.push_back({name("updates a pass"), ""});
  section.figures.push_back({name("kernel activations a pass"), ""});
  section.figures.push_back({name("kernel activations a link crossing"), ""});
  section.figures.push_back({name("link crossings a pass"), ""});
  section.figures.push_back({name("compile and program"), "s"});
}

}  // namespace

Section engine_section() {
  Section section{{}, measure};
  declare(section, "64", true);
  declare(section, "4,096", false);
  section.figures.push_back({"systemc / functional, fall from 64 to 4,096 cores", "", Bound::at_most, 1.5});
  return section;
}

}  // namespace trifactor::bench
