// A picture of at most 256 colours as a PNG, for drawings that would be too many shapes.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

namespace trifactor {

struct Colour {
  std::uint8_t red = 0, green = 0, blue = 0;
  friend bool operator==(const Colour&, const Colour&) = default;
};

struct IndexedImage {
  std::size_t width = 0, height = 0;
  std::vector<Colour> palette;       ///< 1 to 256
  bool last_is_clear = false;        ///< the palette's last entry is fully transparent
  std::vector<std::uint8_t> pixels;  ///< (height, width), indices into the palette
};

/// The file's bytes: one IDAT, no filter, equal images give equal bytes.
std::string png_bytes(const IndexedImage& image);

std::string base64(const std::string& bytes);

}  // namespace trifactor
