#include "compiler/network/training.hpp"

#include <fmt/format.h>

namespace trifactor {
namespace {

constexpr double smallest_eta = 1e-9, largest_eta = 64;

/// TF-NET-005 for keys of the other kind.
void only_for(TomlTable& table, const std::vector<const char*>& keys, const char* kind,
              const char* key_of_kind = "kind") {
  for (const char* key : keys)
    if (table.has(key))
      table.mistakes().add("TF-NET-005", table.place(key),
                           fmt::format("{} is only for {} = \"{}\"", table.named(key), key_of_kind, kind),
                           fmt::format("no {} here", key));
}

OptimiserSpec read_optimiser(TomlTable& table) {
  OptimiserSpec spec;
  const auto kind = table.need("kind") ? table.choice("kind", {"sgd", "adamw"}) : std::nullopt;
  if (!kind) return spec;  // which keys belong to it is not known
  spec.kind = static_cast<OptimiserSpec::Kind>(*kind);
  spec.weight_decay = table.number("weight_decay", 0, 1).value_or(spec.weight_decay);
  if (spec.kind == OptimiserSpec::Kind::sgd) {
    spec.momentum = table.number("momentum", 0, 0.9999).value_or(spec.momentum);
    only_for(table, {"beta1", "beta2", "epsilon"}, "adamw");
  } else {
    spec.beta1 = table.number("beta1", 0, 0.9999).value_or(spec.beta1);
    spec.beta2 = table.number("beta2", 0, 0.999999).value_or(spec.beta2);
    spec.epsilon = table.number("epsilon", 1e-16, 1).value_or(spec.epsilon);
    only_for(table, {"momentum"}, "sgd");
  }
  table.finish();
  return spec;
}

void read_milestones(TomlTable& table, TrainingSpec& spec) {
  if (!table.has("milestones")) return;
  const auto epochs = table.integers("milestones", 1, 1000000, 0, 64);
  if (!epochs) return;
  for (const std::int64_t epoch : *epochs) {
    if (!spec.milestones.empty() && epoch <= spec.milestones.back())
      table.mistakes().add("TF-NET-021", table.place("milestones"),
                           fmt::format("epoch {} follows epoch {}", epoch, spec.milestones.back()),
                           "epochs in rising order");
    spec.milestones.push_back(static_cast<int>(epoch));
  }
}

}  // namespace

TrainingSpec read_training(TomlTable& table) {
  TrainingSpec spec;
  for (const char* key :
       {"objective", "optimiser", "milestones", "factor", "eta", "output", "batch_norm", "dropout"})
    if (table.has(key)) spec.given.emplace_back(key);
  spec.batch = static_cast<int>(table.integer("batch", 3, 65536).value_or(0));
  spec.objective =
      static_cast<TrainingSpec::Objective>(table.choice("objective", {"phsic", "hsic"}).value_or(0));
  if (auto optimiser = table.table("optimiser")) spec.optimiser = read_optimiser(*optimiser);
  read_milestones(table, spec);
  spec.factor = table.number("factor", 1e-6, 1).value_or(spec.factor);
  spec.eta = table.number("eta", smallest_eta, largest_eta);
  if (auto output = table.table("output")) {
    spec.output_eta = output->number("eta", smallest_eta, largest_eta);
    spec.output_weight_decay = output->number("weight_decay", 0, 1).value_or(spec.output_weight_decay);
    spec.output_loss =
        static_cast<TrainingSpec::OutputLoss>(output->choice("loss", {"rule", "power"}).value_or(0));
    if (output->has("exponent") && spec.output_loss == TrainingSpec::OutputLoss::rule)
      only_for(*output, {"exponent"}, "power", "loss");
    else
      spec.output_exponent = output->number("exponent", 1.0625, 64).value_or(spec.output_exponent);
    output->finish();
  }
  spec.batch_norm = table.boolean("batch_norm").value_or(false);
  spec.dropout = table.number("dropout", 0, 0.99).value_or(0);
  table.finish();
  return spec;
}

}  // namespace trifactor
