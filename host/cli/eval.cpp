#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "compiler/npz/npz.hpp"
#include "compiler/text/mistakes.hpp"
#include "host/cli/commands.hpp"
#include "host/cli/eval_parameters.hpp"

namespace trifactor {

Action add_eval(CLI::App& command, Common& common);

namespace {

struct EvalArguments {
  std::string rule, in, result, mode = "online", engine = "float", against, format;
  std::vector<std::string> parameters;
};

const Rule& rule_of(const std::string& name) {
  if (const Rule* rule = find_rule(name); rule != nullptr && rule->floating.eval != nullptr) return *rule;
  std::vector<std::string> names;
  for (const Rule& rule : rule_catalogue())
    if (rule.floating.eval != nullptr) names.push_back(rule.name);
  throw Error(ExitCode::configuration, {"TF-EVL-015", "trifactor eval", fmt::format("there is no rule '{}'", printable(name)),
                                        "one of " + listed(names), did_you_mean(name, names)});
}

/// All arrays of the file as numbers; labels must be integers. Values are judged by the rule.
FloatArrays read_inputs(const std::string& path) {
  NpzReader file(path);
  FloatArrays arrays;
  for (const std::string& name : file.names()) {
    const NpyArray array = file.read(name);
    if (name == "labels") {
      std::vector<double> values;
      for (const std::int64_t label : to_integers(array, file.where(name))) values.push_back(static_cast<double>(label));
      arrays[name] = {array.shape, std::move(values)};
    } else {
      arrays[name] = {array.shape, to_doubles(array, file.where(name))};
    }
  }
  return arrays;
}

std::string array_table(const FloatArrays& arrays) {
  std::vector<std::vector<std::string>> rows = {{"array", "shape", "smallest", "largest", "mean |.|"}};
  for (const auto& [name, array] : arrays) {
    const auto [low, high] = std::minmax_element(array.values.begin(), array.values.end());
    double sum = 0;
    for (const double v : array.values) sum += std::abs(v);
    const bool empty = array.values.empty();
    rows.push_back({name, shape_text(array.shape), empty ? "" : fmt::format("{:.6g}", *low), empty ? "" : fmt::format("{:.6g}", *high),
                    empty ? "" : fmt::format("{:.6g}", sum / static_cast<double>(array.values.size()))});
  }
  return table(rows);
}

nlohmann::json eval_json(const EvalArguments& a, const Parameters& parameters, const FloatArrays& arrays) {
  nlohmann::json json;
  json["rule"] = a.rule, json["mode"] = a.mode, json["engine"] = a.engine, json["out"] = a.result;
  for (const auto& [name, value] : parameters.numbers) json["parameters"][name] = value;
  for (const auto& [name, value] : parameters.words) json["parameters"][name] = value;
  for (const auto& [name, array] : arrays) json["arrays"][name] = array.shape;
  return json;
}

int eval_command(const EvalArguments& a, const Common& common) {
  const Rule& rule = rule_of(a.rule);
  const Parameters parameters = eval_parameters(rule, a.parameters);
  std::error_code error;
  if (std::filesystem::exists(a.result, error) && !common.force)
    throw Error(ExitCode::cannot_write, {"TF-OUT-002", a.result, "already exists", "a name that is not taken", "use --force to write over it"});
  const EvalRequest request{a.mode, parameters, read_inputs(a.in)};
  const FloatArrays results = rule.floating.eval(request);
  NpzFile file;
  for (const auto& [name, array] : results) file[name] = NpyArray::from(array.values, array.shape);
  write_npz(a.result, file);
  if (common.json)
    fmt::print("{}\n", eval_json(a, parameters, results).dump(2));
  else if (!common.quiet)
    fmt::print("{} {}, {} engine\n\n{}\nwrote {}\n", a.rule, a.mode, a.engine, array_table(results), a.result);
  return 0;
}

}  // namespace

Action add_eval(CLI::App& command, Common& common) {
  auto a = std::make_shared<EvalArguments>();
  command.add_option("rule", a->rule, "rule, see `trifactor list rules`")->required();
  command.add_option("--in", a->in, "IN.npz: x (T, n_in), w (n_out, n_in), labels (T), and what the rule needs more")->required();
  command.add_option("--out", a->result, "OUT.npz: dw and every intermediate")->required();
  command.add_option("--mode", a->mode, "online or batch")->capture_default_str();
  command.add_option("--param", a->parameters, "NAME=VALUE of the rule's parameters (repeat)")->allow_extra_args(false);
  return [a, &common] { return eval_command(*a, common); };
}

}  // namespace trifactor
