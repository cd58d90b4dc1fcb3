#include "rtl/rules/hsic_memory/reference.hpp"
#include "rtl/rules/rule.hpp"

namespace trifactor {

Rule make_hsic_memory() {
  Rule rule;
  rule.name = "hsic_memory";
  rule.summary = "HSIC bottleneck with a working memory of the last N samples";
  rule.source =
      "Daruwalla and Lipasti, Information bottleneck-based Hebbian learning rule naturally ties working "
      "memory and synaptic updates, eq 8";
  rule.parameters = {
      {"N", "samples", "N", 6, 2, 32, true, {}, "samples in memory, the present one included"},
      {"sigma_x",
       "units of the input",
       "sigma_x",
       5.6,
       0.001,
       1000,
       false,
       {},
       "width of the kernel of the network's input; 5.6 is 0.2 sqrt(784)"},
      {"sigma_y", "", "sigma_y", 1, 0.001, 1000, false, {}, "width of the kernel of one-hot labels"},
      {"sigma_z", "units of z", "sigma_z", 4, 0.001, 1000, false, {}, "width of the kernel of the layer"},
      {"gamma", "", "gamma", 20, 0, 4096, false, {}, "weight of the labels"},
      {"eta", "", "eta", 0.1, 1e-9, 64, false, {}, "learning rate"},
  };
  rule.bench_parameters = {{"classes", "", "C", 10, 2, 65535, true, {}, "number of classes"}};
  rule.renderings.floating = true;
  rule.floating = hsic_memory_reference();
  return rule;
}

}  // namespace trifactor
