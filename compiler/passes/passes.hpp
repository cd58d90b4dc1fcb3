// From a network to a program for one machine, in passes: each takes the result of the one before.
//
//   resolve    number formats, rule registers            (quantise)
//   weigh      initial weights, from a seed or a file
//   partition  columns and rows of each layer over cores
//   place      slices on tiles, teachers beside routers
//   emit       images, routes, memory use
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "compiler/network/network.hpp"
#include "compiler/passes/connectivity.hpp"
#include "rtl/rules/rule.hpp"
#include "rtl/spec/diagnostic.hpp"
#include "rtl/spec/machine.hpp"
#include "runtime/layout/program.hpp"

namespace trifactor {

/// One projection with everything about its numbers decided.
struct ResolvedProjection {
  NumberFormat weight;
  int sum_frac = 0;  ///< of weight x activity
  std::optional<RulePlan> plan;
};
struct ResolvedPopulation {
  NumberFormat value, output, activity;  ///< z; r or z, local; what is sent
  NumberFormat group_scale;
  int sum_frac = 0;  ///< binary point at which the neuron's sums meet
  int group_size = 0;
  std::optional<NumberFormat> error;  ///< of what its neurons send back
  int error_sum_frac = 0;             ///< binary point at which errors that come back meet
  std::optional<RulePlan> relay;      ///< errors go through neurons that do not learn
};
struct ResolvedNetwork {
  std::vector<ResolvedPopulation> populations;
  std::vector<ResolvedProjection> projections;
};

/// Throws Error (configuration, does_not_fit) with everything that cannot be represented.
ResolvedNetwork resolve(const Network& network);

/// The projection whose post unit forms the errors that feedback projections carry away from a population:
/// the first that learns by a rule which forms them. The number of projections where none is carried away.
std::size_t error_sender(const Network& network, std::size_t population);

/// Facts about a projection's target layer, as rules ask for them.
LayerFacts layer_facts(const Network& network, const ResolvedNetwork& resolved, std::size_t projection);

/// Real-valued initial weights of one projection, before quantisation: drawn as WeightInit says from the
/// network's seed and the synapse's place (of a convolution the entry's place in its kernel), zero, or the
/// arrays of the weights file; 0 where there is no synapse. Only those of a file are in memory; the others
/// are computed as they are asked for, in any order.
class InitialWeights {
 public:
  /// These, row by row: `weights` (neurons of to, inputs), `bias` (neurons of to) or empty.
  InitialWeights(std::vector<double> weights, std::vector<double> bias, std::size_t inputs,
                 const Connectivity& connectivity = {});
  /// The same window by window: of a convolution (channels of the map, connectivity.window()) and a bias a
  /// channel, of local weights (neurons of the map, the same) and a bias a neuron.
  static InitialWeights by_window(std::vector<double> weights, std::vector<double> bias,
                                  const Connectivity& connectivity, bool feedback);
  /// Of projection `projection`, seeded or zero; of spec.init = file nothing can be computed.
  InitialWeights(const Network& network, std::size_t projection);

  /// Of the synapse from presynaptic neuron `from` to neuron `to`.
  double weight(std::size_t to, std::size_t from) const;
  double bias(std::size_t to) const;
  const Connectivity& connectivity() const { return connectivity_; }

 private:
  double drawn(std::size_t to, std::size_t from) const;

  Connectivity connectivity_;
  bool fixed_ = false;                  ///< all are bound_
  bool by_window_ = false;              ///< weights_ and bias_ are
  bool feedback_ = false;               ///< by window: the map is the source
  std::size_t inputs_ = 0;              ///< neurons of the source
  std::uint64_t start_ = 0;             ///< of seed and projection
  double bound_ = 0;                    ///< they lie in +-bound; 0: all are 0
  bool normal_ = false;                 ///< N(0, 1) instead
  double length_ = 1;                   ///< of N(0, 1)
  std::vector<double> weights_, bias_;  ///< empty: computed
};
/// A neuron is left out of a learning tick when its random word lies below this.
std::uint32_t dropout_threshold(double probability);

/// One for each projection. Throws Error (configuration, data) for what is wrong with the weights file.
std::vector<InitialWeights> initial_weights(const Network& network);

/// The fitted mean of the input's encoder, array <input>.offset of the weights file; empty without.
std::vector<double> encoder_offset(const Network& network);

/// Neurons [first_neuron, +neurons) of a population with part row_slice of row_slices of the rows of every
/// projection into it (rows.hpp). Part 0 is the owner's: it evaluates the neurons and forms the factors of
/// every projection for all parts, so none may be without rows of a projection that learns.
struct Slice {
  std::size_t population = 0;
  int first_neuron = 0, neurons = 0;
  int row_slice = 0, row_slices = 1;
  std::uint32_t core = 0;  ///< tile, set by place
};

struct CompileOptions {
  std::optional<std::uint64_t> placement_seed;  ///< shuffles the tiles before placing
};

/// Throws does_not_fit naming limit, amount and cure.
std::vector<Slice> partition(const Network& network, const ResolvedNetwork& resolved, const Machine& machine);
void place(const Network& network, const ResolvedNetwork& resolved, const Machine& machine,
           const CompileOptions& options, std::vector<Slice>& slices);
Program emit(const Network& network, const ResolvedNetwork& resolved, const Machine& machine,
             const std::vector<InitialWeights>& weights, const std::vector<Slice>& slices);

/// Memory that a slice takes on a machine.
CoreUsage slice_usage(const Network& network, const ResolvedNetwork& resolved, const Machine& machine,
                      const Slice& slice);

/// At least what any row slice of the widest of `columns` takes: an owner with the longest part of each
/// projection.
CoreUsage largest_usage(const Network& network, const ResolvedNetwork& resolved, const Machine& machine,
                        std::size_t population, int neurons, int row_slices);

Program compile(const Network& network, const Machine& machine, const CompileOptions& options = {});

}  // namespace trifactor
