#include "rtl/rules/phsic_descriptor.hpp"

namespace trifactor {

std::vector<ParameterSpec> phsic_layer_parameters() {
  return {
      {"classes", "", "n", 10, 2, 65535, true, {}, "number of classes"},
      {"slope", "", "alpha", 0.01, 0, 1, false, {}, "slope of the leaky ReLU below 0"},
      {"groups", "", "G", 0, 0, 256, true, {}, "groups of contiguous neurons, 0: plain"},
      {"p", "", "p", 0.5, 0, 1, false, {}, "exponent of divisive normalisation, q = 1 - p"},
      {"delta", "", "delta", 1, 1e-6, 1e6, false, {}, "offset of divisive normalisation"},
  };
}

Rule phsic_batch_rule(const std::string& name, const std::string& kernel, FloatRule floating) {
  Rule rule;
  rule.name = name;
  rule.summary = "plausible HSIC over whole batches with " + kernel + "; not local";
  rule.source = "Pogodin and Latham 2020, Kernelized information bottleneck, NeurIPS, eqs 13-17, 33-41";
  rule.parameters = {
      {"gamma", "", "gamma", 2, 0, 64, false, {}, "weight of the labels"},
      {"eta", "", "eta", 0.5, 1e-9, 64, false, {}, "learning rate of the mean over all pairs"},
  };
  rule.bench_parameters = phsic_layer_parameters();
  rule.bench_parameters.insert(rule.bench_parameters.begin(),
                               {"sigma",
                                "",
                                "sigma",
                                5,
                                0.001,
                                1000,
                                false,
                                {},
                                "taken as every pHSIC rule takes it; this kernel has no width"});
  rule.renderings.floating = true;
  rule.floating = floating;
  return rule;
}

}  // namespace trifactor
