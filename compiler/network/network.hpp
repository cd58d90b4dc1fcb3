// A network as a person writes it (TOML), checked and complete: names resolved, defaults filled in, every
// value in range. Nothing here knows a machine.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "compiler/network/training.hpp"
#include "compiler/text/place.hpp"
#include "rtl/rules/parameters.hpp"
#include "rtl/spec/image.hpp"
#include "rtl/spec/number_format.hpp"
#include "rtl/spec/schedule.hpp"  // Schedule::at() is inline there

namespace trifactor {

struct NormaliseSpec {
  int groups = 0;          ///< of contiguous neurons
  double p = 0.5;          ///< r = zc / u^p, q = 1 - p
  double delta = 1;        ///< u = delta/c + mean zc^2
  double scale_range = 8;  ///< largest u^q that is told apart
  bool hands_on = true;    ///< false: r is not handed on, groups only say what a rule compares (float only)
};

/// tau du/dt = -u + h in Euler steps; the activation function is of u.
struct MembraneSpec {
  double tau = 1;             ///< in steps, at least 1
  bool reads_before = false;  ///< the activation function is of u before this step's h
};

/// Activation functions that floating point alone has.
enum class FloatActivation : std::uint8_t { none, selu };

/// Whether values lie within 1 whatever the sums are, so that 1 is the least range there can be.
constexpr bool is_bounded(Activation kind) {
  return kind == Activation::tanh || kind == Activation::saturated_linear || kind == Activation::power;
}

struct PopulationSpec {
  std::string name;
  bool input = false;
  bool label = false;  ///< its neurons are the classes: 1 for the sample's own where it is learned, else 0
  std::vector<int> shape;
  std::string encode = "unit";  ///< inputs: unit, none, minus_training_mean, symmetric, unit_length
  Activation activation = Activation::linear;
  FloatActivation float_activation = FloatActivation::none;  ///< in place of `activation`
  double slope = 0.01;                                       ///< leaky ReLU
  double exponent = 1;  ///< power neurons: z = (h / scale)^exponent above 0
  double scale =
      1;  ///< the sum that gives 1 (power of two): power neurons; saturated linear: clip(h / scale)
  std::optional<MembraneSpec> membrane;
  double noise = 0;         ///< uniform in +-noise, added to z at every step
  double value_range = 4;   ///< z lies in +-range (power of two)
  double output_range = 4;  ///< the activity that is sent lies in +-range (power of two)
  int activity_bits = 8;    ///< 8 or 16
  std::optional<NormaliseSpec> normalise;
  double dropout = 0;  ///< probability with which a neuron is left out of a learning tick
  SourcePlace place;

  /// Its values are given with a sample: no projection ends here.
  bool given() const { return input || label; }

  int neurons() const {
    int n = 1;
    for (int extent : shape) n *= extent;
    return n;
  }
};

struct PlasticitySpec {
  std::string rule;
  Parameters parameters;  ///< complete
  Schedule schedule;
  int weight_age = 0;       ///< D
  bool every_step = false;  ///< learns at every step of a presentation, not at its last alone
  SourcePlace place;
};

enum class WeightInit : std::uint8_t {
  uniform_fan_in,  ///< U(+-1/sqrt(fan in))
  zero,
  file,
  glorot,    ///< U(+-sqrt(6/(fan in + fan out)))
  normal,    ///< N(0, 1)
  constant,  ///< `value`
};

/// Which synapses a projection has. All but dense and identity run between images, populations of shape
/// [height, width, channels], the larger one on the side of the forward pass's source.
enum class Connect : std::uint8_t {
  dense,
  identity,      ///< neuron i to neuron i, one weight for all: a sum of two populations
  local,         ///< a window of the image for each neuron, a weight for each synapse
  convolution,   ///< the same with one weight for all places
  average_pool,  ///< the mean of a window of one channel
  max_pool,      ///< the largest value of a window of one channel
};

/// Whether the weights follow from the connection, so that none are drawn, read or learned.
constexpr bool is_fixed(Connect kind) {
  return kind == Connect::identity || kind == Connect::average_pool || kind == Connect::max_pool;
}
constexpr bool has_window(Connect kind) { return kind >= Connect::local; }

struct WindowSpec {
  std::array<int, 2> kernel{0, 0}, stride{1, 1}, padding{0, 0};  ///< rows, columns of the image
};

struct ProjectionSpec {
  std::string name;      ///< default <from>_to_<to>
  int from = 0, to = 0;  ///< indices into populations
  /// Carries errors of the neurons of `from` back to those of `to`; no part of the forward pass.
  bool feedback = false;
  /// Brings activities of `from` that are no part of the sums of `to` but the errors that it learns from.
  bool error = false;
  /// A step reads the activities that `from` had at the step before: asked for, or it closes a cycle.
  bool late = false;
  Connect connect = Connect::dense;
  WindowSpec window;
  double density =
      1;  ///< share of synapses that exist, drawn from the seed (compiler/passes/connectivity.hpp)
  WeightInit init = WeightInit::uniform_fan_in;
  double gain = 1;         ///< what is drawn is multiplied by it
  double value = 1;        ///< of every weight of an identity, or with init = constant
  int bits = 8;            ///< 4 to 16
  double range = 0;        ///< weights lie in +-range (power of two); resolved, never 0
  bool stochastic = true;  ///< rounding of updates and factors
  bool bias = false;       ///< an always-on axon of value 1
  std::optional<PlasticitySpec> plasticity;
  SourcePlace place;
};

/// Of a projection whose weights follow from the connection or are constant: what all of them are.
double fixed_weight(const ProjectionSpec& spec);

struct Network {
  std::string name;
  std::uint64_t seed = 1;
  int classes = 10;
  int steps = 1;                            ///< of a presentation
  std::filesystem::path file;               ///< where it was read from
  std::filesystem::path weights_file;       ///< .npz with arrays named by projection; empty: none
  std::vector<PopulationSpec> populations;  ///< sources before targets, but for feedback and late projections
  std::vector<ProjectionSpec> projections;
  int input = 0, output = 0;  ///< indices into populations
  TrainingSpec training;
};

/// Reads and checks a network file; throws Error with all of its mistakes. `overrides`: KEY=VALUE pairs where
/// KEY is a path such as projection.pixels_to_hidden1.plasticity.eta or network.seed (used by sweeps).
Network read_network(const std::filesystem::path& file, const std::vector<std::string>& overrides = {});

/// A hidden population without plasticity through which errors travel: feedback projections end at it and
/// start from it. Its neurons' errors are those that come back, gated by their derivatives.
bool relays_errors(const Network& network, std::size_t population);

/// The projection whose rule learns from the errors that such a population hands on (the first of them): they
/// are formed as that rule forms those of its own neurons. The number of projections where there is none.
std::size_t relay_model(const Network& network, std::size_t population);

}  // namespace trifactor
