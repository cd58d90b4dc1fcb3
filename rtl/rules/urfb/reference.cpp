// Float reference of urfb. eval works on whole arrays, layer by layer, with the old weights everywhere; the
// learner serves one projection in one of three roles. Both ask top_error() for the error of the output.
#include "rtl/rules/urfb/reference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "rtl/rules/float_support.hpp"
#include "rtl/rules/urfb/circuit.hpp"

namespace trifactor {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

struct Settings {
  bool softmax = false, circuit = false;
  double mu = 0;        ///< of the hinge
  double m = 0, k = 0;  ///< of the circuits
};

Settings read_rule(const Parameters& given, std::size_t classes, FloatChecks& checks) {
  Settings s;
  const std::string error = checks.word(given, "error", {"hinge", "softmax", "circuit"});
  s.softmax = error == "softmax", s.circuit = error == "circuit";
  if (s.circuit) {
    s.m = checks.number(given, "circuit_m", 0, infinity);
    s.k = checks.number(given, "circuit_k", 0, infinity);
  }
  s.mu = checks.number(given, "mu", 0, infinity);
  if (s.mu == 0 && classes > 1) s.mu = 1 / static_cast<double>(classes - 1);
  return s;
}

/// delta of the output layer from its linear sums.
void top_error(const Settings& s, std::span<const double> z, std::size_t label, std::span<double> delta) {
  if (s.circuit) {
    for (std::size_t i = 0; i < delta.size(); ++i)
      delta[i] = urfb::circuit_error(z[i], i == label, s.mu, s.m);
    return;
  }
  if (!s.softmax) return hinge_error(z, label, s.mu, delta);
  std::copy(z.begin(), z.end(), delta.begin());
  softmax(delta);
  for (std::size_t i = 0; i < delta.size(); ++i) delta[i] = (i == label ? 1 : 0) - delta[i];
}

// ---------------------------------------------------------------- eval

/// One array (T, n) of neurons.
struct Rows {
  std::size_t width;
  std::vector<double> values;
  Rows(std::size_t samples, std::size_t neurons) : width(neurons), values(samples * neurons) {}
  std::span<double> at(std::size_t t) { return std::span(values).subspan(t * width, width); }
  FloatArray take() {
    const std::size_t samples = values.size() / width;
    return float_array({samples, width}, std::move(values));
  }
};

class Eval {
 public:
  explicit Eval(const EvalRequest& request) : request_(request), checks_("urfb") {
    checks_.mode(request.mode, {"online", "batch"});
    batch_ = request.mode == "batch";
    classes_ = checks_.whole(request.parameters, "classes", 2, std::numeric_limits<int>::max());
    s_ = read_rule(request.parameters, static_cast<std::size_t>(classes_), checks_);
    eta_ = checks_.number(request.parameters, "eta", -infinity, infinity);
    scale_ = checks_.number(request.parameters, "scale", 1, infinity);
    update_r_ = checks_.word(request.parameters, "update_r", {"true", "false"}) == "true";
  }

  FloatArrays run() {
    for (const char* name : {"w1", "w2", "w3", "r2", "r3"})
      if (has(name)) return network();
    return has("r") || has("delta_next") ? hidden() : output();
  }

 private:
  bool has(const char* name) const { return request_.inputs.contains(name); }

  void one_neuron_a_class(std::size_t neurons) {
    if (neurons == 0 || classes_ == 0 || neurons == static_cast<std::size_t>(classes_)) return;
    checks_.unfitting("classes",
                      "classes=" + std::to_string(classes_) + ", but the output has " +
                          std::to_string(neurons) + " neurons",
                      "one neuron for each class", "set classes=" + std::to_string(neurons));
  }

  /// eta delta x^T of every sample, or their mean: (n, inputs) of the projection.
  FloatArray forward_change(std::span<const double> delta, std::size_t n, std::span<const double> x) const {
    const std::size_t inputs = x.size() / samples_, size = n * inputs;
    FloatArray dw = batch_ ? float_array({n, inputs}) : float_array({samples_, n, inputs});
    std::vector<double> step(n);
    for (std::size_t t = 0; t < samples_; ++t) {
      for (std::size_t i = 0; i < n; ++i) step[i] = rate() * delta[t * n + i];
      add_outer(step, row_of(x, t, inputs), std::span(dw.values).subspan(batch_ ? 0 : t * size, size));
    }
    return dw;
  }

  /// The transposed increment, (own, next): the feedback weights learn what the forward weights learn.
  FloatArray feedback_change(std::span<const double> own, std::size_t n,
                             std::span<const double> delta) const {
    const std::size_t next = delta.size() / samples_, size = n * next;
    FloatArray dr = batch_ ? float_array({n, next}) : float_array({samples_, n, next});
    std::vector<double> step(next);
    for (std::size_t t = 0; t < samples_ && update_r_; ++t) {
      for (std::size_t i = 0; i < next; ++i) step[i] = rate() * delta[t * next + i];
      add_outer(row_of(own, t, n), step, std::span(dr.values).subspan(batch_ ? 0 : t * size, size));
    }
    return dr;
  }

  double clip(double h) const { return std::clamp(h / scale_, -1.0, 1.0); }
  double rate() const { return batch_ ? eta_ / static_cast<double>(samples_) : eta_; }

  FloatArrays output() {
    const EvalArrays in = checks_.arrays(request_.inputs, classes_);
    one_neuron_a_class(in.neurons);
    checks_.throw_if_any();
    samples_ = in.samples;
    Rows z(samples_, in.neurons), delta = z;
    for (std::size_t t = 0; t < samples_; ++t) {
      project(in.w, row_of(in.x, t, in.inputs), z.at(t));
      top_error(s_, z.at(t), static_cast<std::size_t>(in.labels[t]), delta.at(t));
    }
    FloatArrays out;
    out["dw"] = forward_change(delta.values, in.neurons, in.x);
    out["z"] = z.take();
    out["delta"] = delta.take();
    return out;
  }

  FloatArrays hidden() {
    const EvalArrays in = checks_.layer(request_.inputs);
    const FloatArray* next = checks_.matrix(request_.inputs, "delta_next", "(T, n_next)", in.samples, 0);
    const FloatArray* r = checks_.matrix(request_.inputs, "r", "(n_out, n_next)", in.neurons,
                                         next == nullptr ? 0 : next->shape[1]);
    checks_.throw_if_any();
    samples_ = in.samples;
    Rows z(samples_, in.neurons), gate = z, third = z, delta = z;
    for (std::size_t t = 0; t < samples_; ++t) {
      project(in.w, row_of(in.x, t, in.inputs), z.at(t));
      project(r->values, row_of(next->values, t, next->shape[1]), third.at(t));
    }
    pass_gate(z, gate, third, delta);
    FloatArrays out;
    out["dw"] = forward_change(delta.values, in.neurons, in.x);
    out["dr"] = feedback_change(z.values, in.neurons, next->values);
    out["z"] = z.take();
    out["gate"] = gate.take();
    out["third_factor"] = third.take();
    out["delta"] = delta.take();
    return out;
  }

  /// Sums become activities, delta = f' R delta_next, f' = 1 / scale where |h| <= scale.
  void pass_gate(Rows& z, Rows& gate, const Rows& third, Rows& delta) const {
    for (std::size_t k = 0; k < z.values.size(); ++k) {
      const double h = z.values[k];
      z.values[k] = clip(h);
      gate.values[k] = s_.circuit ? std::abs(h) < scale_ : std::abs(h) <= scale_ ? 1 / scale_ : 0;
      delta.values[k] = s_.circuit ? urfb::circuit_gate(third.values[k], z.values[k], s_.k)
                                   : gate.values[k] * third.values[k];
    }
  }

  FloatArrays network() {
    const FloatArray* x = checks_.matrix(request_.inputs, "x", "(T, n_in)", 0, 0);
    const auto size = [](const FloatArray* array, std::size_t axis) {
      return array == nullptr ? 0 : array->shape[axis];
    };
    const FloatArray* w1 = checks_.matrix(request_.inputs, "w1", "(n1, n_in)", 0, size(x, 1));
    const FloatArray* w2 = checks_.matrix(request_.inputs, "w2", "(n2, n1)", 0, size(w1, 0));
    const FloatArray* w3 = checks_.matrix(request_.inputs, "w3", "(n_out, n2)", 0, size(w2, 0));
    const FloatArray* r2 = checks_.matrix(request_.inputs, "r2", "(n1, n2)", size(w1, 0), size(w2, 0));
    const FloatArray* r3 = checks_.matrix(request_.inputs, "r3", "(n2, n_out)", size(w2, 0), size(w3, 0));
    const std::vector<std::int64_t> labels = checks_.labels(request_.inputs, size(x, 0), classes_);
    one_neuron_a_class(size(w3, 0));
    for (const char* name : {"w", "r", "delta_next"})
      if (has(name))
        checks_.excluded(name, std::string("array ") + name + " beside those of a whole network",
                         "one of the three shapes", "w1 w2 w3 r2 r3, or w r delta_next, or w alone");
    checks_.throw_if_any();
    samples_ = x->shape[0];
    const std::size_t n1 = w1->shape[0], n2 = w2->shape[0], n3 = w3->shape[0];
    Rows x1(samples_, n1), gate1 = x1, third1 = x1, delta1 = x1;
    Rows x2(samples_, n2), gate2 = x2, third2 = x2, delta2 = x2;
    Rows out3(samples_, n3), delta3 = out3;
    for (std::size_t t = 0; t < samples_; ++t)
      project(w1->values, row_of(x->values, t, x->shape[1]), x1.at(t));
    // x1 and x2 hold the sums h until their gates are known.
    std::vector<double> clipped;
    const auto clip_all = [&](std::span<const double> h) -> std::span<const double> {
      clipped.assign(h.begin(), h.end());
      for (double& value : clipped) value = clip(value);
      return clipped;
    };
    for (std::size_t t = 0; t < samples_; ++t) {
      project(w2->values, clip_all(x1.at(t)), x2.at(t));
      project(w3->values, clip_all(x2.at(t)), out3.at(t));
      top_error(s_, out3.at(t), static_cast<std::size_t>(labels[t]), delta3.at(t));
      project(r3->values, delta3.at(t), third2.at(t));
    }
    pass_gate(x2, gate2, third2, delta2);
    for (std::size_t t = 0; t < samples_; ++t) project(r2->values, delta2.at(t), third1.at(t));
    pass_gate(x1, gate1, third1, delta1);

    FloatArrays out;
    out["dw1"] = forward_change(delta1.values, n1, x->values);
    out["dw2"] = forward_change(delta2.values, n2, x1.values);
    out["dw3"] = forward_change(delta3.values, n3, x2.values);
    out["dr2"] = feedback_change(x1.values, n1, delta2.values);
    out["dr3"] = feedback_change(x2.values, n2, delta3.values);
    out["x1"] = x1.take(), out["x2"] = x2.take(), out["out"] = out3.take();
    out["delta1"] = delta1.take(), out["delta2"] = delta2.take(), out["delta3"] = delta3.take();
    return out;
  }

  const EvalRequest& request_;
  FloatChecks checks_;
  Settings s_;
  int classes_ = 0;
  double eta_ = 0, scale_ = 1;
  bool batch_ = false, update_r_ = true;
  std::size_t samples_ = 0;
};

FloatArrays eval(const EvalRequest& request) { return Eval(request).run(); }

// ---------------------------------------------------------------- learner

class UrfbLearner final : public FloatLearner {
 public:
  UrfbLearner(const Settings& settings, const FloatLayer& layer)
      : s_(settings), layer_(layer), delta_(layer.feedback ? 0 : layer.neurons) {}

  void step(const FloatActivity& now, double eta, FloatFactors& factors) override {
    expect_size("urfb", "x", now.x.size(), layer_.inputs);
    expect_size("urfb", "z", now.z.size(), layer_.neurons);
    factors.a1.clear(), factors.b1.clear(), factors.c.clear();
    factors.bias1 = 0;
    if (layer_.feedback) return feed_back(now, eta, factors);
    if (layer_.output) {
      read_top(now);
    } else {
      expect_size("urfb", "fprime", now.fprime.size(), layer_.neurons);
      expect_size("urfb", "error", now.error.size(), layer_.neurons);
      for (std::size_t i = 0; i < delta_.size(); ++i)
        delta_[i] = s_.circuit && !layer_.relay ? urfb::circuit_gate(now.error[i], now.z[i], s_.k)
                                                : now.fprime[i] * now.error[i];
    }
    factors.a0.resize(delta_.size());
    for (std::size_t i = 0; i < delta_.size(); ++i) factors.a0[i] = eta * delta_[i];
    factors.b0.assign(now.x.begin(), now.x.end());
  }

  std::span<const double> error() const override { return delta_; }

 private:
  /// eta stands beside delta, as in the forward projection's factors: R = W^T then stays so to the last bit.
  void feed_back(const FloatActivity& now, double eta, FloatFactors& factors) const {
    factors.a0.assign(now.z.begin(), now.z.end());
    factors.b0.resize(layer_.inputs);
    for (std::size_t j = 0; j < layer_.inputs; ++j) factors.b0[j] = eta * now.x[j];
  }

  void read_top(const FloatActivity& now) {
    if (now.label < 0 || static_cast<std::size_t>(now.label) >= layer_.neurons)
      throw Error(ExitCode::data, {"TF-EVL-007",
                                   "urfb: learner",
                                   "the label of a sample is " + std::to_string(now.label),
                                   "a class index from 0 to " + std::to_string(layer_.neurons - 1),
                                   {}});
    top_error(s_, now.z, static_cast<std::size_t>(now.label), delta_);
  }

  Settings s_;
  FloatLayer layer_;
  std::vector<double> delta_;  // (n), empty for feedback
};

std::unique_ptr<FloatLearner> learner(const Parameters& given, const FloatLayer& layer) {
  FloatChecks checks("urfb");
  const Settings s = read_rule(given, layer.neurons, checks);
  if (layer.groups > 0)
    checks.unfitting("groups", std::to_string(layer.groups) + " groups of divisive normalisation",
                     "a layer without: errors pass the neuron's own gate only", "remove normalise");
  if (layer.output && !layer.feedback && layer.classes > 0 && layer.classes != layer.neurons)
    checks.unfitting(
        "classes",
        std::to_string(layer.classes) + " classes for " + std::to_string(layer.neurons) + " neurons",
        "one neuron for each class", "change the shape of the output population");
  checks.throw_if_any();
  return std::make_unique<UrfbLearner>(s, layer);
}

BatchForm batch(const Parameters& p) {
  if (p.word("error") == "circuit")
    throw Error(ExitCode::configuration,
                {"TF-RULE-223", "urfb", "error = \"circuit\" in mini-batches",
                 "error = \"hinge\" or \"softmax\"", "or learn sample by sample: leave `batch` out"});
  const bool hinge = p.word("error") == "hinge";
  BatchForm form;
  form.objective = hinge ? BatchForm::Objective::hinge : BatchForm::Objective::cross_entropy;
  form.mu = p.number("mu");
  form.eta = p.number("eta");
  return form;
}

}  // namespace

FloatRule urfb_reference() { return {eval, {"online", "batch"}, learner, batch}; }

}  // namespace trifactor
