#include "host/experiment/reference.hpp"

#include <fmt/format.h>

#include <memory>
#include <nlohmann/json.hpp>

#include "host/cli/commands.hpp"
#include "host/report/output_file.hpp"

namespace trifactor {

namespace {

struct BaselineName {
  const char* name;
  Baseline baseline;
  const char* learner;  ///< as the text says it
};

struct ReferenceArguments {
  std::optional<int> batch;
  std::string network, test, baseline = "none";
  std::vector<std::string> network_set;
  ReferenceOptions options;
};

nlohmann::json number_or_null(const std::optional<double>& value) {
  return value ? nlohmann::json(*value) : nlohmann::json(nullptr);
}

nlohmann::json reference_json(const ReferenceArguments& a, const ReferenceRecord& record,
                              const Common& common) {
  nlohmann::json json;
  json["schema_version"] = 1;
  json["tool_version"] = tool_version();
  json["argv"] = common.argv;
  json["engine"] = "float";
  json["network"] = a.options.network.name;
  json["seed"] = a.options.network.seed;
  json["baseline"] = a.baseline;
  if (a.options.baseline == Baseline::backprop && a.options.network.training.batch == 0)
    json["backprop_eta"] = a.options.eta.value_or(0.02);
  if (a.options.eta) json["eta"] = *a.options.eta;
  json["batch"] = a.options.network.training.batch;
  if (a.options.network.training.batch > 0) json["threads"] = a.options.threads;
  json["data"] = a.options.data;
  json["test"] = a.options.test ? nlohmann::json(*a.options.test) : nlohmann::json(nullptr);
  json["epochs"] = a.options.epochs;
  json["samples"] = record.learned;
  json["interrupted"] = record.interrupted;
  json["accuracy"] = {{"test", number_or_null(record.test_accuracy())}};
  for (const AccuracyRow& row : record.accuracy)
    json["accuracies"].push_back({{"samples_seen", row.samples_seen},
                                  {"epoch", row.epoch},
                                  {"test", number_or_null(row.test_accuracy)},
                                  {"train", number_or_null(row.train_accuracy)}});
  json["seconds"] = {{"learning", record.learning_s}, {"testing", record.testing_s}};
  json["wall_s"] = record.wall_s;
  for (const auto& [part, seconds] : record.profile) json["profile"][part] = seconds;
  for (const LayerSignals& s : record.signals) {
    nlohmann::json& layer = json["layers"][s.layer];
    layer["sample"].push_back(s.sample);
    layer["eta"].push_back(number_or_null(s.eta));
    layer["weight_norm"].push_back(number_or_null(s.weight_norm));
    layer["mean_kernel"].push_back(number_or_null(s.mean_kernel));
    layer["mean_abs_third_factor"].push_back(number_or_null(s.mean_abs_third_factor));
    layer["same_class_share"].push_back(number_or_null(s.same_class_share));
  }
  return json;
}

std::string percent(const std::optional<double>& share) {
  return share ? fmt::format("{:.2f} %", 100 * *share) : "";
}

const std::vector<BaselineName>& baseline_names() {
  static const std::vector<BaselineName> names = {
      {"none", Baseline::none, "its own rules"},
      {"random", Baseline::random, "hidden layers left at random"},
      {"last", Baseline::random, "hidden layers left at random"},
      {"backprop", Baseline::backprop, "backpropagation"},
      {"feedback_alignment", Baseline::feedback_alignment, "fixed feedback alignment"},
      {"sign_symmetry", Baseline::sign_symmetry, "sign symmetry"},
      {"layerwise", Baseline::layerwise, "layer-wise classification"},
      {"layerwise_feedback_alignment", Baseline::layerwise_feedback_alignment,
       "layer-wise classification with feedback alignment"}};
  return names;
}

const char* learner_of(const std::string& baseline) {
  for (const BaselineName& name : baseline_names())
    if (name.name == baseline) return name.learner;
  return "";
}

std::string reference_text(const ReferenceArguments& a, const ReferenceRecord& record) {
  const int batch = a.options.network.training.batch;
  std::string text = fmt::format("{} in {}, {}\n\n", a.options.network.name,
                                 batch > 0 ? fmt::format("float32, batches of {}", batch) : "float64",
                                 learner_of(a.baseline));
  std::vector<std::vector<std::string>> rows = {{"epoch", "samples", "test", "latest learned"}};
  for (const AccuracyRow& row : record.accuracy)
    if (row.test_accuracy || &row == &record.accuracy.back())
      rows.push_back({std::to_string(row.epoch), std::to_string(row.samples_seen), percent(row.test_accuracy),
                      percent(row.train_accuracy)});
  text += table(rows);
  std::vector<std::vector<std::string>> layers = {
      {"layer", "mean kernel", "mean |M|", "same class", "weight norm"}};
  const std::uint64_t last = record.signals.empty() ? 0 : record.signals.back().sample;
  for (const LayerSignals& s : record.signals)
    if (s.sample == last)
      layers.push_back({s.layer, s.mean_kernel ? fmt::format("{:.3f}", *s.mean_kernel) : "",
                        s.mean_abs_third_factor ? fmt::format("{:.3g}", *s.mean_abs_third_factor) : "",
                        percent(s.same_class_share), fmt::format("{:.3f}", s.weight_norm.value_or(0))});
  if (layers.size() > 1) text += "\n" + table(layers);
  const double rate = record.learning_s > 0 ? static_cast<double>(record.learned) / record.learning_s : 0;
  text += fmt::format("\n{} samples learned in {:.1f} s ({:.0f}/s), tested in {:.1f} s{}\n", record.learned,
                      record.learning_s, rate, record.testing_s, record.interrupted ? "; interrupted" : "");
  double profiled = 0;
  for (const auto& [part, seconds] : record.profile) profiled += seconds;
  std::string parts;
  for (const auto& [part, seconds] : record.profile)
    if (seconds > 0)
      parts += fmt::format("{}{} {:.0f} %", parts.empty() ? "" : ", ", part, 100 * seconds / profiled);
  if (!parts.empty()) text += fmt::format("time went to: {}\n", parts);
  return text;
}

int reference_command(ReferenceArguments& a, const Common& common) {
  ReferenceOptions& o = a.options;
  if (a.batch) a.network_set.push_back(fmt::format("training.batch={}", *a.batch));
  o.network = read_network(a.network, a.network_set);
  if (common.seed) o.network.seed = *common.seed;
  for (const BaselineName& name : baseline_names())
    if (name.name == a.baseline) o.baseline = name.baseline;
  if (o.eta && !travels_back(o.baseline) && !is_layerwise(o.baseline))
    throw Error(
        ExitCode::configuration,
        {"TF-REF-008", "--eta", fmt::format("a rate for hidden layers, with --baseline {}", a.baseline),
         "a baseline that teaches hidden layers: backprop, or in mini-batches one of the others",
         "the rates of rules stand in the network file: --network-set projection.NAME.plasticity.eta=0.1"});
  o.threads = common.threads;
  if (!a.test.empty()) o.test = a.test;
  o.on_progress = progress_printer(common.style());
  o.interrupt = &interrupt_flag();
  if (!common.out.empty()) o.on_ready = [&common] { prepare_output_folder(common.out, common.force); };
  const ReferenceRecord record = run_reference(o);
  const nlohmann::json json = reference_json(a, record, common);
  if (!common.out.empty()) {
    write_reference(common.out, record);
    write_whole_file(std::filesystem::path(common.out) / "reference.json", json.dump(2) + "\n");
  }
  if (common.json) {
    fmt::print("{}\n", json.dump(2));
  } else if (!common.quiet) {
    fmt::print("{}", reference_text(a, record));
    if (!common.out.empty()) fmt::print("wrote {}\n", common.out);
  }
  return record.interrupted ? static_cast<int>(ExitCode::interrupted) : 0;
}

}  // namespace

std::vector<std::pair<std::string, std::string>> baseline_list() {
  std::vector<std::pair<std::string, std::string>> lines;
  for (const BaselineName& name : baseline_names())
    if (name.baseline != Baseline::none)
      lines.emplace_back(
          name.name, std::string(name.learner) + (needs_batches(name.baseline) ? ", in mini-batches" : ""));
  return lines;
}

Action add_reference(CLI::App& command, Common& common) {
  auto a = std::make_shared<ReferenceArguments>();
  std::vector<std::string> names;
  for (const BaselineName& name : baseline_names()) names.emplace_back(name.name);
  command.add_option("network", a->network, "network file (TOML)")->required();
  command.add_option("--data", a->options.data, "what is learned from, SPEC")->required();
  command.add_option("--test", a->test, "what is evaluated before the first and after each epoch, SPEC");
  command.add_option("--epochs", a->options.epochs, "passes over the data")
      ->check(CLI::Range(1, 1000000))
      ->capture_default_str();
  command
      .add_option(
          "--baseline", a->baseline,
          "none: its own rules; random or last: hidden layers keep their initial weights; backprop; in "
          "mini-batches also feedback_alignment, sign_symmetry, layerwise, layerwise_feedback_alignment")
      ->check(CLI::IsMember(names))
      ->capture_default_str();
  command
      .add_option("--eta", a->options.eta,
                  "learning rate of a baseline: sample by sample 0.02 unless given, falls linearly to 0; in "
                  "mini-batches the output's unless given")
      ->check(CLI::Range(1e-9, 64.0));
  command.add_option("--batch", a->batch, "samples a mini-batch, as batch in [training]");
  command.add_option("--network-set", a->network_set, "override a key of the network, KEY=VALUE (repeat)")
      ->allow_extra_args(false);
  return [a, &common] { return reference_command(*a, common); };
}

}  // namespace trifactor
