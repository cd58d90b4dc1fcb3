#include <fmt/format.h>

#include "compiler/network/network_reader.hpp"
#include "rtl/rules/rule.hpp"

namespace trifactor {
namespace {

const std::string& name_of(const Network& network, int population) {
  return network.populations[static_cast<std::size_t>(population)].name;
}

/// Populations that forward projections reach from `start` within a step, itself included.
std::vector<bool> reached_from(const Network& network, int start) {
  std::vector<bool> reached(network.populations.size(), false);
  reached[static_cast<std::size_t>(start)] = true;
  for (bool moved = true; moved;) {
    moved = false;
    for (const ProjectionSpec& p : network.projections) {
      if (p.feedback || p.late || !reached[static_cast<std::size_t>(p.from)]) continue;
      if (reached[static_cast<std::size_t>(p.to)]) continue;
      reached[static_cast<std::size_t>(p.to)] = moved = true;
    }
  }
  return reached;
}

/// A projection's rule; null without plasticity.
const Rule* rule_of(const ProjectionSpec& projection) {
  return projection.plasticity ? find_rule(projection.plasticity->rule) : nullptr;
}

/// Does a forward projection into that population learn by a rule of which `flag` holds?
bool learns_with(const Network& network, int population, bool Rule::*flag) {
  for (const ProjectionSpec& p : network.projections)
    if (!p.feedback && p.to == population && rule_of(p) != nullptr && rule_of(p)->*flag) return true;
  return false;
}

void check_one(const Network& network, const ProjectionSpec& p, Mistakes& mistakes) {
  const std::string &from = name_of(network, p.from), &to = name_of(network, p.to);
  if (p.from == p.to || !reached_from(network, p.to)[static_cast<std::size_t>(p.from)])
    mistakes.add("TF-NET-031", p.place,
                 fmt::format("feedback from '{}' to '{}', but no forward projections lead from '{}' to '{}'",
                             from, to, to, from),
                 "feedback against the forward direction",
                 "exchange from and to, or make it kind = \"forward\"");
  if (!learns_with(network, p.from, &Rule::sends_error))
    mistakes.add("TF-NET-032", p.place, fmt::format("'{}' has no errors to send back", from),
                 "a projection into it that learns by a rule which forms errors");
  if (p.to == network.output || !learns_with(network, p.to, &Rule::takes_error))
    mistakes.add("TF-NET-033", p.place, fmt::format("'{}' takes no errors", to),
                 "a hidden population with a projection into it that learns by a rule which takes errors");
  if (rule_of(p) != nullptr && !rule_of(p)->teaches_feedback)
    mistakes.add("TF-NET-035", p.plasticity->place,
                 fmt::format("rule '{}' does not teach feedback projections", p.plasticity->rule),
                 "a rule that does, or no plasticity", "without plasticity the feedback stays as it starts");
}

/// Errors that are formed at every step are for rules that learn at every step, and the reverse.
void check_rhythm(const Network& network, const ProjectionSpec& feedback, Mistakes& mistakes) {
  bool sent = false;
  for (const ProjectionSpec& p : network.projections)
    if (!p.feedback && p.to == feedback.from && rule_of(p) != nullptr && rule_of(p)->sends_error)
      sent = p.plasticity->every_step;
  const char* rhythm = sent ? "step" : "sample";
  for (const ProjectionSpec& p : network.projections)
    if (p.to == feedback.to && p.plasticity && p.plasticity->every_step != sent)
      mistakes.add("TF-NET-024", p.plasticity->place,
                   fmt::format("'{}' learns every {}, but errors come back to '{}' every {}", p.name,
                               sent ? "sample" : "step", name_of(network, feedback.to), rhythm),
                   fmt::format("every = \"{}\" for all that ends there", rhythm));
}

}  // namespace

void check_feedback(const Network& network, Mistakes& mistakes) {
  std::vector<bool> fed(network.populations.size(), false);
  for (const ProjectionSpec& p : network.projections) {
    if (p.plasticity && rule_of(p) == nullptr) return;  // reported: what it would take is not known
    if (p.feedback) fed[static_cast<std::size_t>(p.to)] = true;
  }
  for (const ProjectionSpec& p : network.projections) {
    if (p.feedback) {
      check_one(network, p, mistakes);
      check_rhythm(network, p, mistakes);
    } else if (rule_of(p) != nullptr && rule_of(p)->takes_error && p.to != network.output &&
               !fed[static_cast<std::size_t>(p.to)]) {
      mistakes.add(
          "TF-NET-034", p.plasticity->place,
          fmt::format("rule '{}' learns from errors, but no feedback projection ends at '{}'",
                      p.plasticity->rule, name_of(network, p.to)),
          fmt::format("a [[projection]] with kind = \"feedback\" and to = \"{}\"", name_of(network, p.to)));
    }
  }
}

}  // namespace trifactor
