#include <fmt/format.h>

#include <algorithm>

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

bool sends(const Network& network, int population) {
  return learns_with(network, population, &Rule::sends_error) ||
         relays_errors(network, static_cast<std::size_t>(population));
}

bool takes(const Network& network, int population) {
  return learns_with(network, population, &Rule::takes_error) ||
         relays_errors(network, static_cast<std::size_t>(population));
}

/// Whether a population's errors are formed at every step; of one that only hands them on, those it is for.
bool every_step(const Network& network, int population) {
  for (const ProjectionSpec& p : network.projections)
    if (!p.feedback && p.to == population && rule_of(p) != nullptr && rule_of(p)->sends_error)
      return p.plasticity->every_step;
  const std::size_t model = relay_model(network, static_cast<std::size_t>(population));
  return model < network.projections.size() && network.projections[model].plasticity->every_step;
}

void check_one(const Network& network, const ProjectionSpec& p, Mistakes& mistakes) {
  const std::string &from = name_of(network, p.from), &to = name_of(network, p.to);
  if (p.from == p.to || !reached_from(network, p.to)[static_cast<std::size_t>(p.from)])
    mistakes.add("TF-NET-031", p.place,
                 fmt::format("feedback from '{}' to '{}', but no forward projections lead from '{}' to '{}'",
                             from, to, to, from),
                 "feedback against the forward direction",
                 "exchange from and to, or make it kind = \"forward\"");
  if (!sends(network, p.from))
    mistakes.add("TF-NET-032", p.place, fmt::format("'{}' has no errors to send back", from),
                 "a projection into it that learns by a rule which forms errors, or, where none learns, "
                 "feedback that ends at it");
  if (p.to == network.output || !takes(network, p.to))
    mistakes.add("TF-NET-033", p.place, fmt::format("'{}' takes no errors", to),
                 "a hidden population with a projection into it that learns by a rule which takes errors, or "
                 "one that does not learn and hands them on");
  if (rule_of(p) != nullptr && !rule_of(p)->teaches_feedback)
    mistakes.add("TF-NET-035", p.plasticity->place,
                 fmt::format("rule '{}' does not teach feedback projections", p.plasticity->rule),
                 "a rule that does, or no plasticity", "without plasticity the feedback stays as it starts");
}

/// Does it learn from errors that another population says?
bool hears_error(const ProjectionSpec& p) {
  const Rule* rule = rule_of(p);
  return rule != nullptr && !p.feedback && rule->hears_error != nullptr &&
         rule->hears_error(p.plasticity->parameters);
}

/// Projections of kind "error" end where somebody listens, and only there.
void check_said_errors(const Network& network, Mistakes& mistakes) {
  const auto any_into = [&](int population, auto is) {
    return std::any_of(network.projections.begin(), network.projections.end(),
                       [&](const ProjectionSpec& p) { return p.to == population && is(p); });
  };
  const auto says = [](const ProjectionSpec& p) { return p.error; };
  for (const ProjectionSpec& p : network.projections) {
    const std::string& to = name_of(network, p.to);
    if (hears_error(p) && !any_into(p.to, says))
      mistakes.add(
          "TF-NET-036", p.plasticity->place,
          fmt::format("'{}' learns from errors that it is told, but nobody tells '{}' any", p.name, to),
          fmt::format("a [[projection]] with kind = \"error\" and to = \"{}\"", to));
    if (!p.error) continue;
    const bool able = any_into(p.to, [](const ProjectionSpec& q) {
      return !q.feedback && rule_of(q) != nullptr && rule_of(q)->hears_error != nullptr;
    });
    if (!able)
      mistakes.add("TF-NET-037", p.place, fmt::format("'{}' learns from no errors that it is told", to),
                   "a population with a projection into it that learns by a rule which can");
    if (p.plasticity)
      mistakes.add("TF-NET-038", p.plasticity->place, fmt::format("'{}' says errors and learns", p.name),
                   "no plasticity in a projection of kind \"error\"");
    if (any_into(p.to, [](const ProjectionSpec& q) { return q.feedback; }))
      mistakes.add("TF-NET-039", p.place, fmt::format("'{}' is told errors, and errors come back to it", to),
                   "errors of one kind in a population");
  }
}

/// Errors that are formed at every step are for rules that learn at every step, and the reverse.
void check_rhythm(const Network& network, const ProjectionSpec& feedback, Mistakes& mistakes) {
  const bool sent = every_step(network, feedback.from);
  const char* rhythm = sent ? "step" : "sample";
  const auto wrong = [&](const SourcePlace& place, const std::string& name) {
    mistakes.add("TF-NET-024", place,
                 fmt::format("'{}' learns every {}, but errors come back to '{}' every {}", name,
                             sent ? "sample" : "step", name_of(network, feedback.to), rhythm),
                 fmt::format("every = \"{}\" for all that ends there", rhythm));
  };
  for (const ProjectionSpec& p : network.projections)
    if (p.to == feedback.to && p.plasticity && p.plasticity->every_step != sent)
      wrong(p.plasticity->place, p.name);
  const std::size_t to = static_cast<std::size_t>(feedback.to);
  const std::size_t model =
      relays_errors(network, to) ? relay_model(network, to) : network.projections.size();
  if (model < network.projections.size() && every_step(network, feedback.to) != sent)
    wrong(feedback.place, network.projections[model].name);
}

}  // namespace

bool relays_errors(const Network& network, std::size_t population) {
  const int at = static_cast<int>(population);
  bool arrive = false, leave = false;
  for (const ProjectionSpec& p : network.projections) {
    if (!p.feedback && p.to == at && p.plasticity) return false;
    arrive = arrive || (p.feedback && p.to == at);
    leave = leave || (p.feedback && p.from == at);
  }
  return arrive && leave && !network.populations[population].given() && at != network.output;
}

std::size_t relay_model(const Network& network, std::size_t population) {
  const std::vector<ProjectionSpec>& all = network.projections;
  for (const ProjectionSpec& back : all) {
    if (!back.feedback || back.from != static_cast<int>(population)) continue;
    for (std::size_t k = 0; k < all.size(); ++k)
      if (!all[k].feedback && all[k].to == back.to && rule_of(all[k]) != nullptr &&
          rule_of(all[k])->takes_error)
        return k;
    if (back.to == back.from || !reached_from(network, back.to)[population]) continue;  // runs no way back
    const std::size_t beyond = relay_model(network, static_cast<std::size_t>(back.to));
    if (beyond < all.size()) return beyond;
  }
  return all.size();
}

void check_feedback(const Network& network, Mistakes& mistakes) {
  std::vector<bool> fed(network.populations.size(), false);
  for (const ProjectionSpec& p : network.projections) {
    if (p.plasticity && rule_of(p) == nullptr) return;  // reported: what it would take is not known
    if (p.feedback) fed[static_cast<std::size_t>(p.to)] = true;
  }
  check_said_errors(network, mistakes);
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
