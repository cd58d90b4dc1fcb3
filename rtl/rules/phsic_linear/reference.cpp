// Float reference of phsic_linear: the kernel and its derivative; the rest is the batch form all kernels
// share.
#include "rtl/rules/phsic_linear/reference.hpp"

#include <numeric>

#include "rtl/rules/phsic_batch.hpp"

namespace trifactor {
namespace {

double product(std::span<const double> a, std::span<const double> b, double) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

void product_pull(std::span<const double>, std::span<const double> b, double, double, double weight,
                  std::span<double> out) {
  for (std::size_t i = 0; i < b.size(); ++i) out[i] += weight * b[i];
}

FloatArrays eval(const EvalRequest& request) {
  return eval_phsic_batch("phsic_linear", {product, product_pull}, request);
}

BatchForm batch(const Parameters& p) {
  return {BatchForm::Objective::kernel, BatchKernel::linear, 0, p.number("gamma"), p.number("eta")};
}

}  // namespace

FloatRule phsic_linear_reference() { return {eval, {"batch"}, nullptr, batch}; }

}  // namespace trifactor
