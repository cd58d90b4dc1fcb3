// `trifactor reference`: the float experiment on drawn digits, and the weights it leaves.

#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "host/experiment/reference.hpp"
#include "rtl/spec/diagnostic.hpp"
#include "tests/support/folder.hpp"

using namespace trifactor;
namespace fs = std::filesystem;

namespace {

using trifactor::testing::Folder;

const char* const network_text = R"([network]
name = "small"
[[population]]
name = "pixels"
kind = "input"
shape = [784]
encode = { kind = "minus_training_mean" }
[[population]]
name = "hidden"
shape = [64]
neuron = { kind = "leaky_relu", slope = 0.01 }
normalise = { kind = "divisive", groups = 8, p = 0.1, delta = 1.0 }
[[population]]
name = "scores"
shape = [10]
neuron = { kind = "linear" }
[[projection]]
from = "pixels"
to = "hidden"
connect = "dense"
plasticity = { rule = "phsic_gaussian", partners = 16, sigma = 0.3, eta = 0.06, schedule = "linear" }
[[projection]]
from = "hidden"
to = "scores"
connect = "dense"
bias = true
weights = { init = "zero" }
plasticity = { rule = "readout", eta = 0.1, schedule = "linear" }
)";

Network write_and_read(const fs::path& file, const std::string& text,
                       const std::vector<std::string>& overrides = {}) {
  std::ofstream(file) << text;
  return read_network(file, overrides);
}

ReferenceOptions options_of(const Network& network,
                            const char* data = "synthetic:strokes,count=6000,shuffle=1") {
  ReferenceOptions o;
  o.network = network;
  o.data = data;
  o.test = "synthetic:strokes,split=test,count=300";
  return o;
}

}  // namespace

TEST_CASE("a network learns, a random one less, backprop more") {
  const Folder folder;
  ReferenceOptions o = options_of(write_and_read(folder.path / "n.toml", network_text));
  std::vector<std::string> order;
  o.on_ready = [&] { order.emplace_back("ready"); };
  o.on_progress = [&](const Progress& p) {
    if (p.done == p.total) order.push_back(p.stage);
  };
  const ReferenceRecord own = run_reference(o);
  CHECK(order == std::vector<std::string>{"ready", "testing", "testing", "learning"});
  CHECK(own.learned == 6000);
  CHECK_FALSE(own.interrupted);
  REQUIRE(own.accuracy.size() == 1 + 25);
  CHECK(own.accuracy[0].samples_seen == 0);
  CHECK(own.accuracy.back().test_accuracy);
  CHECK_FALSE(own.accuracy[1].test_accuracy);
  CHECK(*own.accuracy.back().train_accuracy > *own.accuracy[1].train_accuracy + 0.2);
  CHECK_FALSE(own.accuracy[0].train_accuracy);
  CHECK(own.signals.size() == 25 * 2);
  CHECK(own.signals.front().mean_kernel > 0.0);
  CHECK_FALSE(own.signals.back().mean_kernel);  // a read-out has no kernel
  CHECK(own.encoder_offset.size() == 784);

  o.baseline = Baseline::random;
  const double random = *run_reference(o).test_accuracy();
  o.baseline = Baseline::backprop;
  const double backprop = *run_reference(o).test_accuracy();
  CHECK(*own.accuracy[0].test_accuracy < 0.25);
  CHECK(*own.test_accuracy() > random + 0.05);
  CHECK(backprop > random + 0.05);
}

TEST_CASE("the same experiment gives the same weights; another seed does not") {
  const Folder folder;
  const std::string text = network_text;
  ReferenceOptions o =
      options_of(write_and_read(folder.path / "n.toml", text), "synthetic:strokes,count=60,shuffle=3");
  const ReferenceRecord a = run_reference(o), b = run_reference(o);
  CHECK(a.weights[0].weights == b.weights[0].weights);
  o.test.reset();
  CHECK(run_reference(o).weights[0].weights == a.weights[0].weights);  // looking changes nothing
  o.network.seed = 2;
  CHECK(run_reference(o).weights[0].weights != a.weights[0].weights);
}

TEST_CASE("weights come back through a network file") {
  const Folder folder;
  ReferenceOptions o =
      options_of(write_and_read(folder.path / "n.toml", network_text), "synthetic:strokes,count=200");
  const ReferenceRecord record = run_reference(o);
  write_reference(folder.path, record);
  std::string text = network_text;
  text.insert(text.find("name ="), "weights = \"weights.npz\"\n");
  text.erase(text.find("weights = { init = \"zero\" }\n"),
             std::string("weights = { init = \"zero\" }\n").size());
  const Network again = write_and_read(folder.path / "again.toml", text);
  const std::vector<InitialWeights> weights = initial_weights(again);
  for (std::size_t k = 0; k < 2; ++k) {
    const auto neurons = [&](int p) { return again.populations[static_cast<std::size_t>(p)].neurons(); };
    const auto to = static_cast<std::size_t>(neurons(again.projections[k].to)),
               from = static_cast<std::size_t>(neurons(again.projections[k].from));
    REQUIRE(record.weights[k].weights.size() == to * from);
    std::vector<double> all, bias;
    for (std::size_t i = 0; i < to; ++i)
      for (std::size_t j = 0; j < from; ++j) all.push_back(weights[k].weight(i, j));
    for (std::size_t i = 0; i < to && again.projections[k].bias; ++i) bias.push_back(weights[k].bias(i));
    CHECK(all == record.weights[k].weights);
    CHECK(bias == record.weights[k].bias);
  }
  CHECK(encoder_offset(again) == record.encoder_offset);
  CHECK(fs::exists(folder.path / "accuracy.csv"));
  CHECK(fs::exists(folder.path / "per_step.csv"));

  // The encoder that came with the weights is used, not fitted anew: untrained, the accuracy is the trained
  // one's.
  ReferenceOptions more = options_of(again, "synthetic:strokes,count=1");
  CHECK(run_reference(more).accuracy[0].test_accuracy == record.test_accuracy());
}

TEST_CASE("an interrupted run keeps what there is") {
  const Folder folder;
  ReferenceOptions o = options_of(write_and_read(folder.path / "n.toml", network_text));
  std::atomic<bool> stop{false};
  o.interrupt = &stop;
  o.test.reset();
  o.on_ready = [&] { stop = true; };
  const ReferenceRecord record = run_reference(o);
  CHECK(record.interrupted);
  CHECK(record.learned == 0);
  CHECK(record.weights.size() == 2);
}

TEST_CASE("data that do not fit and runs that diverge are refused") {
  const Folder folder;
  const auto code = [&](const ReferenceOptions& o) -> std::string {
    try {
      run_reference(o);
    } catch (const Error& error) {
      return error.items().front().code;
    }
    return "";
  };
  const Network network = write_and_read(folder.path / "n.toml", network_text);
  ReferenceOptions o = options_of(network, "synthetic:strokes,count=50");
  o.network.populations[0].shape = {100};
  bool ready = false;
  o.on_ready = [&] { ready = true; };
  CHECK(code(o) == "TF-RUN-101");
  CHECK_FALSE(ready);  // nothing is made before everything has been checked
  o = options_of(network, "synthetic:strokes,count=50");
  o.network.classes = 5;
  CHECK(code(o) == "TF-RUN-102");
  o = options_of(network, "synthetic:strokes,count=200");
  Parameters& readout = o.network.projections[1].plasticity->parameters;
  readout.words["error"] = "linear", readout.numbers["eta"] = 64;  // the error grows with every sample
  CHECK(code(o) == "TF-REF-002");
}
