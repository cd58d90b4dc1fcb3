// Does every pixel of a picture of weights have the colour of its weight, and can others read the file?
#include "host/report/weight_picture.hpp"

#include <zlib.h>

#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "host/report/png.hpp"

using namespace trifactor;

namespace {

std::string from_base64(const std::string& text) {
  static const std::string letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  std::uint32_t word = 0;
  int bits = 0;
  for (const char c : text) {
    if (c == '=') break;
    word = word << 6 | static_cast<std::uint32_t>(letters.find(c)), bits += 6;
    if (bits >= 8) out += static_cast<char>(word >> (bits -= 8) & 0xffU);
  }
  return out;
}

std::uint32_t word_at(const std::string& bytes, std::size_t at) {
  std::uint32_t word = 0;
  for (std::size_t k = 0; k < 4; ++k) word = word << 8 | static_cast<std::uint8_t>(bytes[at + k]);
  return word;
}

/// A reader of its own: chunks with their checksums, palette, rows without a filter.
IndexedImage read_png(const std::string& file) {
  IndexedImage image;
  REQUIRE(file.substr(0, 8) == "\x89PNG\r\n\x1a\n");
  std::string data;
  for (std::size_t at = 8; at < file.size();) {
    const std::size_t length = word_at(file, at);
    const std::string body = file.substr(at + 4, length + 4), type = body.substr(0, 4);
    CHECK(word_at(file, at + 8 + length) ==
          crc32(0, reinterpret_cast<const Bytef*>(body.data()), static_cast<uInt>(body.size())));
    if (type == "IHDR") image.width = word_at(body, 4), image.height = word_at(body, 8);
    if (type == "PLTE")
      for (std::size_t k = 4; k < body.size(); k += 3)
        image.palette.push_back({static_cast<std::uint8_t>(body[k]), static_cast<std::uint8_t>(body[k + 1]),
                                 static_cast<std::uint8_t>(body[k + 2])});
    if (type == "tRNS") image.last_is_clear = body.back() == 0;
    if (type == "IDAT") data += body.substr(4);
    at += 12 + length;
  }
  std::string rows((image.width + 1) * image.height, '?');
  uLongf size = static_cast<uLong>(rows.size());
  REQUIRE(uncompress(reinterpret_cast<Bytef*>(rows.data()), &size,
                     reinterpret_cast<const Bytef*>(data.data()), static_cast<uLong>(data.size())) == Z_OK);
  REQUIRE(size == rows.size());
  for (std::size_t y = 0; y < image.height; ++y) {
    CHECK(rows[y * (image.width + 1)] == 0);
    for (std::size_t x = 0; x < image.width; ++x)
      image.pixels.push_back(static_cast<std::uint8_t>(rows[y * (image.width + 1) + 1 + x]));
  }
  return image;
}

std::vector<IndexedImage> images_in(const std::string& svg) {
  std::vector<IndexedImage> all;
  const std::string mark = "data:image/png;base64,";
  for (std::size_t at = svg.find(mark); at != std::string::npos; at = svg.find(mark, at + 1))
    all.push_back(read_png(from_base64(svg.substr(at + mark.size(), svg.find('"', at) - at - mark.size()))));
  return all;
}

WeightPicture random_picture(std::size_t neurons, ImageShape shape) {
  WeightPicture p;
  p.projection = "a<b", p.neurons = neurons, p.shape = shape;
  p.shown = neurons_to_show(neurons, 7);
  std::mt19937_64 engine(neurons);
  std::normal_distribution<double> draw(0, 0.3);
  for (std::size_t k = 0; k < p.shown.size() * shape.pixels(); ++k) p.weights.push_back(draw(engine));
  return p;
}

}  // namespace

TEST_CASE("each pixel has the colour of its weight") {
  for (const ImageShape shape : {ImageShape{1, 5, 5}, ImageShape{1, 28, 28}, ImageShape{3, 4, 6}}) {
    WeightPicture p = random_picture(50, shape);
    for (const double chosen : {0.0, 0.2}) {
      p.limit = chosen;
      const double limit = chosen > 0 ? chosen : picture_limit(p);
      const std::vector<IndexedImage> images = images_in(weight_picture_svg(p));
      REQUIRE(images.size() == 2);  // the weights and the scale
      const IndexedImage& image = images[0];
      CHECK(image.last_is_clear);
      // where the images lie, from the clear gaps alone
      std::vector<std::size_t> lefts, tops;
      const auto clear = [&](std::size_t x, std::size_t y) {
        return image.pixels[y * image.width + x] + 1u == image.palette.size();
      };
      for (std::size_t x = 0; x < image.width; ++x)
        if (!clear(x, 0) && (x == 0 || clear(x - 1, 0))) lefts.push_back(x);
      for (std::size_t y = 0; y < image.height; ++y)
        if (!clear(0, y) && (y == 0 || clear(0, y - 1))) tops.push_back(y);
      REQUIRE(lefts.size() * tops.size() >= p.shown.size());
      const std::size_t wide = lefts.size() > 1 ? lefts[1] - lefts[0] - 4 : image.width;
      const std::size_t dots = wide / (shape.width * shape.channels);
      REQUIRE(dots >= 1);
      std::size_t wrong = 0;
      for (std::size_t n = 0; n < p.shown.size(); ++n)
        for (std::size_t c = 0; c < shape.channels; ++c)
          for (std::size_t y = 0; y < shape.height; ++y)
            for (std::size_t x = 0; x < shape.width; ++x) {
              const double w = p.weights[((n * shape.channels + c) * shape.height + y) * shape.width + x];
              const std::size_t px = lefts[n % lefts.size()] + (c * shape.width + x) * dots + dots / 2,
                                py = tops[n / lefts.size()] + y * dots + dots / 2;
              const int level = image.pixels[py * image.width + px];
              wrong += std::abs(level - 127 - 127 * std::clamp(w / limit, -1.0, 1.0)) > 0.5 + 1e-9;
            }
      CHECK(wrong == 0);
      CHECK(image.palette[127] == Colour{255, 255, 255});
      CHECK(image.palette[254].red > image.palette[254].blue);  // above 0 is red
      CHECK(image.palette[0].blue > image.palette[0].red);
    }
  }
}

TEST_CASE("the scale ends at the largest weight of the middle neuron") {
  WeightPicture p;
  p.projection = "x", p.neurons = 3, p.shown = {0, 1, 2}, p.shape = {1, 1, 2};
  p.weights = {0.1, -0.5, 9, 0, 0.2, -0.3};
  CHECK(picture_limit(p) == 0.5);
  const std::string svg = weight_picture_svg(p);
  CHECK(svg.find("+0.5<") != std::string::npos);
  CHECK(svg.find("17 % lie beyond") != std::string::npos);  // one of six
  p.weights.assign(6, 0);
  CHECK(picture_limit(p) == 1);
  p.weights[5] = -2;
  CHECK(picture_limit(p) == 2);
}

TEST_CASE("inside a page it names no other resource, and names cannot become markup") {
  const WeightPicture p = random_picture(3, {1, 5, 5});
  const std::string inside = weight_picture_svg(p, false);
  CHECK(inside.find("http") == std::string::npos);
  CHECK(inside.find("a<b") == std::string::npos);
  CHECK(inside.find("aria-label") != std::string::npos);
  CHECK(weight_picture_svg(p).find("xmlns=") != std::string::npos);
}

TEST_CASE("shapes and neurons to show") {
  CHECK(square_image(784)->height == 28);
  CHECK(square_image(3072)->channels == 3);
  CHECK_FALSE(square_image(785));
  CHECK(parse_image_shape("4x6")->width == 6);
  CHECK(parse_image_shape("3x4x6")->channels == 3);
  for (const char* wrong : {"", "4", "4x", "x4", "0x4", "4x6x", "4x6x1x1", "4X6", "-4x6", "5000x2", "4x6 "})
    CHECK_FALSE(parse_image_shape(wrong));
  CHECK(neurons_to_show(10, 100).size() == 10);
  const auto some = neurons_to_show(2000, 100);
  CHECK(some.size() == 100);
  CHECK(some.front() == 0);
  CHECK(some[1] == 20);
}
