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
};
struct ResolvedNetwork {
  std::vector<ResolvedPopulation> populations;
  std::vector<ResolvedProjection> projections;
};

/// Throws Error (configuration, does_not_fit) with everything that cannot be represented.
ResolvedNetwork resolve(const Network& network);

/// Facts about a projection's target layer, as rules ask for them.
LayerFacts layer_facts(const Network& network, const ResolvedNetwork& resolved, std::size_t projection);

/// Real-valued initial weights (to, from) and biases (to), before quantisation: uniform in
/// +-1/sqrt(fan_in) from the network's seed, zero, or the arrays of the weights file.
struct InitialWeights {
  std::vector<double> weights;  ///< (neurons of to) x (neurons of from)
  std::vector<double> bias;     ///< (neurons of to), empty without
};
std::vector<InitialWeights> initial_weights(const Network& network);

/// The fitted mean of the input's encoder, array <input>.offset of the weights file; empty without.
std::vector<double> encoder_offset(const Network& network);

/// Neurons [first_neuron, +neurons) of a population with rows [first_row, +rows) of its incoming rows, where
/// the rows of all projections into it are numbered through (a projection's bias row last).
struct Slice {
  std::size_t population = 0;
  int first_neuron = 0, neurons = 0;
  int first_row = 0, rows = 0;
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

Program compile(const Network& network, const Machine& machine, const CompileOptions& options = {});

}  // namespace trifactor
