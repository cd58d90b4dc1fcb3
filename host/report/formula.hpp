// The formulas of technology files: + - * / ^, brackets, numbers, names, and sqrt, round, min, max, between.
#pragma once

#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace trifactor {

/// What is wrong with a formula, in one sentence.
class FormulaError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Value of `text`; `value_of` is asked for each name and may throw FormulaError.
/// between(v1, n1, v2, n2, n) is the power law through (n1, v1) and (n2, v2), taken at n.
/// Throws FormulaError for syntax, unknown functions and results that are not finite.
double evaluate_formula(std::string_view text, const std::function<double(std::string_view)>& value_of);

/// The names a formula uses (functions left out), each once, in order of appearance.
std::vector<std::string> formula_names(std::string_view text);

}  // namespace trifactor
