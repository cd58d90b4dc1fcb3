#include "host/report/run_json.hpp"

#include <fmt/format.h>

#include <set>

#include "rtl/spec/diagnostic.hpp"

namespace trifactor {
namespace {

using nlohmann::json;

// Each struct lists its members once, for both directions: Writer stores them, Loader takes them and then
// refuses members that nobody took.
class Writer {
 public:
  template <class T>
  void operator()(const char* key, const T& value) {
    object[key] = value;
  }
  template <class T>
  void operator()(const char* key, const std::optional<T>& value) {
    object[key] = value ? json(*value) : json(nullptr);
  }
  template <class T, class Visit>
  void list(const char* key, const std::vector<T>& values, Visit visit) {
    object[key] = json::array();
    for (const T& value : values) {
      Writer inner;
      visit(inner, value);
      object[key].push_back(std::move(inner.object));
    }
  }
  template <class T, class Visit>
  void part(const char* key, const T& value, Visit visit) {
    Writer inner;
    visit(inner, value);
    object[key] = std::move(inner.object);
  }
  json object = json::object();
};

class Loader {
 public:
  explicit Loader(const json& object, const char* what = "the file") : object_(object) {
    if (!object.is_object()) throw std::runtime_error(fmt::format("{} is not an object", what));
  }
  template <class T>
  void operator()(const char* key, T& value) {
    value = checked<T>(key, take(key));
  }
  template <class T>
  void operator()(const char* key, std::optional<T>& value) {
    const json& found = take(key);
    value = found.is_null() ? std::nullopt : std::optional<T>(checked<T>(key, found));
  }
  template <class T, class Visit>
  void list(const char* key, std::vector<T>& values, Visit visit) {
    const json& found = take(key);
    if (!found.is_array()) throw std::runtime_error(fmt::format("{} is not a list", key));
    for (const json& item : found) {
      Loader inner(item, key);
      visit(inner, values.emplace_back());
      inner.finish();
    }
  }
  template <class T, class Visit>
  void part(const char* key, T& value, Visit visit) {
    Loader inner(take(key), key);
    visit(inner, value);
    inner.finish();
  }
  void finish() const {
    for (const auto& [key, value] : object_.items()) {
      if (taken_.count(key) == 0) throw std::runtime_error(fmt::format("unknown member {}", key));
    }
  }

 private:
  const json& take(const char* key) {
    const auto found = object_.find(key);
    if (found == object_.end()) throw std::runtime_error(fmt::format("member {} is missing", key));
    taken_.insert(key);
    return *found;
  }
  template <class T>
  static T checked(const char* key, const json& value) {
    // nlohmann would turn 1.5 or -1 into a count without a word.
    if constexpr (std::is_same_v<T, bool>) {
      if (!value.is_boolean()) throw std::runtime_error(fmt::format("{} is not true or false", key));
    } else if constexpr (std::is_unsigned_v<T>) {
      if (!value.is_number_unsigned()) throw std::runtime_error(fmt::format("{} is not a count", key));
    } else if constexpr (std::is_integral_v<T>) {
      if (!value.is_number_integer()) throw std::runtime_error(fmt::format("{} is not an integer", key));
    } else if constexpr (std::is_floating_point_v<T>) {
      if (!value.is_number()) throw std::runtime_error(fmt::format("{} is not a number", key));
    }
    return value.get<T>();
  }
  const json& object_;
  std::set<std::string> taken_;
};

template <class A, class M>
void visit_machine_record(A& a, M& m) {
  a("name", m.name);
  a("description", m.description);
  visit_machine(m, [&](const char* key, auto& field, auto&&...) { a(key, field); });
  a("tree.own_network", m.tree.own_network);
  a("barrier", m.barrier);
  a.list("core_types", m.core_types, [](auto& b, auto& type) {
    b("name", type.name);
    b("rules", type.rules);
    b("teacher", type.teacher);
    b("x0", type.x0);
    b("y0", type.y0);
    b("x1", type.x1);
    b("y1", type.y1);
  });
}

template <class A, class R>
void visit_run(A& a, R& r, EventCounts& chip_events) {
  a("schema_version", r.schema_version);
  a("tool_version", r.tool_version);
  a("argv", r.argv);
  a("seed", r.seed);
  a("engine", r.engine);
  a("network", r.network);
  a.part("machine", r.machine, [](auto& b, auto& m) { visit_machine_record(b, m); });
  a("samples", r.samples);
  a("learn_samples", r.learn_samples);
  a("cycles", r.cycles);
  a("learn_cycles", r.learn_cycles);
  a("latency_p50_cycles", r.latency_p50_cycles);
  a("latency_p99_cycles", r.latency_p99_cycles);
  a.part("chip_events", chip_events, [](auto& b, auto& events) {
    for (std::size_t i = 0; i < event_count; ++i) b(std::string(event_names[i]).c_str(), events.raw()[i]);
  });
  a.list("projections", r.projections, [](auto& b, auto& p) {
    b("name", p.name);
    b("rule", p.rule);
    b("weight_format", p.weight_format);
    b("shift_F", p.shift_F);
    b("applied", p.counts.applied);
    b("rounded_to_zero", p.counts.rounded_to_zero);
    b("saturated", p.counts.saturated);
    b("factors_lost", p.counts.factors_lost);
    b("factors_saturated", p.counts.factors_saturated);
    b("intended", p.counts.intended);
    b("change", p.counts.change);
  });
  a("reference_accuracies", r.reference_accuracies);
  a("input_hashes", r.input_hashes);
  a("configuration", r.configuration);
  a("notes", r.notes);
  a("interrupted", r.interrupted);
  a("stage_s", r.stage_s);
  a("wall_s", r.wall_s);
  a("peak_rss_bytes", r.peak_rss_bytes);
}

}  // namespace

json run_json(const RunRecord& run) {
  Writer writer;
  EventCounts chip_events = run.chip_events;
  visit_run(writer, run, chip_events);
  return std::move(writer.object);
}

RunRecord run_from_json(const std::string& text, const std::string& where) {
  const auto damaged = [&](const std::string& what) {
    return Error(ExitCode::data,
                 Diagnostic{"TF-RUN-002", where, what, "a run.json as `trifactor run` writes it", ""});
  };
  try {
    const json object = json::parse(text, nullptr, false);
    if (object.is_discarded()) throw damaged("the file is not JSON, or it is cut short");
    if (object.is_object() && object.contains("schema_version") &&
        object["schema_version"] != json(run_schema_version)) {
      throw Error(
          ExitCode::data,
          Diagnostic{"TF-RUN-003", where, fmt::format("schema version {}", object["schema_version"].dump()),
                     fmt::format("schema version {}", run_schema_version),
                     "read it with the version of trifactor that wrote it"});
    }
    RunRecord run;
    Loader loader(object);
    visit_run(loader, run, run.chip_events);
    loader.finish();
    visit_machine(run.machine, [&](const char* key, std::int64_t value, const char*, std::int64_t low,
                                   std::int64_t high, const char*) {
      if (value >= low && value <= high) return;
      throw Error(ExitCode::data, Diagnostic{"TF-RUN-004", where, fmt::format("machine {} is {}", key, value),
                                             fmt::format("{} to {}", low, high), ""});
    });
    return run;
  } catch (const json::exception& error) {
    throw damaged(json_mistake(error));
  } catch (const std::runtime_error& error) {
    throw damaged(error.what());
  }
}

}  // namespace trifactor
