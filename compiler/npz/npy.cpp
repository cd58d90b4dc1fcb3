#include "compiler/npz/npy.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>
#include <optional>

namespace trifactor {
namespace {

constexpr std::string_view magic = "\x93NUMPY";
constexpr std::size_t most_dimensions = 32;  // NumPy's own limit
constexpr std::array<std::string_view, 11> dtypes = {"<f8", "<f4", "<i8", "<i4", "<i2", "|i1",
                                                     "<u8", "<u4", "<u2", "|u1", "|b1"};
constexpr const char* dtype_list = "one of <f8 <f4 <i8 <i4 <i2 |i1 <u8 <u4 <u2 |u1 |b1";

[[noreturn]] void damaged(const char* code, const std::string& where, std::string found, std::string expected,
                          std::string hint = {}) {
  throw Error(ExitCode::data, {code, where, std::move(found), std::move(expected), std::move(hint)});
}

std::optional<std::size_t> product(std::span<const std::size_t> shape, std::size_t factor) {
  // A zero dimension makes the array empty, whatever the others are; they must still be sane.
  std::size_t total = factor;
  for (const std::size_t n : shape) {
    if (n == 0) continue;
    if (total > std::numeric_limits<std::size_t>::max() / 2 / n) return std::nullopt;
    total *= n;
  }
  return std::find(shape.begin(), shape.end(), std::size_t{0}) != shape.end() ? 0 : total;
}

/// Reads the head's text: a Python dict literal with the keys descr, fortran_order and shape.
class HeaderText {
 public:
  HeaderText(std::string_view text, const std::string& where) : text_(text), where_(where) {}

  NpyHeader parse() {
    NpyHeader header;
    bool descr = false, order = false, shape = false;
    expect('{');
    while (!accept('}')) {
      const std::string key = quoted();
      expect(':');
      if (key == "descr" && !descr) {
        descr = true;
        header.dtype = type();
      } else if (key == "fortran_order" && !order) {
        order = true;
        header.fortran_order = boolean();
      } else if (key == "shape" && !shape) {
        shape = true;
        header.shape = tuple();
      } else {
        fail("the key '" + key + "' is unknown or comes twice");
      }
      if (!accept(',')) {
        expect('}');
        break;
      }
    }
    skip_space();
    if (at_ != text_.size()) fail("text follows the closing brace");
    if (!descr || !order || !shape) fail("one of the keys descr, fortran_order and shape is missing");
    return header;
  }

 private:
  [[noreturn]] void fail(const std::string& what) const {
    damaged("TF-NPZ-012", where_, "the head of the array cannot be read: " + what,
            "{'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }", "save it again with numpy.savez");
  }
  void skip_space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t')) ++at_;
  }
  bool accept(char c) {
    skip_space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }
  void expect(char c) {
    if (!accept(c)) fail(std::string("'") + c + "' expected at character " + std::to_string(at_));
  }
  std::string quoted() {
    skip_space();
    const char quote = at_ < text_.size() ? text_[at_] : '\0';
    if (quote != '\'' && quote != '"') fail("a string expected at character " + std::to_string(at_));
    const std::size_t end = text_.find(quote, at_ + 1);
    if (end == std::string_view::npos) fail("a string has no end");
    const std::string word(text_.substr(at_ + 1, end - at_ - 1));
    if (!std::all_of(word.begin(), word.end(), [](char c) { return c >= ' ' && c <= '~' && c != '\\'; }))
      fail("a string holds characters other than plain ASCII");
    at_ = end + 1;
    return word;
  }
  std::string type() {
    skip_space();
    if (at_ < text_.size() && text_[at_] == '[')
      damaged("TF-NPZ-013", where_, "the array is a record of several fields", dtype_list,
              "save each field as an array of its own");
    std::string word = quoted();
    if (word.size() == 3 && word[2] == '1') word[0] = '|';
    if (npy_item_size(word) != 0) return word;
    if (!word.empty() && word[0] == '>')
      damaged("TF-NPZ-013", where_, "the array is big-endian ('" + word + "')", dtype_list,
              "save array.astype('<" + word.substr(1) + "')");
    if (word.find('O') != std::string::npos)
      damaged("TF-NPZ-013", where_, "the array holds Python objects, which only Python can load", dtype_list,
              "save array.astype(float); rows of unequal length become objects");
    damaged("TF-NPZ-013", where_, "the array has the unsupported type '" + word + "'", dtype_list,
            "save array.astype('<f4') or another supported type");
  }
  bool boolean() {
    skip_space();
    for (const auto& [word, value] : {std::pair{std::string_view("True"), true}, {"False", false}}) {
      if (text_.substr(at_, word.size()) != word) continue;
      at_ += word.size();
      return value;
    }
    fail("True or False expected at character " + std::to_string(at_));
  }
  std::vector<std::size_t> tuple() {
    std::vector<std::size_t> shape;
    expect('(');
    while (!accept(')')) {
      if (shape.size() == most_dimensions) fail("more than 32 dimensions");
      shape.push_back(number());
      if (!accept(',')) {
        expect(')');
        break;
      }
    }
    return shape;
  }
  std::size_t number() {
    skip_space();
    const std::size_t start = at_;
    std::size_t value = 0;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9'; ++at_) {
      if (at_ - start == 18) fail("a dimension has more than 18 digits");
      value = value * 10 + static_cast<std::size_t>(text_[at_] - '0');
    }
    if (at_ == start) fail("a number expected at character " + std::to_string(at_));
    if (at_ < text_.size() && text_[at_] == 'L') ++at_;  // written by Python 2
    return value;
  }

  std::string_view text_;
  const std::string& where_;
  std::size_t at_ = 0;
};

/// Calls visit(T{}) with the C++ type of the array's elements.
template <class Visitor>
void with_type(const NpyArray& array, const std::string& where, Visitor&& visit) {
  const auto is = [&](std::string_view name) { return array.dtype == name; };
  if (npy_item_size(array.dtype) == 0)
    damaged("TF-NPZ-013", where, "the array has the unsupported type '" + array.dtype + "'", dtype_list);
  if (array.bytes.size() != array.size() * npy_item_size(array.dtype))
    throw Error(ExitCode::internal, {"TF-NPZ-090", where, "an array's bytes do not match its shape", "", ""});
  if (is("<f8")) visit(double{});
  if (is("<f4")) visit(float{});
  if (is("<i8")) visit(std::int64_t{});
  if (is("<i4")) visit(std::int32_t{});
  if (is("<i2")) visit(std::int16_t{});
  if (is("|i1")) visit(std::int8_t{});
  if (is("<u8")) visit(std::uint64_t{});
  if (is("<u4")) visit(std::uint32_t{});
  if (is("<u2")) visit(std::uint16_t{});
  if (is("|u1") || is("|b1")) visit(std::uint8_t{});
}

template <class T, class Each>
void for_each_element(const NpyArray& array, Each&& each) {
  for (std::size_t i = 0; i < array.size(); ++i) {
    T value;
    std::memcpy(&value, array.bytes.data() + i * sizeof(T), sizeof(T));
    each(i, value);
  }
}

}  // namespace

std::size_t npy_item_size(std::string_view dtype) {
  const bool known = std::find(dtypes.begin(), dtypes.end(), dtype) != dtypes.end();
  return known ? static_cast<std::size_t>(dtype[2] - '0') : 0;
}

std::size_t NpyArray::size() const { return product(shape, 1).value_or(0); }

NpyArray NpyArray::from_bytes(std::string dtype, std::span<const std::byte> bytes,
                              std::vector<std::size_t> shape) {
  const std::size_t item = npy_item_size(dtype);
  if (item == 0 || product(shape, item) != bytes.size())
    throw Error(ExitCode::internal,
                {"TF-NPZ-090", "array of type " + dtype,
                 std::to_string(bytes.size()) + " bytes do not fill the shape " + shape_text(shape), "", ""});
  return {std::move(dtype), std::move(shape), {bytes.begin(), bytes.end()}};
}

std::vector<double> to_doubles(const NpyArray& array, const std::string& where) {
  std::vector<double> values(array.size());
  with_type(array, where, [&]<class T>(T) {
    for_each_element<T>(array, [&](std::size_t i, T value) {
      values[i] = static_cast<double>(value);
      if constexpr (std::is_integral_v<T> && sizeof(T) == 8) {
        // 2^63 and 2^64 themselves come from rounding up and must not be converted back.
        const bool fits = values[i] < std::ldexp(1.0, std::is_signed_v<T> ? 63 : 64);
        if (!fits || static_cast<T>(values[i]) != value)
          damaged("TF-NPZ-014", where, "element " + std::to_string(i) + " is " + std::to_string(value),
                  "integers that a double holds exactly (up to 2^53)");
      }
    });
  });
  return values;
}

std::vector<double> to_finite_doubles(const NpyArray& array, const std::string& where) {
  std::vector<double> values = to_doubles(array, where);
  for (std::size_t i = 0; i < values.size(); ++i)
    if (!std::isfinite(values[i]))
      damaged("TF-NPZ-015", where,
              "element " + std::to_string(i) + " of shape " + shape_text(array.shape) + " is " +
                  (std::isnan(values[i]) ? "NaN" : "infinite"),
              "finite numbers only", "find it with numpy.argwhere(~numpy.isfinite(array))");
  return values;
}

std::vector<std::int64_t> to_integers(const NpyArray& array, const std::string& where) {
  std::vector<std::int64_t> values(array.size());
  with_type(array, where, [&]<class T>(T) {
    if constexpr (std::is_floating_point_v<T>) {
      damaged("TF-NPZ-016", where, "the array has the floating-point type '" + array.dtype + "'",
              "an integer type", "save array.astype('<i8')");
    } else {
      for_each_element<T>(array, [&](std::size_t i, T value) {
        if constexpr (std::is_same_v<T, std::uint64_t>)
          if (value > static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max()))
            damaged("TF-NPZ-014", where, "element " + std::to_string(i) + " is " + std::to_string(value),
                    "integers below 2^63");
        values[i] = static_cast<std::int64_t>(value);
      });
    }
  });
  return values;
}

void require_shape(const NpyArray& array, const std::vector<std::size_t>& shape, const std::string& where,
                   const std::string& expected) {
  if (array.shape == shape) return;
  damaged("TF-NPZ-017", where, "the array has the shape " + shape_text(array.shape),
          shape_text(shape) + (expected.empty() ? "" : ", " + expected));
}

std::string shape_text(std::span<const std::size_t> shape) {
  std::string text = "(";
  for (std::size_t i = 0; i < shape.size(); ++i) text += (i == 0 ? "" : ", ") + std::to_string(shape[i]);
  return text + (shape.size() == 1 ? ",)" : ")");
}

std::size_t npy_prefix_size(std::span<const std::byte> start, const std::string& where) {
  if (start.size() < 10 || std::memcmp(start.data(), magic.data(), magic.size()) != 0)
    damaged("TF-NPZ-010", where, "this is not a NumPy array", "a file that begins with \\x93NUMPY");
  const int major = std::to_integer<int>(start[6]), minor = std::to_integer<int>(start[7]);
  if (major < 1 || major > 3 || minor != 0)
    damaged("TF-NPZ-011", where,
            "the array has format version " + std::to_string(major) + "." + std::to_string(minor),
            "version 1.0, 2.0 or 3.0");
  return major == 1 ? 10 : 12;
}

std::size_t npy_header_size(std::span<const std::byte> start, const std::string& where) {
  const std::size_t prefix = npy_prefix_size(start, where);
  std::size_t length = 0;
  if (start.size() < prefix) damaged("TF-NPZ-012", where, "the array ends inside its head", "a whole head");
  for (std::size_t i = prefix; i-- > 8;) length = length << 8 | std::to_integer<std::size_t>(start[i]);
  if (length + prefix > npy_longest_header)
    damaged("TF-NPZ-012", where, "the head of the array claims " + std::to_string(length) + " bytes",
            "at most " + std::to_string(npy_longest_header));
  return length + prefix;
}

NpyHeader parse_npy_header(std::span<const std::byte> head, const std::string& where) {
  const std::size_t prefix = npy_prefix_size(head, where);
  const std::string_view text(reinterpret_cast<const char*>(head.data()), head.size());
  NpyHeader header = HeaderText(text.substr(prefix), where).parse();
  const auto bytes = product(header.shape, npy_item_size(header.dtype));
  if (!bytes)
    damaged("TF-NPZ-012", where, "the array claims the impossible shape " + shape_text(header.shape),
            "a shape whose bytes can be counted in 63 bits");
  header.data_bytes = *bytes;
  return header;
}

std::vector<std::byte> npy_header(const NpyArray& array) {
  std::string text =
      "{'descr': '" + array.dtype + "', 'fortran_order': False, 'shape': " + shape_text(array.shape) + ", }";
  text.append(63 - (10 + text.size()) % 64, ' ');
  text += '\n';
  std::string head(magic);
  head += {'\1', '\0', static_cast<char>(text.size() & 255), static_cast<char>(text.size() >> 8)};
  head += text;
  const auto bytes = std::as_bytes(std::span<const char>(head));
  return {bytes.begin(), bytes.end()};
}

void fortran_to_c(NpyArray& array) {
  const std::size_t item = npy_item_size(array.dtype), dimensions = array.shape.size();
  if (dimensions < 2 || array.bytes.empty()) return;
  std::vector<std::size_t> stride(dimensions), index(dimensions, 0);
  std::exclusive_scan(array.shape.begin(), array.shape.end(), stride.begin(), item, std::multiplies<>());
  std::vector<std::byte> ordered(array.bytes.size());
  std::size_t from = 0;
  for (std::size_t to = 0; to < ordered.size(); to += item) {
    std::memcpy(ordered.data() + to, array.bytes.data() + from, item);
    for (std::size_t d = dimensions; d-- > 0;) {  // count `index` up, last dimension fastest
      from += stride[d];
      if (++index[d] < array.shape[d]) break;
      from -= stride[d] * array.shape[d];
      index[d] = 0;
    }
  }
  array.bytes = std::move(ordered);
}

NpyArray parse_npy(std::span<const std::byte> file, const std::string& where) {
  const std::size_t head = npy_header_size(file, where);
  if (file.size() < head) damaged("TF-NPZ-012", where, "the array ends inside its head", "a whole head");
  NpyHeader header = parse_npy_header(file.first(head), where);
  const auto data = file.subspan(head);
  if (data.size() != header.data_bytes)
    damaged(
        "TF-NPZ-018", where,
        "the array of shape " + shape_text(header.shape) + " holds " + std::to_string(data.size()) + " bytes",
        std::to_string(header.data_bytes) + " bytes");
  NpyArray array{std::move(header.dtype), std::move(header.shape), {data.begin(), data.end()}};
  if (header.fortran_order) fortran_to_c(array);
  return array;
}

}  // namespace trifactor
