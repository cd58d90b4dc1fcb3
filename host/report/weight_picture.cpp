#include "host/report/weight_picture.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdio>

#include "host/report/png.hpp"
#include "host/report/svg.hpp"

namespace trifactor {
namespace {

constexpr int levels = 127;  ///< colours on either side of 0
constexpr std::uint8_t clear = 2 * levels + 1;

/// Blue over white to red, from -1 to 1: ColorBrewer's RdBu, which colour-blind readers tell apart.
Colour diverging(double at) {
  static constexpr double anchors[5][3] = {
      {5, 48, 97}, {67, 147, 195}, {255, 255, 255}, {214, 96, 77}, {103, 0, 31}};
  const double place = std::clamp((at + 1) * 2, 0.0, 4.0);
  const auto below = std::min<std::size_t>(3, static_cast<std::size_t>(place));
  const double share = place - static_cast<double>(below);
  const auto part = [&](std::size_t k) {
    return static_cast<std::uint8_t>(
        std::lround(anchors[below][k] + share * (anchors[below + 1][k] - anchors[below][k])));
  };
  return {part(0), part(1), part(2)};
}

std::vector<Colour> palette() {
  std::vector<Colour> all;
  for (int k = -levels; k <= levels; ++k) all.push_back(diverging(static_cast<double>(k) / levels));
  all.push_back({255, 255, 255});  // between the images
  return all;
}

std::uint8_t level_of(double weight, double limit) {
  return static_cast<std::uint8_t>(std::lround(std::clamp(weight / limit, -1.0, 1.0) * levels) + levels);
}

/// Images in rows, each weight `scale` x `scale` dots, channels side by side.
struct Mosaic {
  std::size_t columns, rows, scale, gap, tile_width, tile_height;
  explicit Mosaic(const WeightPicture& p) {
    const std::size_t widest = p.shape.width * p.shape.channels;
    scale = std::max<std::size_t>(1, 66 / std::max(widest, p.shape.height));
    gap = 4;
    tile_width = widest * scale, tile_height = p.shape.height * scale;
    const double across = std::sqrt(static_cast<double>(p.shown.size()) * 1.5 *
                                    static_cast<double>(tile_height) / static_cast<double>(tile_width));
    columns = std::clamp<std::size_t>(static_cast<std::size_t>(std::lround(across)), 1, p.shown.size());
    rows = (p.shown.size() + columns - 1) / columns;
  }
  std::size_t width() const { return columns * (tile_width + gap) - gap; }
  std::size_t height() const { return rows * (tile_height + gap) - gap; }
};

IndexedImage draw(const WeightPicture& p, const Mosaic& m, double limit) {
  IndexedImage image{m.width(), m.height(), palette(), true, {}};
  image.pixels.assign(image.width * image.height, clear);
  for (std::size_t n = 0; n < p.shown.size(); ++n) {
    const std::size_t left = n % m.columns * (m.tile_width + m.gap),
                      top = n / m.columns * (m.tile_height + m.gap);
    for (std::size_t y = 0; y < m.tile_height; ++y)
      for (std::size_t x = 0; x < m.tile_width; ++x) {
        const std::size_t column = x / m.scale, channel = column / p.shape.width;
        const std::size_t pixel =
            (channel * p.shape.height + y / m.scale) * p.shape.width + column % p.shape.width;
        image.pixels[(top + y) * image.width + left + x] =
            level_of(p.weights[n * p.shape.pixels() + pixel], limit);
      }
  }
  return image;
}

IndexedImage scale_bar(std::size_t height) {
  IndexedImage image{1, height, palette(), true, {}};
  for (std::size_t y = 0; y < height; ++y)
    image.pixels.push_back(level_of(1 - 2 * static_cast<double>(y) / static_cast<double>(height - 1), 1));
  return image;
}

std::string embedded(const IndexedImage& image, double x, double y, double width, double height) {
  return fmt::format(
      R"(<image x="{:.5g}" y="{:.5g}" width="{:.5g}" height="{:.5g}" preserveAspectRatio="none" )"
      R"(style="image-rendering:pixelated" href="data:image/png;base64,{}"/>)",
      x, y, width, height, base64(png_bytes(image)));
}

}  // namespace

std::optional<ImageShape> square_image(std::size_t values) {
  for (const std::size_t channels : {std::size_t{1}, std::size_t{3}}) {
    const auto side = static_cast<std::size_t>(
        std::lround(std::sqrt(static_cast<double>(values) / static_cast<double>(channels))));
    if (side > 0 && channels * side * side == values) return ImageShape{channels, side, side};
  }
  return std::nullopt;
}

std::optional<ImageShape> parse_image_shape(const std::string& text) {
  unsigned a = 0, b = 0, c = 0;
  char rest = 0;
  const auto fits = [](unsigned n) { return n >= 1 && n <= 4096; };
  if (text.empty() || text.find_first_not_of("0123456789x") != std::string::npos || text.size() > 14)
    return {};
  if (std::sscanf(text.c_str(), "%ux%ux%u%c", &a, &b, &c, &rest) == 3)
    return fits(a) && fits(b) && fits(c) ? std::optional(ImageShape{a, b, c}) : std::nullopt;
  if (std::sscanf(text.c_str(), "%ux%u%c", &a, &b, &rest) == 2)
    return fits(a) && fits(b) ? std::optional(ImageShape{1, a, b}) : std::nullopt;
  return std::nullopt;
}

double picture_limit(const WeightPicture& picture) {
  std::vector<double> largest;
  const std::size_t pixels = picture.shape.pixels();
  for (std::size_t n = 0; n < picture.shown.size(); ++n) {
    double most = 0;
    for (std::size_t k = 0; k < pixels; ++k) most = std::max(most, std::abs(picture.weights[n * pixels + k]));
    largest.push_back(most);
  }
  const auto middle = largest.begin() + static_cast<std::ptrdiff_t>(largest.size() / 2);
  std::nth_element(largest.begin(), middle, largest.end());
  if (*middle > 0) return *middle;
  const double most = *std::max_element(largest.begin(), largest.end());
  return most > 0 ? most : 1;
}

std::vector<std::size_t> neurons_to_show(std::size_t neurons, std::size_t most) {
  std::vector<std::size_t> shown;
  const std::size_t count = std::min(neurons, most);
  for (std::size_t k = 0; k < count; ++k) shown.push_back(k * neurons / count);
  return shown;
}

std::string weight_picture_svg(const WeightPicture& p, bool document) {
  const Mosaic m(p);
  const double limit = p.limit > 0 ? p.limit : picture_limit(p);
  const std::size_t beyond = static_cast<std::size_t>(std::count_if(
      p.weights.begin(), p.weights.end(), [&](double w) { return std::abs(w) > limit * (1 + 1e-12); }));
  const double left = 46, top = 58, bar = 16, bar_gap = 22, right = 96;
  const double width = std::max(left + static_cast<double>(m.width()) + bar_gap + bar + right, 560.0);
  const double bar_height = std::clamp(static_cast<double>(m.height()), 60.0, 260.0);
  const double height = top + std::max(static_cast<double>(m.height()), bar_height) + 16;
  const std::string title =
      fmt::format("Weights of {}: {} of {} neurons", p.projection, p.shown.size(), p.neurons);
  // In a page the width gives way; both name their classes wp-..., so that neither meets another's style.
  std::string out = fmt::format(
      R"(<svg {0} viewBox="0 0 {1:.5g} {2:.5g}" role="img" aria-label="{3}" class="weight-picture">)",
      document ? fmt::format(R"(xmlns="http://www.w3.org/2000/svg" width="{:.5g}" height="{:.5g}" )"
                             R"(font-family="system-ui,'DejaVu Sans',Arial,sans-serif")",
                             width, height)
               : fmt::format(R"(style="width:100%;max-width:{:.5g}px;height:auto;display:block")", width),
      width, height, escape_html(title));
  out += R"(<style>.weight-picture text{fill:#1b1c1e}.weight-picture .wp-h{font-size:16px;font-weight:600})"
         R"(.weight-picture .wp-s{font-size:12px;fill:#5a5e66}.wp-f{fill:#fff})"
         R"(.wp-e{fill:none;stroke:#5a5e66;stroke-width:1}</style>)";
  out += svg::rect(0, 0, width, height, "wp-f");
  out += svg::text(left, 24, "start", "wp-h", title);
  std::string what =
      fmt::format("each {} x {} weights{}, numbered from 0", p.shape.height, p.shape.width,
                  p.shape.channels > 1 ? fmt::format(" of {} channels", p.shape.channels) : "");
  if (beyond > 0)
    what += fmt::format("; {:.2g} % lie beyond the scale{}",
                        100.0 * static_cast<double>(beyond) / static_cast<double>(p.weights.size()),
                        p.limit > 0 ? "" : ", which ends at the middle neuron's largest");
  out += svg::text(left, 43, "start", "wp-s", what);
  for (std::size_t row = 0; row < m.rows; ++row)
    out +=
        svg::text(left - 8, top + static_cast<double>(row * (m.tile_height + m.gap) + m.tile_height / 2) + 4,
                  "end", "wp-s", fmt::format("{}", p.shown[row * m.columns]));
  out +=
      embedded(draw(p, m, limit), left, top, static_cast<double>(m.width()), static_cast<double>(m.height()));
  const double x = left + static_cast<double>(m.width()) + bar_gap;
  out += embedded(scale_bar(255), x, top, bar, bar_height);
  out += svg::rect(x, top, bar, bar_height, "wp-e");
  const auto tick = [&](double at, const std::string& label) {
    out += svg::line(x + bar, top + at * bar_height, x + bar + 4, top + at * bar_height, "wp-e");
    out += svg::text(x + bar + 8, top + at * bar_height + 4, "start", "wp-s", label);
  };
  tick(0, fmt::format("+{:.3g}", limit)), tick(0.25, fmt::format("+{:.3g}", limit / 2)), tick(0.5, "0");
  tick(0.75, fmt::format("\xE2\x88\x92{:.3g}", limit / 2)), tick(1, fmt::format("\xE2\x88\x92{:.3g}", limit));
  return out + "</svg>\n";
}

}  // namespace trifactor
