// Float reference of phsic_cosine: the kernel and its derivative; the rest is the batch form all kernels
// share.
#include "rtl/rules/phsic_cosine/reference.hpp"

#include <cmath>
#include <numeric>

#include "rtl/rules/phsic_batch.hpp"

namespace trifactor {
namespace {

double dot(std::span<const double> a, std::span<const double> b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// 0 where a sample is silent: it has no direction.
double cosine(std::span<const double> a, std::span<const double> b, double) {
  const double norms = std::sqrt(dot(a, a)) * std::sqrt(dot(b, b));
  return norms > 0 ? dot(a, b) / norms : 0;
}

/// dk/da = (b/|b| - k a/|a|) / |a|
void cosine_pull(std::span<const double> a, std::span<const double> b, double k, double, double weight,
                 std::span<double> out) {
  const double length = std::sqrt(dot(a, a)), other = std::sqrt(dot(b, b));
  if (length == 0 || other == 0) return;
  for (std::size_t i = 0; i < a.size(); ++i) out[i] += weight * (b[i] / other - k * a[i] / length) / length;
}

FloatArrays eval(const EvalRequest& request) {
  return eval_phsic_batch("phsic_cosine", {cosine, cosine_pull}, request);
}

BatchForm batch(const Parameters& p) {
  return {BatchForm::Objective::kernel, BatchKernel::cosine, 0, p.number("gamma"), p.number("eta")};
}

}  // namespace

FloatRule phsic_cosine_reference() { return {eval, {"batch"}, nullptr, batch}; }

}  // namespace trifactor
