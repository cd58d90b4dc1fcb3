// The fixed-point side of `eval`: what one layer's hardware computed on a person's arrays, in real units,
// beside the float reference and a bound on their distance. The bound is derived, element by element, from
// the number formats, the errors of the function tables and the constants as the hardware holds them; it is
// never tuned.
#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "rtl/rules/bounded.hpp"
#include "rtl/rules/rule.hpp"

namespace trifactor {

/// Every word of one layer over T samples, all with the same weights. C order.
struct FixedTrace {
  std::size_t samples = 0, inputs = 0, neurons = 0, groups = 0;
  std::vector<std::int64_t> x, w;              ///< (T, inputs), (neurons, inputs): quantised
  std::vector<std::int64_t> z, fprime, r, uq;  ///< (T, neurons), uq (T, groups); r, uq empty without groups
  std::vector<std::int64_t> current;           ///< (T, neurons), where the plan asks for it
  std::vector<std::int64_t> words;             ///< (T, down_words), as broadcast
  std::vector<std::int64_t> teacher;           ///< (T, teacher_state_words), after each sample
  std::vector<std::int64_t> kernel_sum;        ///< (T): over the sample's partners
  std::vector<std::int64_t> a0, a1, c;         ///< (T, neurons); a1, c empty where the plan has none
  std::vector<std::int64_t> dw;                ///< (T, neurons, inputs): steps of the weight's format
  std::vector<std::int64_t> error;             ///< (T, neurons), where the plan forms it
  // A hidden layer to which errors come back: empty without.
  std::size_t next = 0;                  ///< neurons that they come from
  std::vector<std::int64_t> returned;    ///< (T, next): their errors, quantised
  std::vector<std::int64_t> back;        ///< (neurons, next): feedback weights, quantised
  std::vector<std::int64_t> error_sums;  ///< (T, neurons)
  std::vector<std::int64_t> dr;          ///< (T, neurons, next): steps of the feedback weight's format
};

/// The projection that carries errors back to the layer.
struct FixedFeedback {
  const LayerFacts& layer;
  const RulePlan& plan;
};

/// What a rule is asked to compare.
struct FixedCase {
  const EvalRequest& request;
  const LayerFacts& layer;
  const RulePlan& plan;
  const NormaliseImage& normalise;
  const FixedTrace& trace;
  Activation activation = Activation::linear;
  const FixedFeedback* feedback = nullptr;  ///< null: no errors come back

  double number(const char* name) const { return request.parameters.number(name); }
  const FloatArray& input(const char* name) const { return request.inputs.at(name); }
};

/// One array: hardware and float in real units, and the largest distance allowed. Equal sizes.
struct BoundedArray {
  std::vector<std::size_t> shape;
  std::vector<double> hardware, reference, bound;
};
using BoundedArrays = std::map<std::string, BoundedArray>;

/// The layer's forward pass with errors.
struct BoundedForward {
  std::vector<Bounded> x, w;              ///< (T, inputs), (neurons, inputs)
  std::vector<Bounded> h;                 ///< (T, neurons): the sums before the activation function
  std::vector<Bounded> z, fprime, r, uq;  ///< (T, neurons), uq (T, groups)
};
BoundedForward bounded_forward(const FixedCase& c);

/// Factors of one sample with errors: after rounding and saturation.
struct BoundedFactors {
  std::vector<Bounded> a0, a1, c;  ///< (neurons); a1, c empty where the plan has none
  std::vector<Bounded> b0, b1;     ///< (inputs); b1 empty where a1 is
};

/// a0 or a1 as the post unit forms it from an exact product; c likewise.
Bounded bounded_factor(const FixedCase& c, Bounded product);
Bounded bounded_c(const FixedCase& c, Bounded product);
/// c of every neuron where it is the plan's constant: eta times the rate that a register pair holds. Empty
/// without.
std::vector<Bounded> bounded_decay(const FixedCase& c, std::int32_t rate_register,
                                   std::int32_t shift_register, double wanted);
/// eta as the plan's mantissa holds it, when a0's product has `product_frac` fraction bits without eta and is
/// shifted right by `shift_register`.
Bounded bounded_eta(const FixedCase& c, int product_frac, std::int32_t shift_register);

/// e^-x as kernels and the softmax get it, x >= 0.
Bounded bounded_exp_negative(Bounded x);
/// One step of a leaky mean kept at `frac` fraction bits; alpha = 1 - beta wanted, rate as the hardware has
/// it.
Bounded bounded_mean_step(Bounded mean, Bounded value, double alpha, double rate, int frac);

/// The plan's format of that array.
NumberFormat plan_format(const RulePlan& plan, const std::string& array);

/// Puts z, fprime, r, uq, a0, a1, c and dw into `out`, from factors (one entry a sample).
void put_fixed(const FixedCase& c, const BoundedForward& f, const std::vector<BoundedFactors>& factors,
               BoundedArrays& out);

/// Appends one element.
inline void put(BoundedArray& array, double hardware, Bounded b) {
  array.hardware.push_back(hardware);
  array.reference.push_back(b.value);
  array.bound.push_back(b.error);
}

}  // namespace trifactor
