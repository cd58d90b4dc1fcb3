// What tests of float references share: random numbers, numerical derivatives, comparisons, codes of
// mistakes.
#pragma once

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <functional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "rtl/rules/reference.hpp"
#include "rtl/spec/diagnostic.hpp"

namespace trifactor::reference_test {

using Vector = std::vector<double>;

struct Draw {
  std::mt19937 engine;
  explicit Draw(unsigned seed) : engine(seed) {}

  std::size_t pick(int low, int high) {
    return static_cast<std::size_t>(std::uniform_int_distribution<int>(low, high)(engine));
  }
  double between(double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(engine);
  }
  /// Normal numbers of that deviation.
  FloatArray array(std::vector<std::size_t> shape, double scale = 1) {
    std::size_t entries = 1;
    for (const std::size_t extent : shape) entries *= extent;
    FloatArray out{std::move(shape), Vector(entries)};
    for (double& value : out.values) value = scale * std::normal_distribution<double>()(engine);
    return out;
  }
  FloatArray labels(std::size_t samples, std::size_t classes) {
    FloatArray out{{samples}, Vector(samples)};
    for (double& label : out.values) label = static_cast<double>(pick(0, static_cast<int>(classes) - 1));
    return out;
  }
};

/// w x of one sample, w (n, inputs).
inline Vector product(std::span<const double> w, std::span<const double> x) {
  Vector out(w.size() / x.size());
  for (std::size_t k = 0; k < w.size(); ++k) out[k / x.size()] += w[k] * x[k % x.size()];
  return out;
}

inline std::span<const double> slice(const FloatArray& array, std::size_t t) {
  const std::size_t width = array.values.size() / array.shape[0];
  return std::span(array.values).subspan(t * width, width);
}

/// The largest difference of two entries; infinite where one is NaN.
inline double difference(std::span<const double> a, std::span<const double> b) {
  REQUIRE(a.size() == b.size());
  double out = 0;
  for (std::size_t k = 0; k < a.size(); ++k) {
    if (std::isnan(a[k] - b[k])) return INFINITY;
    out = std::max(out, std::abs(a[k] - b[k]));
  }
  return out;
}

inline double largest(std::span<const double> values) {
  double out = 0;
  for (const double value : values) out = std::max(out, std::abs(value));
  return out;
}

/// d objective / dw by differences of fourth order.
inline Vector gradient(Vector w, const std::function<double(const Vector&)>& objective, double step = 1e-3) {
  Vector out(w.size());
  for (std::size_t k = 0; k < w.size(); ++k) {
    const double centre = w[k];
    const auto at = [&](double offset) {
      w[k] = centre + offset;
      return objective(w);
    };
    out[k] = (8 * (at(step) - at(-step)) - (at(2 * step) - at(-2 * step))) / (12 * step);
    w[k] = centre;
  }
  return out;
}

inline Vector scaled(double factor, Vector values) {
  for (double& value : values) value *= factor;
  return values;
}

/// What one sample's factors do to weights w (n, inputs), without a bias axon.
inline Vector change_of(const FloatFactors& f, std::span<const double> w) {
  Vector out(w.size());
  const std::size_t inputs = f.b0.size();
  REQUIRE(f.a0.size() * inputs == w.size());
  for (std::size_t k = 0; k < out.size(); ++k) {
    const std::size_t i = k / inputs, j = k % inputs;
    out[k] = f.a0[i] * f.b0[j];
    if (!f.a1.empty()) out[k] += f.a1.at(i) * f.b1.at(j);
    if (!f.c.empty()) out[k] -= f.c.at(i) * w[k];
  }
  return out;
}

/// The request is refused with exactly these codes.
inline void expect_refused(FloatArrays (*eval)(const EvalRequest&), const EvalRequest& request, ExitCode exit,
                           const std::multiset<std::string>& codes) {
  try {
    eval(request);
    FAIL_CHECK("accepted");
  } catch (const Error& error) {
    std::multiset<std::string> found;
    for (const Diagnostic& item : error.items()) found.insert(item.code);
    CHECK(error.exit() == exit);
    CHECK(found == codes);
  }
}

}  // namespace trifactor::reference_test
