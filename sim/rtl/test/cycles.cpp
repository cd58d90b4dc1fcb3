// Are the cycles that the descriptors claim what the RTL takes: done then, and not one cycle earlier?
#include <catch2/catch.hpp>

#include "sim/lockstep/rule_layer.hpp"
#include "sim/rtl/rule_units.hpp"

using namespace trifactor;
using namespace trifactor::lockstep;

TEST_CASE("claimed cycles of every rule are exact over sizes, partners, forms and samples") {
  Random random(7);
  for (const VerilatedRule& built : verilated_rules()) {
    const Rule* rule = find_rule(built.name);
    REQUIRE(rule != nullptr);
    CAPTURE(rule->name);
    for (int trial = 0; trial < 150; ++trial) {
      const RuleLayer layer = random_layer(*rule, random);
      const RulePlan& plan = layer.plan;
      CAPTURE(trial, layer.group_size, plan.partners);
      std::vector<std::int64_t> up = up_before_cores(layer, plan.partners, random);
      const std::vector<std::int16_t> words(static_cast<std::size_t>(plan.down_words), 77);
      for (const int neurons : layer.core_neurons) {
        CAPTURE(neurons);
        CoreMemories memories(layer, random_generators(neurons, random));
        const std::unique_ptr<TimedPost> post = built.post();
        for (int sample = 0; sample < 3;
             ++sample) {  // the time does not depend on data or on how much is past
          memories.push(memories.draw(random));
          const PostView view = memories.view(plan.eta_mantissa);
          const auto contribute = rule->cycles.contribute;
          if (plan.up_words > 0 || contribute == nullptr) {  // other plans are never asked to
            post->contribute(view, up);                      // nothing to contribute is said in a cycle
            CHECK(post->last_cycles() ==
                  (contribute == nullptr ? 1 : contribute(plan, neurons, layer.group_size)));
          }
          PostResult result = memories.result();
          post->form(view, words, 0, result);
          CHECK(post->last_cycles() == rule->cycles.form(plan, neurons, layer.group_size));
        }
      }
      REQUIRE((built.teacher == nullptr) == (rule->cycles.teach == nullptr));
      if (built.teacher == nullptr || plan.up_words == 0) continue;  // a layer without a teacher
      const std::unique_ptr<TimedTeacher> teacher = built.teacher();
      std::vector<std::int64_t> state(teacher_state_words(plan.partners), 0);
      std::vector<std::int16_t> taught(words.size());
      TeacherMonitor monitor;
      for (const int count : {0, 1, plan.partners}) {
        teacher->teach(plan.teacher, static_cast<std::uint64_t>(count), count, up, 5, state, taught, monitor);
        CHECK(teacher->last_cycles() == rule->cycles.teach(plan));
      }
    }
  }
}
