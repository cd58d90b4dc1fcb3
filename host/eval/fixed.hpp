// `trifactor eval` in the number formats of the hardware: a layer of one core, compiled as any network is,
// its units run sample by sample on the user's arrays with weights and generators put back after every
// sample.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "host/eval/parameters.hpp"
#include "rtl/core/arithmetic.hpp"
#include "rtl/rules/fixed_bench.hpp"

namespace trifactor {

/// The units of an engine: golden for functional, from SystemVerilog for rtl.
std::unique_ptr<Arithmetic> eval_arithmetic(const std::string& engine);

struct FixedOptions {
  FormatMap formats;       ///< eval_formats() over default_formats()
  bool stochastic = true;  ///< rounding of factors and updates
  std::uint64_t seed = 1;
};

struct FixedEval {
  BoundedArrays arrays;  ///< hardware in real units, float, bound
  FormatMap formats;     ///< as resolved: w, x, z, r, uq and those of the rule's plan
};

/// w, x, z and, for grouped layers, r and uq: +-1 for hidden weights (16 bits), +-4 for a read-out's, inputs
/// +-1 (8 bits), neuron values +-4, a read-out's +-32, u^q below 8.
FormatMap default_formats(const Rule& rule, const Parameters& parameters);

/// The request has been through the rule's float eval, so its arrays are sound. Throws Error: TF-EVL-017 a
/// mode or rule that the hardware does not have, 018 sizes or formats it cannot have, and whatever resolve()
/// refuses.
FixedEval eval_fixed(const Rule& rule, const EvalRequest& request, const FloatArrays& reference,
                     const FixedOptions& options, const Arithmetic& arithmetic);

}  // namespace trifactor
