// Tiny networks for the tests of training in mini-batches.
#pragma once

#include <catch2/catch.hpp>
#include <random>

#include "compiler/reference/test_support.hpp"
#include "compiler/training/batch_network.hpp"

namespace trifactor::training_test {

constexpr std::size_t samples = 7, inputs = 5;

/// How the hidden layers of a test network look.
struct Look {
  Activation activation = Activation::tanh;
  bool selu = false;
  int groups = 0;  ///< 0: plain
  bool hands_on = true;
  bool batch_norm = false;
  double dropout = 0;
  TrainingSpec::Objective objective = TrainingSpec::Objective::phsic;
};

/// 5 inputs, hidden layers of 8 and 6, 3 scores with bias; one step without momentum and decay changes
/// weights by the gradient itself, eta being 1.
inline Network batch_network(const Look& look) {
  Network n;
  n.name = "tiny", n.classes = 3, n.seed = 5;
  PopulationSpec input = population("x", static_cast<int>(inputs));
  input.input = true;
  n.populations = {input, population("a", 8, look.activation), population("b", 6, look.activation),
                   population("y", 3)};
  for (const std::size_t p : {1, 2}) {
    if (look.selu) n.populations[p].float_activation = FloatActivation::selu;
    if (look.groups > 0) n.populations[p].normalise = NormaliseSpec{look.groups, 0.3, 0.5, 8, look.hands_on};
  }
  const std::map<std::string, double> hidden = {{"sigma", 0.7}, {"gamma", 2.0}, {"eta", 1}};
  n.projections = {projection(0, 1, learns("phsic_gaussian", hidden)),
                   projection(1, 2, learns("phsic_gaussian", hidden), true),
                   projection(2, 3, learns("readout", {{"eta", 1}}), true)};
  n.input = 0, n.output = 3;
  n.training.batch = static_cast<int>(samples);
  n.training.objective = look.objective;
  n.training.optimiser.momentum = 0, n.training.optimiser.weight_decay = 0,
  n.training.output_weight_decay = 0;
  n.training.batch_norm = look.batch_norm, n.training.dropout = look.dropout;
  return n;
}

struct Batch {
  std::vector<double> x;
  std::vector<std::int32_t> labels;

  explicit Batch(unsigned seed = 1, std::size_t m = samples) : x(m * inputs), labels(m) {
    std::mt19937_64 engine(seed);
    std::normal_distribution<double> normal;
    for (double& value : x) value = normal(engine);
    for (std::int32_t& label : labels) label = static_cast<std::int32_t>(engine() % 3);
  }
  MatrixView<double> view() const { return {x.data(), labels.size(), inputs}; }
};

using Doubles = std::vector<double>;
inline Doubles copy(std::span<const double> values) { return {values.begin(), values.end()}; }

}  // namespace trifactor::training_test
