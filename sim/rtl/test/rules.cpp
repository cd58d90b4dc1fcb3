// Are the Verilated post and teacher units the golden ones, bit for bit? For every rule of the catalogue,
// over random layers, from the first sample on, with all state carried from sample to sample.
#include <algorithm>
#include <catch2/catch.hpp>
#include <set>
#include <string>

#include "sim/lockstep/rule_layer.hpp"
#include "sim/rtl/verilated.hpp"

using namespace trifactor;
using namespace trifactor::lockstep;

namespace {

struct Core {
  CoreMemories golden, rtl;
  std::unique_ptr<PostUnit> golden_post, rtl_post;
};

void require_equal_memories(const CoreMemories& golden, const CoreMemories& rtl) {
  REQUIRE(golden.a0 == rtl.a0);
  REQUIRE(golden.a1 == rtl.a1);
  REQUIRE(golden.c == rtl.c);
  REQUIRE(golden.error == rtl.error);
  REQUIRE(golden.generators == rtl.generators);
  REQUIRE(golden.means == rtl.means);
  REQUIRE(golden.held == rtl.held);
}

/// What of a rule and its plan was exercised; a kind that never came up would be a hole in the test.
std::set<std::string> kinds_of(const Rule& rule, const RuleLayer& layer) {
  const RulePlan& p = layer.plan;
  std::set<std::string> kinds;
  const auto add = [&](bool is, const std::string& name) {
    if (is) kinds.insert(name);
  };
  const std::string form = std::string(p.uses_a1 ? "a1 " : "") + (p.mean_words > 0 ? "mean " : "") +
                           (p.held_words > 0 ? "held " : "") + (p.post[0] == 0 ? "first" : "other") + " form";
  kinds.insert((p.up_words > 0 ? "teacher, " : "no teacher, ") + form +
               (layer.group_size > 0 ? ", grouped" : ", plain"));
  add(p.uses_c, "decay");
  add(!p.uses_c, "no decay");
  add(p.lane.stochastic, "stochastic");
  add(!p.lane.stochastic, "nearest");
  add(p.partners == 1, "one partner");
  add(p.partners >= max_partners - 1, "most partners");
  add(p.partners > 1 && p.partners < max_partners - 1, "some partners");
  add(p.whole_population, "whole population");
  add(p.needs_target && !p.whole_population, "target, split");
  add(p.forms_error && !p.needs_target, "errors that came back");
  add(!p.forms_error && rule.teaches_feedback, "feedback");
  return kinds;
}

struct Events {
  std::uint64_t lost = 0, saturated = 0, nonzero = 0;
};

void compare_layer(const Rule& rule, const RuleLayer& layer, int samples, Random& random, Events& events) {
  const std::unique_ptr<Arithmetic> verilated = verilated_arithmetic(8);
  const RulePlan& plan = layer.plan;
  std::vector<Core> cores;
  int first = 0;
  for (const int neurons : layer.core_neurons) {
    const CoreMemories memories(layer, random_generators(neurons, random), first);
    first += neurons;
    cores.push_back({memories, memories, rule.golden_post(), verilated->post(rule.name)});
  }
  const bool taught = plan.up_words > 0;
  const std::unique_ptr<TeacherUnit> golden_teacher = taught ? rule.golden_teacher() : nullptr;
  const std::unique_ptr<TeacherUnit> rtl_teacher = taught ? verilated->teacher(rule.name) : nullptr;
  std::vector<std::int64_t> golden_state(teacher_state_words(plan.partners), 0), rtl_state = golden_state;
  TeacherMonitor golden_monitor, rtl_monitor;

  for (int sample = 0; sample < samples; ++sample) {
    CAPTURE(sample);
    const std::uint32_t eta =
        chance(random, 0.7)
            ? plan.eta_mantissa
            : static_cast<std::uint32_t>(uniform(random, 0, static_cast<int>(plan.eta_mantissa)));
    std::vector<std::int64_t> golden_up = up_before_cores(layer, std::min(sample, plan.partners), random),
                              rtl_up = golden_up;
    for (Core& core : cores) {
      const SampleActivity activity = core.golden.draw(random);
      core.golden.push(activity);
      core.rtl.push(activity);
      if (!taught) continue;
      core.golden_post->contribute(core.golden.view(eta), golden_up);
      core.rtl_post->contribute(core.rtl.view(eta), rtl_up);
    }
    REQUIRE(golden_up == rtl_up);

    std::vector<std::int16_t> golden_words(static_cast<std::size_t>(plan.down_words), 0),
        rtl_words = golden_words;
    const int count = cores[0].golden.view(eta).count;
    if (taught) {
      const std::uint32_t same = static_cast<std::uint32_t>(random());
      golden_teacher->teach(plan.teacher, static_cast<std::uint64_t>(sample), count, golden_up, same,
                            golden_state, golden_words, golden_monitor);
      rtl_teacher->teach(plan.teacher, static_cast<std::uint64_t>(sample), count, rtl_up, same, rtl_state,
                         rtl_words, rtl_monitor);
      REQUIRE(golden_words == rtl_words);
      REQUIRE(golden_state == rtl_state);
      REQUIRE(golden_monitor.kernel == rtl_monitor.kernel);
      REQUIRE(golden_monitor.third_factor == rtl_monitor.third_factor);
      REQUIRE(golden_monitor.same_class == rtl_monitor.same_class);
      REQUIRE(golden_monitor.partners == rtl_monitor.partners);
    }
    // third factors are often 0 at random distances, so words of any kind are tried as well
    const int kind = uniform(random, 0, 3);
    if (kind > 0)
      for (std::int16_t& word : golden_words)
        word =
            static_cast<std::int16_t>(kind == 1             ? (chance(random, 0.5) ? -32768 : 32767)
                                      : chance(random, 0.3) ? uniform(random, 0, first)  // perhaps a neuron
                                                            : uniform(random, -32768, 32767));
    const int classes = layer.core_neurons[0];
    const int target = uniform(random, 0, classes);  // one more than there are: the class of another core
    for (Core& core : cores) {
      PostResult golden = core.golden.result(), rtl = core.rtl.result();
      core.golden_post->form(core.golden.view(eta), golden_words, target, golden);
      core.rtl_post->form(core.rtl.view(eta), golden_words, target, rtl);
      require_equal_memories(core.golden, core.rtl);
      REQUIRE(golden.formed == rtl.formed);
      REQUIRE(golden.losses.factors_lost == rtl.losses.factors_lost);
      REQUIRE(golden.losses.factors_saturated == rtl.losses.factors_saturated);
      events.lost += golden.losses.factors_lost;
      events.saturated += golden.losses.factors_saturated;
      events.nonzero += static_cast<std::uint64_t>(
          std::count_if(core.golden.a0.begin(), core.golden.a0.end(), [](std::int16_t a) { return a != 0; }));
    }
  }
}

}  // namespace

TEST_CASE(
    "every rule with RTL has a Verilated post unit, and a teacher exactly where the golden one exists") {
  const std::unique_ptr<Arithmetic> verilated = verilated_arithmetic(8);
  for (const Rule& rule : rule_catalogue()) {
    if (!rule.renderings.rtl) continue;
    CAPTURE(rule.name);
    REQUIRE(verilated->post(rule.name) != nullptr);
    REQUIRE((verilated->teacher(rule.name) != nullptr) == (rule.golden_teacher != nullptr));
  }
}

TEST_CASE(
    "Verilated post and teacher units equal the golden ones over random layers and hundreds of samples") {
  Random random(20240611);
  std::uint64_t saturated = 0;
  for (const Rule& rule : rule_catalogue()) {
    if (!rule.renderings.rtl) continue;
    CAPTURE(rule.name);
    std::set<std::string> kinds;
    Events events;
    for (int trial = 0; trial < 1500; ++trial) {
      CAPTURE(trial);
      const bool large = trial % 60 == 59;
      const RuleLayer layer = random_layer(rule, random, large ? LayerSize::large : LayerSize::small);
      kinds.merge(kinds_of(rule, layer));
      compare_layer(rule, layer, large ? 5 : trial % 50 == 0 ? 300 : 45, random, events);
    }
    // whatever kind the rule's parameters can give must have come up
    std::set<std::string> possible;
    Random other(1);
    for (int i = 0; i < 500; ++i) possible.merge(kinds_of(rule, random_layer(rule, other, LayerSize::small)));
    std::string seen;
    for (const std::string& kind : kinds) seen += kind + "\n";
    INFO("seen:\n" << seen);
    CHECK(events.lost > 0);
    saturated += events.saturated;
    CHECK(events.nonzero > 0);
    for (const char* kind : {"stochastic", "nearest"}) CHECK(kinds.count(kind) == 1);
    CHECK(std::includes(kinds.begin(), kinds.end(), possible.begin(), possible.end()));
  }
  CHECK(saturated > 0);
}
