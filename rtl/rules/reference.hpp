// Floating-point references of rules, as the papers write them. This header and every rule's reference.cpp
// include nothing of the golden model, so that the two can be held against each other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "rtl/rules/parameters.hpp"

namespace trifactor {

/// A float64 array in C order.
struct FloatArray {
  std::vector<std::size_t> shape;
  std::vector<double> values;
};
using FloatArrays = std::map<std::string, FloatArray>;

/// Arrays given to a rule. They remember which names it asked for, so that a name nobody knows is told.
class EvalInputs : public FloatArrays {
 public:
  EvalInputs() = default;
  EvalInputs(FloatArrays arrays) : FloatArrays(std::move(arrays)) {}
  EvalInputs(std::initializer_list<value_type> arrays) : FloatArrays(arrays) {}

  bool contains(const std::string& name) const { return find(name) != end(); }
  const_iterator find(const std::string& name) const {
    asked_.insert(name);
    return FloatArrays::find(name);
  }
  /// Names that were asked for, there or not.
  const std::set<std::string>& asked() const { return asked_; }

 private:
  mutable std::set<std::string> asked_;
};

/// What `trifactor eval` hands to a rule. Inputs by the names of the rule's eval table: x (T, n_in),
/// w (n_out, n_in), labels (T) (class indices stored as doubles), and what the rule asks for beyond.
struct EvalRequest {
  std::string mode;  ///< "online" or "batch"
  Parameters parameters;
  EvalInputs inputs;
};

/// Local activity of one population at one sample, in real units. Spans a rule does not ask for are empty.
struct FloatActivity {
  std::span<const double> x;       ///< presynaptic activities (n_in), without the bias axon
  std::span<const double> z;       ///< neuron values before normalisation (n)
  std::span<const double> fprime;  ///< derivative of the activation function (n)
  std::span<const double> r;       ///< divisively normalised activity (n), empty without groups
  std::span<const double> uq;      ///< u^q of each group (groups), empty without groups
  std::int64_t label = 0;          ///< class of this sample
  std::span<const double> input;   ///< activities of the network's input population
  /// Sum of the inputs with transformed weights sign(w)|w|^(p-1), p = FloatRule::weight_power (n); empty
  /// where the rule wants none.
  std::span<const double> current;
  /// Sum of R delta over the feedback projections into this population, before the gate f' (n); empty where
  /// there is none.
  std::span<const double> error;
  bool last_step = true;  ///< of its presentation: what a rule compares with later is of last steps
};

/// What one sample changes: w += a0 b0' + a1 b1' + whole - c w, all in real units; eta is included.
/// The bias axon, where the projection has one, is updated with b0 = 1 and b1 = bias1.
struct FloatFactors {
  std::vector<double> a0, a1, c;  ///< (n); a1 and c empty when the rule has none
  std::vector<double> b0, b1;     ///< (n_in); b1 empty when a1 is
  double bias1 = 0;
  std::vector<double> whole;  ///< (n_in + 1, n), the bias axon last; empty but where synapses have a state
};

/// Signals of a kernel rule at one sample, for reports; all 0 where a rule has none.
struct FloatSignals {
  double kernel = 0;        ///< mean kernel over this sample's partners
  double third_factor = 0;  ///< mean |M| over this sample's partners
  double same_class = 0;    ///< share of partners of the same class
  double partners = 0;      ///< number of partners
};

/// One plastic projection learning sample by sample. The weights belong to the caller.
class FloatLearner {
 public:
  virtual ~FloatLearner() = default;
  /// Consumes one learning sample and fills `factors` for it. `eta` is the rate in force.
  virtual void step(const FloatActivity& now, double eta, FloatFactors& factors) = 0;
  virtual FloatSignals signals() const { return {}; }
  /// The errors delta (n) of the sample just stepped, which this projection's target sends back through
  /// feedback projections; empty where the rule has none.
  virtual std::span<const double> error() const { return {}; }
};

/// Shape and constants of the layer a learner serves.
struct FloatLayer {
  std::size_t inputs = 0, neurons = 0;
  std::size_t groups = 0;  ///< 0: not grouped
  double power = 0;        ///< p of divisive normalisation
  std::size_t classes = 0;
  bool output = false;    ///< the target is the network's output population
  bool feedback = false;  ///< a projection that carries errors back: x is then delta of its source
  bool relay = false;     ///< the layer does not learn and sends errors on, gated by f' alone
};

/// How two samples are compared by a rule that learns from pairs of them, v being what the layer compares:
/// its values, or one number a group.
enum class BatchKernel : std::uint8_t {
  gaussian,  ///< exp(-|v_i - v_j|^2 / (2 sigma^2))
  cosine,    ///< v_i . v_j / (|v_i| |v_j|)
  linear,    ///< v_i . v_j
};

/// What a rule is to training in mini-batches (compiler/training): the objective whose exact gradient over
/// the batch it follows, or the neurons that learn from each sample. A rule that takes errors follows in
/// hidden layers what feedback projections bring, and its objective at the output alone.
struct BatchForm {
  enum class Objective : std::uint8_t {
    kernel,         ///< dependence of the layer on itself less gamma times that on the labels
    cross_entropy,  ///< softmax over the layer against the labels
    hinge,          ///< max(0, 1 - z) of the label's neuron, mu max(0, 1 + z) of the others
    ranks,          ///< of each sample the largest current's neuron moves to it, the rank-th largest's away
  };
  Objective objective = Objective::kernel;
  BatchKernel kernel = BatchKernel::gaussian;
  double sigma = 0;  ///< of the Gaussian kernel
  double gamma = 0;
  double eta = 0;  ///< rate, of the gradient of the mean over the batch, or over its pairs
  double mu = 0;   ///< of the hinge; 0: 1/(classes - 1)
  // Of ranks: dW = eta sum over samples of g (x - I W) / divisor, g = 1, -delta or 0, I the current.
  std::size_t rank = 2;
  double delta = 0;
  bool by_largest = false;  ///< the divisor is the largest |change| of the layer, not the number of samples
};

/// A rule's float rendering.
struct FloatRule {
  /// One update on the user's own arrays; throws Error on a missing or ill-shaped input.
  FloatArrays (*eval)(const EvalRequest&) = nullptr;
  std::vector<std::string> modes;  ///< of eval
  std::unique_ptr<FloatLearner> (*learner)(const Parameters&, const FloatLayer&) = nullptr;
  /// Null: the rule has no mini-batch form. Throws Error (configuration) on parameters that have none.
  BatchForm (*batch)(const Parameters&) = nullptr;
  /// The exponent p of FloatActivity::current; null: the rule does not ask for it.
  double (*weight_power)(const Parameters&) = nullptr;
};

}  // namespace trifactor
