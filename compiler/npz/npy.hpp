// One NumPy array in memory, and the `.npy` container around it (versions 1.0 to 3.0).
// Format: https://numpy.org/doc/stable/reference/generated/numpy.lib.format.html
//
// Every mistake in a file throws Error with ExitCode::data.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "rtl/spec/diagnostic.hpp"

namespace trifactor {

static_assert(std::endian::native == std::endian::little, "arrays are copied as little-endian bytes");

/// NumPy's name of the type T: "<f8" for double, "|u1" for std::uint8_t.
template <class T>
std::string npy_dtype() {
  static_assert(std::is_arithmetic_v<T> && !std::is_same_v<T, long double>);
  if constexpr (std::is_same_v<T, bool>) return "|b1";
  const char kind = std::is_floating_point_v<T> ? 'f' : (std::is_signed_v<T> ? 'i' : 'u');
  return std::string{sizeof(T) == 1 ? '|' : '<', kind, static_cast<char>('0' + sizeof(T))};
}

/// A dense little-endian array in C order (last index fastest).
struct NpyArray {
  std::string dtype;               ///< "<f8" "<f4" "<i8" "<i4" "<i2" "|i1" "<u8" "<u4" "<u2" "|u1" "|b1"
  std::vector<std::size_t> shape;  ///< empty for a scalar
  std::vector<std::byte> bytes;    ///< product of shape x bytes an element

  /// Number of elements: the product of `shape`, 1 for a scalar.
  std::size_t size() const;

  /// Copies `values`; throws ExitCode::internal when their number is not the product of `shape`.
  template <class T>
  static NpyArray from(std::span<const T> values, std::vector<std::size_t> shape) {
    return from_bytes(npy_dtype<T>(), std::as_bytes(values), std::move(shape));
  }
  template <class T>
  static NpyArray from(const std::vector<T>& values, std::vector<std::size_t> shape) {
    return from(std::span<const T>(values), std::move(shape));
  }
  template <class T>
  static NpyArray from(const std::vector<T>& values) {
    return from(std::span<const T>(values), {values.size()});
  }
  static NpyArray from_bytes(std::string dtype, std::span<const std::byte> bytes,
                             std::vector<std::size_t> shape);

  friend bool operator==(const NpyArray&, const NpyArray&) = default;
};

/// Bytes an element of `dtype` takes; 0 when the type is not supported.
std::size_t npy_item_size(std::string_view dtype);

/// All elements as doubles, in C order. Integers beyond 2^53 that a double cannot hold are refused.
/// `where` names the array in messages ("weights.npz: pixels_to_hidden1").
std::vector<double> to_doubles(const NpyArray& array, const std::string& where);

/// As to_doubles; NaN and infinities are refused.
std::vector<double> to_finite_doubles(const NpyArray& array, const std::string& where);

/// All elements of an integer or bool array, in C order; floating-point arrays are refused.
std::vector<std::int64_t> to_integers(const NpyArray& array, const std::string& where);

/// Throws unless array.shape equals `shape`; `expected` says what the shape means.
void require_shape(const NpyArray& array, const std::vector<std::size_t>& shape, const std::string& where,
                   const std::string& expected = {});

/// "(3, 4)", "(3,)" or "()", as Python prints it.
std::string shape_text(std::span<const std::size_t> shape);

/// What the head of a `.npy` file says.
struct NpyHeader {
  std::string dtype;
  std::vector<std::size_t> shape;
  bool fortran_order = false;
  std::size_t data_bytes = 0;  ///< product of shape x bytes an element; known not to overflow
};

/// The longest head that is read; NumPy's own are 118 bytes for up to about ten dimensions.
inline constexpr std::size_t npy_longest_header = 64 * 1024;

/// Bytes of the magic, version and length that precede the head's text: 10 or 12.
/// `start` holds at least the first 12 bytes of the file, or all of a shorter one.
std::size_t npy_prefix_size(std::span<const std::byte> start, const std::string& where);

/// Bytes from the beginning of the file to the first element; at most npy_longest_header.
std::size_t npy_header_size(std::span<const std::byte> start, const std::string& where);

/// Parses the head; `head` holds npy_header_size() bytes.
NpyHeader parse_npy_header(std::span<const std::byte> head, const std::string& where);

/// The head (version 1.0, padded to 64 bytes) that precedes array.bytes in a file.
std::vector<std::byte> npy_header(const NpyArray& array);

/// Turns elements in Fortran order (first index fastest) into C order.
void fortran_to_c(NpyArray& array);

/// A whole `.npy` file held in memory.
NpyArray parse_npy(std::span<const std::byte> file, const std::string& where);

}  // namespace trifactor
