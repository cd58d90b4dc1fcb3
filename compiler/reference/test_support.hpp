// Small networks for tests of the float interpreter, made without files.
#pragma once

#include <random>

#include "compiler/reference/float_network.hpp"
#include "rtl/rules/rule.hpp"

namespace trifactor {

/// Every parameter of a rule at its default, then changed.
inline Parameters parameters_of(const char* rule, std::map<std::string, double> changes = {}) {
  Parameters p;
  for (const ParameterSpec& spec : find_rule(rule)->parameters) {
    if (spec.choices.empty())
      p.numbers[spec.name] = spec.fallback;
    else
      p.words[spec.name] = spec.choices.front();
  }
  for (const auto& [name, value] : changes) p.numbers.at(name) = value;
  return p;
}

inline PopulationSpec population(const char* name, int neurons, Activation activation = Activation::linear) {
  PopulationSpec p;
  p.name = name, p.shape = {neurons}, p.activation = activation, p.slope = 0.1;
  return p;
}

inline ProjectionSpec projection(int from, int to, PlasticitySpec plasticity, bool bias = false) {
  ProjectionSpec p;
  p.name = "p" + std::to_string(from) + std::to_string(to);
  p.from = from, p.to = to, p.bias = bias, p.range = 1;
  p.plasticity = std::move(plasticity);
  return p;
}

inline PlasticitySpec learns(const char* rule, std::map<std::string, double> changes = {},
                             int weight_age = 0) {
  PlasticitySpec p;
  p.rule = rule, p.parameters = parameters_of(rule, std::move(changes)), p.weight_age = weight_age;
  return p;
}

/// 6 inputs, a hidden layer of 8 in two groups, 3 scores with bias.
inline Network small_network(int weight_age = 0, std::map<std::string, double> hidden = {
                                                     {"partners", 4}, {"sigma", 0.5}, {"eta", 0.3}}) {
  Network n;
  n.name = "small", n.classes = 3;
  PopulationSpec input = population("x", 6), layer = population("h", 8, Activation::leaky_relu);
  input.input = true;
  layer.normalise = NormaliseSpec{2, 0.2, 1.0, 8};
  n.populations = {input, layer, population("y", 3)};
  n.projections = {projection(0, 1, learns("phsic_gaussian", std::move(hidden), weight_age)),
                   projection(1, 2, learns("readout", {{"eta", 0.2}}, weight_age), true)};
  n.input = 0, n.output = 2;
  return n;
}

struct Stream {
  std::mt19937_64 engine{7};
  std::vector<double> x(std::size_t n = 6) {
    std::vector<double> values(n);
    for (double& v : values) v = std::uniform_real_distribution<double>(-1, 1)(engine);
    if (n > 1) values[n / 2] = 0;  // an axon that is silent
    return values;
  }
  std::int64_t label(std::int64_t classes = 3) {
    return static_cast<std::int64_t>(engine() % static_cast<std::uint64_t>(classes));
  }
};

}  // namespace trifactor
