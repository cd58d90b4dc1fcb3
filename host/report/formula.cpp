#include "host/report/formula.hpp"

#include <algorithm>
#include <cctype>
#include <charconv>
#include <cmath>

namespace trifactor {
namespace {

/// Recursive descent; one object reads one formula.
class Parser {
 public:
  Parser(std::string_view text, const std::function<double(std::string_view)>& value_of)
      : text_(text), value_of_(value_of) {}

  double whole() {
    const double value = sum();
    skip_space();
    if (at_ < text_.size()) fail("unexpected '" + std::string(1, text_[at_]) + "'");
    if (!std::isfinite(value)) fail("the result is not a finite number");
    return value;
  }

 private:
  double sum() {
    double value = product();
    for (;;) {
      if (take('+')) {
        value += product();
      } else if (take('-')) {
        value -= product();
      } else {
        return value;
      }
    }
  }

  double product() {
    double value = power();
    for (;;) {
      if (take('*')) {
        value *= power();
      } else if (take('/')) {
        value /= power();
      } else {
        return value;
      }
    }
  }

  double power() {
    const double base = atom();
    return take('^') ? std::pow(base, power()) : base;
  }

  double atom() {
    // Depth is bounded because a formula comes from a file a person may have damaged.
    if (++depth_ > 200) fail("brackets are nested too deeply");
    double value = 0;
    if (take('-')) {
      value = -atom();
    } else if (take('(')) {
      value = sum();
      expect(')');
    } else if (at_ < text_.size() && (std::isdigit(byte()) != 0 || text_[at_] == '.')) {
      value = number();
    } else if (at_ < text_.size() && (std::isalpha(byte()) != 0 || text_[at_] == '_')) {
      value = name();
    } else {
      fail(at_ < text_.size() ? "unexpected '" + std::string(1, text_[at_]) + "'" : "it ends too early");
    }
    --depth_;
    return value;
  }

  double number() {
    double value = 0;
    const auto [end, error] = std::from_chars(text_.data() + at_, text_.data() + text_.size(), value);
    if (error != std::errc{}) fail("a number cannot be read");
    at_ = static_cast<std::size_t>(end - text_.data());
    return value;
  }

  double name() {
    const std::size_t begin = at_;
    while (at_ < text_.size() && (std::isalnum(byte()) != 0 || text_[at_] == '_')) ++at_;
    const std::string_view word = text_.substr(begin, at_ - begin);
    return take('(') ? call(word) : value_of_(word);
  }

  double call(std::string_view function) {
    std::vector<double> arguments{sum()};
    while (take(',')) arguments.push_back(sum());
    expect(')');
    const auto needs = [&](std::size_t count) {
      if (arguments.size() != count) {
        fail(std::string(function) + " takes " + std::to_string(count) + " arguments");
      }
    };
    const auto& v = arguments;
    if (function == "sqrt") return needs(1), std::sqrt(v[0]);
    if (function == "round") return needs(1), std::round(v[0]);
    if (function == "min") return needs(2), std::min(v[0], v[1]);
    if (function == "max") return needs(2), std::max(v[0], v[1]);
    if (function == "between") {
      needs(5);
      return v[0] * std::pow(v[2] / v[0], std::log(v[4] / v[1]) / std::log(v[3] / v[1]));
    }
    fail("there is no function " + std::string(function));
  }

  bool take(char wanted) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != wanted) return false;
    ++at_;
    skip_space();
    return true;
  }
  void expect(char wanted) {
    if (!take(wanted)) fail("'" + std::string(1, wanted) + "' is missing");
  }
  void skip_space() {
    while (at_ < text_.size() && text_[at_] == ' ') ++at_;
  }
  int byte() const { return static_cast<unsigned char>(text_[at_]); }
  [[noreturn]] void fail(const std::string& what) const {
    throw FormulaError(what + " at character " + std::to_string(at_ + 1) + " of \"" + std::string(text_) +
                       "\"");
  }

  std::string_view text_;
  const std::function<double(std::string_view)>& value_of_;
  std::size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace

double evaluate_formula(std::string_view text, const std::function<double(std::string_view)>& value_of) {
  return Parser(text, value_of).whole();
}

std::vector<std::string> formula_names(std::string_view text) {
  std::vector<std::string> names;
  // Two keeps differences and quotients finite in nearly every formula; a failure here is reported by the
  // evaluation that follows with real values.
  try {
    evaluate_formula(text, [&](std::string_view name) {
      if (std::find(names.begin(), names.end(), name) == names.end()) names.emplace_back(name);
      return 2.0 + static_cast<double>(names.size());
    });
  } catch (const FormulaError&) {
  }
  return names;
}

}  // namespace trifactor
