// Float reference of competing. eval works on whole arrays, the learner forms factors sample by sample; both
// ask the same rank() who won and who was k-th, the rest they compute on their own.
#include "rtl/rules/competing/reference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

#include "rtl/rules/competing/dynamics.hpp"
#include "rtl/rules/float_support.hpp"

namespace trifactor {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr double least_change = 1e-30;  ///< protects the division by the largest change of an empty batch

struct Settings {
  double p = 2, delta = 0;
  std::size_t k = 2;
};

Settings read_rule(const Parameters& given, std::size_t neurons, FloatChecks& checks) {
  Settings s;
  s.p = checks.number(given, "p", 1, infinity, true);
  s.delta = checks.number(given, "delta", -infinity, infinity);
  s.k = static_cast<std::size_t>(checks.whole(given, "k", 2, std::numeric_limits<int>::max()));
  if (neurons > 0 && s.k > neurons)
    checks.unfitting("k", "k=" + std::to_string(s.k) + " of " + std::to_string(neurons) + " neurons",
                     "at most the number of neurons", "the k-th largest must exist");
  return s;
}

struct Ranked {
  std::size_t winner = 0, kth = 0;
};

/// The neurons of the largest and the k-th largest current; of equal currents the highest index comes first.
Ranked rank(std::span<const double> current, std::size_t k, std::vector<std::size_t>& order) {
  order.resize(current.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  // Weights that diverged give NaN, which must not break the order.
  const auto key = [&](std::size_t i) { return std::isnan(current[i]) ? -infinity : current[i]; };
  const auto before = [&](std::size_t a, std::size_t b) {
    return key(a) != key(b) ? key(a) > key(b) : a > b;
  };
  const auto kth = order.begin() + static_cast<std::ptrdiff_t>(k - 1);
  std::nth_element(order.begin(), kth, order.end(), before);
  return {*std::min_element(order.begin(), kth, before), *kth};
}

enum class Normalise { none, mean, max };

/// Where lateral inhibition takes the place of the rank; empty: it does not.
std::optional<competing::LateralInhibition> read_dynamics(const Parameters& given, std::size_t neurons,
                                                          FloatChecks& checks) {
  const auto word = given.words.find("dynamics");
  if (word == given.words.end() || checks.word(given, "dynamics", {"rank", "lateral"}) == "rank") return {};
  competing::LateralInhibition d;
  d.tau = checks.number(given, "tau", 1, infinity);
  d.inhibition = checks.number(given, "w_inh", 0, infinity);
  d.threshold = checks.number(given, "h_star", 0, infinity);
  d.steps = static_cast<std::size_t>(checks.whole(given, "steps", 1, std::numeric_limits<int>::max()));
  if (neurons > 0 && !steps_are_stable(d, neurons))
    checks.unfitting("tau", "tau=" + std::to_string(d.tau) + " of " + std::to_string(neurons) + " neurons",
                     "at least 1 + w_inh (neurons - 1), so that Euler steps cannot overshoot",
                     "a larger tau, and more steps");
  return d;
}

FloatArrays eval(const EvalRequest& request) {
  FloatChecks checks("competing");
  checks.mode(request.mode, {"online", "batch"});
  const EvalArrays in = checks.layer(request.inputs);
  const Settings s = read_rule(request.parameters, in.neurons, checks);
  const double eta = checks.number(request.parameters, "eta", -infinity, infinity);
  const std::string word = checks.word(request.parameters, "normalise", {"none", "mean", "max"});
  const Normalise normalise = word == "max"    ? Normalise::max
                              : word == "mean" ? Normalise::mean
                                               : Normalise::none;
  const auto dynamics = read_dynamics(request.parameters, in.neurons, checks);
  checks.throw_if_any();

  const std::size_t samples = in.samples, n = in.neurons, size = in.w.size();
  const bool batch = request.mode == "batch";
  std::vector<double> transformed(size);
  for (std::size_t k = 0; k < size; ++k)
    transformed[k] = std::copysign(std::pow(std::abs(in.w[k]), s.p - 1), in.w[k]);

  FloatArray current = float_array({samples, n}), g = current, h = current, winner = float_array({samples}),
             kth = winner, active = winner;
  FloatArray raw = batch ? float_array({n, in.inputs}) : float_array({samples, n, in.inputs});
  std::vector<std::size_t> order;
  for (std::size_t t = 0; t < samples; ++t) {
    const std::span<double> currents = std::span(current.values).subspan(t * n, n);
    const std::span<double> sign = std::span(g.values).subspan(t * n, n);
    const std::span<const double> x = row_of(in.x, t, in.inputs);
    project(transformed, x, currents);
    if (dynamics) {
      const std::span<double> settled = std::span(h.values).subspan(t * n, n);
      settle(*dynamics, currents, settled);
      for (std::size_t i = 0; i < n; ++i) {
        sign[i] = learning_sign(*dynamics, settled[i], s.delta);
        active.values[t] += settled[i] > 0 ? 1 : 0;
      }
      winner.values[t] = static_cast<double>(rank(settled, s.k, order).winner);
    } else {
      const Ranked ranked = rank(currents, s.k, order);
      sign[ranked.winner] = 1, sign[ranked.kth] = -s.delta;
      winner.values[t] = static_cast<double>(ranked.winner);
      kth.values[t] = static_cast<double>(ranked.kth);
    }
    for (std::size_t i = 0; i < n; ++i) {
      if (sign[i] == 0) continue;
      for (std::size_t j = 0; j < in.inputs; ++j)
        raw.values[(batch ? 0 : t * size) + i * in.inputs + j] +=
            sign[i] * (x[j] - currents[i] * in.w[i * in.inputs + j]);
    }
  }

  FloatArray dw = raw;
  for (std::size_t start = 0; start < dw.values.size(); start += size) {
    const std::span<double> change = std::span(dw.values).subspan(start, size);
    double divisor = batch ? static_cast<double>(samples) : 1;
    if (normalise == Normalise::max) {
      divisor = least_change;
      for (const double value : change) divisor = std::max(divisor, std::abs(value));
    }
    for (double& value : change) value = eta * value / divisor;
  }

  FloatArrays out;
  out["current"] = std::move(current);
  out["g"] = std::move(g);
  out["winner"] = std::move(winner);
  if (dynamics)
    out["h"] = std::move(h), out["active"] = std::move(active);
  else
    out["kth"] = std::move(kth);
  out["raw"] = std::move(raw);
  out["dw"] = std::move(dw);
  return out;
}

class CompetingLearner final : public FloatLearner {
 public:
  CompetingLearner(const Settings& settings, const FloatLayer& layer, bool lateral, double threshold)
      : s_(settings), layer_(layer), lateral_(lateral) {
    told_.threshold = threshold;
  }

  void step(const FloatActivity& now, double eta, FloatFactors& factors) override {
    expect_size("competing", "x", now.x.size(), layer_.inputs);
    expect_size("competing", "current", now.current.size(), layer_.neurons);
    factors.a0.assign(layer_.neurons, 0.0);
    factors.c.assign(layer_.neurons, 0.0);
    factors.b0.assign(now.x.begin(), now.x.end());
    factors.a1.clear(), factors.b1.clear();
    factors.bias1 = 0;
    const auto learn = [&](std::size_t i, double g) {
      if (g != 0) factors.a0[i] = eta * g, factors.c[i] = eta * g * now.current[i];
    };
    if (lateral_) {
      for (std::size_t i = 0; i < now.error.size(); ++i)
        learn(i, competing::learning_sign(told_, now.error[i], s_.delta));
    } else {
      const Ranked ranked = rank(now.current, s_.k, order_);
      learn(ranked.winner, 1), learn(ranked.kth, -s_.delta);
    }
  }

 private:
  Settings s_;
  FloatLayer layer_;
  bool lateral_;
  competing::LateralInhibition told_;  // its threshold alone: the network settles
  std::vector<std::size_t> order_;     // scratch
};

std::unique_ptr<FloatLearner> learner(const Parameters& given, const FloatLayer& layer) {
  FloatChecks checks("competing");
  const Settings s = read_rule(given, layer.neurons, checks);
  if (const auto word = given.words.find("normalise"); word != given.words.end() && word->second == "max")
    checks.unfitting("normalise", "normalise=max sample by sample", "none or mean",
                     "give --batch, or batch in [training]");
  const auto dynamics = given.words.find("dynamics");
  const bool lateral = dynamics != given.words.end() && dynamics->second == "lateral";
  if (lateral && s.p != 2)
    checks.unfitting("p", "p=" + std::to_string(s.p) + " with dynamics=lateral in a network", "2",
                     "what the layer sends on is the plain sum, which is the current for p = 2 alone");
  const double threshold = lateral ? checks.number(given, "h_star", 0, infinity) : 0;
  checks.throw_if_any();
  return std::make_unique<CompetingLearner>(s, layer, lateral, threshold);
}

double weight_power(const Parameters& given) { return given.number("p"); }

BatchForm batch(const Parameters& given) {
  BatchForm form;
  form.objective = BatchForm::Objective::ranks;
  form.rank = static_cast<std::size_t>(given.number("k"));
  form.delta = given.number("delta");
  form.by_largest = given.word("normalise") == "max";
  form.eta = given.number("eta");
  return form;
}

}  // namespace

FloatRule competing_reference() {
  FloatRule rule{eval, {"online", "batch"}, learner, batch};
  rule.weight_power = weight_power;
  return rule;
}

}  // namespace trifactor
