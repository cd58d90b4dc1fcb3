#include <fmt/format.h>

#include "compiler/network/network_reader.hpp"
#include "rtl/rules/rule.hpp"

namespace trifactor {
namespace {

constexpr int largest_weight_age = 64;

Schedule read_schedule(TomlTable& plasticity) {
  const std::vector<std::string> kinds = {"constant", "linear", "step", "inverse"};
  Schedule schedule;
  if (!plasticity.has("schedule")) return schedule;
  if (plasticity.has_text("schedule")) {
    schedule.kind = static_cast<ScheduleKind>(plasticity.choice("schedule", kinds).value_or(0));
    if (schedule.kind == ScheduleKind::step || schedule.kind == ScheduleKind::inverse)
      plasticity.mistakes().add(
          "TF-NET-015", plasticity.place("schedule"), "this schedule needs figures of its own",
          schedule.kind == ScheduleKind::step ? "{ kind = \"step\", every = 10000, factor = 0.5 }"
                                              : "{ kind = \"inverse\", tau = 10000 }");
    return schedule;
  }
  auto table = plasticity.table("schedule");
  if (!table) return schedule;
  const auto kind = table->need("kind") ? table->choice("kind", kinds) : std::nullopt;
  if (!kind) return schedule;  // which keys belong to it is not known
  schedule.kind = static_cast<ScheduleKind>(*kind);
  if (schedule.kind == ScheduleKind::step) {
    if (table->need("every")) schedule.every = table->number("every", 1, 1e15).value_or(1);
    if (table->need("factor")) schedule.factor = table->number("factor", 1e-9, 1).value_or(1);
  } else if (schedule.kind == ScheduleKind::inverse && table->need("tau")) {
    schedule.tau = table->number("tau", 1, 1e15).value_or(1);
  }
  table->finish();
  return schedule;
}

void read_parameters(TomlTable& table, const Rule& rule, Parameters& parameters) {
  for (const ParameterSpec& spec : rule.parameters) {
    if (!spec.choices.empty()) {
      parameters.words[spec.name] = spec.choices[table.choice(spec.name, spec.choices).value_or(0)];
    } else if (spec.integer) {
      const auto value =
          table.integer(spec.name, static_cast<std::int64_t>(spec.low), static_cast<std::int64_t>(spec.high));
      parameters.numbers[spec.name] = value ? static_cast<double>(*value) : spec.fallback;
    } else {
      parameters.numbers[spec.name] = table.number(spec.name, spec.low, spec.high).value_or(spec.fallback);
    }
  }
}

void read_weights(TomlTable& table, NamedProjection& projection) {
  ProjectionSpec& spec = projection.spec;
  if (is_fixed(spec.connect))
    for (const char* key : {"init", "gain", "range"})
      if (table.has(key))
        table.mistakes().add("TF-NET-005", table.place(key),
                             table.named(key) + " is not for weights that follow from the connection",
                             fmt::format("no {}", key));
  projection.init_place = table.place("init");
  if (const auto init =
          table.choice("init", {"uniform_fan_in", "zero", "file", "glorot", "normal", "constant"})) {
    spec.init = static_cast<WeightInit>(*init);
    projection.has_init = true;
  }
  const bool constant = spec.init == WeightInit::constant;
  if (constant) table.need("value");
  if (constant || spec.connect == Connect::identity) {
    spec.value = table.number("value", -1023, 1023).value_or(spec.value);
  } else if (table.has("value")) {
    table.mistakes().add("TF-NET-005", table.place("value"),
                         table.named("value") + " is only for init = \"constant\" and connect = \"identity\"",
                         "no value");
  }
  spec.gain = table.number("gain", 1.0 / 65536, 65536).value_or(spec.gain);
  spec.bits = static_cast<int>(table.integer("bits", 4, 16).value_or(spec.bits));
  if (const auto range = table.number("range", 1.0 / 1024, 1024)) {
    spec.range = power_of_two(*range);
    projection.has_range = true;
  }
  spec.stochastic = table.choice("rounding", {"stochastic", "nearest"}).value_or(0) == 0;
  if (constant && !projection.has_range) spec.range = range_of(spec.value);
  if (constant && std::abs(spec.value) >= spec.range)
    table.mistakes().add("TF-NET-046", table.place("value"),
                         fmt::format("weights of {} in a range of {}", spec.value, spec.range),
                         "a value within the range", "leave the range out, or give a larger one");
  table.finish();
}

}  // namespace

std::string default_projection_name(const std::string& from, const std::string& to) {
  return from + "_to_" + to;
}

PlasticitySpec read_plasticity(TomlTable& table) {
  PlasticitySpec spec;
  spec.place = table.place();
  spec.schedule = read_schedule(table);
  spec.weight_age = static_cast<int>(table.integer("weight_age", 0, largest_weight_age).value_or(0));
  if (!table.need("rule")) return spec;
  spec.rule = table.text("rule").value_or("");
  if (spec.rule.empty()) return spec;
  const Rule* rule = find_rule(spec.rule);
  if (rule == nullptr) {  // its parameters are unknown too, so they are not judged
    std::vector<std::string> names;
    for (const Rule& other : rule_catalogue()) names.push_back(other.name);
    table.mistakes().add("TF-NET-011", table.place("rule"),
                         fmt::format("there is no rule '{}'", printable(spec.rule)),
                         "one of " + listed(names), did_you_mean(spec.rule, names));
    return spec;
  }
  spec.every_step = table.choice("every", {"sample", "step"}).value_or(0) == 1;
  if (spec.every_step && !rule->every_step)
    table.mistakes().add("TF-NET-022", table.place("every"),
                         fmt::format("rule '{}' learns once a sample", spec.rule), "every = \"sample\"",
                         "`trifactor list rules --json` shows which rules can learn at every step");
  if (spec.every_step && spec.weight_age != 0)
    table.mistakes().add("TF-NET-023", table.place("every"),
                         fmt::format("every = \"step\" with weight_age = {}", spec.weight_age),
                         "weight_age = 0 where a rule learns at every step");
  read_parameters(table, *rule, spec.parameters);
  table.finish();
  return spec;
}

NamedProjection read_projection(TomlTable& table) {
  NamedProjection projection;
  ProjectionSpec& spec = projection.spec;
  spec.place = table.place();
  if (table.need("from")) projection.from = printable(table.text("from").value_or(""));
  if (table.need("to")) projection.to = printable(table.text("to").value_or(""));
  projection.from_place = table.place("from"), projection.to_place = table.place("to");
  if (table.has("name")) {
    spec.name = read_name(table, "name");
  } else if (!projection.from.empty() && !projection.to.empty()) {
    spec.name = default_projection_name(projection.from, projection.to);
  }
  const auto kind = table.meant("kind", {"forward", "feedback", "error"}).value_or(0);
  spec.feedback = kind == 1, spec.error = kind == 2;
  spec.late = table.boolean("late").value_or(false);
  if (spec.late && kind != 0)
    table.mistakes().add("TF-NET-005", table.place("late"),
                         table.named("late") + " is only for forward projections", "no late",
                         "errors come within the step that they are of");
  read_connection(table, projection);
  projection.init_place = table.place();
  if (auto weights = table.table("weights")) read_weights(*weights, projection);
  spec.bias = table.boolean("bias").value_or(false);
  if (kind != 0 && spec.bias)
    table.mistakes().add("TF-NET-005", table.place("bias"),
                         table.named("bias") + " is only for forward projections", "no bias",
                         "an error that is always there is none");
  if (is_fixed(spec.connect)) spec.bias = false, spec.range = range_of(fixed_weight(spec));
  if (auto plasticity = table.table("plasticity"))
    if (!is_fixed(spec.connect)) spec.plasticity = read_plasticity(*plasticity);
  table.finish();
  return projection;
}

}  // namespace trifactor
