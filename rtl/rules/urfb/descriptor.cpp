#include "rtl/rules/rule.hpp"
#include "rtl/rules/urfb/reference.hpp"

namespace trifactor {

Rule make_urfb() {
  Rule rule;
  rule.name = "urfb";
  rule.summary =
      "errors travel back through feedback weights of their own, which learn too or stay as they are";
  rule.source =
      "Amit 2019, Deep learning with asymmetric connections and Hebbian updates, Frontiers Comput. "
      "Neurosci., "
      "eqs 2 to 6";
  rule.sends_error = rule.takes_error = rule.teaches_feedback = true;
  rule.parameters = {
      {"eta", "", "eta", 0.01, 1e-9, 64, false, {}, "learning rate"},
      {"error", "", "delta_L", 0, 0, 0, false, {"hinge", "softmax"}, "error signal at the output"},
      {"mu", "", "mu", 0, 0, 1, false, {}, "weight of wrong classes (hinge); 0: 1 / (classes - 1)"},
  };
  rule.bench_parameters = {
      {"update_r", "", "", 0, 0, 0, false, {"true", "false"}, "false: feedback weights stay (FRFB)"},
      {"classes", "", "C", 10, 2, 65535, true, {}, "number of classes"}};
  rule.renderings.floating = true;
  rule.floating = urfb_reference();
  return rule;
}

}  // namespace trifactor
