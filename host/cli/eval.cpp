#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <memory>
#include <nlohmann/json.hpp>

#include "compiler/npz/npz.hpp"
#include "compiler/text/mistakes.hpp"
#include "host/cli/commands.hpp"
#include "host/eval/fixed.hpp"
#include "host/eval/parameters.hpp"
#include "rtl/core/arithmetic.hpp"

namespace trifactor {

namespace {

struct EvalArguments {
  std::string rule, in, result, mode = "online", engine = "float", against, format, rounding;
  std::vector<std::string> parameters;
};

const Rule& rule_of(const std::string& name) {
  if (const Rule* rule = find_rule(name); rule != nullptr && rule->floating.eval != nullptr) return *rule;
  std::vector<std::string> names;
  for (const Rule& rule : rule_catalogue())
    if (rule.floating.eval != nullptr) names.push_back(rule.name);
  throw Error(ExitCode::configuration,
              {"TF-EVL-015", "trifactor eval", fmt::format("there is no rule '{}'", printable(name)),
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
      for (const std::int64_t label : to_integers(array, file.where(name)))
        values.push_back(static_cast<double>(label));
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
    rows.push_back({name, shape_text(array.shape), empty ? "" : fmt::format("{:.6g}", *low),
                    empty ? "" : fmt::format("{:.6g}", *high),
                    empty ? "" : fmt::format("{:.6g}", sum / static_cast<double>(array.values.size()))});
  }
  return table(rows);
}

/// How one array of the hardware compares with the float reference.
struct Comparison {
  std::string name;
  double error = 0, bound = 0;  ///< of the element that is nearest to its bound or farthest beyond it
  double largest_error = 0, largest_bound = 0;
  std::size_t exceeded = 0, size = 0;
};

Comparison compare(const std::string& name, const BoundedArray& array) {
  Comparison c{name, 0, 0, 0, 0, 0, array.hardware.size()};
  double worst = -1;
  for (std::size_t i = 0; i < array.hardware.size(); ++i) {
    const double error = std::abs(array.hardware[i] - array.reference[i]);
    const double bound =
        array.bound[i] + 1e-12 * (1 + std::abs(array.reference[i]));  // float64's own rounding
    c.exceeded += !(error <= bound);
    c.largest_error = std::max(c.largest_error, error), c.largest_bound = std::max(c.largest_bound, bound);
    if (const double share = error / bound; !(share <= worst))
      worst = share, c.error = error, c.bound = bound;
  }
  return c;
}

std::string comparison_table(const std::vector<Comparison>& all) {
  std::vector<std::vector<std::string>> rows = {
      {"array", "largest error", "largest bound", "nearest to its bound", "beyond"}};
  for (const Comparison& c : all)
    rows.push_back({c.name, fmt::format("{:.3g}", c.largest_error), fmt::format("{:.3g}", c.largest_bound),
                    fmt::format("{:.3g} of {:.3g}", c.error, c.bound),
                    fmt::format("{} of {}", c.exceeded, c.size)});
  return table(rows);
}

class EvalCommand {
 public:
  EvalCommand(const EvalArguments& arguments, const Common& common)
      : a_(arguments),
        common_(common),
        rule_(rule_of(arguments.rule)),
        parameters_(eval_parameters(rule_, arguments.parameters)) {
    check_options();
  }

  int run() {
    const FormatMap formats =
        a_.engine == "float" ? FormatMap{} : eval_formats(a_.format, default_formats(rule_, parameters_));
    const EvalRequest request{a_.mode, parameters_, read_inputs(a_.in)};
    results_ = rule_.floating.eval(request);
    for (const auto& [name, array] : request.inputs)
      if (!request.inputs.asked().contains(name)) tell_unused(name, request.inputs);
    if (a_.engine != "float") in_fixed_point(request, formats);
    write();
    print();
    const bool beyond = std::any_of(comparisons_.begin(), comparisons_.end(),
                                    [](const Comparison& c) { return c.exceeded > 0; });
    return static_cast<int>(beyond ? ExitCode::check_failed : ExitCode::ok);
  }

 private:
  /// Options that contradict each other, all at once.
  void check_options() const {
    Diagnostics mistakes;
    const auto float_only = [&](bool given, const char* option) {
      if (given && a_.engine == "float")
        mistakes.add(
            {"TF-EVL-019", option, "is for the hardware's engines", "--engine functional or rtl", ""});
    };
    float_only(!a_.format.empty(), "--format");
    float_only(!a_.against.empty(), "--against");
    float_only(!a_.rounding.empty(), "--rounding");
    mistakes.throw_if_any(ExitCode::configuration);
    std::error_code error;
    if (std::filesystem::exists(a_.result, error) && !common_.force)
      throw Error(ExitCode::cannot_write, {"TF-OUT-002", a_.result, "already exists",
                                           "a name that is not taken", "use --force to write over it"});
  }

  /// An array that no equation reads is no mistake: one file may serve several rules. It may be a misspelt
  /// one.
  void tell_unused(const std::string& name, const EvalInputs& given) const {
    std::vector<std::string> missing;
    for (const std::string& asked : given.asked())
      if (given.count(asked) == 0) missing.push_back(asked);
    const std::string close = nearest(name, missing);
    fmt::print(stderr, "note: {} does not read the array '{}' of {}{}\n", a_.rule, name, a_.in,
               close.empty() ? "" : fmt::format("; did you mean '{}'?", close));
  }

  void in_fixed_point(const EvalRequest& request, const FormatMap& formats) {
    const FixedOptions options{formats, a_.rounding != "nearest", common_.seed.value_or(1)};
    const std::unique_ptr<Arithmetic> arithmetic = eval_arithmetic(a_.engine);
    const FixedEval fixed = eval_fixed(rule_, request, results_, options, *arithmetic);
    formats_ = formats_text(fixed.formats);
    results_.clear();
    for (const auto& [name, array] : fixed.arrays) {
      results_[name] = {array.shape, array.hardware};
      if (a_.against.empty()) continue;
      results_[name + ".bound"] = {array.shape, array.bound};
      comparisons_.push_back(compare(name, array));
    }
  }

  void write() const {
    NpzFile file;
    for (const auto& [name, array] : results_) file[name] = NpyArray::from(array.values, array.shape);
    if (!formats_.empty())
      file["formats"] = NpyArray::from(std::vector<std::uint8_t>(formats_.begin(), formats_.end()));
    write_npz(a_.result, file);
  }

  void print() const {
    if (common_.json) return fmt::print("{}\n", json().dump(2));
    if (common_.quiet) return;
    fmt::print("{} {}, {} engine\n\n{}\n", a_.rule, a_.mode, a_.engine, array_table(results_));
    if (!formats_.empty()) fmt::print("formats {}\n\n", formats_);
    if (!comparisons_.empty()) fmt::print("against float\n{}\n", comparison_table(comparisons_));
    fmt::print("wrote {}\n", a_.result);
  }

  nlohmann::json json() const {
    nlohmann::json json;
    json["rule"] = a_.rule, json["mode"] = a_.mode, json["engine"] = a_.engine, json["out"] = a_.result;
    for (const auto& [name, value] : parameters_.numbers) json["parameters"][name] = value;
    for (const auto& [name, value] : parameters_.words) json["parameters"][name] = value;
    for (const auto& [name, array] : results_) json["arrays"][name] = array.shape;
    json["formats"] = formats_.empty() ? nlohmann::json(nullptr) : nlohmann::json(formats_);
    for (const Comparison& c : comparisons_)
      json["against_float"][c.name] = {{"largest_error", c.largest_error},
                                       {"largest_bound", c.largest_bound},
                                       {"error", c.error},
                                       {"bound", c.bound},
                                       {"exceeded", c.exceeded},
                                       {"size", c.size}};
    return json;
  }

  const EvalArguments& a_;
  const Common& common_;
  const Rule& rule_;
  Parameters parameters_;
  FloatArrays results_;
  std::string formats_;
  std::vector<Comparison> comparisons_;
};

}  // namespace

Action add_eval(CLI::App& command, Common& common) {
  auto a = std::make_shared<EvalArguments>();
  command.add_option("rule", a->rule, "rule, see `trifactor list rules`")->required();
  command
      .add_option("--in", a->in,
                  "IN.npz: x (T, n_in), w (n_out, n_in), labels (T), and what the rule needs more")
      ->required();
  command.add_option("--out", a->result, "OUT.npz: dw and every intermediate")->required();
  command.add_option("--mode", a->mode, "online or batch")->capture_default_str();
  command.add_option("--param", a->parameters, "NAME=VALUE of the rule's parameters (repeat)")
      ->allow_extra_args(false);
  command
      .add_option("--engine", a->engine,
                  "float, functional (golden units) or rtl (the same units from SystemVerilog)")
      ->check(CLI::IsMember({"float", "functional", "rtl"}))
      ->capture_default_str();
  command
      .add_option("--against", a->against,
                  "float: print error and bound of each array; exit 1 when one is exceeded")
      ->check(CLI::IsMember({"float"}));
  command.add_option("--format", a->format,
                     "number formats of w, x, z, r, uq as NAME=BITS.FRACTION, separated by commas");
  command.add_option("--rounding", a->rounding, "stochastic (default) or nearest")
      ->check(CLI::IsMember({"stochastic", "nearest"}));
  return [a, &common] { return EvalCommand(*a, common).run(); };
}

}  // namespace trifactor
