#include "rtl/rules/online_eval.hpp"

#include <limits>

#include "rtl/rules/float_support.hpp"

namespace trifactor {
namespace {

/// dw = a0 b0' + a1 b1' + whole - c w.
void put_change(const FloatFactors& f, std::span<const double> w, std::span<double> dw) {
  add_outer(f.a0, f.b0, dw);
  if (!f.a1.empty()) add_outer(f.a1, f.b1, dw);
  const std::size_t inputs = f.b0.size();
  for (std::size_t i = 0; !f.whole.empty() && i < f.a0.size(); ++i)
    for (std::size_t j = 0; j < inputs; ++j) dw[i * inputs + j] += f.whole[j * f.a0.size() + i];
  for (std::size_t i = 0; i < f.c.size(); ++i)
    subtract_decay(f.c[i], row_of(w, i, inputs), dw.subspan(i * inputs, inputs));
}

}  // namespace

FloatArrays eval_online(const char* rule, const EvalRequest& request,
                        std::unique_ptr<FloatLearner> (*learner)(const Parameters&, const FloatLayer&)) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  FloatChecks checks(rule);
  checks.mode(request.mode, {"online"});
  const double eta = checks.number(request.parameters, "eta", -infinity, infinity);
  const EvalArrays in = checks.layer(request.inputs);
  checks.throw_if_any();
  const std::size_t n = in.neurons, size = in.w.size();
  FloatArray z = float_array({in.samples, n}), dw = float_array({in.samples, n, in.inputs});
  const std::vector<double> one(n, 1.0);  // the derivative of a linear neuron
  FloatLayer shape;
  shape.inputs = in.inputs, shape.neurons = n;
  const auto layer = learner(request.parameters, shape);
  for (std::size_t t = 0; t < in.samples; ++t) {
    const std::span<double> now = std::span(z.values).subspan(t * n, n);
    const std::span<const double> x = row_of(in.x, t, in.inputs);
    project(in.w, x, now);
    FloatActivity activity;
    activity.x = x, activity.z = now, activity.fprime = one;
    FloatFactors factors;
    layer->step(activity, eta, factors);
    expect_factors(rule, factors, in.inputs, n);
    put_change(factors, in.w, std::span(dw.values).subspan(t * size, size));
  }
  FloatArrays out;
  out["z"] = std::move(z);
  out["dw"] = std::move(dw);
  return out;
}

}  // namespace trifactor
