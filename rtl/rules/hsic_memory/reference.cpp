// Float reference of hsic_memory. eval works on whole arrays and follows equations (5) to (8) line by line,
// centring included; the learner streams samples, keeps a ring of the last N and forms the N - 1 words c_p.
// They share no step of the rule, so that each can be tested against the other.
#include "rtl/rules/hsic_memory/reference.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "rtl/rules/float_support.hpp"

namespace trifactor {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr int deepest = 4096;

struct Settings {
  std::size_t depth = 2;  ///< N: the present sample and N - 1 past ones
  double sigma_x = 1, sigma_y = 1, sigma_z = 1, gamma = 0;
  bool hears = false;      ///< learns from what it is told xi is
  double error_scale = 1;  ///< of what is sent and heard
};

Settings read_rule(const Parameters& given, FloatChecks& checks) {
  Settings s;
  s.depth = static_cast<std::size_t>(checks.whole(given, "N", 2, deepest));
  s.sigma_x = checks.number(given, "sigma_x", 0, infinity, true);
  s.sigma_y = checks.number(given, "sigma_y", 0, infinity, true);
  s.sigma_z = checks.number(given, "sigma_z", 0, infinity, true);
  s.gamma = checks.number(given, "gamma", -infinity, infinity);
  s.hears = checks.word(given, "error", {"analytic", "told"}) == "told";
  s.error_scale = checks.number(given, "error_scale", 0, infinity, true);
  return s;
}

double square(double value) { return value * value; }

/// Squared distance of two one-hot vectors.
double label_distance(std::int64_t a, std::int64_t b) { return a == b ? 0 : 2; }

// ---------------------------------------------------------------- eval

FloatArrays eval(const EvalRequest& request) {
  FloatChecks checks("hsic_memory");
  checks.mode(request.mode, {"online"});
  const Settings s = read_rule(request.parameters, checks);
  if (s.hears)
    checks.unfitting("error", "error=told", "analytic: arrays alone have nobody who tells it",
                     "a network with a projection of kind \"error\" has");
  const double eta = checks.number(request.parameters, "eta", -infinity, infinity);
  const int classes = checks.whole(request.parameters, "classes", 2, std::numeric_limits<int>::max());
  const EvalArrays in = checks.arrays(request.inputs, classes);
  std::span<const double> seen = in.x;
  if (request.inputs.contains("x_net")) {
    const FloatArray* net = checks.matrix(request.inputs, "x_net", "(T, n)", in.samples, 0);
    if (net != nullptr) seen = net->values;
  }
  checks.throw_if_any();

  const std::size_t samples = in.samples, n = in.neurons, depth = s.depth, width = seen.size() / samples;
  FloatArray z = float_array({samples, n});
  for (std::size_t t = 0; t < samples; ++t)
    project(in.w, row_of(in.x, t, in.inputs), std::span(z.values).subspan(t * n, n));
  for (double& value : z.values) value = std::tanh(value);

  FloatArray kernel_x = float_array({samples, depth}), kernel_y = kernel_x, kernel_z = kernel_x, a = kernel_x;
  FloatArray xi = float_array({samples, n}), dw = float_array({samples, n, in.inputs});
  std::vector<double> alpha(depth * n), factor(n);
  for (std::size_t t = depth - 1; t < samples; ++t) {
    const auto row = [&](FloatArray& array) { return std::span(array.values).subspan(t * depth, depth); };
    const std::span<double> kx = row(kernel_x), ky = row(kernel_y), kz = row(kernel_z), weight = row(a);
    const std::span<const double> z_0 = row_of(z.values, t, n);
    for (std::size_t p = 0; p < depth; ++p) {
      const std::span<const double> z_p = row_of(z.values, t - p, n);
      const double dx = squared_distance(row_of(seen, t, width), row_of(seen, t - p, width));
      kx[p] = gaussian_kernel(dx, s.sigma_x);
      ky[p] = gaussian_kernel(label_distance(in.labels[t], in.labels[t - p]), s.sigma_y);
      kz[p] = gaussian_kernel(squared_distance(z_0, z_p), s.sigma_z);
      for (std::size_t i = 0; i < n; ++i)
        alpha[p * n + i] = -2 / square(s.sigma_z) * kz[p] * (z_0[i] - z_p[i]);  // (7)
    }
    std::vector<double> centred_x(kx.begin(), kx.end()), centred_y(ky.begin(), ky.end());
    centre(centred_x);
    centre(centred_y);
    for (std::size_t p = 0; p < depth; ++p) weight[p] = centred_x[p] - s.gamma * centred_y[p];
    const std::span<double> error = std::span(xi.values).subspan(t * n, n);
    for (std::size_t i = 0; i < n; ++i) {
      double mean = 0;
      for (std::size_t p = 0; p < depth; ++p) mean += alpha[p * n + i] / static_cast<double>(depth);
      for (std::size_t p = 0; p < depth; ++p)
        error[i] += weight[p] * (alpha[p * n + i] - mean) / square(static_cast<double>(depth - 1));  // (8)
      factor[i] = -eta * error[i] * (1 - square(z_0[i]));
    }
    add_outer(factor, row_of(in.x, t, in.inputs),
              std::span(dw.values).subspan(t * n * in.inputs, n * in.inputs));
  }

  FloatArrays out;
  out["third_factor"] = xi;
  out["xi"] = std::move(xi);
  out["z"] = std::move(z);
  out["kernel_x"] = std::move(kernel_x);
  out["kernel_y"] = std::move(kernel_y);
  out["kernel_z"] = std::move(kernel_z);
  out["a"] = std::move(a);
  out["dw"] = std::move(dw);
  return out;
}

// ---------------------------------------------------------------- learner

/// xi = sum_p c_p (z_0 - z_p), c_p = -2/sigma_z^2 A_p K_z,0p / (N-1)^2. The A_p sum to 0, so that centring
/// alpha, as (8) is written, changes nothing.
class HsicLearner final : public FloatLearner {
 public:
  HsicLearner(const Settings& settings, const FloatLayer& layer)
      : s_(settings),
        layer_(layer),
        past_(settings.depth - 1),
        kernel_(past_),
        weight_(past_),
        xi_(layer.neurons) {}

  void step(const FloatActivity& now, double eta, FloatFactors& factors) override {
    expect_size("hsic_memory", "x", now.x.size(), layer_.inputs);
    expect_size("hsic_memory", "z", now.z.size(), layer_.neurons);
    expect_size("hsic_memory", "fprime", now.fprime.size(), layer_.neurons);
    if (samples_ == 0) allocate(now.input.size());
    expect_size("hsic_memory", "input", now.input.size(), width_);
    factors.a0.assign(layer_.neurons, 0.0);
    factors.b0.assign(now.x.begin(), now.x.end());
    factors.a1.clear(), factors.b1.clear(), factors.c.clear();
    factors.bias1 = 0;
    signals_ = {};
    std::fill(xi_.begin(), xi_.end(), 0.0);
    if (samples_ >= past_) find_error(now);
    if (s_.hears && !now.error.empty()) expect_size("hsic_memory", "error", now.error.size(), layer_.neurons);
    for (std::size_t i = 0; i < xi_.size(); ++i) {
      const double told = now.error.empty() ? 0 : now.error[i] / s_.error_scale;
      factors.a0[i] = -eta * (s_.hears ? told : xi_[i]) * now.fprime[i];
      xi_[i] *= s_.error_scale;
    }
    if (now.last_step) remember(now);
  }

  std::span<const double> error() const override { return xi_; }

  FloatSignals signals() const override { return signals_; }

 private:
  std::size_t slot(std::size_t p) const { return (samples_ - p) % past_; }  // of the sample p ago, p >= 1
  std::span<const double> z(std::size_t p) const { return row_of(z_, slot(p), layer_.neurons); }

  void allocate(std::size_t width) {
    width_ = width;
    input_.resize(past_ * width_);
    z_.resize(past_ * layer_.neurons);
    labels_.resize(past_);
  }

  void find_error(const FloatActivity& now) {
    const double entries = static_cast<double>(past_ + 1), partners = static_cast<double>(past_);
    double mean = (1 - s_.gamma) / entries;  // of K_x - gamma K_y; both kernels of p = 0 are 1
    for (std::size_t p = 1; p <= past_; ++p) {
      const double x =
          gaussian_kernel(squared_distance(now.input, row_of(input_, slot(p), width_)), s_.sigma_x);
      const double y = gaussian_kernel(label_distance(now.label, labels_[slot(p)]), s_.sigma_y);
      kernel_[p - 1] = gaussian_kernel(squared_distance(now.z, z(p)), s_.sigma_z);
      weight_[p - 1] = x - s_.gamma * y;
      mean += weight_[p - 1] / entries;
      signals_.kernel += kernel_[p - 1] / partners;
      signals_.same_class += (labels_[slot(p)] == now.label ? 1 : 0) / partners;
    }
    signals_.partners = partners;
    const double scale = -2 / (s_.sigma_z * s_.sigma_z * partners * partners);
    for (std::size_t p = 1; p <= past_; ++p) {
      const double word = scale * (weight_[p - 1] - mean) * kernel_[p - 1];  // c_p
      signals_.third_factor += std::abs(word) / partners;
      const std::span<const double> before = z(p);
      for (std::size_t i = 0; i < xi_.size(); ++i) xi_[i] += word * (now.z[i] - before[i]);
    }
  }

  void remember(const FloatActivity& now) {
    const std::size_t at = samples_ % past_;
    std::copy(now.input.begin(), now.input.end(), input_.begin() + static_cast<std::ptrdiff_t>(at * width_));
    std::copy(now.z.begin(), now.z.end(), z_.begin() + static_cast<std::ptrdiff_t>(at * layer_.neurons));
    labels_[at] = now.label;
    ++samples_;
  }

  Settings s_;
  FloatLayer layer_;
  std::size_t past_, width_ = 0;         ///< N - 1; entries of the network's input
  std::size_t samples_ = 0;              ///< seen so far
  std::vector<double> input_, z_;        // (past, width), (past, n): ring of the last samples
  std::vector<std::int64_t> labels_;     // (past)
  std::vector<double> kernel_, weight_;  // (past): of z; K_x - gamma K_y
  std::vector<double> xi_;               // (n), then times error_scale: what is sent
  FloatSignals signals_;
};

std::unique_ptr<FloatLearner> learner(const Parameters& given, const FloatLayer& layer) {
  FloatChecks checks("hsic_memory");
  const Settings s = read_rule(given, checks);
  if (layer.groups > 0)
    checks.unfitting("groups", std::to_string(layer.groups) + " groups of divisive normalisation",
                     "a layer without: the rule is of the neurons' own activity", "remove normalise");
  checks.throw_if_any();
  return std::make_unique<HsicLearner>(s, layer);
}

}  // namespace

FloatRule hsic_memory_reference() { return {eval, {"online"}, learner}; }

}  // namespace trifactor
