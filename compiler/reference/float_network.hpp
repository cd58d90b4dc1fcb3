// A network in floating point: the same populations, projections, learning rules, rates, weight ages and
// steps of a presentation as the chip has, in float64 and without number formats. It is what learning on the
// chip is compared with, and with a baseline it trains the same network by backpropagation or leaves the
// hidden layers at random.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "compiler/network/network.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/reference/baseline.hpp"
#include "compiler/reference/float_kernels.hpp"
#include "compiler/reference/float_synapses.hpp"
#include "rtl/rules/reference.hpp"

namespace trifactor {

struct FloatNetworkOptions {
  Baseline baseline = Baseline::none;
  double backprop_eta = 0.02;  ///< of every projection at the start, falls linearly to 0 over the run
  std::uint64_t run_length =
      0;  ///< learning samples of the whole run, for schedules; 0: rates stay at their start
};

/// What a projection's learner saw over an interval: means over all its pairs of samples, 0 where there is
/// none.
struct FloatLayerSignals {
  double kernel = 0;        ///< mean kernel
  double third_factor = 0;  ///< mean |M|, without the 1/n of n partners, as the chip counts it
  double same_class = 0;    ///< share of pairs of the same class
  double partners = 0;      ///< pairs of samples
};

class FloatNetwork {
 public:
  /// Weights start at initial_weights(network). Throws Error when a rule refuses its parameters or layer, or
  /// when a rule has no float rendering (TF-REF-001).
  explicit FloatNetwork(Network network, const FloatNetworkOptions& options = {});

  const Network& network() const { return network_; }

  /// Activities of the output population (classes). x: (neurons of the input). Changes nothing that matters
  /// to learning. The span is valid until the next call.
  std::span<const double> forward(std::span<const double> x);

  /// One learning sample: forward with the weights as they are (less D updates that wait), then the update.
  /// Returns what forward() returned.
  std::span<const double> learn(std::span<const double> x, std::int64_t label);

  std::uint64_t learned() const { return learned_; }

  /// The rate of a projection at learning sample t: held over schedule_piece(run_length) samples. 0: does not
  /// learn.
  double rate(std::size_t projection, std::uint64_t t) const;
  bool learns(std::size_t projection) const;

  /// A population's activity (r where it is normalised, else z) of the last forward.
  std::span<const double> activity(std::size_t population) const;

  /// (neurons of to, neurons of from) in C order.
  std::vector<double> weights(std::size_t projection) const;
  std::vector<double> bias(std::size_t projection) const;  ///< (neurons of to), empty without
  void set_weight(std::size_t projection, std::size_t to, std::size_t from,
                  double value);  ///< from = fan-in: the bias
  /// Root of the sum of squares, bias included; not finite when learning has diverged.
  double weight_norm(std::size_t projection) const;

  /// Of the interval since the last call.
  FloatLayerSignals take_signals(std::size_t projection);

 private:
  struct Population {
    std::size_t neurons = 0, groups = 0;
    bool hands_on = false;  ///< r is handed on
    std::vector<double> sum, z, fprime, u, uq, r;
    std::vector<double> error;                       ///< dL/d activity, then dL/d sum (backprop)
    std::vector<double> membrane, shadow;            ///< of learning, and of looks; empty without
    std::vector<std::uint32_t> noise, shadow_noise;  ///< generators, likewise
    std::vector<double> before;   ///< activity of the step before, where a late projection reads it
    std::vector<double> carried;  ///< activity at the end of the learning sample before, likewise
    std::vector<double> current;  ///< sums with transformed weights, where a rule asks for them
    std::vector<double> sent;     ///< sum of R delta of feedback projections that end here; empty without
    std::unique_ptr<FloatLearner> relay;  ///< where errors go through neurons that do not learn
    bool relay_every_step = false;
    std::vector<double> delta;  ///< errors that feedback projections take from here; empty without
    /// Dropout: the chip's generators, what is handed on in a learning tick, and whether that is what counts
    /// now.
    std::vector<std::uint32_t> mask_generators;
    std::vector<double> handed;
    std::vector<bool> kept;
    double dropout_factor = 1;
    bool dropped = false;
    std::vector<std::size_t> incoming, feedback, told;  ///< projections that end here; told: of kind "error"
  };
  struct Projection {
    std::size_t from = 0, to = 0, inputs = 0, neurons = 0;
    bool bias = false;
    double power = 0;             ///< of the currents its rule asks for; 0: it asks for none
    std::vector<double> weights;  ///< axon-major (inputs + bias, neurons)
    FloatSynapses synapses;
    std::vector<FloatAxon> active;  ///< presynaptic activities that are not 0, the bias last
    std::span<const double> read;   ///< presynaptic activities of this step
    bool plastic = false;
    std::unique_ptr<FloatLearner> learner;
    std::vector<FloatFactors> waiting;  ///< ring of D + 1 updates
    std::uint64_t formed = 0;           ///< updates so far
    FloatLayerSignals sums;

    std::span<double> row(std::size_t j) { return std::span(weights).subspan(j * neurons, neurons); }
  };

  /// A step of a presentation.
  struct Step {
    bool learn = false, first = true, last = true;
  };
  void refuse_batch_only(Diagnostics& mistakes) const;
  void present(std::span<const double> x, bool learn, std::int64_t label);
  void evaluate(std::size_t population, const Step& step);
  std::span<const double> read_activity(const Projection& projection, bool late, const Step& step) const;
  double through_membrane(std::size_t population, std::size_t neuron, bool learn);
  void drop(std::size_t population);
  void seed_masks(std::size_t population);
  void largest_of_windows(const Projection& projection, std::span<double> sums) const;
  void error_to_maxima(const Projection& projection);
  void backward(std::int64_t label);
  void through_neuron(std::size_t population);
  void form_currents();
  void learn_backwards(std::int64_t label, bool last);
  void gather_errors(Population& population);
  void make_relay(std::size_t population);
  void relay(Population& population, bool last);
  void errors_to_winners(const Projection& feedback, std::span<double> sums) const;
  void step(std::size_t projection, std::int64_t label, bool last);
  void apply(Projection& projection, const FloatFactors& factors);
  void apply_factors(Projection& projection, const FloatFactors& factors);
  std::span<const double> activity_of(const Population& p) const {
    return p.dropped ? p.handed : p.hands_on ? p.r : p.z;
  }

  Network network_;
  FloatNetworkOptions options_;
  std::vector<Population> populations_;
  std::vector<Projection> projections_;
  std::uint64_t learned_ = 0;
  bool has_late_ = false;
  std::vector<std::size_t> enabled_;  // scratch of apply()
  std::vector<double> nothing_;       // zeros, as wide as the widest population
};

/// The class with the largest value; the highest index in a tie.
std::size_t predicted_class(std::span<const double> outputs);

}  // namespace trifactor
