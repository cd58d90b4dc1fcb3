// Random layers for tests of eval's fixed-point engines.
#pragma once

#include <algorithm>
#include <random>
#include <string>
#include <vector>

#include "host/eval/fixed.hpp"

namespace trifactor {

struct EvalProblem {
  const Rule* rule = nullptr;
  EvalRequest request;
  FixedOptions options;
};

/// `settings` as on the command line. Weights in +-weight, inputs in +-1 with silent ones among them.
inline EvalProblem eval_problem(const char* rule, const std::vector<std::string>& settings,
                                std::size_t neurons, double weight, std::uint64_t seed,
                                const std::string& formats = "", std::size_t samples = 12,
                                std::size_t inputs = 9, std::size_t next = 0) {
  EvalProblem p;
  p.rule = find_rule(rule);
  p.request.mode = "online";
  p.request.parameters = eval_parameters(*p.rule, settings);
  std::mt19937_64 engine(seed);
  const auto draw = [&](double range) {
    return std::uniform_real_distribution<double>(-range, range)(engine);
  };
  FloatArray x{{samples, inputs}, {}}, w{{neurons, inputs}, {}}, labels{{samples}, {}};
  for (std::size_t i = 0; i < samples * inputs; ++i) x.values.push_back(engine() % 4 == 0 ? 0 : draw(1));
  for (std::size_t i = 0; i < neurons * inputs; ++i) w.values.push_back(draw(weight));
  const bool taught = p.request.parameters.numbers.contains("classes");
  const auto classes = static_cast<std::uint64_t>(taught ? p.request.parameters.integer("classes") : 2);
  for (std::size_t t = 0; t < samples; ++t) labels.values.push_back(static_cast<double>(engine() % classes));
  p.request.inputs = {{"x", x}, {"w", w}, {"labels", labels}};
  if (next > 0) {  // errors come back instead
    FloatArray r{{neurons, next}, {}}, delta{{samples, next}, {}};
    for (std::size_t i = 0; i < neurons * next; ++i) r.values.push_back(draw(weight));
    for (std::size_t i = 0; i < samples * next; ++i) delta.values.push_back(engine() % 4 == 0 ? 0 : draw(1));
    p.request.inputs = {{"x", x}, {"w", w}, {"r", r}, {"delta_next", delta}};
  }
  p.options.formats = eval_formats(formats, default_formats(*p.rule, p.request.parameters));
  p.options.seed = seed;
  return p;
}

inline FixedEval run(const EvalProblem& p, const Arithmetic& arithmetic) {
  return eval_fixed(*p.rule, p.request, p.rule->floating.eval(p.request), p.options, arithmetic);
}

/// Every form of every rule with hardware.
struct EvalForm {
  const char* name;
  const char* rule;
  std::vector<std::string> settings;
  std::size_t neurons;
  double weight;
  std::size_t next = 0;  ///< neurons from which errors come back

  EvalProblem problem(std::vector<std::string> more, std::uint64_t seed,
                      const std::string& formats = "") const {
    const auto& known = find_rule(rule)->parameters;
    std::vector<std::string> all = settings;
    for (std::string& setting : more)  // not every rule decays
      if (std::any_of(known.begin(), known.end(),
                      [&](const ParameterSpec& s) { return setting.starts_with(s.name + "="); }))
        all.push_back(std::move(setting));
    return eval_problem(rule, all, neurons, weight, seed, formats, 12, 9, next);
  }
};
inline std::vector<EvalForm> eval_forms() {
  const std::vector<std::string> plain = {"classes=5", "sigma=1", "beta=0.9", "eta=0.3", "slope=0.125"};
  std::vector<std::string> grouped = plain;
  grouped[1] = "sigma=0.5";
  for (const char* more : {"groups=4", "p=0.25", "delta=1"}) grouped.emplace_back(more);
  const auto with = [](std::vector<std::string> settings, const char* more) {
    settings.emplace_back(more);
    return settings;
  };
  std::vector<EvalForm> forms = {
      {"(18)", "phsic_gaussian", with(grouped, "variant=18"), 12, 0.5},
      {"(19)", "phsic_gaussian", with(plain, "variant=19"), 6, 0.5},
      {"(20)", "phsic_gaussian", with(plain, "variant=20"), 6, 0.5},
      {"(21)", "phsic_gaussian", with(grouped, "variant=21"), 12, 0.5},
      {"(22)", "phsic_gaussian", with(grouped, "variant=22"), 12, 0.5},
      {"partners", "phsic_gaussian", with(plain, "partners=4"), 6, 0.5},
      {"partners, grouped", "phsic_gaussian", with(grouped, "partners=4"), 12, 0.5}};
  const std::vector<std::string> memory = {"classes=4", "sigma_x=1.5", "sigma_z=1", "gamma=3", "eta=0.4"};
  forms.push_back({"memory", "hsic_memory", with(memory, "N=4"), 6, 0.5});
  forms.push_back({"shortest memory", "hsic_memory", with(memory, "N=2"), 6, 0.5});
  for (const char* error : {"error=softmax", "error=linear", "error=hinge"})
    forms.push_back({error, "readout", {"classes=5", error}, 5, 1.5});
  for (const char* error : {"error=softmax", "error=hinge", "error=circuit"})
    forms.push_back({error, "urfb", {"classes=5", "eta=0.3", error}, 5, 0.8});
  forms.push_back({"oja", "oja", {"eta=0.3"}, 5, 1.5});
  for (const char* p : {"p=2", "p=3", "p=4"})
    forms.push_back({p, "competing", {p, "k=3", "delta=0.4", "eta=0.3"}, 6, 1.5});
  forms.push_back({"errors come back", "urfb", {"eta=0.3"}, 6, 0.8, 4});
  forms.push_back({"errors come back to a circuit", "urfb", {"eta=0.3", "error=circuit"}, 6, 0.8, 4});
  return forms;
}

}  // namespace trifactor
