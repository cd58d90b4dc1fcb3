// The [training] table of a network file: how `trifactor reference` trains in mini-batches.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "compiler/text/toml_document.hpp"

namespace trifactor {

struct OptimiserSpec {
  enum class Kind : std::uint8_t { sgd, adamw } kind = Kind::sgd;
  double momentum = 0.95;  ///< sgd: buf = momentum buf + gradient + weight_decay W; W -= eta buf
  double weight_decay = 1e-7;
  double beta1 = 0.9, beta2 = 0.999, epsilon = 1e-8;  ///< adamw, whose decay is W -= eta weight_decay W
};

struct TrainingSpec {
  int batch = 0;                   ///< samples an update; 0: learning is sample by sample
  std::vector<std::string> given;  ///< other keys of the table that stand in the file
  enum class Objective : std::uint8_t { phsic, hsic } objective = Objective::phsic;
  OptimiserSpec optimiser;
  std::vector<int> milestones;  ///< rates are multiplied by `factor` after that many epochs
  double factor = 0.25;
  std::optional<double> eta;         ///< of hidden layers; else of their rules
  std::optional<double> output_eta;  ///< of the output; else of its rule
  double output_weight_decay = 1e-6;
  /// What the output descends: its rule's objective, or the mean over samples of sum |z - t|^exponent with
  /// t = 1 for the label's neuron and -1 for the others.
  enum class OutputLoss : std::uint8_t { rule, power } output_loss = OutputLoss::rule;
  double output_exponent = 2;  ///< above 1
  bool batch_norm = false;     ///< of hidden layers, before their activation
  double dropout = 0;          ///< share of a hidden layer's values that are dropped as they are handed on
};

TrainingSpec read_training(TomlTable& table);

}  // namespace trifactor
