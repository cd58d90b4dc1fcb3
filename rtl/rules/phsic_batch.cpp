// Batch pHSIC for any kernel of pairs; the header states what is computed.
#include "rtl/rules/phsic_batch.hpp"

#include <algorithm>
#include <limits>
#include <string>

namespace trifactor {
namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();
constexpr int largest = std::numeric_limits<int>::max();

/// sum_i values_i / count and the like, over all pairs.
double mean(const std::vector<double>& values) {
  double sum = 0;
  for (const double value : values) sum += value;
  return sum / static_cast<double>(values.size());
}

double mean_product(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t k = 0; k < a.size(); ++k) sum += a[k] * b[k];
  return sum / static_cast<double>(a.size());
}

}  // namespace

PhsicLayer read_phsic_layer(const Parameters& given, FloatChecks& checks) {
  PhsicLayer layer;
  layer.groups = static_cast<std::size_t>(checks.whole(given, "groups", 0, largest));
  layer.slope = checks.number(given, "slope", -infinity, infinity);
  layer.p = checks.number(given, "p", 0, 1);
  layer.delta = checks.number(given, "delta", 0, infinity, layer.grouped());
  return layer;
}

void check_groups(const PhsicLayer& layer, const EvalArrays& in, FloatChecks& checks) {
  if (!layer.grouped() || in.neurons == 0 || in.neurons % layer.groups == 0) return;
  checks.unfitting("groups",
                   std::to_string(layer.groups) + " groups over " + std::to_string(in.neurons) + " neurons",
                   "a divisor of the number of rows of w", "every group has the same number of neurons");
}

PhsicForward phsic_forward(const PhsicLayer& layer, const EvalArrays& in) {
  PhsicForward f{in.samples, in.inputs, in.neurons, layer.groups, {}, {}, {}, {}, {}, {}};
  f.z.resize(f.samples * f.neurons);
  for (std::size_t t = 0; t < f.samples; ++t) {
    project(in.w, row_of(in.x, t, f.inputs), std::span(f.z).subspan(t * f.neurons, f.neurons));
  }
  for (double& h : f.z) {
    f.fprime.push_back(leaky_relu_derivative(h, layer.slope));
    h = leaky_relu(h, layer.slope);
  }
  f.post = f.fprime;
  if (!layer.grouped()) return f;
  f.u.resize(f.samples * f.groups);
  f.v = f.u;
  f.r.resize(f.z.size());
  for (std::size_t t = 0; t < f.samples; ++t) {
    const std::span<double> v = std::span(f.v).subspan(t * f.groups, f.groups);
    divisive_normalise(row_of(f.z, t, f.neurons), layer.p, layer.delta,
                       std::span(f.u).subspan(t * f.groups, f.groups), v,
                       std::span(f.r).subspan(t * f.neurons, f.neurons));
    centre(v);  // eq 14
  }
  for (std::size_t k = 0; k < f.post.size(); ++k) f.post[k] *= f.r[k];
  return f;
}

void put_forward(const PhsicForward& f, FloatArrays& out) {
  out["z"] = float_array({f.samples, f.neurons}, f.z);
  if (f.groups == 0) return;
  out["u"] = float_array({f.samples, f.groups}, f.u);
  out["v"] = float_array({f.samples, f.groups}, f.v);
  out["r"] = float_array({f.samples, f.neurons}, f.r);
}

std::vector<double> phsic_batch(const PhsicKernel& kernel, const PhsicObjective& objective,
                                const PhsicLayer& layer, const EvalArrays& in, const PhsicForward& f,
                                FloatArrays& out) {
  const std::size_t m = f.samples, n = f.neurons, width = f.seen(0).size();
  FloatArray k = float_array({m, m}), label = k, delta = float_array({m, n}), dw = float_array({n, f.inputs});
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < m; ++j) {
      k.values[i * m + j] = kernel.value(f.seen(i), f.seen(j), objective.sigma);
      label.values[i * m + j] = class_kernel(in.labels[i], in.labels[j], objective.classes);
    }
  }
  const double mean_k = mean(k.values), mean_y = mean(label.values);
  const double loss =
      mean_product(k.values, k.values) - mean_k * mean_k -
      objective.gamma * (mean_product(k.values, label.values) - mean_y * mean_k);  // (33), (34)

  // dL/dh_i = 2/m^2 sum_j G_ij dk_ij/dh_i, since a pair counts twice and k_ii depends on h_i twice. Grouped,
  // h is u^q less its mean over groups, and d(u^q)/dz = 2q/c r.
  std::vector<double> slope(m * m), pull(width), step(n);
  const double q = 1 - layer.p, group_size = layer.grouped() ? static_cast<double>(n / f.groups) : 1;
  const double constant =
      -2 / (static_cast<double>(m) * static_cast<double>(m)) * (layer.grouped() ? 2 * q / group_size : 1);
  for (std::size_t i = 0; i < m; ++i) {
    std::fill(pull.begin(), pull.end(), 0.0);
    for (std::size_t j = 0; j < m; ++j) {
      const double value = k.values[i * m + j];
      double& g = slope[i * m + j];
      g = 2 * (value - mean_k) - objective.gamma * (label.values[i * m + j] - mean_y);
      kernel.pull(f.seen(i), f.seen(j), value, objective.sigma, g, pull);
    }
    if (layer.grouped()) centre(pull);  // the derivative of v's own centring
    for (std::size_t a = 0; a < n; ++a) {
      const double share = pull[layer.grouped() ? f.group_of(a) : a];
      delta.values[i * n + a] = constant * share * f.post[i * n + a];
      step[a] = objective.eta * delta.values[i * n + a];
    }
    add_outer(step, row_of(in.x, i, f.inputs), dw.values);
  }
  out["kernel"] = std::move(k);
  out["label_kernel"] = std::move(label);
  out["delta"] = std::move(delta);
  out["dw"] = std::move(dw);
  out["loss"] = float_array({}, {loss});
  return slope;
}

FloatArrays eval_phsic_batch(const char* rule, const PhsicKernel& kernel, const EvalRequest& request) {
  FloatChecks checks(rule);
  checks.mode(request.mode, {"batch"});
  const PhsicLayer layer = read_phsic_layer(request.parameters, checks);
  PhsicObjective objective;
  objective.gamma = checks.number(request.parameters, "gamma", -infinity, infinity);
  objective.eta = checks.number(request.parameters, "eta", -infinity, infinity);
  objective.classes = checks.whole(request.parameters, "classes", 2, largest);
  const EvalArrays in = checks.arrays(request.inputs, objective.classes);
  check_groups(layer, in, checks);
  checks.throw_if_any();
  const PhsicForward f = phsic_forward(layer, in);
  FloatArrays out;
  put_forward(f, out);
  phsic_batch(kernel, objective, layer, in, f, out);
  return out;
}

}  // namespace trifactor
