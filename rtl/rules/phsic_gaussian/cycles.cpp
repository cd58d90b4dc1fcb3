#include "rtl/rules/phsic_gaussian/cycles.hpp"

#include "rtl/rules/phsic_gaussian/golden.hpp"

namespace trifactor::phsic_gaussian {

int contribute_cycles(const RulePlan& plan, int neurons, int group_size) {
  const int width = group_size == 0 ? neurons : neurons / group_size;
  return plan.partners * width + 2 +
         (group_size == 0 ? 0 : 1);  // address, data, product; the sum of the groups
}

int form_cycles(const RulePlan& plan, int neurons, int group_size) {
  const Form form = static_cast<Form>(plan.post[post_form]);
  const bool from_mean = form == Form::mean_term && group_size == 0;
  // T: one address a cycle, data and difference behind it, two for the boost, one more for its step
  const int third = (from_mean ? 1 : plan.partners) + 4 + (form == Form::delayed ? 1 : 0);
  const int thirds = group_size == 0 ? neurons : (neurons + group_size - 1) / group_size;
  const int a0 = 4,
            a1 = form == Form::two_term    ? 3
                 : form == Form::mean_term ? 5
                                           : 0,
            c = plan.uses_c ? 1 : 0;
  return 2 + thirds * third + neurons * (a0 + a1 + c);
}

int teach_cycles(const RulePlan& plan) {
  const bool grouped = plan.teacher[teacher_groups] != 0;
  return 4 + plan.partners * (grouped ? 13 : 8) + (grouped ? 2 : 0);
}

}  // namespace trifactor::phsic_gaussian
