#include "rtl/rules/competing/reference.hpp"
#include "rtl/rules/rule.hpp"

namespace trifactor {

Rule make_competing() {
  Rule rule;
  rule.name = "competing";
  rule.summary = "unsupervised competing hidden units: the winner learns, the k-th unlearns";
  rule.source =
      "Krotov and Hopfield 2019, Unsupervised learning by competing hidden units, PNAS, eqs 2 and 4";
  rule.parameters = {
      {"p",
       "",
       "p",
       2,
       2,
       4,
       false,
       {},
       "Lebesgue norm to which weights converge; I = sum sign(w)|w|^(p-1) x"},
      {"k", "", "k", 2, 2, 1024, true, {}, "rank of the unit that unlearns"},
      {"delta", "", "Delta", 0.4, 0, 16, false, {}, "strength of unlearning"},
      {"eta", "", "epsilon", 0.01, 1e-9, 64, false, {}, "learning rate"},
  };
  rule.bench_parameters = {
      {"normalise",
       "",
       "",
       0,
       0,
       0,
       false,
       {"none", "mean", "max"},
       "what a change is divided by: none and mean: a batch's size; max: its largest entry"}};
  rule.renderings.floating = true;
  rule.floating = competing_reference();
  return rule;
}

}  // namespace trifactor
