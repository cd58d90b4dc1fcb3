#include "host/report/png.hpp"

#include <zlib.h>

#include "rtl/spec/diagnostic.hpp"

namespace trifactor {
namespace {

void put_word(std::string& out, std::uint32_t word) {
  for (int shift = 24; shift >= 0; shift -= 8) out += static_cast<char>(word >> shift & 0xffU);
}

void put_chunk(std::string& out, const std::string& type, const std::string& data) {
  put_word(out, static_cast<std::uint32_t>(data.size()));
  const std::string body = type + data;
  out += body;
  put_word(out, static_cast<std::uint32_t>(
                    crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size()))));
}

std::string deflated(const std::string& raw) {
  uLongf size = compressBound(static_cast<uLong>(raw.size()));
  std::string out(size, '\0');
  if (compress2(reinterpret_cast<Bytef*>(out.data()), &size, reinterpret_cast<const Bytef*>(raw.data()),
                static_cast<uLong>(raw.size()), 9) != Z_OK)
    throw Error(ExitCode::internal, {"TF-OUT-003", "picture", "zlib could not compress it", "", ""});
  out.resize(size);
  return out;
}

}  // namespace

std::string png_bytes(const IndexedImage& image) {
  std::string out = "\x89PNG\r\n\x1a\n", head, colours, rows;
  put_word(head, static_cast<std::uint32_t>(image.width));
  put_word(head, static_cast<std::uint32_t>(image.height));
  head +=
      std::string("\x08\x03\x00\x00\x00", 5);  // 8 bits, a palette, deflate, filters by row, not interlaced
  put_chunk(out, "IHDR", head);
  for (const Colour& c : image.palette)
    for (const std::uint8_t part : {c.red, c.green, c.blue}) colours += static_cast<char>(part);
  put_chunk(out, "PLTE", colours);
  if (image.last_is_clear) {
    std::string alpha(image.palette.size(), '\xff');
    alpha.back() = '\0';
    put_chunk(out, "tRNS", alpha);
  }
  for (std::size_t row = 0; row < image.height; ++row) {
    rows += '\0';  // no filter
    rows.append(reinterpret_cast<const char*>(image.pixels.data()) + row * image.width, image.width);
  }
  put_chunk(out, "IDAT", deflated(rows));
  put_chunk(out, "IEND", "");
  return out;
}

std::string base64(const std::string& bytes) {
  static constexpr char letters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    std::uint32_t word = 0;
    for (std::size_t k = 0; k < 3; ++k)
      word = word << 8 | (i + k < bytes.size() ? static_cast<std::uint8_t>(bytes[i + k]) : 0U);
    for (std::size_t k = 0; k < 4; ++k)
      out += i + k <= bytes.size() ? letters[word >> (18 - 6 * k) & 63U] : '=';
  }
  return out;
}

}  // namespace trifactor
