// Comma separated tables after RFC 4180: one header line, quotes only where a field needs them.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace trifactor {

/// One line with its newline.
std::string csv_line(const std::vector<std::string>& fields);

/// Fields as text; doubles in the shortest form that reads back equal; what was not measured is empty.
std::string csv_field(std::optional<double> value);

/// Walks over the data lines of a table and converts fields. Every mistake throws Error(data):
/// TF-RUN-005 header, TF-RUN-006 line length or quotes, TF-RUN-007 field.
class CsvReader {
 public:
  CsvReader(std::string_view text, std::string where, const std::vector<std::string>& header);

  bool next();  ///< moves to the next line; false at the end
  // Each takes the next field of the line.
  std::string text();
  double number();
  std::optional<double> optional_number();
  std::uint64_t count();
  std::optional<std::uint64_t> optional_count();
  std::int64_t integer(std::int64_t highest = std::numeric_limits<std::int64_t>::max());  ///< 0 to highest
  int small_integer() { return static_cast<int>(integer(std::numeric_limits<int>::max())); }

 private:
  bool read_line();
  const std::string& field();
  [[noreturn]] void bad_field(const std::string& field, const std::string& expected) const;

  std::string_view rest_;
  std::string where_;
  std::vector<std::string> header_, fields_;
  std::size_t at_ = 0;
  std::size_t line_ = 0;
};

}  // namespace trifactor
