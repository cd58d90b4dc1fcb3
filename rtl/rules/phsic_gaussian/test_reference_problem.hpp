// Random problems for the tests of the float reference, away from the kink of the leaky ReLU.
#pragma once

#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "rtl/rules/phsic_gaussian/reference.hpp"

namespace trifactor::reference_test {

using Vector = std::vector<double>;

struct Problem {
  std::size_t samples = 0, inputs = 0, neurons = 0, groups = 0;
  EvalRequest request;

  double number(const char* name) const { return request.parameters.number(name); }
  void set(const char* name, double value) { request.parameters.numbers[name] = value; }
  Vector& x() { return request.inputs["x"].values; }
  Vector& w() { return request.inputs["w"].values; }
  Vector& labels() { return request.inputs["labels"].values; }
  FloatArrays eval() const { return phsic_gaussian_reference().eval(request); }
  FloatArrays eval(const char* mode) {
    request.mode = mode;
    return eval();
  }
};

inline double dot(const double* a, const double* b, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) sum += a[i] * b[i];
  return sum;
}

/// A problem of random shape whose sums stay clear of the kink of the leaky ReLU, where nothing is
/// differentiable.
inline Problem random_problem(unsigned seed, bool grouped) {
  std::mt19937 engine(seed * 2 + (grouped ? 1 : 0));
  std::normal_distribution<double> normal;
  const auto pick = [&](int low, int high) {
    return static_cast<std::size_t>(std::uniform_int_distribution<int>(low, high)(engine));
  };
  const auto between = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(engine);
  };
  Problem out;
  out.samples = pick(3, 9);
  out.inputs = pick(2, 6);
  out.groups = grouped ? pick(2, 4) : 0;
  out.neurons = grouped ? out.groups * pick(2, 4) : pick(1, 7);
  const std::size_t classes = pick(2, 4);
  for (;;) {
    Vector x(out.samples * out.inputs), w(out.neurons * out.inputs);
    for (double& value : x) value = normal(engine);
    for (double& value : w) value = normal(engine) / std::sqrt(static_cast<double>(out.inputs));
    bool clear = true;
    for (std::size_t t = 0; t < out.samples; ++t) {
      for (std::size_t i = 0; i < out.neurons; ++i) {
        clear = clear && std::abs(dot(&x[t * out.inputs], &w[i * out.inputs], out.inputs)) > 2e-3;
      }
    }
    if (!clear) continue;
    out.request.inputs["x"] = {{out.samples, out.inputs}, x};
    out.request.inputs["w"] = {{out.neurons, out.inputs}, w};
    break;
  }
  Vector labels(out.samples);
  for (double& label : labels) label = static_cast<double>(pick(0, static_cast<int>(classes) - 1));
  out.request.inputs["labels"] = {{out.samples}, labels};
  out.request.mode = "online";
  out.request.parameters.numbers = {{"sigma", grouped ? between(.2, .8) : between(.8, 2)},
                                    {"gamma", between(.5, 4)},
                                    {"eta", between(.1, 2)},
                                    {"beta", between(.3, .95)},
                                    {"classes", static_cast<double>(classes)},
                                    {"slope", between(.01, .5)},
                                    {"variant", 0},
                                    {"partners", 0},
                                    {"beta_mu", between(.1, .95)},
                                    {"groups", static_cast<double>(out.groups)},
                                    {"p", between(.05, .6)},
                                    {"delta", between(.2, 2)},
                                    {"decay", 0}};
  return out;
}

constexpr unsigned seeds = 12;

inline double largest(const Vector& values) {
  double out = 0;
  for (const double value : values) out = std::max(out, std::abs(value));
  return out;
}

/// The largest difference of two entries; infinite where one is NaN.
inline double difference(const Vector& a, const Vector& b) {
  REQUIRE(a.size() == b.size());
  double out = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (std::isnan(a[k] - b[k])) return INFINITY;
    out = std::max(out, std::abs(a[k] - b[k]));
  }
  return out;
}

inline Vector slice(const FloatArray& array, std::size_t t) {
  const std::size_t width = array.values.size() / array.shape[0];
  const auto begin = array.values.begin() + static_cast<std::ptrdiff_t>(t * width);
  return {begin, begin + static_cast<std::ptrdiff_t>(width)};
}

inline Vector variants_of(bool grouped) { return grouped ? Vector{18, 21, 22} : Vector{19, 20}; }

}  // namespace trifactor::reference_test
