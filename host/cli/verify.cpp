#include "sim/lockstep/verify.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <nlohmann/json.hpp>

#include "host/cli/commands.hpp"
#include "host/cli/verification.hpp"
#include "rtl/rules/rule.hpp"
#include "sim/lockstep/rules.hpp"
#include "sim/lockstep/subject.hpp"

namespace trifactor {
namespace {

struct VerifyArguments {
  std::vector<std::string> names;
  VerifyOptions options;
  std::string replay;
};

nlohmann::json result_json(const VerifyResult& r) {
  nlohmann::json coverage = nlohmann::json::object();
  for (const auto& [bin, hits] : r.coverage) coverage[bin] = hits;
  return {{"name", r.name},       {"vectors", r.vectors},        {"verdict", r.verdict()},
          {"passed", r.passed()}, {"divergence", r.divergence},  {"unseen", r.unseen},
          {"coverage", coverage}, {"replay_file", r.replay_file}};
}

/// `hits` of the rarest bin, to show that none was left out.
std::string coverage_text(const VerifyResult& r) {
  std::uint64_t rarest = ~std::uint64_t{0};
  for (const auto& [bin, hits] : r.coverage) rarest = std::min(rarest, hits);
  return r.coverage.empty() ? ""
                            : fmt::format("{} bins, each hit {} times or more", r.coverage.size(), rarest);
}

VerifyResult replay_file(const std::string& file) {
  std::vector<lockstep::SubjectEntry> all(lockstep::unit_subjects().begin(), lockstep::unit_subjects().end());
  all.insert(all.end(), lockstep::rule_subjects().begin(), lockstep::rule_subjects().end());
  return lockstep::replay(file, all);
}

int verify_command(const VerifyArguments& a, const Common& common) {
  const std::vector<VerifyResult> results =
      a.replay.empty() ? verify_names(a.names, a.options) : std::vector<VerifyResult>{replay_file(a.replay)};
  nlohmann::json json = nlohmann::json::array();
  bool all_passed = true;
  for (const VerifyResult& r : results) {
    all_passed = all_passed && r.passed();
    json.push_back(result_json(r));
    if (common.json || (common.quiet && r.passed())) continue;
    fmt::print("{:<10} {:<24} {:>9} vectors  {}\n", r.verdict(), r.name, r.vectors, coverage_text(r));
    if (common.verbose > 0)
      for (const auto& [bin, hits] : r.coverage) fmt::print("        {:>10}  {}\n", hits, bin);
    if (!r.passed()) fmt::print("      {}\n", r.complaint());
    if (!r.replay_file.empty())
      fmt::print("      replay with: trifactor verify --replay {}\n", r.replay_file);
  }
  if (common.json) fmt::print("{}\n", json.dump(2));
  return all_passed ? 0 : static_cast<int>(ExitCode::check_failed);
}

}  // namespace

std::vector<std::string> unit_list() {
  std::vector<std::string> names = verifiable_units();
  const std::vector<std::string> rules = verifiable_rules();
  names.insert(names.end(), rules.begin(), rules.end());
  return names;
}

std::vector<VerifyResult> verify_names(const std::vector<std::string>& names, const VerifyOptions& options) {
  const std::vector<std::string> rules = verifiable_rules(), all = unit_list();
  std::vector<Diagnostic> unknown;
  for (const std::string& name : names)
    if (std::find(all.begin(), all.end(), name) == all.end()) {
      if (find_rule(name) != nullptr) {
        unknown.push_back({"TF-VER-001", "trifactor verify",
                           "rule '" + name + "' has no RTL: no rtl/rules/" + name + "/" + name +
                               "_post.sv was there when this was built",
                           "a name that `trifactor list units` prints",
                           "a rule without hardware is compared by `trifactor eval --engine float`"});
        continue;
      }
      const std::string near = nearest(name, all);
      unknown.push_back({"TF-VER-001", "trifactor verify", "no unit or rule is called '" + name + "'",
                         "a name that `trifactor list units` prints",
                         near.empty() ? "" : "did you mean '" + near + "'?"});
    }
  if (!unknown.empty()) throw Error(ExitCode::configuration, unknown);
  std::vector<VerifyResult> results;
  for (const std::string& name : names.empty() ? all : names) {
    const bool rule = std::find(rules.begin(), rules.end(), name) != rules.end();
    VerifyOptions own = options;
    if (rule)
      own.vectors = std::max<std::uint64_t>(
          400, options.vectors / 5);  // a vector of a rule is a whole sample of a layer
    results.push_back(rule ? verify_rule(name, own) : verify_unit(name, own));
  }
  return results;
}

Action add_verify(CLI::App& command, Common& common) {
  auto a = std::make_shared<VerifyArguments>();
  a->options.vectors = 20000;
  command.add_option("names", a->names, "units and rules; all of them when none is named");
  command
      .add_option("--vectors", a->options.vectors,
                  "random vectors a unit; a fifth of it, at least 400, in samples of random layers a rule")
      ->check(at_least(1))
      ->capture_default_str();
  command.add_option("--replay", a->replay, "run the vectors of a replay file again");
  return [=, &common] {
    a->options.seed = common.seed.value_or(1);
    a->options.replay_folder = common.out.empty() ? "." : common.out;
    return verify_command(*a, common);
  };
}

}  // namespace trifactor
