// A rule's parameters: what a person may set, with unit, symbol, default and range.
#pragma once

#include <map>
#include <stdexcept>
#include <string>
#include <vector>

namespace trifactor {

/// One row of the table in a rule's README. A parameter is a number, unless it has choices: then it is a
/// word.
struct ParameterSpec {
  std::string name;
  std::string unit;     ///< empty for a pure number
  std::string symbol;   ///< in the paper
  double fallback = 0;  ///< the default of a number
  double low = 0, high = 0;
  bool integer = false;
  std::vector<std::string> choices;  ///< words allowed; the first is the default
  std::string meaning;
};

/// Values after checking: every parameter of the rule is present, in range, of the right type.
struct Parameters {
  std::map<std::string, double> numbers;
  std::map<std::string, std::string> words;

  double number(const std::string& name) const { return of(numbers, name); }
  int integer(const std::string& name) const { return static_cast<int>(number(name)); }
  const std::string& word(const std::string& name) const { return of(words, name); }

 private:
  template <class Value>
  static const Value& of(const std::map<std::string, Value>& values, const std::string& name) {
    const auto found = values.find(name);
    if (found == values.end())
      throw std::logic_error("a rule asks for its parameter '" + name +
                             "', which its descriptor does not list");
    return found->second;
  }
};

}  // namespace trifactor
