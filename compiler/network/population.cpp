#include <fmt/format.h>

#include <cctype>
#include <cmath>

#include "compiler/network/network_reader.hpp"

namespace trifactor {
namespace {

constexpr double smallest_range = 1.0 / 1024, largest_range = 1024;
constexpr std::int64_t most_neurons = 1 << 20;

void read_shape(TomlTable& table, PopulationSpec& population) {
  if (!table.need("shape")) return;
  const auto shape = table.integers("shape", 1, most_neurons, 1, 4);
  if (!shape) return;
  std::int64_t neurons = 1;
  for (const std::int64_t extent : *shape) {
    neurons = std::min(neurons * extent, most_neurons + 1);
    population.shape.push_back(static_cast<int>(extent));
  }
  if (neurons <= most_neurons) return;
  table.mistakes().add("TF-NET-018", table.place("shape"),
                       fmt::format("{} has too many neurons", table.path()),
                       fmt::format("at most {}", most_neurons));
  population.shape.clear();
}

void read_neuron(TomlTable& table, PopulationSpec& population) {
  bool known = false;  // a kind not understood may have been one with a slope
  if (table.need("kind"))
    if (const auto kind =
            table.choice("kind", {"linear", "leaky_relu", "saturated_linear", "tanh", "power", "selu"})) {
      if (*kind == 5)
        population.float_activation = FloatActivation::selu;
      else
        population.activation = static_cast<Activation>(*kind);
      known = true;
    }
  if (!known || population.activation == Activation::leaky_relu || !table.has("slope")) {
    population.slope = table.number("slope", 0, 1).value_or(population.slope);
  } else {
    table.mistakes().add("TF-NET-005", table.place("slope"), table.named("slope") + " is only for leaky_relu",
                         "no slope", "remove it, or choose kind = \"leaky_relu\"");
  }
  if (population.activation == Activation::power) {
    if (table.need("exponent")) population.exponent = table.number("exponent", 1.0 / 64, 16).value_or(1);
    if (table.need("scale"))
      population.scale = power_of_two(table.number("scale", smallest_range, 65536).value_or(1));
  } else if (known) {
    const bool clipped = population.activation == Activation::saturated_linear;
    if (clipped) population.scale = power_of_two(table.number("scale", 1, 1024).value_or(1));
    for (const char* key : {"exponent", "scale"})
      if (table.has(key) && !(clipped && key == std::string_view("scale")))
        table.mistakes().add(
            "TF-NET-005", table.place(key),
            table.named(key) + (key == std::string_view("scale") ? " is only for power and saturated_linear"
                                                                 : " is only for power"),
            fmt::format("no {}", key), "remove it, or choose another kind");
  }
  // These give values up to 1, and their units have at most 15 fraction bits.
  const bool bounded = is_bounded(population.activation);
  if (const auto range = table.number("range", bounded ? 1 : smallest_range, largest_range))
    population.value_range = power_of_two(*range);
  table.finish();
}

void read_normalise(TomlTable& table, PopulationSpec& population) {
  NormaliseSpec spec;
  if (table.need("kind")) spec.hands_on = table.choice("kind", {"divisive", "groups"}).value_or(0) == 0;
  spec.p = table.number("p", 0, 1).value_or(spec.p);
  spec.delta = table.number("delta", 1e-6, 1e6).value_or(spec.delta);
  spec.scale_range =
      power_of_two(table.number("scale_range", smallest_range, largest_range).value_or(spec.scale_range));
  const auto groups = table.need("groups") ? table.integer("groups", 1, most_neurons) : std::nullopt;
  table.finish();
  if (!groups) return;
  spec.groups = static_cast<int>(*groups);
  population.normalise = spec;
  if (population.shape.empty()) return;  // reported already
  const int neurons = population.neurons();
  if (neurons % spec.groups != 0) {
    std::vector<std::string> divisors;
    for (int d = 1; d <= neurons / 2; ++d)
      if (neurons % d == 0) divisors.push_back(std::to_string(d));
    table.mistakes().add(
        "TF-NET-009", table.place("groups"),
        fmt::format("{} groups do not divide the {} neurons of '{}'", spec.groups, neurons, population.name),
        divisors.empty() ? "an even number of neurons" : "one of " + listed(divisors));
  } else if (neurons / spec.groups < 2) {
    table.mistakes().add("TF-NET-010", table.place("groups"),
                         "groups of one neuron: each value less its own mean is always 0",
                         fmt::format("at most {} groups", std::max(neurons / 2, 1)));
  }
}

void read_membrane(TomlTable& table, PopulationSpec& population) {
  MembraneSpec spec;
  if (table.need("tau")) spec.tau = table.number("tau", 1, 65536).value_or(spec.tau);
  spec.reads_before = table.choice("read", {"after", "before"}).value_or(0) == 1;
  table.finish();
  population.membrane = spec;
}

void only_for(TomlTable& table, const char* key, const char* kind) {
  if (!table.has(key)) return;
  table.mistakes().add("TF-NET-005", table.place(key),
                       fmt::format("{} is only for {}", table.named(key), kind),
                       fmt::format("no {} here", key));
}

}  // namespace

double power_of_two(double range) { return std::exp2(std::ceil(std::log2(range))); }

std::string read_name(TomlTable& table, const std::string& key) {
  const std::string name = table.text(key).value_or("");
  bool legal = name.size() <= 64;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto c = static_cast<unsigned char>(name[i]);
    const bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    legal = legal && (letter || (i > 0 && (c == '_' || c == '-' || (c >= '0' && c <= '9'))));
  }
  if (legal) return name;
  table.mistakes().add("TF-NET-001", table.place(key.c_str()),
                       fmt::format("'{}' cannot be a name", printable(name)),
                       "a letter, then letters, digits, '_' or '-', 64 at most");
  return printable(name);
}

PopulationSpec read_population(TomlTable& table) {
  PopulationSpec population;
  population.place = table.place();
  if (table.need("name")) population.name = read_name(table, "name");
  const auto kind = table.meant("kind", {"neurons", "input", "label"}).value_or(0);
  population.input = kind == 1, population.label = kind == 2;
  read_shape(table, population);

  std::optional<double> output_range;
  if (auto activity = table.table("activity")) {
    if (const auto bits = activity->integer("bits", 8, 16)) {
      population.activity_bits = static_cast<int>(*bits);
      if (*bits != 8 && *bits != 16)
        table.mistakes().add("TF-NET-020", activity->place("bits"),
                             fmt::format("activities of {} bits", *bits), "8 or 16");
    }
    output_range = activity->number("range", smallest_range, largest_range);
    activity->finish();
  }

  if (population.given()) {
    if (population.label)
      only_for(table, "encode", "inputs");
    else if (auto encode = table.table("encode")) {
      const std::vector<std::string> kinds = {"unit", "none", "minus_training_mean", "symmetric",
                                              "unit_length"};
      if (encode->need("kind")) population.encode = kinds[encode->choice("kind", kinds).value_or(0)];
      encode->finish();
    }
    for (const char* key : {"neuron", "normalise", "membrane", "noise", "dropout"})
      only_for(table, key, "neurons, not for inputs and labels");
    population.output_range = power_of_two(output_range.value_or(1));
    population.value_range = population.output_range;
  } else {
    only_for(table, "encode", "inputs");
    population.value_range = 0;  // until it is known whether this is the output
    if (auto neuron = table.table("neuron")) read_neuron(*neuron, population);
    if (auto normalise = table.table("normalise")) read_normalise(*normalise, population);
    if (auto membrane = table.table("membrane")) read_membrane(*membrane, population);
    population.noise = table.number("noise", 0, largest_range).value_or(0);
    population.dropout = table.number("dropout", 0, 0.99).value_or(0);
    population.output_range = output_range ? power_of_two(*output_range) : 0;
  }
  table.finish();
  return population;
}

}  // namespace trifactor
