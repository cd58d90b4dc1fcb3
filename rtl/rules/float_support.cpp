// Checks and numeric helpers of the floating-point references; see the header for shapes and codes.
#include "rtl/rules/float_support.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <sstream>

namespace trifactor {
namespace {

std::string text(double value) {
  std::ostringstream out;
  out << value;
  return out.str();
}

std::string shape_text(const std::vector<std::size_t>& shape) {
  std::string out = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) out += (i ? ", " : "") + std::to_string(shape[i]);
  return out + ")";
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

std::string did_you_mean(const std::string& word, const std::vector<std::string>& candidates) {
  const std::string best = nearest(word, candidates);
  return best.empty() ? "" : "did you mean " + best + "?";
}

/// The number of entries of a shape; false when it exceeds what can be counted.
bool count_entries(const std::vector<std::size_t>& shape, std::size_t& entries) {
  entries = 1;
  for (const std::size_t extent : shape) {
    if (__builtin_mul_overflow(entries, extent, &entries)) return false;
  }
  return true;
}

}  // namespace

void FloatChecks::parameter(const char* code, const std::string& name, std::string found,
                            std::string expected, std::string hint) {
  parameter_mistake_ = true;
  mistakes_.add({code, rule_ + ": " + name, std::move(found), std::move(expected), std::move(hint)});
}

void FloatChecks::array(const char* code, const std::string& name, std::string found, std::string expected,
                        std::string hint) {
  mistakes_.add({code, rule_ + ": array " + name, std::move(found), std::move(expected), std::move(hint)});
}

void FloatChecks::excluded(const std::string& name, std::string found, std::string expected,
                           std::string hint) {
  parameter("TF-EVL-003", name, std::move(found), std::move(expected), std::move(hint));
}

void FloatChecks::unfitting(const std::string& name, std::string found, std::string expected,
                            std::string hint) {
  parameter("TF-EVL-008", name, std::move(found), std::move(expected), std::move(hint));
}

void FloatChecks::throw_if_any() const {
  mistakes_.throw_if_any(parameter_mistake_ ? ExitCode::configuration : ExitCode::data);
}

void FloatChecks::mode(const std::string& given, const std::vector<std::string>& allowed) {
  if (std::find(allowed.begin(), allowed.end(), given) != allowed.end()) return;
  parameter("TF-EVL-001", "mode", "this rule has no mode '" + given + "'", "one of " + joined(allowed),
            did_you_mean(given, allowed));
}

double FloatChecks::number(const Parameters& given, const std::string& name, double low, double high,
                           bool above) {
  std::string expected = "a finite number";
  if (std::isfinite(low)) expected += (above ? " above " : ", at least ") + text(low);
  if (std::isfinite(high)) expected += ", at most " + text(high);
  const auto entry = given.numbers.find(name);
  if (entry == given.numbers.end()) {
    parameter("TF-EVL-002", name, "the parameter is missing", expected, "set " + name + "=VALUE");
    return 0;
  }
  const double value = entry->second;
  const bool inside = std::isfinite(value) && value <= high && (above ? value > low : value >= low);
  if (!inside) parameter("TF-EVL-002", name, name + " is " + text(value), expected, {});
  return inside ? value : 0;
}

int FloatChecks::whole(const Parameters& given, const std::string& name, int low, int high) {
  const std::string expected =
      std::string("a whole number from ") + std::to_string(low) + " to " + std::to_string(high);
  const auto entry = given.numbers.find(name);
  if (entry == given.numbers.end()) {
    parameter("TF-EVL-002", name, "the parameter is missing", expected, "set " + name + "=VALUE");
    return 0;
  }
  const double value = entry->second;
  if (value >= low && value <= high && value == std::floor(value)) return static_cast<int>(value);
  parameter("TF-EVL-002", name, name + " is " + text(value), expected, {});
  return 0;
}

std::string FloatChecks::word(const Parameters& given, const std::string& name,
                              const std::vector<std::string>& allowed) {
  const auto entry = given.words.find(name);
  if (entry == given.words.end()) {
    parameter("TF-EVL-002", name, "the parameter is missing", "one of " + joined(allowed), {});
    return {};
  }
  if (std::find(allowed.begin(), allowed.end(), entry->second) != allowed.end()) return entry->second;
  parameter("TF-EVL-002", name, name + " is '" + entry->second + "'", "one of " + joined(allowed),
            did_you_mean(entry->second, allowed));
  return {};
}

const FloatArray* FloatChecks::find(const EvalInputs& given, const std::string& name,
                                    const std::string& shape, std::size_t dimensions) {
  const auto entry = given.find(name);
  if (entry == given.end()) {
    std::vector<std::string> names;
    for (const auto& [other, unused] : given) names.push_back(other);
    array("TF-EVL-004", name, "the array is missing", name + " of shape " + shape, did_you_mean(name, names));
    return nullptr;
  }
  const FloatArray& found = entry->second;
  std::size_t entries = 0;
  const bool empty = std::find(found.shape.begin(), found.shape.end(), 0u) != found.shape.end();
  if (found.shape.size() != dimensions || empty || !count_entries(found.shape, entries) ||
      entries != found.values.size()) {
    array("TF-EVL-005", name,
          "its shape is " + shape_text(found.shape) + " with " + std::to_string(found.values.size()) +
              " values",
          shape + ", every size at least 1");
    return nullptr;
  }
  const auto bad =
      std::find_if(found.values.begin(), found.values.end(), [](double v) { return !std::isfinite(v); });
  if (bad != found.values.end()) {
    array(
        "TF-EVL-006", name,
        std::string("entry ") + std::to_string(bad - found.values.begin()) + " (in C order) is " + text(*bad),
        "finite numbers");
  }
  return &found;
}

const FloatArray* FloatChecks::matrix(const EvalInputs& given, const std::string& name,
                                      const std::string& shape, std::size_t rows, std::size_t columns) {
  const FloatArray* found = find(given, name, shape, 2);
  if (found == nullptr) return nullptr;
  const auto differs = [](std::size_t size, std::size_t wanted) { return wanted > 0 && size != wanted; };
  if (!differs(found->shape[0], rows) && !differs(found->shape[1], columns)) return found;
  const auto size = [](std::size_t wanted) { return wanted > 0 ? std::to_string(wanted) : "any"; };
  array("TF-EVL-005", name, "its shape is " + shape_text(found->shape),
        std::string("(") + size(rows) + ", " + size(columns) + "), which is " + shape);
  return nullptr;
}

std::vector<std::int64_t> FloatChecks::labels(const EvalInputs& given, std::size_t samples, int classes) {
  const FloatArray* labels = find(given, "labels", "(T)", 1);
  if (labels == nullptr) return {};
  if (samples > 0 && labels->shape[0] != samples) {
    array("TF-EVL-005", "labels", "its shape is " + shape_text(labels->shape),
          std::string("(") + std::to_string(samples) + "), one label for each row of x");
  }
  std::vector<std::int64_t> out;
  out.reserve(labels->values.size());
  for (const double label : labels->values) {
    if (!std::isfinite(label)) return out;  // reported by find()
    if (classes > 0 && !(label >= 0 && label < classes && label == std::floor(label))) {
      array("TF-EVL-007", "labels", std::string("entry ") + std::to_string(out.size()) + " is " + text(label),
            std::string("class indices from 0 to ") + std::to_string(classes - 1),
            "classes is a parameter and is not taken from the labels");
      return out;
    }
    out.push_back(static_cast<std::int64_t>(label));
  }
  return out;
}

EvalArrays FloatChecks::layer(const EvalInputs& given) {
  EvalArrays out;
  const FloatArray* x = find(given, "x", "(T, n_in)", 2);
  const FloatArray* w = find(given, "w", "(n_out, n_in)", 2);
  if (x != nullptr) {
    out.samples = x->shape[0];
    out.inputs = x->shape[1];
    out.x = x->values;
  }
  if (w != nullptr) {
    out.neurons = w->shape[0];
    out.w = w->values;
    if (x != nullptr && w->shape[1] != out.inputs) {
      array("TF-EVL-005", "w", "its shape is " + shape_text(w->shape),
            std::string("(n_out, ") + std::to_string(out.inputs) + "), because x is " + shape_text(x->shape));
    }
  }
  return out;
}

EvalArrays FloatChecks::arrays(const EvalInputs& given, int classes) {
  EvalArrays out = layer(given);
  out.labels = labels(given, out.samples, classes);
  return out;
}

FloatArray float_array(std::vector<std::size_t> shape) {
  std::size_t entries = 1;
  for (const std::size_t extent : shape) entries *= extent;
  return {std::move(shape), std::vector<double>(entries, 0.0)};
}

FloatArray float_array(std::vector<std::size_t> shape, std::vector<double> values) {
  return {std::move(shape), std::move(values)};
}

void project(std::span<const double> w, std::span<const double> x, std::span<double> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    const std::span<const double> weights = row_of(w, i, x.size());
    out[i] = std::inner_product(weights.begin(), weights.end(), x.begin(), 0.0);
  }
}

void add_outer(std::span<const double> a, std::span<const double> b, std::span<double> dw) {
  for (std::size_t i = 0; i < a.size(); ++i) {
    const std::span<double> out = dw.subspan(i * b.size(), b.size());
    for (std::size_t j = 0; j < b.size(); ++j) out[j] += a[i] * b[j];
  }
}

void subtract_decay(double rate, std::span<const double> w, std::span<double> dw) {
  for (std::size_t k = 0; k < w.size(); ++k) dw[k] -= rate * w[k];
}

FloatArray leaky_means(std::span<const double> values, std::size_t samples, double factor) {
  const std::size_t width = values.size() / samples;
  FloatArray mean = float_array({samples, width});
  for (std::size_t t = 1; t < samples; ++t) {
    for (std::size_t i = 0; i < width; ++i) {
      const double latest = values[(t - 1) * width + i];
      const double before = t == 1 ? latest : mean.values[(t - 1) * width + i];
      mean.values[t * width + i] = factor * before + (1 - factor) * latest;
    }
  }
  return mean;
}

void expect_size(const char* rule, const char* what, std::size_t found, std::size_t expected) {
  if (found == expected) return;
  throw Error(ExitCode::internal, {"TF-EVL-009",
                                   std::string(rule) + ": learner",
                                   std::string(what) + " has " + std::to_string(found) + " entries",
                                   std::to_string(expected),
                                   {}});
}

void expect_factors(const std::string& rule, const FloatFactors& f, std::size_t inputs, std::size_t neurons) {
  const char* name = rule.c_str();
  expect_size(name, "a0", f.a0.size(), neurons);
  expect_size(name, "b0", f.b0.size(), inputs);
  expect_size(name, "a1", f.a1.size(), f.a1.empty() ? 0 : neurons);
  expect_size(name, "b1", f.b1.size(), f.a1.empty() ? 0 : inputs);
  expect_size(name, "c", f.c.size(), f.c.empty() ? 0 : neurons);
  expect_size(name, "whole", f.whole.size(), f.whole.empty() ? 0 : (inputs + 1) * neurons);
}

double squared_distance(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) sum += (a[i] - b[i]) * (a[i] - b[i]);
  return sum;
}

double gaussian_kernel(double squared, double sigma) { return std::exp(-squared / (2 * sigma * sigma)); }

double class_kernel(std::int64_t a, std::int64_t b, int classes) {
  return a == b ? 1.0 : -1.0 / (classes - 1);
}

void softmax(std::span<double> h) {
  const double top = *std::max_element(h.begin(), h.end());
  double sum = 0;
  for (double& value : h) sum += value = std::exp(value - top);
  for (double& value : h) value /= sum;
}

void hinge_error(std::span<const double> z, std::size_t target, double mu, std::span<double> delta) {
  for (std::size_t i = 0; i < z.size(); ++i) {
    if (i == target)
      delta[i] = z[i] < 1 ? 1 : 0;
    else
      delta[i] = z[i] > -1 ? -mu : 0;
  }
}

void divisive_normalise(std::span<const double> z, double p, double delta, std::span<double> u,
                        std::span<double> uq, std::span<double> r) {
  const std::size_t c = z.size() / u.size();
  for (std::size_t g = 0; g < u.size(); ++g) {
    const std::span<const double> group = z.subspan(g * c, c);
    const double mean = std::accumulate(group.begin(), group.end(), 0.0) / static_cast<double>(c);
    double power = 0;
    for (const double value : group) power += (value - mean) * (value - mean);
    u[g] = (delta + power) / static_cast<double>(c);
    uq[g] = std::pow(u[g], 1 - p);
    const double scale = std::pow(u[g], -p);
    for (std::size_t i = 0; i < c; ++i) r[g * c + i] = (group[i] - mean) * scale;
  }
}

void centre(std::span<double> values) {
  const double mean = std::accumulate(values.begin(), values.end(), 0.0) / static_cast<double>(values.size());
  for (double& value : values) value -= mean;
}

}  // namespace trifactor
