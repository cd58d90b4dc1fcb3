// Daruwalla and Lipasti, eqs 9 and 10, with the noise and the membranes left to the populations.
#include "rtl/rules/reservoir/reference.hpp"

#include <cmath>
#include <limits>

#include "rtl/rules/float_support.hpp"

namespace trifactor::reservoir {
namespace {

double read_tau(const Parameters& given, FloatChecks& checks) {
  return checks.number(given, "tau", 1, std::numeric_limits<double>::infinity());
}

// eval filters whole arrays, the learner streams; they share no step.

FloatArrays eval(const EvalRequest& request) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  FloatChecks checks("reservoir");
  checks.mode(request.mode, {"online"});
  const double eta = checks.number(request.parameters, "eta", -infinity, infinity),
               tau = read_tau(request.parameters, checks);
  const EvalArrays in = checks.layer(request.inputs);
  const FloatArray* xi = checks.matrix(request.inputs, "xi", "(T, n_out)", in.samples, in.neurons);
  checks.throw_if_any();
  const std::size_t samples = in.samples, n = in.neurons;
  FloatArray z = float_array({samples, n}), mean = z, dw = float_array({samples, n, in.inputs});
  FloatArray power = float_array({samples}), power_mean = power, third = power;
  for (std::size_t t = 0; t < samples; ++t) {
    const std::span<double> now = std::span(z.values).subspan(t * n, n);
    project(in.w, row_of(in.x, t, in.inputs), now);
    power.values[t] = -squared_distance(now, row_of(xi->values, t, n));
  }
  const auto filter = [&](std::span<const double> values, std::span<double> means, std::size_t width) {
    for (std::size_t k = 0; k < values.size(); ++k)
      means[k] = (1 - 1 / tau) * (k < width ? 0 : means[k - width]) + values[k] / tau;
  };
  filter(z.values, mean.values, n);
  filter(power.values, power_mean.values, 1);
  std::vector<double> step(n);
  for (std::size_t t = 0; t < samples; ++t) {
    third.values[t] = power.values[t] > power_mean.values[t] ? 1 : 0;
    for (std::size_t i = 0; i < n; ++i)
      step[i] = eta * third.values[t] * (z.values[t * n + i] - mean.values[t * n + i]);
    add_outer(step, row_of(in.x, t, in.inputs),
              std::span(dw.values).subspan(t * n * in.inputs, n * in.inputs));
  }
  FloatArrays out;
  out["z"] = std::move(z), out["z_mean"] = std::move(mean);
  out["power"] = std::move(power), out["power_mean"] = std::move(power_mean);
  out["third_factor"] = std::move(third);
  out["dw"] = std::move(dw);
  return out;
}

class Learner final : public FloatLearner {
 public:
  Learner(double tau, const FloatLayer& layer)
      : rate_(1 / tau), mean_(layer.neurons), told_mean_(layer.neurons), nothing_(layer.neurons) {}

  void step(const FloatActivity& now, double eta, FloatFactors& factors) override {
    expect_size("reservoir", "z", now.z.size(), mean_.size());
    const std::span<const double> xi = now.error.empty() ? std::span<const double>(nothing_) : now.error;
    const double distance = squared_distance(now.z, xi);
    better_ = distance < distance_mean_;
    distance_mean_ += rate_ * (distance - distance_mean_);
    factors.b0.assign(now.x.begin(), now.x.end());
    factors.a0.assign(mean_.size(), 0.0);
    for (std::size_t i = 0; i < mean_.size(); ++i) {
      mean_[i] += rate_ * (now.z[i] - mean_[i]);
      told_mean_[i] += rate_ * (xi[i] - told_mean_[i]);
      if (better_) factors.a0[i] = eta * (now.z[i] - mean_[i]);
    }
  }

  /// How alike what is said and what is told are: the cosine of their means.
  FloatSignals signals() const override {
    double product = 0, said = 0, told = 0;
    for (std::size_t i = 0; i < mean_.size(); ++i)
      product += mean_[i] * told_mean_[i], said += mean_[i] * mean_[i], told += told_mean_[i] * told_mean_[i];
    return {product == 0 ? 0 : product / std::sqrt(said * told), better_ ? 1.0 : 0.0, 0, 1};
  }

 private:
  double rate_;
  std::vector<double> mean_, told_mean_, nothing_;  // (n): of z, of xi; zeros
  double distance_mean_ = 0;
  bool better_ = false;
};

std::unique_ptr<FloatLearner> learner(const Parameters& given, const FloatLayer& layer) {
  FloatChecks checks("reservoir");
  const double tau = read_tau(given, checks);
  checks.throw_if_any();
  return std::make_unique<Learner>(tau, layer);
}

}  // namespace

FloatRule reference() { return {.eval = eval, .modes = {"online"}, .learner = learner}; }

}  // namespace trifactor::reservoir
