// Is the float reference of phsic_linear the gradient of the loss, and of the degree its kernel has?
#include "rtl/rules/phsic_linear/reference.hpp"
#include "rtl/rules/test_phsic_batch.hpp"

using namespace trifactor;
using namespace trifactor::reference_test;

namespace {

const FloatRule rule = phsic_linear_reference();

double dot(const Vector& a, const Vector& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

}  // namespace

TEST_CASE("dw is -eta times the gradient of the loss, plain and grouped") { check_batch_gradient(rule, dot); }

TEST_CASE("the loss is of fourth degree in the activities, but for the labels of second") {
  for (unsigned seed = 0; seed < 8; ++seed) {
    BatchProblem problem = batch_problem(seed, false);
    CAPTURE(seed);
    const auto loss = [&](double gamma, double scale) {
      BatchProblem other = problem;
      other.number("gamma") = gamma;
      for (double& w : other.w()) w *= scale;
      return rule.eval(other.request).at("loss").values[0];
    };
    CHECK(loss(0, 2) == Approx(16 * loss(0, 1)).epsilon(1e-12));
    CHECK(loss(2, 2) - loss(0, 2) == Approx(4 * (loss(2, 1) - loss(0, 1))).margin(1e-11));
  }
}

TEST_CASE("training in mini-batches gets kernel and parameters") {
  Parameters given;
  given.numbers = {{"gamma", 3}, {"eta", 0.25}};
  const BatchForm form = rule.batch(given);
  CHECK(form.objective == BatchForm::Objective::kernel);
  CHECK(form.kernel == BatchKernel::linear);
  CHECK(form.gamma == 3);
  CHECK(form.eta == 0.25);
}

TEST_CASE("mistakes are refused with their codes") { check_batch_refusals(rule); }
