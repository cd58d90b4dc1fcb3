// Oja 1982, eq 3: dw = eta y (x - y w).
#include "rtl/rules/oja/reference.hpp"
#include "rtl/rules/float_support.hpp"
#include "rtl/rules/online_eval.hpp"

namespace trifactor::oja {
namespace {

class Learner final : public FloatLearner {
 public:
  void step(const FloatActivity& now, double eta, FloatFactors& factors) override {
    factors.b0.assign(now.x.begin(), now.x.end());
    factors.a0.clear(), factors.c.clear();
    for (const double y : now.z) factors.a0.push_back(eta * y), factors.c.push_back(eta * y * y);
  }
};

std::unique_ptr<FloatLearner> learner(const Parameters&, const FloatLayer&) {
  return std::make_unique<Learner>();
}

FloatArrays eval(const EvalRequest& request) { return eval_online("oja", request, learner); }

}  // namespace

FloatRule reference() { return {.eval = eval, .modes = {"online"}, .learner = learner}; }

}  // namespace trifactor::oja
