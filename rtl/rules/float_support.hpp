// What the floating-point references share, so that each rule's file holds its equations and nothing else:
// checks of a user's parameters and arrays, activation, kernels and divisive normalisation. Double precision
// throughout; includes nothing of the golden model, so that the two can be held against each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "rtl/rules/reference.hpp"
#include "rtl/spec/diagnostic.hpp"

namespace trifactor {

/// The arrays every rule with a teacher starts from. x (samples, inputs) and w (neurons, inputs) are borrowed
/// from the request and live as long as it does.
struct EvalArrays {
  std::size_t samples = 0, inputs = 0, neurons = 0;
  std::span<const double> x, w;
  std::vector<std::int64_t> labels;  ///< (samples), each in 0 .. classes-1
};

/// Reads a rule's parameters and arrays and collects every mistake, so that a user sees all of them at once.
/// Codes: TF-EVL-001 unknown mode; 002 a parameter is missing or out of range; 003 parameters that exclude
/// each other; 004 array missing; 005 wrong shape; 006 NaN or infinity; 007 not a class index; 008 a
/// parameter and an array do not fit together.
class FloatChecks {
 public:
  /// `rule` stands before every location, for example "phsic_gaussian: sigma".
  explicit FloatChecks(std::string rule) : rule_(std::move(rule)) {}

  void mode(const std::string& given, const std::vector<std::string>& allowed);
  /// A finite number in [low, high]; with `above` low itself is excluded. Returns `high` bounded nonsense
  /// only after a mistake was recorded, so results may be used once throw_if_any() has passed.
  double number(const Parameters& given, const std::string& name, double low, double high,
                bool above = false);
  int whole(const Parameters& given, const std::string& name, int low, int high);
  /// One of `allowed`; empty after a mistake.
  std::string word(const Parameters& given, const std::string& name, const std::vector<std::string>& allowed);
  /// x (T, n_in) and w (n_out, n_in); every size at least 1, every value finite. No labels.
  EvalArrays layer(const EvalInputs& given);
  /// The same and labels (T). Their range is not checked when `classes` is 0.
  EvalArrays arrays(const EvalInputs& given, int classes);
  /// (rows, columns) of the array `name`, which `shape` describes in words; 0 accepts any size. Null after a
  /// mistake.
  const FloatArray* matrix(const EvalInputs& given, const std::string& name, const std::string& shape,
                           std::size_t rows, std::size_t columns);
  /// labels (T), as many as `samples` (0: any number); empty after a mistake.
  std::vector<std::int64_t> labels(const EvalInputs& given, std::size_t samples, int classes);

  void excluded(const std::string& name, std::string found, std::string expected, std::string hint);   // 003
  void unfitting(const std::string& name, std::string found, std::string expected, std::string hint);  // 008

  /// Throws Error with everything collected: ExitCode::configuration when a parameter is among the mistakes,
  /// else ExitCode::data.
  void throw_if_any() const;

 private:
  const FloatArray* find(const EvalInputs& given, const std::string& name, const std::string& shape,
                         std::size_t dimensions);
  void parameter(const char* code, const std::string& name, std::string found, std::string expected,
                 std::string hint);
  void array(const char* code, const std::string& name, std::string found, std::string expected,
             std::string hint = {});

  std::string rule_;
  Diagnostics mistakes_;
  bool parameter_mistake_ = false;
};

/// A zero-filled array of this shape; an empty shape is a scalar.
FloatArray float_array(std::vector<std::size_t> shape);
FloatArray float_array(std::vector<std::size_t> shape, std::vector<double> values);

/// Row t of a (.., width) array in C order.
inline std::span<const double> row_of(std::span<const double> values, std::size_t t, std::size_t width) {
  return values.subspan(t * width, width);
}

/// out_i = sum_j w_ij x_j; w is (out.size(), x.size()) in C order.
void project(std::span<const double> w, std::span<const double> x, std::span<double> out);

/// dw_ij += a_i b_j; dw is (a.size(), b.size()) in C order.
void add_outer(std::span<const double> a, std::span<const double> b, std::span<double> dw);

/// dw -= rate w, the decay of one update.
void subtract_decay(double rate, std::span<const double> w, std::span<double> dw);

/// Leaky means of the rows of values (samples, width), as eval reports them: row t is the mean before row t
/// of `values` entered it, it starts at row 0 of `values`, and row 0 of the result is 0.
FloatArray leaky_means(std::span<const double> values, std::size_t samples, double factor);

/// Leaky ReLU and its derivative; at h = 0 the derivative is `slope`.
inline double leaky_relu(double h, double slope) { return h > 0 ? h : slope * h; }
inline double leaky_relu_derivative(double h, double slope) { return h > 0 ? 1 : slope; }

double squared_distance(std::span<const double> a, std::span<const double> b);
/// exp(-d^2 / (2 sigma^2)) of a squared distance.
double gaussian_kernel(double squared, double sigma);
/// 1 for equal classes, else -1/(classes-1): cosine similarity of centred one-hot labels. classes >= 2.
double class_kernel(std::int64_t a, std::int64_t b, int classes);

/// exp(h) / sum exp(h) in place, shifted by the largest value so that no exponential overflows.
void softmax(std::span<double> h);
/// Hinge error of one sample: 1 for the target below 1, -mu for another output above -1, else 0 (both
/// strict).
void hinge_error(std::span<const double> z, std::size_t target, double mu, std::span<double> delta);

/// Divisive normalisation over contiguous groups of c = n/groups neurons, with zc = z - group mean:
/// u = delta/c + mean(zc^2), uq = u^(1-p), r = zc / u^p. z and r (n); u and uq (groups); groups divides n.
void divisive_normalise(std::span<const double> z, double p, double delta, std::span<double> u,
                        std::span<double> uq, std::span<double> r);

/// Throws ExitCode::internal (TF-EVL-009) when a span a learner was given has the wrong length.
void expect_size(const char* rule, const char* what, std::size_t found, std::size_t expected);
/// The same of all that a learner fills for one sample of a layer.
void expect_factors(const std::string& rule, const FloatFactors& factors, std::size_t inputs,
                    std::size_t neurons);

/// Subtracts the mean of the values from each of them.
void centre(std::span<double> values);

}  // namespace trifactor
