// eval's fixed-point bench is not a second chip: what it says is what a compiled network does.

#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>

#include "compiler/machine_io/machine_file.hpp"
#include "compiler/npz/npz.hpp"
#include "compiler/passes/passes.hpp"
#include "host/eval/test_problem.hpp"
#include "runtime/layout/layout.hpp"
#include "runtime/session/session.hpp"
#include "sim/engine/functional.hpp"
#include "tests/support/folder.hpp"

using namespace trifactor;
namespace fs = std::filesystem;

namespace {

using trifactor::testing::Folder;

/// A network file that says what the settings of a form say. Updates wait for `age` samples.
std::string network_text(const EvalForm& form, int inputs, int age) {
  std::map<std::string, std::string> values;
  for (const std::string& s : form.settings) values[s.substr(0, s.find('='))] = s.substr(s.find('=') + 1);
  std::string plasticity = std::string("rule = \"") + form.rule + "\", weight_age = " + std::to_string(age);
  for (const ParameterSpec& spec : find_rule(form.rule)->parameters)
    if (values.contains(spec.name))
      plasticity += ", " + spec.name + " = " +
                    (spec.choices.empty() ? values[spec.name] : "\"" + values[spec.name] + "\"");
  const BenchLayer& bench = find_rule(form.rule)->bench_layer;
  const bool hidden = bench.activation != Activation::linear;
  const std::string neurons = std::to_string(form.neurons),
                    classes = values.contains("classes") ? values.at("classes") : neurons,
                    range = std::to_string(bench.value_range);
  std::string text =
      "[network]\nname = \"bench\"\nclasses = " + classes + "\nweights = \"w.npz\"\noutput = \"scores\"\n";
  text += "[[population]]\nname = \"x\"\nkind = \"input\"\nshape = [" + std::to_string(inputs) +
          "]\nencode = { kind = \"none\" }\nactivity = { bits = 8, range = 1.0 }\n";
  if (hidden) {
    text += "[[population]]\nname = \"layer\"\nshape = [" + neurons + "]\nneuron = { kind = " +
            (values.contains("slope") ? "\"leaky_relu\", slope = " + values.at("slope") : "\"tanh\"") +
            ", range = " + range + " }\n";
    if (values.contains("groups"))
      text += "normalise = { kind = \"divisive\", groups = " + values.at("groups") +
              ", p = " + values.at("p") + ", delta = " + values.at("delta") + ".0, scale_range = 8.0 }\n";
    text += "activity = { bits = 16, range = " + range + " }\n";
  }
  text += "[[population]]\nname = \"scores\"\nshape = [" + classes +
          "]\nneuron = { kind = \"linear\", range = " + std::to_string(hidden ? 32.0 : bench.value_range) +
          " }\n";
  text += std::string("[[projection]]\nfrom = \"x\"\nto = \"") + (hidden ? "layer" : "scores") +
          "\"\nname = \"w\"\nconnect = \"dense\"\nweights = { init = \"file\", bits = 16, range = " +
          std::to_string(bench.weight_range) + ", rounding = \"nearest\" }\nplasticity = { " + plasticity +
          " }\n";
  if (hidden)
    text +=
        "[[projection]]\nfrom = \"layer\"\nto = \"scores\"\nconnect = \"dense\"\nweights = { init = \"zero\" "
        "}\n";
  return text;
}

}  // namespace

TEST_CASE("eval says what the chip does") {
  // With weight age D the samples 0 .. D see the weights of the start; after D more samples exactly their
  // updates have been written. So the chip's change is the sum of eval's dw, step for step, under rounding to
  // nearest. Decay is of the weights as they are when an update is written, so of a rule that has it only the
  // first update is looked at; these rules keep no history, so that any sample may be the first.
  constexpr int age = 11;
  const auto golden = golden_arithmetic();
  const Folder folder;
  const Machine machine = read_machine("generic");
  for (const EvalForm& form : eval_forms()) {
    if (form.next > 0) continue;  // on a chip the layer behind forms these errors, nobody chooses them
    INFO(form.name);
    EvalProblem p = eval_problem(form.rule, form.settings, form.neurons, form.weight / 4, 23, "", age + 1);
    p.options.stochastic = false;
    const FixedEval bench = run(p, *golden);

    const FloatArray &x = p.request.inputs.at("x"), &w = p.request.inputs.at("w");
    const std::size_t inputs = x.shape[1];
    write_npz(folder.path / "w.npz", {{"w", NpyArray::from(w.values, w.shape)}});
    std::ofstream(folder.path / "n.toml") << network_text(form, static_cast<int>(inputs), age);
    fs::remove(folder.path / "l.h5");
    write_layout(folder.path / "l.h5", compile(read_network(folder.path / "n.toml"), machine));
    const LayoutReader layout(folder.path / "l.h5");
    const BoundedArray& dw = bench.arrays.at("dw");
    const double step = bench.formats.at("w").step();
    const bool decays = bench.arrays.contains("c");
    for (const std::size_t start : decays ? std::vector<std::size_t>{0, 4, 8} : std::vector<std::size_t>{0}) {
      const auto device = make_functional_device("functional", golden_arithmetic());
      Session session(*device, layout, {});
      session.set_run_length(1000);
      const std::vector<std::int16_t> before = session.weights()[0].weights;
      std::vector<float> values(inputs);
      for (std::size_t t = 0; t <= (decays ? age : 2 * age); ++t) {
        const std::size_t sample = std::min<std::size_t>(start + t, age);
        for (std::size_t j = 0; j < inputs; ++j)
          values[j] = static_cast<float>(x.values[sample * inputs + j]);
        const double label = p.request.inputs.at("labels").values[sample];
        session.present(values, static_cast<std::int64_t>(label), true);
      }
      session.drain();
      const std::vector<std::int16_t> after = session.weights()[0].weights;
      std::int64_t moved = 0;
      for (std::size_t i = 0; i < before.size(); ++i) {
        double change = 0;
        for (std::size_t t = start; t <= (decays ? start : age); ++t)
          change += dw.hardware[t * before.size() + i];
        CHECK(after[i] - before[i] == std::lround(change / step));
        moved += std::abs(after[i] - before[i]);
      }
      CHECK(moved > 100);
    }
  }
}
