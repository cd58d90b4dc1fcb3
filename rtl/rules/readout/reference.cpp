// Float reference of readout: the delta rule. eval works on whole arrays, the learner forms factors sample by
// sample; both ask the same error_of() for the error of one sample, the only equation of the rule.
#include "rtl/rules/readout/reference.hpp"

#include <algorithm>
#include <limits>

#include "rtl/rules/float_support.hpp"

namespace trifactor {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

enum class ErrorKind { softmax, linear, hinge };

struct Settings {
  ErrorKind error = ErrorKind::softmax;
  double mu = 0, decay = 0;
};

Settings read_rule(const Parameters& given, std::size_t classes, FloatChecks& checks) {
  Settings s;
  const std::string error = checks.word(given, "error", {"softmax", "linear", "hinge"});
  if (error == "linear") s.error = ErrorKind::linear;
  if (error == "hinge") s.error = ErrorKind::hinge;
  s.mu = checks.number(given, "mu", 0, infinity);
  if (s.mu == 0 && classes > 1) s.mu = 1 / static_cast<double>(classes - 1);
  s.decay = checks.number(given, "decay", 0, infinity);
  return s;
}

/// delta of one sample from its output z: softmax(h) for softmax, h itself for linear and hinge.
void error_of(const Settings& s, std::span<const double> z, std::size_t label, std::span<double> delta) {
  if (s.error == ErrorKind::hinge) return hinge_error(z, label, s.mu, delta);
  for (std::size_t i = 0; i < z.size(); ++i) delta[i] = (i == label ? 1 : 0) - z[i];
}

FloatArrays eval(const EvalRequest& request) {
  FloatChecks checks("readout");
  checks.mode(request.mode, {"online", "batch"});
  const int classes = checks.whole(request.parameters, "classes", 2, std::numeric_limits<int>::max());
  const Settings s = read_rule(request.parameters, static_cast<std::size_t>(classes), checks);
  const double eta = checks.number(request.parameters, "eta", -infinity, infinity);
  const EvalArrays in = checks.arrays(request.inputs, classes);
  if (classes > 0 && in.neurons > 0 && in.neurons != static_cast<std::size_t>(classes)) {
    checks.unfitting("classes",
                     std::string("classes=") + std::to_string(classes) + ", but w has " +
                         std::to_string(in.neurons) + " rows",
                     "one row of w for each class", std::string("set classes=") + std::to_string(in.neurons));
  }
  checks.throw_if_any();

  const std::size_t samples = in.samples, n = in.neurons, size = n * in.inputs;
  const bool batch = request.mode == "batch";
  FloatArray z = float_array({samples, n}), delta = z;
  FloatArray dw = batch ? float_array({n, in.inputs}) : float_array({samples, n, in.inputs});
  const double rate = batch ? eta / static_cast<double>(samples) : eta;
  std::vector<double> step(n);
  for (std::size_t t = 0; t < samples; ++t) {
    const std::span<double> output = std::span(z.values).subspan(t * n, n);
    const std::span<double> error = std::span(delta.values).subspan(t * n, n);
    project(in.w, row_of(in.x, t, in.inputs), output);
    if (s.error == ErrorKind::softmax) softmax(output);
    error_of(s, output, static_cast<std::size_t>(in.labels[t]), error);
    std::transform(error.begin(), error.end(), step.begin(), [rate](double e) { return rate * e; });
    const std::span<double> change = std::span(dw.values).subspan(batch ? 0 : t * size, size);
    add_outer(step, row_of(in.x, t, in.inputs), change);
    subtract_decay(rate * s.decay, in.w, change);
  }
  FloatArrays out;
  out["z"] = std::move(z);
  out["delta"] = std::move(delta);
  out["dw"] = std::move(dw);
  return out;
}

class ReadoutLearner final : public FloatLearner {
 public:
  ReadoutLearner(const Settings& settings, const FloatLayer& layer)
      : s_(settings), inputs_(layer.inputs), z_(layer.neurons), delta_(layer.neurons) {}

  void step(const FloatActivity& now, double eta, FloatFactors& factors) override {
    expect_size("readout", "x", now.x.size(), inputs_);
    expect_size("readout", "z", now.z.size(), z_.size());
    if (now.label < 0 || static_cast<std::size_t>(now.label) >= z_.size()) {
      throw Error(ExitCode::data, {"TF-EVL-007",
                                   "readout: learner",
                                   std::string("the label of a sample is ") + std::to_string(now.label),
                                   std::string("a class index from 0 to ") + std::to_string(z_.size() - 1),
                                   {}});
    }
    std::copy(now.z.begin(), now.z.end(), z_.begin());
    if (s_.error == ErrorKind::softmax) softmax(z_);
    error_of(s_, z_, static_cast<std::size_t>(now.label), delta_);
    factors.a0.resize(z_.size());
    std::transform(delta_.begin(), delta_.end(), factors.a0.begin(), [eta](double e) { return eta * e; });
    factors.b0.assign(now.x.begin(), now.x.end());
    factors.a1.clear();
    factors.b1.clear();
    factors.bias1 = 0;
    factors.c.assign(s_.decay > 0 ? z_.size() : 0, eta * s_.decay);
  }

  std::span<const double> error() const override { return delta_; }

 private:
  Settings s_;
  std::size_t inputs_;
  std::vector<double> z_, delta_;  // (n): scratch
};

std::unique_ptr<FloatLearner> learner(const Parameters& given, const FloatLayer& layer) {
  FloatChecks checks("readout");
  const Settings s = read_rule(given, layer.neurons, checks);
  if (layer.classes > 0 && layer.classes != layer.neurons) {
    checks.unfitting(
        "classes",
        std::to_string(layer.classes) + " classes for " + std::to_string(layer.neurons) + " neurons",
        "one neuron for each class", "change the shape of the read-out population");
  }
  checks.throw_if_any();
  return std::make_unique<ReadoutLearner>(s, layer);
}

BatchForm batch(const Parameters& p) {
  if (p.word("error") == "linear")
    throw Error(ExitCode::configuration,
                {"TF-RULE-106", "readout", "error = \"" + p.word("error") + "\" in mini-batches",
                 "error = \"softmax\" or \"hinge\"", "or learn sample by sample: leave `batch` out"});
  BatchForm form;
  const bool hinge = p.word("error") == "hinge";
  form.objective = hinge ? BatchForm::Objective::hinge : BatchForm::Objective::cross_entropy;
  form.mu = p.number("mu");
  form.eta = p.number("eta");
  return form;
}

}  // namespace

FloatRule readout_reference() { return {eval, {"online", "batch"}, learner, batch}; }

}  // namespace trifactor
