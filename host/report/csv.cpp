#include "host/report/csv.hpp"

#include <fmt/format.h>

#include <charconv>

#include "rtl/spec/diagnostic.hpp"

namespace trifactor {
namespace {

template <class T>
std::optional<T> parsed(const std::string& field) {
  T value{};
  const auto [end, error] = std::from_chars(field.data(), field.data() + field.size(), value);
  if (error != std::errc{} || end != field.data() + field.size()) return std::nullopt;
  return value;
}

}  // namespace

std::string csv_line(const std::vector<std::string>& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) line += ',';
    if (fields[i].find_first_of(",\"\r\n") == std::string::npos) {
      line += fields[i];
      continue;
    }
    line += '"';
    for (const char c : fields[i]) line += c == '"' ? std::string("\"\"") : std::string(1, c);
    line += '"';
  }
  return line + "\n";
}

std::string csv_field(std::optional<double> value) { return value ? fmt::format("{}", *value) : ""; }

CsvReader::CsvReader(std::string_view text, std::string where, const std::vector<std::string>& header)
    : rest_(text), where_(std::move(where)), header_(header) {
  const bool any = read_line();
  if (!any || fields_ != header_) {
    throw Error(
        ExitCode::data,
        Diagnostic{"TF-RUN-005", fmt::format("{}:1", where_), "the column names are not the expected ones",
                   fmt::format("{}", fmt::join(header_, ",")), "was it written by another version?"});
  }
}

bool CsvReader::next() {
  if (!read_line()) return false;
  if (fields_.size() != header_.size()) {
    throw Error(ExitCode::data, Diagnostic{"TF-RUN-006", fmt::format("{}:{}", where_, line_),
                                           fmt::format("{} fields", fields_.size()),
                                           fmt::format("{} fields", header_.size()), "is the file cut off?"});
  }
  return true;
}

bool CsvReader::read_line() {
  fields_.clear();
  at_ = 0;
  if (rest_.empty()) return false;
  ++line_;
  std::string field;
  bool quoted = false;
  std::size_t i = 0;
  for (;; ++i) {
    // A line without its newline is the mark of a file cut off.
    if (i >= rest_.size()) {
      throw Error(ExitCode::data, Diagnostic{"TF-RUN-006", fmt::format("{}:{}", where_, line_),
                                             "the last line does not end", "", "is the file cut off?"});
    }
    const char c = rest_[i];
    if (quoted) {
      if (c != '"') {
        field += c;
      } else if (i + 1 < rest_.size() && rest_[i + 1] == '"') {
        field += '"';
        ++i;
      } else {
        quoted = false;
      }
    } else if (c == '"') {
      quoted = true;
    } else if (c == ',') {
      fields_.push_back(std::move(field));
      field.clear();
    } else if (c == '\n') {
      break;
    } else {
      field += c;
    }
  }
  fields_.push_back(std::move(field));
  rest_.remove_prefix(i + 1);
  return true;
}

const std::string& CsvReader::field() { return fields_[at_++]; }

void CsvReader::bad_field(const std::string& field, const std::string& expected) const {
  throw Error(ExitCode::data,
              Diagnostic{"TF-RUN-007", fmt::format("{}:{}", where_, line_),
                         fmt::format("\"{}\" in column {}", field, header_[at_ - 1]), expected, ""});
}

std::string CsvReader::text() { return field(); }

double CsvReader::number() {
  const std::string& f = field();
  if (const auto value = parsed<double>(f)) return *value;
  bad_field(f, "a number");
}

std::optional<double> CsvReader::optional_number() {
  if (fields_[at_].empty()) return ++at_, std::nullopt;
  return number();
}

std::uint64_t CsvReader::count() {
  const std::string& f = field();
  if (const auto value = parsed<std::uint64_t>(f)) return *value;
  bad_field(f, "a count");
}

std::optional<std::uint64_t> CsvReader::optional_count() {
  if (fields_[at_].empty()) return ++at_, std::nullopt;
  return count();
}

std::int64_t CsvReader::integer(std::int64_t highest) {
  const std::string& f = field();
  if (const auto value = parsed<std::int64_t>(f); value && *value >= 0 && *value <= highest) return *value;
  bad_field(f, fmt::format("an integer from 0 to {}", highest));
}

}  // namespace trifactor
