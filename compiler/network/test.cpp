// Good network files: every key arrives where the header says, defaults are those of the README.
#include <algorithm>
#include <filesystem>
#include <map>

#include "compiler/network/network.hpp"
#include "compiler/network/test_support.hpp"
#include "rtl/rules/rule.hpp"

using namespace trifactor;
using namespace trifactor::testing;

namespace {

const PopulationSpec& population(const Network& network, const std::string& name) {
  for (const PopulationSpec& p : network.populations)
    if (p.name == name) return p;
  throw std::runtime_error("no population " + name);
}
const ProjectionSpec& projection(const Network& network, const std::string& name) {
  for (const ProjectionSpec& p : network.projections)
    if (p.name == name) return p;
  throw std::runtime_error("no projection " + name);
}

}  // namespace

TEST_CASE("every key of a network file arrives") {
  const Network n = read_text(full_network);
  CHECK(n.name == "test");
  CHECK(n.seed == 7);
  CHECK(n.classes == 4);
  CHECK(n.weights_file.empty());
  REQUIRE(n.populations.size() == 3);
  CHECK(n.populations[n.input].name == "pixels");
  CHECK(n.populations[n.output].name == "scores");

  const PopulationSpec& pixels = population(n, "pixels");
  CHECK(pixels.input);
  CHECK(pixels.shape == std::vector<int>{3, 4});
  CHECK(pixels.neurons() == 12);
  CHECK(pixels.encode == "minus_training_mean");
  CHECK(pixels.activity_bits == 16);
  CHECK(pixels.output_range == 2);
  CHECK(pixels.value_range == 2);

  const PopulationSpec& hidden = population(n, "hidden");
  CHECK_FALSE(hidden.input);
  CHECK(hidden.activation == Activation::leaky_relu);
  CHECK(hidden.slope == 0.125);
  CHECK(hidden.value_range == 8);  // 5, rounded up
  CHECK(hidden.output_range == 2);
  CHECK(hidden.activity_bits == 8);
  REQUIRE(hidden.normalise);
  CHECK(hidden.normalise->groups == 2);
  CHECK(hidden.normalise->p == 0.25);
  CHECK(hidden.normalise->delta == 0.5);
  CHECK(hidden.normalise->scale_range == 16);

  const ProjectionSpec& up = projection(n, "up");
  CHECK(n.populations[up.from].name == "pixels");
  CHECK(n.populations[up.to].name == "hidden");
  CHECK(up.init == WeightInit::zero);
  CHECK(up.bits == 4);
  CHECK(up.range == 0.5);
  CHECK_FALSE(up.stochastic);
  CHECK(up.bias);
  REQUIRE(up.plasticity);
  CHECK(up.plasticity->rule == "phsic_gaussian");
  CHECK(up.plasticity->weight_age == 3);
  CHECK(up.plasticity->schedule.kind == ScheduleKind::step);
  CHECK(up.plasticity->schedule.every == 100);
  CHECK(up.plasticity->schedule.factor == 0.5);
  CHECK(up.plasticity->parameters.integer("partners") == 2);
  CHECK(up.plasticity->parameters.number("sigma") == 3);
  CHECK(to_string(up.place).ends_with(":" + position(full_network, "[[projection]]\nname = \"up\"")));
  CHECK(to_string(hidden.place).ends_with(":" + position(full_network, "[[population]]\nname = \"hidden\"")));

  const ProjectionSpec& out = projection(n, "hidden_to_scores");
  CHECK(out.plasticity->parameters.word("error") == "hinge");
  CHECK(out.plasticity->schedule.kind == ScheduleKind::inverse);
  CHECK(out.plasticity->schedule.tau == 50);
}

TEST_CASE("parameters are complete: what is not given has the rule's default") {
  const Network n = read_text(full_network);
  for (const ProjectionSpec& p : n.projections) {
    const Rule* rule = find_rule(p.plasticity->rule);
    REQUIRE(rule != nullptr);
    for (const ParameterSpec& spec : rule->parameters) {
      INFO(rule->name << " " << spec.name);
      if (!spec.choices.empty()) {
        CHECK(p.plasticity->parameters.words.count(spec.name) == 1);
      } else if (full_network.find(spec.name + " =") == std::string::npos) {
        CHECK(p.plasticity->parameters.number(spec.name) == spec.fallback);
      }
    }
    CHECK(p.plasticity->parameters.words.size() + p.plasticity->parameters.numbers.size() ==
          rule->parameters.size());
  }
  CHECK(read_text(least_network).projections.at(1).plasticity->parameters.word("error") == "softmax");
}

TEST_CASE("the shortest file has the defaults of the README") {
  const Network n = read_text(least_network);
  CHECK(n.seed == 1);
  CHECK(n.classes == 10);
  CHECK(n.populations[n.output].name == "scores");
  const PopulationSpec& pixels = population(n, "pixels");
  CHECK((pixels.encode == "unit" && pixels.activity_bits == 8 && pixels.output_range == 1 &&
         pixels.value_range == 1));
  const PopulationSpec& hidden = population(n, "hidden");
  CHECK((hidden.activation == Activation::linear && hidden.value_range == 4 && hidden.output_range == 4));
  CHECK_FALSE(hidden.normalise);
  CHECK(population(n, "scores").value_range == 32);
  const ProjectionSpec& up = projection(n, "pixels_to_hidden");
  CHECK((up.init == WeightInit::uniform_fan_in && up.bits == 8 && up.range == 0.25 && up.stochastic &&
         !up.bias));
  CHECK_FALSE(up.plasticity);
  const ProjectionSpec& out = projection(n, "hidden_to_scores");
  CHECK(out.range == 4);
  CHECK(out.plasticity->schedule.kind == ScheduleKind::constant);
  CHECK(out.plasticity->weight_age == 0);

  const auto ranges = [](const std::string& name, std::vector<std::string> overrides) {
    const PopulationSpec p = population(read_text(least_network, overrides), name);
    return std::pair(p.value_range, p.output_range);
  };
  const std::string hidden_kind = "population.hidden.neuron.kind=",
                    scores_kind = "population.scores.neuron.kind=";
  CHECK(ranges("hidden", {hidden_kind + "tanh"}) == std::pair(1.0, 1.0));
  CHECK(ranges("hidden", {hidden_kind + "saturated_linear"}) == std::pair(1.0, 1.0));
  CHECK(ranges("hidden", {hidden_kind + "leaky_relu"}) == std::pair(4.0, 4.0));
  CHECK(ranges("hidden", {hidden_kind + "tanh", "population.hidden.neuron.range=1.5"}) ==
        std::pair(2.0, 2.0));
  CHECK(ranges("hidden", {"population.hidden.normalise={kind=\"divisive\", groups=4}",
                          hidden_kind + "tanh"}) == std::pair(1.0, 4.0));
  CHECK(ranges("scores", {scores_kind + "tanh"}) == std::pair(1.0, 1.0));
  CHECK(ranges("scores", {scores_kind + "leaky_relu"}) == std::pair(4.0, 4.0));
  CHECK(ranges("scores", {scores_kind + "linear", "population.scores.neuron.range=8"}) ==
        std::pair(8.0, 8.0));
  CHECK(
      projection(read_text(least_network, {"projection.pixels_to_hidden.weights.bits=9"}), "pixels_to_hidden")
          .range == 1);
  CHECK(
      projection(read_text(least_network, {"projection.pixels_to_hidden.weights.bits=4"}), "pixels_to_hidden")
          .range == .25);
}

TEST_CASE("ranges become powers of two and are never narrowed") {
  for (const double given : {1.0 / 1024, 0.3, 0.25, 0.2500001, 1.0, 3.0, 4.0, 1023.0, 1024.0}) {
    const std::string text = "projection.pixels_to_hidden.weights.range=" + std::to_string(given);
    const double range = projection(read_text(least_network, {text}), "pixels_to_hidden").range;
    CHECK(range >= std::stod(std::to_string(given)));
    CHECK(range < 2 * std::stod(std::to_string(given)));
    CHECK(std::exp2(std::round(std::log2(range))) == range);
  }
}

TEST_CASE("weights of a file are the default where there is one") {
  const TemporaryFile weights("x", ".npz");
  const std::string name = weights.path().filename().string();
  const std::string base =
      with(least_network, "name = \"least\"", "name = \"least\"\nweights = \"" + name + "\"");
  const Network n = read_text(base);
  CHECK(n.weights_file == weights.path());
  for (const ProjectionSpec& p : n.projections) CHECK(p.init == WeightInit::file);
  const Network mixed = read_text(base, {"projection.pixels_to_hidden.weights.init=zero"});
  CHECK(mixed.projections[0].init == WeightInit::zero);
  CHECK(mixed.projections[1].init == WeightInit::file);
}

TEST_CASE("sources precede targets whatever the order of the file, and nothing else moves") {
  const auto declared = [](const std::vector<std::string>& names) {
    std::string text = "[network]\nname = \"order\"\noutput = \"scores\"\n";
    for (const std::string& name : names)
      text += "[[population]]\nname = \"" + name + "\"\nshape = [10]\n" +
              (name == "pixels" ? "kind = \"input\"\n" : "");
    const auto connect = [&](const char* from, const char* to) {
      text += std::string("[[projection]]\nfrom = \"") + from + "\"\nto = \"" + to + "\"\n";
    };
    connect("b", "scores"), connect("pixels", "a"), connect("a", "b"), connect("pixels", "c"),
        connect("c", "scores");
    return text;
  };
  std::vector<std::string> names = {"a", "b", "c", "pixels", "scores"};
  do {
    const Network n = read_text(declared(names));
    std::vector<std::string> order;
    for (const PopulationSpec& p : n.populations) order.push_back(p.name);
    const auto rank = [](const std::vector<std::string>& in, const std::string& name) {
      return std::find(in.begin(), in.end(), name) - in.begin();
    };
    for (const ProjectionSpec& p : n.projections) {
      CHECK(p.from < p.to);
      CHECK(p.name == order[p.from] + "_to_" + order[p.to]);
    }
    CHECK(order[n.input] == "pixels");
    CHECK(order[n.output] == "scores");
    // c is free to stand before or after a and b: it stays where the file has it as far as sources allow.
    if (rank(names, "pixels") == 0 && rank(names, "a") < rank(names, "b") && rank(names, "scores") == 4)
      CHECK(order == names);
  } while (std::next_permutation(names.begin(), names.end()));
}

TEST_CASE("what leads back on a circle is late, and nothing else") {
  const std::string head =
      "[network]\nname = \"x\"\nsteps = 2\noutput = \"d\"\n[[population]]\nname = \"i\"\nkind = "
      "\"input\"\nshape = [10]\n";
  const auto late = [&](const std::vector<std::pair<std::string, std::string>>& edges) {
    std::string text = head;
    for (const char* name : {"a", "b", "c", "d"})
      text += std::string("[[population]]\nname = \"") + name + "\"\nshape = [10]\n";
    for (const auto& [from, to] : edges)
      text += "[[projection]]\nfrom = \"" + from + "\"\nto = \"" + to + "\"\n";
    const Network network = read_text(text);
    std::string found;
    for (const ProjectionSpec& p : network.projections) {
      if (p.late) found += p.name + " ";
      if (!p.late) CHECK(p.from < p.to);
    }
    return found;
  };
  CHECK(late({{"i", "a"}, {"a", "b"}, {"b", "c"}, {"c", "d"}, {"a", "d"}}).empty());
  CHECK(late({{"i", "a"}, {"a", "b"}, {"b", "c"}, {"c", "a"}, {"c", "d"}}) == "c_to_a ");
  CHECK(late({{"i", "a"}, {"a", "a"}, {"a", "b"}, {"b", "c"}, {"c", "d"}}) == "a_to_a ");
  // the one that stands first in the file is first on its circle
  CHECK(late({{"i", "c"}, {"i", "b"}, {"c", "b"}, {"b", "c"}, {"a", "c"}, {"i", "a"}, {"c", "d"}}) ==
        "c_to_b ");
  // two circles through one population, and one behind another
  CHECK(late({{"i", "a"}, {"a", "b"}, {"b", "a"}, {"b", "c"}, {"c", "b"}, {"c", "d"}}) == "b_to_a c_to_b ");
  CHECK(late({{"i", "a"}, {"a", "b"}, {"b", "a"}, {"b", "c"}, {"c", "d"}, {"d", "c"}}) == "b_to_a d_to_c ");
}

TEST_CASE("schedules by word and by table are the same") {
  const std::string key = "projection.hidden_to_scores.plasticity.schedule=";
  const auto schedule = [&](const std::string& value) {
    return projection(read_text(least_network, {key + value}), "hidden_to_scores").plasticity->schedule;
  };
  CHECK(schedule("linear").kind == ScheduleKind::linear);
  CHECK(schedule("{kind=\"linear\"}").kind == ScheduleKind::linear);
  CHECK(schedule("{kind=\"constant\"}").kind == ScheduleKind::constant);
  CHECK(schedule("linear").at(0, 100) == 1);
  CHECK(schedule("linear").at(75, 100) == 0.25);
  const Schedule step = schedule("{kind=\"step\", every=10, factor=0.5}");
  CHECK((step.at(9, 100) == 1 && step.at(10, 100) == 0.5 && step.at(39, 100) == 0.125));
  CHECK(schedule("{kind=\"inverse\", tau=50}").at(100, 1000) == Approx(1.0 / 3));
}

TEST_CASE("every example loads, and learns at its output with 16 bits") {
  int examples = 0;
  for (const auto& entry : std::filesystem::directory_iterator(TRIFACTOR_EXAMPLES)) {
    if (entry.path().extension() != ".toml") continue;
    ++examples;
    INFO(entry.path());
    const Network n = read_network(entry.path());
    CHECK(n.name == entry.path().stem().string());
    // named after the data that it is for
    const std::string data = n.name.substr(0, n.name.find('-'));
    const std::map<std::string, std::pair<int, int>> sizes = {
        {"mnist", {784, 10}}, {"strokes", {784, 10}}, {"cifar", {3072, 10}}, {"line", {2, 2}}};
    REQUIRE(sizes.count(data) == 1);
    CHECK(n.populations[n.input].neurons() == sizes.at(data).first);
    CHECK(n.populations[n.output].neurons() == sizes.at(data).second);
    bool output_learns = false;
    for (const ProjectionSpec& p : n.projections) {
      output_learns = output_learns || (p.plasticity && p.to == n.output);
      if (p.plasticity) CHECK(p.bits == 16);
    }
    CHECK(output_learns);
    for (const PopulationSpec& p : n.populations)
      if (p.normalise) CHECK(p.neurons() / p.normalise->groups >= 4);
  }
  CHECK(examples >= 5);
}
