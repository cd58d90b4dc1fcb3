// The [training] table, and what only floating point has.
#include "compiler/network/test_support.hpp"

using namespace trifactor;
using namespace trifactor::testing;

namespace {

const std::string training_table = R"([training]
batch = 256
objective = "hsic"
optimiser = { kind = "adamw", weight_decay = 0.01, beta1 = 0.8, beta2 = 0.99, epsilon = 1e-6 }
milestones = [50, 75]
factor = 0.5
eta = 0.25
output = { eta = 5e-4, weight_decay = 1e-5 }
batch_norm = true
dropout = 0.05
)";

std::vector<std::string> mistakes(const std::string& text, const std::vector<std::string>& overrides = {}) {
  std::vector<std::string> result;
  for (const Diagnostic& item : refused([&] { read_text(text, overrides); }))
    result.push_back(item.code + item.where.substr(item.where.find(':')));
  return result;
}

}  // namespace

TEST_CASE("a file says how it is trained in mini-batches") {
  const TrainingSpec t = read_text(least_network + training_table).training;
  CHECK(t.batch == 256);
  CHECK(t.objective == TrainingSpec::Objective::hsic);
  CHECK(t.optimiser.kind == OptimiserSpec::Kind::adamw);
  CHECK((t.optimiser.weight_decay == 0.01 && t.optimiser.beta1 == 0.8 && t.optimiser.beta2 == 0.99 &&
         t.optimiser.epsilon == 1e-6));
  CHECK((t.milestones == std::vector<int>{50, 75} && t.factor == 0.5));
  CHECK((t.eta == 0.25 && t.output_eta == 5e-4 && t.output_weight_decay == 1e-5));
  CHECK((t.batch_norm && t.dropout == 0.05));
}

TEST_CASE("without [training] learning is sample by sample; one override makes it a batch") {
  const TrainingSpec t = read_text(least_network).training;
  CHECK((t.batch == 0 && t.objective == TrainingSpec::Objective::phsic && !t.batch_norm && t.dropout == 0));
  CHECK((t.optimiser.kind == OptimiserSpec::Kind::sgd && t.optimiser.momentum == 0.95 &&
         t.optimiser.weight_decay == 1e-7 && t.output_weight_decay == 1e-6));
  CHECK((t.milestones.empty() && t.factor == 0.25 && !t.eta && !t.output_eta));
  const TrainingSpec set = read_text(least_network, {"training.batch=128", "training.optimiser.kind=sgd",
                                                     "training.output.eta=0.01"})
                               .training;
  CHECK((set.batch == 128 && set.output_eta == 0.01));
  CHECK((t.output_loss == TrainingSpec::OutputLoss::rule && t.output_exponent == 2));
  const TrainingSpec power = read_text(least_network, {"training.batch=128", "training.output.loss=power",
                                                       "training.output.exponent=10"})
                                 .training;
  CHECK((power.output_loss == TrainingSpec::OutputLoss::power && power.output_exponent == 10));
}

TEST_CASE("mistakes of [training] are found where they stand") {
  const auto expect = [](const std::string& part, const std::string& replacement, const std::string& code,
                         const std::string& where) {
    const std::string text = with(least_network + training_table, part, replacement);
    INFO(part << " -> " << replacement);
    CHECK(mistakes(text) == std::vector<std::string>{code + ":" + position(text, where)});
  };
  expect("batch = 256", "batch = 2", "TF-TOML-013", "2\nobjective");
  expect("batch = 256", "bathc = 256", "TF-TOML-010", "bathc");
  expect("\"hsic\"", "\"mse\"", "TF-TOML-015", "\"mse\"");
  expect("\"adamw\"", "\"adam\"", "TF-TOML-015", "\"adam\"");
  expect("kind = \"adamw\", ", "", "TF-TOML-012", "{ weight_decay = 0.01,");
  expect("beta1 = 0.8", "momentum = 0.9", "TF-NET-005", "0.9,");
  expect("[50, 75]", "[75, 50]", "TF-NET-021", "[75, 50]");
  expect("[50, 75]", "[0]", "TF-TOML-013", "0]\nfactor");
  expect("dropout = 0.05", "dropout = 1", "TF-TOML-013", "1\n");
  expect("eta = 5e-4, ", "eta = 0, ", "TF-TOML-013", "0, weight_decay = 1e-5");
  expect("eta = 5e-4, ", "loss = \"mse\", ", "TF-TOML-015", "\"mse\"");
  expect("eta = 5e-4, ", "exponent = 4, ", "TF-NET-005", "4, weight_decay");
  expect("eta = 5e-4, ", "loss = \"power\", exponent = 1, ", "TF-TOML-013", "1, weight_decay");
}

TEST_CASE("an sgd has no betas, and an adamw no momentum") {
  const std::string sgd = with(least_network + training_table, "\"adamw\"", "\"sgd\"");
  CHECK(mistakes(sgd).size() == 3);
  for (const std::string& mistake : mistakes(sgd)) CHECK(mistake.starts_with("TF-NET-005"));
}

TEST_CASE("float-only neurons, groups and encodings are read") {
  const Network n = read_text(
      least_network, {"population.pixels.encode.kind=symmetric", "population.hidden.neuron.kind=selu",
                      "population.hidden.normalise.kind=groups", "population.hidden.normalise.groups=4"});
  CHECK(n.populations[n.input].encode == "symmetric");
  const Network lengths = read_text(least_network, {"population.pixels.encode.kind=unit_length"});
  CHECK(lengths.populations[lengths.input].encode == "unit_length");
  const PopulationSpec& hidden = n.populations[1];
  CHECK(hidden.float_activation == FloatActivation::selu);
  REQUIRE(hidden.normalise);
  CHECK((!hidden.normalise->hands_on && hidden.normalise->groups == 4));
  CHECK(hidden.output_range == hidden.value_range);  // z is what is sent, not r
  CHECK(read_text(full_network).populations[1].normalise->hands_on);
}
