// Is the float reference of phsic_cosine the gradient of the loss, and blind to the length of activities?
#include "rtl/rules/phsic_cosine/reference.hpp"
#include "rtl/rules/test_phsic_batch.hpp"

using namespace trifactor;
using namespace trifactor::reference_test;

namespace {

const FloatRule rule = phsic_cosine_reference();

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

double cosine(const Vector& a, const Vector& b) { return dot(a, b) / std::sqrt(dot(a, a) * dot(b, b)); }

}  // namespace

TEST_CASE("dw is -eta times the gradient of the loss, plain and grouped") {
  check_batch_gradient(rule, cosine);
}

TEST_CASE("the length of a sample changes no kernel, and no change lengthens it") {
  for (unsigned seed = 0; seed < 8; ++seed) {
    BatchProblem problem = batch_problem(seed, false);
    CAPTURE(seed);
    const FloatArrays out = rule.eval(problem.request);
    for (std::size_t t = 0; t < problem.samples; ++t) {
      CHECK(slice(out.at("kernel"), t)[t] == Approx(1).epsilon(1e-14));
      double along =
          0;  // sum delta h = d loss / d length, since z f' = f(h) f'(h) and delta holds f' already
      const Vector h = product(problem.w(), problem.x(t));
      for (std::size_t i = 0; i < h.size(); ++i) along += slice(out.at("delta"), t)[i] * h[i];
      CHECK(std::abs(along) < 1e-12);
    }
    FloatArray& x = problem.request.inputs["x"];
    for (std::size_t k = 0; k < problem.inputs; ++k) x.values[k] *= 3;
    const FloatArrays longer = rule.eval(problem.request);
    CHECK(difference(longer.at("kernel").values, out.at("kernel").values) < 1e-13);
    CHECK(difference(longer.at("dw").values, out.at("dw").values) < 1e-12);
  }
}

TEST_CASE("a silent sample has no direction: kernel 0, no pull") {
  BatchProblem problem = batch_problem(1, false);
  FloatArray& x = problem.request.inputs["x"];
  for (std::size_t k = 0; k < problem.inputs; ++k) x.values[k] = 0;
  const FloatArrays out = rule.eval(problem.request);
  CHECK(largest(slice(out.at("kernel"), 0)) == 0);
  CHECK(largest(slice(out.at("delta"), 0)) == 0);
  CHECK(largest(out.at("dw").values) > 0);
}

TEST_CASE("training in mini-batches gets kernel and parameters") {
  Parameters given;
  given.numbers = {{"gamma", 3}, {"eta", 0.25}};
  const BatchForm form = rule.batch(given);
  CHECK(form.objective == BatchForm::Objective::kernel);
  CHECK(form.kernel == BatchKernel::cosine);
  CHECK(form.gamma == 3);
  CHECK(form.eta == 0.25);
}

TEST_CASE("mistakes are refused with their codes") { check_batch_refusals(rule); }
