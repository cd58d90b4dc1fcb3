// `trifactor reference` in mini-batches on drawn digits.
#include <atomic>
#include <catch2/catch.hpp>
#include <fstream>

#include "host/experiment/reference.hpp"
#include "rtl/spec/diagnostic.hpp"
#include "tests/support/folder.hpp"

using namespace trifactor;
using trifactor::testing::Folder;

namespace {

const char* const network_text = R"([network]
name = "small"
[training]
batch = 50
optimiser = { kind = "sgd", momentum = 0.9 }
output = { eta = 0.05 }
dropout = 0.01
[[population]]
name = "pixels"
kind = "input"
shape = [784]
encode = { kind = "symmetric" }
[[population]]
name = "hidden"
shape = [64]
neuron = { kind = "leaky_relu", slope = 0.01 }
normalise = { kind = "divisive", groups = 8, p = 0.2, delta = 1.0 }
[[population]]
name = "scores"
shape = [10]
[[projection]]
from = "pixels"
to = "hidden"
plasticity = { rule = "phsic_gaussian", sigma = 1.0, eta = 0.1 }
[[projection]]
from = "hidden"
to = "scores"
bias = true
plasticity = { rule = "readout" }
)";

ReferenceOptions options_of(const Folder& folder,
                            const char* data = "synthetic:strokes,count=2020,shuffle=1") {
  std::ofstream(folder.path / "n.toml") << network_text;
  ReferenceOptions o;
  o.network = read_network(folder.path / "n.toml");
  o.data = data;
  o.test = "synthetic:strokes,split=test,count=333";
  return o;
}

}  // namespace

TEST_CASE("batches learn; random layers less; every baseline more than at the start") {
  const Folder folder;
  ReferenceOptions o = options_of(folder);
  o.epochs = 6;
  o.threads = 2;
  const ReferenceRecord own = run_reference(o);
  CHECK(own.learned == 6 * 2020);  // the last batch of an epoch has 20
  REQUIRE(own.test_accuracy());
  CHECK(own.accuracy.front().samples_seen == 0);
  CHECK(own.accuracy.back().samples_seen == 12120);
  CHECK(own.accuracy.back().epoch == 6);
  int epochs_tested = 0;
  for (const AccuracyRow& row : own.accuracy) epochs_tested += row.test_accuracy.has_value();
  CHECK(epochs_tested == 7);
  CHECK(*own.test_accuracy() > *own.accuracy.front().test_accuracy + 0.2);
  CHECK(own.signals.front().mean_kernel > 0.0);
  CHECK(own.signals.front().same_class_share == Approx(0.1).margin(0.05));
  CHECK(own.signals.front().sigma == 1.0);
  CHECK_FALSE(own.signals.back().mean_kernel);  // a read-out has no kernel
  CHECK(own.profile.size() == 5);

  const auto with = [&](Baseline baseline) {
    ReferenceOptions other = options_of(folder);
    other.baseline = baseline, other.epochs = 6;
    return *run_reference(other).test_accuracy();
  };
  const double random = with(Baseline::random);
  CHECK(*own.test_accuracy() > random + 0.05);
  CHECK(with(Baseline::backprop) > random + 0.05);
  for (const Baseline baseline : {Baseline::feedback_alignment, Baseline::layerwise,
                                  Baseline::layerwise_feedback_alignment, Baseline::sign_symmetry})
    CHECK(with(baseline) > *own.accuracy.front().test_accuracy + 0.1);
}

TEST_CASE("the same batches give the same weights, tested or not") {
  const Folder folder;
  ReferenceOptions o = options_of(folder, "synthetic:strokes,count=301,shuffle=2");
  const ReferenceRecord a = run_reference(o);
  CHECK(a.learned == 301);  // 50 + ... + 49 + 2: none is left alone, which has no pair
  o.test.reset();
  CHECK(run_reference(o).weights[0].weights == a.weights[0].weights);
  o.network.seed = 2;
  CHECK(run_reference(o).weights[0].weights != a.weights[0].weights);
}

namespace {

/// What a trained network reads of the test data, and what it reads when its weights.npz comes back, before
/// anything more is learned.
void expect_back(std::string text, const Folder& folder) {
  const auto options = [&](const char* file) {
    std::ofstream(folder.path / file) << text;
    ReferenceOptions o;
    o.network = read_network(folder.path / file);
    o.data = "synthetic:strokes,count=600,shuffle=1";
    o.test = "synthetic:strokes,split=test,count=500";
    return o;
  };
  const ReferenceRecord trained = run_reference(options("n.toml"));
  write_reference(folder.path, trained);
  text.insert(text.find("name ="), "weights = \"weights.npz\"\n");
  const ReferenceRecord again = run_reference(options("again.toml"));
  CHECK(trained.accuracy.front().test_accuracy != trained.test_accuracy());
  CHECK(again.accuracy.front().test_accuracy == trained.test_accuracy());
}

}  // namespace

TEST_CASE("batch norm comes back with the weights") {
  std::string text = network_text;
  text.replace(text.find("dropout = 0.01"), 14, "batch_norm = true");
  expect_back(text, Folder());
}

TEST_CASE("kernels and local weights come back window by window") {
  expect_back(R"([network]
name = "windows"
[training]
batch = 50
optimiser = { kind = "sgd", momentum = 0.9 }
output = { eta = 0.05 }
[[population]]
name = "pixels"
kind = "input"
shape = [28, 28, 1]
[[population]]
name = "map"
shape = [8, 8, 3]
neuron = { kind = "saturated_linear" }
[[population]]
name = "places"
shape = [4, 4, 2]
neuron = { kind = "saturated_linear" }
[[population]]
name = "scores"
shape = [10]
[[projection]]
from = "pixels"
to = "map"
connect = "convolution"
kernel = [5, 5]
stride = [3, 3]
bias = true
plasticity = { rule = "urfb", eta = 0.05 }
[[projection]]
from = "map"
to = "places"
connect = "local"
kernel = [2, 2]
stride = [2, 2]
plasticity = { rule = "urfb", eta = 0.05 }
[[projection]]
from = "places"
to = "scores"
bias = true
plasticity = { rule = "readout" }
[[projection]]
name = "back"
kind = "feedback"
from = "scores"
to = "places"
[[projection]]
name = "back2"
kind = "feedback"
connect = "local"
kernel = [2, 2]
stride = [2, 2]
from = "places"
to = "map"
)",
              Folder());
}

TEST_CASE("interrupted batches keep what there is") {
  const Folder folder;
  ReferenceOptions o = options_of(folder);
  std::atomic<bool> stop{false};
  o.interrupt = &stop;
  o.test.reset();
  o.on_progress = [&](const Progress& p) { stop = p.done >= 500; };
  o.epochs = 100;
  const ReferenceRecord record = run_reference(o);
  CHECK(record.interrupted);
  CHECK(record.learned >= 500);
  CHECK(record.learned < 100 * 2020);
  CHECK(record.weights[0].weights.size() == 64 * 784);
}

TEST_CASE("batches that diverge are refused, and what needs batches without them") {
  const Folder folder;
  const auto code = [&](const ReferenceOptions& o) -> std::string {
    try {
      run_reference(o);
    } catch (const Error& error) {
      return error.items().front().code;
    }
    return "";
  };
  ReferenceOptions o = options_of(folder);
  o.network.training.eta = 64, o.network.training.optimiser.weight_decay = 1;
  CHECK(code(o) == "TF-REF-002");
  o = options_of(folder, "synthetic:strokes,count=49");
  CHECK(code(o) == "TF-REF-006");
  o = options_of(folder);
  o.network.training.batch = 0;
  CHECK(code(o) == "TF-REF-005");  // objective, optimiser and the rest
  o.network.training.given.clear();
  o.baseline = Baseline::sign_symmetry;
  CHECK(code(o) == "TF-REF-004");
}
