// Float reference of phsic_gaussian. The eval functions work on whole arrays and follow the paper's equations
// line by line; the learner streams samples and forms the factors of the rank-two update. They share no step
// of the rule, so that each can be tested against the other.
#include "rtl/rules/phsic_gaussian/reference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

#include "rtl/rules/float_support.hpp"
#include "rtl/rules/phsic_batch.hpp"
#include "rtl/rules/phsic_gaussian/circuit_learner.hpp"

namespace trifactor {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr int largest = std::numeric_limits<int>::max();
constexpr int most_partners = 4096;  // the teacher sends a word for each

struct Settings {
  double sigma = 1, gamma = 0, beta = 0, beta_mu = 0, decay = 0;
  int classes = 2, variant = 0, partners = 0;
  std::size_t groups = 0;
  double eta = 0;  // of eval alone

  bool grouped() const { return groups > 0; }
  bool leaky_mean() const { return variant == 20 || variant == 21; }
};

/// The online variant that the numbers mean, or a recorded mistake when they exclude each other.
int resolve_variant(int variant, int partners, bool grouped, bool batch, FloatChecks& checks) {
  if (batch && (variant != 0 || partners != 0)) {
    checks.excluded(variant != 0 ? "variant" : "partners", "an online form with mode batch",
                    "variant=0 and partners=0", "batch is the whole gradient; use mode online");
    return 0;
  }
  if (variant == 0) return grouped ? 18 : 19;
  const std::string name = std::string("variant=") + std::to_string(variant);
  if (variant < 18) {
    checks.excluded("variant", "there is no " + name, "18, 19, 20, 21, 22 (the paper's equations) or 0",
                    "0 takes 18 with groups and 19 without");
    return variant;
  }
  const bool plain = variant == 19 || variant == 20;
  if (plain == grouped) {
    checks.excluded("variant", name + (grouped ? " with groups" : " without groups"),
                    grouped ? "18, 21 or 22 with groups" : "19 or 20 without groups",
                    grouped ? "set groups=0 or another variant" : "set groups to a divisor of the neurons");
  } else if (partners > 0 && variant >= 20) {
    checks.excluded("partners", std::string("partners=") + std::to_string(partners) + " with " + name,
                    "partners with variant 0, 18 or 19", "(20) to (22) are two-point forms: set partners=0");
  }
  return variant;
}

/// What eval and learner both need; `groups` is settled by the caller.
Settings read_rule(const Parameters& given, std::size_t groups, bool batch, FloatChecks& checks) {
  Settings s;
  s.groups = groups;
  s.sigma = checks.number(given, "sigma", 0, infinity, true);
  s.gamma = checks.number(given, "gamma", -infinity, infinity);
  s.beta = checks.number(given, "beta", 0, 1);
  s.beta_mu = checks.number(given, "beta_mu", 0, 1);
  s.decay = checks.number(given, "decay", 0, infinity);
  s.classes = checks.whole(given, "classes", 2, largest);
  s.partners = checks.whole(given, "partners", 0, most_partners);
  const int variant = checks.whole(given, "variant", 0, 22);
  s.variant = resolve_variant(variant, s.partners, s.grouped(), batch, checks);
  return s;
}

// ---------------------------------------------------------------- eval

using Forward = PhsicForward;

/// What every online form puts out of the forward pass.
void put_online(const Forward& f, FloatArrays& out) {
  put_forward(f, out);
  out["fprime"] = float_array({f.samples, f.neurons}, f.fprime);
}

/// dw (T, n_out, n_in) before the rule adds to it: every sample decays the weights, with a partner or
/// without.
FloatArray decayed(const Settings& s, const EvalArrays& in) {
  FloatArray dw = float_array({in.samples, in.neurons, in.inputs});
  const std::size_t size = in.w.size();
  for (std::size_t t = 0; t < in.samples; ++t) {
    subtract_decay(s.eta * s.decay, in.w, std::span(dw.values).subspan(t * size, size));
  }
  return dw;
}

/// Two-point forms (18) to (22) with the third-factor circuit (63) to (70).
FloatArrays eval_two_points(const Settings& s, const EvalArrays& in, const Forward& f) {
  const std::size_t samples = f.samples, n = f.neurons, groups = f.groups;
  FloatArrays out;
  put_online(f, out);
  for (const char* name : {"label_kernel", "kernel", "b1", "b2", "b3"}) out[name] = float_array({samples});
  std::vector<double> scalar(samples), m_group(samples * groups), b4(samples * groups);
  for (std::size_t t = 1; t < samples; ++t) {
    const double b1 = squared_distance(f.seen(t), f.seen(t - 1));  // (63), (69)
    const double k = gaussian_kernel(b1, s.sigma);
    const double label = class_kernel(in.labels[t], in.labels[t - 1], s.classes);
    const double b2 = s.gamma * label - 2 * k;                               // (64)
    const double b3 = s.beta * out["b3"].values[t - 1] + (1 - s.beta) * b2;  // (65)
    scalar[t] = -(b2 - b3) * k / (s.sigma * s.sigma);                        // (66)
    for (std::size_t g = 0; g < groups; ++g) {
      b4[t * groups + g] = f.v[t * groups + g] - f.v[(t - 1) * groups + g];  // (68)
      m_group[t * groups + g] = scalar[t] * b4[t * groups + g];              // (70)
    }
    out["b1"].values[t] = b1;
    out["kernel"].values[t] = k;
    out["label_kernel"].values[t] = label;
    out["b2"].values[t] = b2;
    out["b3"].values[t] = b3;
  }

  const bool leaky = s.variant == 20 || s.variant == 21;
  const auto older_row = [leaky](std::size_t t) { return leaky ? t : t - 1; };
  if (leaky) {
    out["mu_post"] = leaky_means(f.post, samples, s.beta_mu);
    out["mu_x"] = leaky_means(in.x, samples, s.beta_mu);
  }
  if (s.variant == 20) out["mu_z"] = leaky_means(f.z, samples, s.beta_mu);

  FloatArray dw = decayed(s, in);
  std::vector<double> newer(n), older(n);
  for (std::size_t t = 1; t < samples; ++t) {
    const std::span<const double> z = row_of(f.z, t, n), post = row_of(f.post, t, n);
    // The older point of the pair: the last sample, or the leaky means in its place.
    const std::span<const double> older_z =
        row_of(s.variant == 20 ? out["mu_z"].values : f.z, older_row(t), n);
    const std::span<const double> older_post =
        row_of(leaky ? out["mu_post"].values : f.post, older_row(t), n);
    const std::span<const double> older_x =
        leaky ? row_of(out["mu_x"].values, t, f.inputs) : row_of(in.x, t - 1, f.inputs);
    for (std::size_t i = 0; i < n; ++i) {
      double m = scalar[t];
      if (groups > 0) m = m_group[t * groups + f.group_of(i)];
      if (groups == 0) m *= z[i] - older_z[i];                              // (19), (20)
      if (s.variant == 22) m -= m_group[(t - 1) * groups + f.group_of(i)];  // and no newer term
      newer[i] = s.variant == 22 ? 0 : s.eta * m * post[i];
      older[i] = -s.eta * m * older_post[i];
    }
    const std::span<double> change = std::span(dw.values).subspan(t * n * f.inputs, n * f.inputs);
    add_outer(newer, row_of(in.x, t, f.inputs), change);
    add_outer(older, older_x, change);
  }

  out["dw"] = std::move(dw);
  if (s.grouped()) {
    out["b4"] = float_array({samples, groups}, std::move(b4));
    out["third_factor"] = float_array({samples, groups}, std::move(m_group));
    out["third_factor_scalar"] = float_array({samples}, std::move(scalar));
  } else {
    out["third_factor"] = float_array({samples}, std::move(scalar));
  }
  return out;
}

/// Where the differences come from a circuit in time; empty: they are exact. Absent without the parameter.
std::optional<phsic_gaussian::DifferenceCircuit> read_circuit(const Parameters& given, const Settings& s,
                                                              bool batch, FloatChecks& checks) {
  if (!given.words.contains("differences")) return {};
  const std::string word = checks.word(given, "differences", {"exact", "derivative", "memory"});
  if (word == "exact") return {};
  if (batch || s.partners > 0 || s.variant >= 20)
    checks.excluded("differences", "differences=" + word + " with another form than (18) and (19)",
                    "mode online, partners=0, variant 0, 18 or 19", "the circuit compares two samples");
  phsic_gaussian::DifferenceCircuit c;
  c.memory = word == "memory";
  const auto steps = [&](const char* name, int low) {
    return static_cast<std::size_t>(checks.whole(given, name, low, 1000000));
  };
  c.duration = steps("duration", 2), c.gap = steps("gap", 0), c.c1 = steps("c1", 1);
  c.c2 = checks.number(given, "c2", 0, infinity, true);
  c.leak = checks.number(given, "leak", 0, 1);
  c.step = checks.number(given, "step", 0, 1, true);
  c.deviation = checks.number(given, "deviation", 0, infinity, true);
  c.tau_mu = checks.number(given, "tau_mu", 0, infinity);
  if (c.c1 >= c.duration)
    checks.excluded("c1", "c1=" + std::to_string(c.c1) + " with duration=" + std::to_string(c.duration),
                    "c1 below duration",
                    "the circuit answers c1 steps after a sample began, while it is there");
  return c;
}

/// (18) and (19) with differences of a circuit: (57, 61, 67) with (58) or (60). Where the equations have f'
/// x, each synapse's product goes through a circuit of its own.
FloatArrays eval_circuit(const Settings& s, const phsic_gaussian::DifferenceCircuit& c, const EvalArrays& in,
                         const Forward& f) {
  const std::size_t samples = f.samples, n = f.neurons, width = f.seen(0).size(), size = in.w.size();
  FloatArrays out;
  put_online(f, out);
  for (const char* name : {"label_kernel", "kernel", "b1", "b2", "b3"}) out[name] = float_array({samples});
  std::vector<double> scalar(samples), m_group(samples * f.groups), products(samples * size);
  for (std::size_t t = 0; t < samples; ++t)
    for (std::size_t k = 0; k < size; ++k)
      products[t * size + k] = f.post[t * n + k / f.inputs] * in.x[t * f.inputs + k % f.inputs];
  std::vector<double> change = circuit_differences(c, s.grouped() ? f.v : f.z, width);
  const std::vector<double> hebbian = circuit_differences(c, products, size);
  FloatArray dw = decayed(s, in);
  for (std::size_t t = 1; t < samples; ++t) {
    const std::span<const double> d = row_of(change, t, width);
    double b1 = 0;
    for (const double value : d) b1 += value * value;
    const double k = gaussian_kernel(b1, s.sigma),
                 label = class_kernel(in.labels[t], in.labels[t - 1], s.classes);
    const double b2 = s.gamma * label - 2 * k, b3 = s.beta * out["b3"].values[t - 1] + (1 - s.beta) * b2;
    scalar[t] = -(b2 - b3) * k / (s.sigma * s.sigma);
    out["b1"].values[t] = b1, out["kernel"].values[t] = k, out["label_kernel"].values[t] = label;
    out["b2"].values[t] = b2, out["b3"].values[t] = b3;
    for (std::size_t g = 0; g < f.groups; ++g) m_group[t * f.groups + g] = scalar[t] * d[g];
    for (std::size_t w = 0; w < size; ++w) {
      const std::size_t i = w / f.inputs;
      dw.values[t * size + w] +=
          s.eta * scalar[t] * d[s.grouped() ? f.group_of(i) : i] * hebbian[t * size + w];
    }
  }
  out["dw"] = std::move(dw);
  if (s.grouped()) {
    out["b4"] = float_array({samples, width}, std::move(change));
    out["third_factor"] = float_array({samples, f.groups}, std::move(m_group));
    out["third_factor_scalar"] = float_array({samples}, std::move(scalar));
  } else {
    out["dz"] = float_array({samples, width}, std::move(change));
    out["third_factor"] = float_array({samples}, std::move(scalar));
  }
  return out;
}

/// The one-term form: the present sample against its last K, which count as constants.
FloatArrays eval_partners(const Settings& s, const EvalArrays& in, const Forward& f) {
  const std::size_t samples = f.samples, n = f.neurons, depth = static_cast<std::size_t>(s.partners);
  const std::size_t width = f.seen(0).size();
  FloatArrays out;
  put_online(f, out);
  FloatArray dw = decayed(s, in), kernel = float_array({samples, depth});
  FloatArray words = kernel, mean = float_array({samples}), total = float_array({samples, width});
  std::vector<double> factor(n);
  for (std::size_t t = 1; t < samples; ++t) {
    const std::size_t count = std::min(depth, t);
    std::vector<double> b2(count);
    double mean_b2 = 0;
    for (std::size_t p = 1; p <= count; ++p) {
      const double k = gaussian_kernel(squared_distance(f.seen(t), f.seen(t - p)), s.sigma);
      b2[p - 1] = s.gamma * class_kernel(in.labels[t], in.labels[t - p], s.classes) - 2 * k;
      mean_b2 += b2[p - 1] / static_cast<double>(count);
      kernel.values[t * depth + p - 1] = k;
    }
    const double b3 = s.beta * mean.values[t - 1] + (1 - s.beta) * mean_b2;
    mean.values[t] = b3;
    const std::span<double> sum = std::span(total.values).subspan(t * width, width);
    for (std::size_t p = 1; p <= count; ++p) {
      const double m = -(b2[p - 1] - b3) * kernel.values[t * depth + p - 1] /
                       (static_cast<double>(count) * s.sigma * s.sigma);
      words.values[t * depth + p - 1] = m;
      for (std::size_t i = 0; i < width; ++i) sum[i] += m * (f.seen(t)[i] - f.seen(t - p)[i]);
    }
    for (std::size_t i = 0; i < n; ++i) {
      factor[i] = s.eta * sum[s.grouped() ? f.group_of(i) : i] * f.post[t * n + i];
    }
    const std::span<double> change = std::span(dw.values).subspan(t * n * f.inputs, n * f.inputs);
    add_outer(factor, row_of(in.x, t, f.inputs), change);
  }
  out["dw"] = std::move(dw);
  out["kernel"] = std::move(kernel);
  out["third_factor"] = std::move(words);
  out["b3"] = std::move(mean);
  out["t_factor"] = std::move(total);
  return out;
}

double gaussian(std::span<const double> a, std::span<const double> b, double sigma) {
  return gaussian_kernel(squared_distance(a, b), sigma);
}

void gaussian_pull(std::span<const double> a, std::span<const double> b, double k, double sigma,
                   double weight, std::span<double> out) {
  for (std::size_t i = 0; i < a.size(); ++i) out[i] -= weight * k / (sigma * sigma) * (a[i] - b[i]);
}

/// Gradient descent on L = pHSIC(Z,Z) - gamma pHSIC(Y,Z) with all constants, appendix B.
FloatArrays eval_batch(const Settings& s, const PhsicLayer& layer, const EvalArrays& in, const Forward& f) {
  FloatArrays out;
  put_forward(f, out);
  FloatArray words = float_array(
      {f.samples, f.samples},
      phsic_batch({gaussian, gaussian_pull}, {s.sigma, s.gamma, s.eta, s.classes}, layer, in, f, out));
  for (std::size_t k = 0; k < words.values.size(); ++k)  // M = G k / sigma^2, eq 41
    words.values[k] *= out["kernel"].values[k] / (s.sigma * s.sigma);
  subtract_decay(s.eta * s.decay, in.w, out["dw"].values);
  out["third_factor"] = std::move(words);
  return out;
}

FloatArrays eval(const EvalRequest& request) {
  FloatChecks checks("phsic_gaussian");
  checks.mode(request.mode, {"online", "batch"});
  const Parameters& given = request.parameters;
  const PhsicLayer layer = read_phsic_layer(given, checks);
  Settings s = read_rule(given, layer.groups, request.mode == "batch", checks);
  s.eta = checks.number(given, "eta", -infinity, infinity);
  const auto circuit = read_circuit(given, s, request.mode == "batch", checks);
  const EvalArrays in = checks.arrays(request.inputs, s.classes);
  check_groups(layer, in, checks);
  checks.throw_if_any();
  const Forward f = phsic_forward(layer, in);
  if (request.mode == "batch") return eval_batch(s, layer, in, f);
  if (circuit) return eval_circuit(s, *circuit, in, f);
  return s.partners > 0 ? eval_partners(s, in, f) : eval_two_points(s, in, f);
}

// ---------------------------------------------------------------- learner

class PhsicLearner final : public FloatLearner {
 public:
  PhsicLearner(const Settings& settings, const FloatLayer& layer)
      : s_(settings),
        layer_(layer),
        depth_(static_cast<std::size_t>(std::max(1, settings.partners))),
        width_(layer.groups > 0 ? layer.groups : layer.neurons),
        labels_(depth_),
        history_(depth_ * width_),
        difference_(depth_ * width_),
        kernel_(depth_),
        b2_(depth_),
        total_(width_),
        last_total_(width_),
        post_(layer.neurons),
        past_post_(layer.neurons),
        past_x_(layer.inputs),
        mu_z_(s_.variant == 20 ? layer.neurons : 0) {}

  void step(const FloatActivity& now, double eta, FloatFactors& factors) override {
    phsic_gaussian::expect_activity(layer_, now);
    for (std::size_t i = 0; i < layer_.neurons; ++i) {
      post_[i] = s_.groups > 0 ? now.r[i] * now.fprime[i] : now.fprime[i];
    }
    compare(now);
    fill(now, eta, factors);
    remember(now);
  }

  FloatSignals signals() const override { return signals_; }

 private:
  bool two_terms() const { return s_.partners == 0 && s_.variant != 22; }
  std::size_t slot(std::size_t partner) const { return (samples_ - partner) % depth_; }
  std::size_t share(std::size_t i) const {  // the entry of total_ that neuron i uses
    return s_.groups > 0 ? i / (layer_.neurons / s_.groups) : i;
  }
  std::span<const double> seen(const FloatActivity& now) const { return s_.groups > 0 ? now.uq : now.z; }

  /// Distances to the partners, their words, and total_ = sum_p M_p (h_0 - h_p), h = z or centred u^q.
  void compare(const FloatActivity& now) {
    const std::size_t count = std::min(depth_, samples_);
    const double partners = static_cast<double>(count);
    std::swap(total_, last_total_);
    std::fill(total_.begin(), total_.end(), 0.0);
    signals_ = {0, 0, 0, partners};
    if (count == 0) return;
    double mean_b2 = 0;
    for (std::size_t p = 1; p <= count; ++p) {
      const std::span<double> d = std::span(difference_).subspan((p - 1) * width_, width_);
      const std::span<const double> past = row_of(history_, slot(p), width_);
      double squared = 0;
      for (std::size_t a = 0; a < width_; ++a) d[a] = seen(now)[a] - past[a];
      if (s_.groups > 0) centre(d);
      for (const double value : d) squared += value * value;
      const std::int64_t label = labels_[slot(p)];
      kernel_[p - 1] = gaussian_kernel(squared, s_.sigma);
      b2_[p - 1] = s_.gamma * class_kernel(now.label, label, s_.classes) - 2 * kernel_[p - 1];
      mean_b2 += b2_[p - 1] / partners;
      signals_.kernel += kernel_[p - 1] / partners;
      signals_.same_class += (label == now.label ? 1 : 0) / partners;
    }
    b3_ += (1 - s_.beta) * (mean_b2 - b3_);
    for (std::size_t p = 0; p < count; ++p) {
      word_ = (b3_ - b2_[p]) * kernel_[p] / (partners * s_.sigma * s_.sigma);
      signals_.third_factor += std::abs(word_) / partners;
      for (std::size_t a = 0; a < width_; ++a) total_[a] += word_ * difference_[p * width_ + a];
    }
  }

  void fill(const FloatActivity& now, double eta, FloatFactors& factors) {
    const bool first = samples_ == 0;
    const std::size_t second = two_terms() ? layer_.neurons : 0;
    factors.a0.resize(layer_.neurons);
    factors.a1.resize(second);
    if (s_.variant == 22) {
      factors.b0.assign(past_x_.begin(), past_x_.end());
    } else {
      factors.b0.assign(now.x.begin(), now.x.end());
    }
    factors.b1.assign(past_x_.begin(), second > 0 ? past_x_.end() : past_x_.begin());
    factors.bias1 = second > 0 ? 1 : 0;
    factors.c.assign(s_.decay > 0 ? layer_.neurons : 0, eta * s_.decay);
    for (std::size_t i = 0; i < layer_.neurons; ++i) {
      double third = total_[share(i)];  // M (h_0 - h_1), or its sum over partners
      if (s_.variant == 20) third = first ? 0 : word_ * (now.z[i] - mu_z_[i]);
      if (s_.variant == 22) {
        factors.a0[i] = first ? 0 : eta * (last_total_[share(i)] - third) * past_post_[i];
      } else {
        factors.a0[i] = eta * third * post_[i];
      }
      if (second > 0) factors.a1[i] = -eta * third * past_post_[i];
    }
  }

  void remember(const FloatActivity& now) {
    const double keep = s_.leaky_mean() && samples_ > 0 ? s_.beta_mu : 0;  // 0: the older point is the last
    const auto follow = [keep](std::vector<double>& mean, std::span<const double> value) {
      for (std::size_t i = 0; i < mean.size(); ++i) mean[i] = keep * mean[i] + (1 - keep) * value[i];
    };
    follow(mu_z_, now.z);
    if (s_.partners == 0) {
      follow(past_post_, post_);
      follow(past_x_, now.x);
    }
    labels_[samples_ % depth_] = now.label;
    std::copy(seen(now).begin(), seen(now).end(),
              history_.begin() + static_cast<std::ptrdiff_t>(samples_ % depth_ * width_));
    ++samples_;
  }

  Settings s_;
  FloatLayer layer_;
  std::size_t depth_, width_;               ///< samples kept; entries the kernel compares
  std::size_t samples_ = 0;                 ///< seen so far
  double b3_ = 0, word_ = 0;                ///< word_: M_p of the oldest partner, with one partner M
  std::vector<std::int64_t> labels_;        // (depth)
  std::vector<double> history_;             // (depth, width): z or u^q
  std::vector<double> difference_;          // (depth, width): of this sample
  std::vector<double> kernel_, b2_;         // (depth)
  std::vector<double> total_, last_total_;  // (width): of this sample and the last
  std::vector<double> post_;                // (n): f' or r f' now
  std::vector<double> past_post_, past_x_;  // (n), (n_in): of the last sample, or leaky means
  std::vector<double> mu_z_;                // (n): variant 20
  FloatSignals signals_;
};

std::unique_ptr<FloatLearner> learner(const Parameters& given, const FloatLayer& layer) {
  FloatChecks checks("phsic_gaussian");
  Parameters settled = given;
  if (layer.classes > 0) settled.numbers["classes"] = static_cast<double>(layer.classes);
  const Settings s = read_rule(settled, layer.groups, false, checks);
  if (layer.groups > 0 && layer.neurons % layer.groups != 0) {
    checks.unfitting(
        "groups", std::to_string(layer.groups) + " groups over " + std::to_string(layer.neurons) + " neurons",
        "a divisor of the number of neurons", "every group has the same number of neurons");
  }
  const auto circuit = read_circuit(given, s, false, checks);
  checks.throw_if_any();
  if (circuit)
    return phsic_gaussian::circuit_learner({s.sigma, s.gamma, s.beta, s.decay, s.classes}, *circuit, layer);
  return std::make_unique<PhsicLearner>(s, layer);
}

BatchForm batch(const Parameters& p) {
  if (phsic_gaussian::by_circuit(p))
    throw Error(
        ExitCode::configuration,
        {"TF-RULE-108", "phsic_gaussian", "differences = \"" + p.word("differences") + "\" in mini-batches",
         "differences = \"exact\"", "or learn sample by sample: leave `batch` out"});
  return {BatchForm::Objective::kernel, BatchKernel::gaussian, p.number("sigma"), p.number("gamma"),
          p.number("eta")};
}

}  // namespace

namespace phsic_gaussian {

bool by_circuit(const Parameters& p) {
  const auto word = p.words.find("differences");
  return word != p.words.end() && word->second != "exact";
}

void expect_activity(const FloatLayer& layer, const FloatActivity& now) {
  expect_size("phsic_gaussian", "x", now.x.size(), layer.inputs);
  expect_size("phsic_gaussian", "z", now.z.size(), layer.neurons);
  expect_size("phsic_gaussian", "fprime", now.fprime.size(), layer.neurons);
  if (layer.groups == 0) return;
  expect_size("phsic_gaussian", "r", now.r.size(), layer.neurons);
  expect_size("phsic_gaussian", "uq", now.uq.size(), layer.groups);
}

}  // namespace phsic_gaussian

FloatRule phsic_gaussian_reference() { return {eval, {"online", "batch"}, learner, batch}; }

}  // namespace trifactor
