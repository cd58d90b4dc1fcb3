#include "host/eval/parameters.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <optional>
#include <set>

#include "compiler/text/mistakes.hpp"
#include "rtl/spec/diagnostic.hpp"

namespace trifactor {
namespace {

/// A whole text as one finite number.
std::optional<double> number_in(std::string_view text) {
  double value = 0;
  if (text.starts_with('+')) text.remove_prefix(1);
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::optional<int> integer_in(std::string_view text) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

class ParameterReader {
 public:
  explicit ParameterReader(const Rule& rule) : rule_(rule) {
    for (const auto* table : {&rule.parameters, &rule.bench_parameters})
      for (const ParameterSpec& spec : *table) {
        specs_[spec.name] = &spec;
        if (spec.choices.empty())
          parameters_.numbers[spec.name] = spec.fallback;
        else
          parameters_.words[spec.name] = spec.choices.front();
      }
  }

  void read(const std::string& text) {
    const std::size_t equals = text.find('=');
    if (equals == std::string::npos || equals == 0)
      return mistake("TF-EVL-010", text, "this is not name=value", "for example --param eta=0.1");
    const std::string name = text.substr(0, equals), value = text.substr(equals + 1);
    const auto found = specs_.find(name);
    if (found == specs_.end()) {
      std::vector<std::string> names;
      for (const auto& [known, spec] : specs_) names.push_back(known);
      return mistake("TF-EVL-011", text, fmt::format("{} has no parameter '{}'", rule_.name, printable(name)),
                     "one of " + listed(names), did_you_mean(name, names));
    }
    if (!given_.insert(name).second)
      return mistake("TF-EVL-012", text, name + " is given twice", "each parameter once");
    read_value(text, value, *found->second);
  }

  Parameters take() {
    mistakes_.throw_if_any(ExitCode::configuration);
    return std::move(parameters_);
  }

 private:
  void read_value(const std::string& text, const std::string& value, const ParameterSpec& spec) {
    if (!spec.choices.empty()) {
      for (const std::string& word : spec.choices)
        if (word == value) {
          parameters_.words[spec.name] = value;
          return;
        }
      return mistake("TF-EVL-013", text, fmt::format("{} cannot be '{}'", spec.name, printable(value)),
                     "one of " + listed(spec.choices), did_you_mean(value, spec.choices));
    }
    const std::string range =
        fmt::format("a {}number from {} to {}", spec.integer ? "whole " : "", spec.low, spec.high);
    const std::optional<double> number = number_in(value);
    if (!number || (spec.integer && *number != std::floor(*number)))
      return mistake(
          "TF-EVL-013", text,
          fmt::format("'{}' is no {}", printable(value), spec.integer ? "whole number" : "finite number"),
          range);
    if (*number < spec.low || *number > spec.high)
      return mistake("TF-EVL-014", text, fmt::format("{} is {}", spec.name, *number), range);
    parameters_.numbers[spec.name] = *number;
  }

  void mistake(const char* code, const std::string& text, std::string found, std::string expected,
               std::string hint = "") {
    mistakes_.add(
        {code, "--param " + printable(text), std::move(found), std::move(expected), std::move(hint)});
  }

  const Rule& rule_;
  std::map<std::string, const ParameterSpec*> specs_;
  std::set<std::string> given_;
  Parameters parameters_;
  Diagnostics mistakes_;
};

}  // namespace

Parameters eval_parameters(const Rule& rule, const std::vector<std::string>& given) {
  ParameterReader reader(rule);
  for (const std::string& text : given) reader.read(text);
  return reader.take();
}

FormatMap eval_formats(const std::string& given, const FormatMap& defaults) {
  FormatMap formats = defaults;
  Diagnostics mistakes;
  std::vector<std::string> names;
  for (const auto& [name, format] : defaults) names.push_back(name);
  std::set<std::string> seen;
  for (std::size_t at = 0; at < given.size();) {
    const std::size_t end = std::min(given.find(',', at), given.size());
    const std::string item = given.substr(at, end - at);
    at = end + 1;
    const std::size_t equals = item.find('='), dot = item.find('.', equals == std::string::npos ? 0 : equals);
    const auto mistake = [&](std::string found, std::string expected, std::string hint = "") {
      mistakes.add({"TF-EVL-016", "--format " + printable(item), std::move(found), std::move(expected),
                    std::move(hint)});
    };
    const std::string name = item.substr(0, equals);
    const auto bits = dot == std::string::npos
                          ? std::nullopt
                          : integer_in(std::string_view(item).substr(equals + 1, dot - equals - 1));
    const auto frac =
        dot == std::string::npos ? std::nullopt : integer_in(std::string_view(item).substr(dot + 1));
    if (equals == std::string::npos || !bits || !frac) {
      mistake("this is not name=bits.fraction", "for example w=16.14,x=8.7");
    } else if (!defaults.contains(name)) {
      mistake(fmt::format("there is no array '{}' with a format", printable(name)), "one of " + listed(names),
              did_you_mean(name, names));
    } else if (!seen.insert(name).second) {
      mistake(name + " is given twice", "each array once");
    } else if (name == "w"   ? *bits < 4 || *bits > 16
               : name == "x" ? *bits != 8 && *bits != 16
                             : *bits != 16) {
      mistake(fmt::format("{} bits for {}", *bits, name), name == "w"   ? "4 to 16"
                                                          : name == "x" ? "8 or 16"
                                                                        : "16: it is local to the core");
    } else if (*frac < -10 || *frac > (name == "w" ? 25 : 15)) {
      mistake(fmt::format("{} fraction bits for {}", *frac, name), name == "w" ? "-10 to 25" : "-10 to 15");
    } else {
      formats[name].bits = *bits, formats[name].frac = *frac;
    }
  }
  mistakes.throw_if_any(ExitCode::configuration);
  return formats;
}

std::string formats_text(const FormatMap& formats) {
  std::string text;
  for (const auto& [name, format] : formats)
    text += (text.empty() ? "" : ",") + name + "=" + to_string(format);
  return text;
}

}  // namespace trifactor
