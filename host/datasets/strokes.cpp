#include "host/datasets/strokes.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>
#include <vector>

#include "host/datasets/random.hpp"

namespace trifactor {
namespace {

struct Point {
  double x, y;
};

/// One way to write one digit. Strokes are polylines through control points, smoothed by a Catmull-Rom
/// spline; "x,y x,y | x,y x,y" with two digits a coordinate, 0 to 99 from left to right and top to bottom.
/// A '!' after a point makes a corner there.
struct Style {
  int digit;
  std::string_view strokes;
};

constexpr std::array styles = {
    Style{0, "50,05 25,18 15,50 25,82 50,95 75,82 85,50 75,18 50,05"},
    Style{0, "62,08 35,12 20,42 24,78 45,94 70,82 80,48 72,16 48,06"},
    Style{0, "50,12 18,30 12,62 40,90 76,80 88,44 66,14 50,12"},
    Style{1, "50,05 50,50 50,95"},
    Style{1, "28,28 52,05! 52,50 52,95"},
    Style{1, "30,26 52,05! 52,50 52,93! | 28,94 52,94 78,94"},
    Style{2, "18,28 30,08 58,05 76,22 68,45 40,70 16,93! 50,93 86,93"},
    Style{2, "20,24 44,05 74,18 70,46 44,74 24,90 22,76 40,78 62,92 86,88"},
    Style{2, "16,16 50,06 80,14 76,36 46,58 20,80 14,94! 46,90 84,95"},
    Style{3, "20,14 48,05 74,18 68,40 44,48! 72,56 80,76 56,95 18,86"},
    Style{3, "18,08 46,08 78,08! 60,24 42,42! 70,46 82,68 62,92 20,90"},
    Style{3, "24,20 44,06 70,12 70,34 36,47 74,58 74,84 44,95 16,80"},
    Style{4, "62,05 40,34 14,66! 50,66 88,66 | 64,40 64,66 64,95"},
    Style{4, "22,06 20,30 22,52! 50,52 78,50 | 78,06 76,50 74,95"},
    Style{4, "66,95 66,50 66,05! 40,34 12,64! 50,63 88,62"},
    Style{5, "78,08 50,08 26,08! 24,26 22,44! 50,38 78,54 74,82 46,95 16,86"},
    Style{5, "30,08 27,28 24,46! 54,40 80,60 68,88 38,95 16,84 | 30,08 54,08 82,06"},
    Style{5, "82,10 54,06 34,14 30,40! 60,44 74,66 62,90 36,95 18,84"},
    Style{6, "70,06 42,18 22,50 20,78 44,95 72,86 76,64 54,52 26,64"},
    Style{6, "52,05 32,34 22,66 34,92 62,92 74,70 56,54 28,66"},
    Style{6, "80,14 52,08 26,34 18,70 40,94 74,90 80,66 58,54 32,58 20,74"},
    Style{7, "14,08 50,08 84,08! 62,46 42,95"},
    Style{7, "16,22 18,08! 50,09 84,07! 66,40 52,95"},
    Style{7, "14,10 50,09 84,08! 62,46 42,95 | 34,50 54,49 74,48"},
    Style{8, "50,48 26,34 28,12 50,05 72,12 74,34 50,48 22,66 24,88 50,95 76,88 78,66 50,48"},
    Style{8, "72,16 46,05 26,22 44,42 70,62 72,86 48,95 26,84 32,62 60,40 74,22 70,14"},
    Style{8, "50,46 28,28 48,06 70,24 50,46! | 50,46 20,70 46,95 78,76 50,46"},
    Style{9, "74,30 60,08 34,08 22,30 38,50 64,46 74,26! 72,60 64,95"},
    Style{9, "72,34 46,48 24,34 32,12 60,06 74,24 72,58 56,88 28,94"},
    Style{9, "70,22 44,06 22,28 42,48 70,38 74,12! 74,50 72,95"},
};
constexpr int styles_per_digit = 3;
static_assert(styles.size() == 10 * styles_per_digit);

/// Everything that varies between two images of one style, drawn in a fixed order.
struct Hand {
  double a, b, c, d;  ///< 2x2 map from the unit square, centred, to pixels
  Point shift;
  double radius;                             ///< half the width of the pen, pixels
  double softness;                           ///< width of the pen's edge, pixels
  double ink;                                ///< darkness of the line, 0 to 1
  std::array<std::array<Point, 4>, 4> bend;  ///< displacement of the paper on a 4x4 grid
};

/// Between -1 and 1, more often near 0: the mean of three uniform numbers, widened.
double bell(SplitMix& random) {
  const double sum = random.symmetric() + random.symmetric() + random.symmetric();
  return std::clamp(sum * 0.5, -1.0, 1.0);
}

Hand draw_hand(SplitMix& random) {
  Hand hand{};
  // cos and sin of the angle 2 atan(t), without calling libm.
  const double t = bell(random) * 0.17;
  const double cosine = (1 - t * t) / (1 + t * t), sine = 2 * t / (1 + t * t);
  const double shear = 0.08 + bell(random) * 0.36;  // most people slant to the right
  const double width = 15.0 + bell(random) * 3.8, height = 19.5 + bell(random) * 2.8;
  hand.a = cosine * width, hand.b = (-cosine * shear - sine) * height;
  hand.c = sine * width, hand.d = (cosine - sine * shear) * height;
  hand.shift = {14.0 + bell(random) * 2.0, 14.0 + bell(random) * 1.9};
  hand.radius = 1.15 + bell(random) * 0.6;
  hand.softness = 1.1 + bell(random) * 0.4;
  hand.ink = 0.93 + bell(random) * 0.07;
  for (auto& row : hand.bend)
    for (Point& p : row) {
      p.x = bell(random) * 0.12;
      p.y = bell(random) * 0.12;
    }
  return hand;
}

/// Where a point of the unit square lands, in pixels: first the bent paper, then the affine map.
Point place(const Hand& hand, Point p) {
  const double gx = std::clamp(p.x * 3, 0.0, 2.999), gy = std::clamp(p.y * 3, 0.0, 2.999);
  const int ix = static_cast<int>(gx), iy = static_cast<int>(gy);
  const double fx = gx - ix, fy = gy - iy;
  const auto mix = [&](double Point::*axis) {
    const double top = hand.bend[iy][ix].*axis * (1 - fx) + hand.bend[iy][ix + 1].*axis * fx;
    const double bottom = hand.bend[iy + 1][ix].*axis * (1 - fx) + hand.bend[iy + 1][ix + 1].*axis * fx;
    return top * (1 - fy) + bottom * fy;
  };
  const double x = p.x + mix(&Point::x) - 0.5, y = p.y + mix(&Point::y) - 0.5;
  return {hand.a * x + hand.b * y + hand.shift.x, hand.c * x + hand.d * y + hand.shift.y};
}

/// Squared distance of each pixel's centre from the nearest ink line so far.
class DistanceField {
 public:
  explicit DistanceField(double reach) : reach_(reach) { squared_.fill(std::numeric_limits<double>::max()); }

  void add(Point from, Point to) {
    const int x0 = first(std::min(from.x, to.x)), x1 = last(std::max(from.x, to.x));
    const int y0 = first(std::min(from.y, to.y)), y1 = last(std::max(from.y, to.y));
    const double dx = to.x - from.x, dy = to.y - from.y;
    const double length = dx * dx + dy * dy;
    for (int y = y0; y <= y1; ++y)
      for (int x = x0; x <= x1; ++x) {
        const double px = x + 0.5 - from.x, py = y + 0.5 - from.y;
        const double along = length > 0 ? std::clamp((px * dx + py * dy) / length, 0.0, 1.0) : 0.0;
        const double ex = px - along * dx, ey = py - along * dy;
        double& best = squared_[static_cast<std::size_t>(y) * strokes_side + static_cast<std::size_t>(x)];
        best = std::min(best, ex * ex + ey * ey);
      }
  }
  double squared(std::size_t pixel) const { return squared_[pixel]; }

 private:
  static constexpr double side = static_cast<double>(strokes_side);
  int first(double low) const { return static_cast<int>(std::clamp(low - reach_ - 1, 0.0, side)); }
  int last(double high) const { return static_cast<int>(std::clamp(high + reach_ + 1, -1.0, side - 1)); }

  double reach_;
  std::array<double, strokes_pixels> squared_;
};

/// Catmull-Rom from p1 to p2.
Point spline(Point p0, Point p1, Point p2, Point p3, double t) {
  const auto axis = [t](double a, double b, double c, double d) {
    return 0.5 * (2 * b + t * ((c - a) + t * ((2 * a - 5 * b + 4 * c - d) + t * (3 * (b - c) + d - a))));
  };
  return {axis(p0.x, p1.x, p2.x, p3.x), axis(p0.y, p1.y, p2.y, p3.y)};
}

/// Draws one smooth piece of a stroke, without corners.
void draw_piece(std::span<const Point> points, const Hand& hand, DistanceField& field) {
  constexpr int steps = 5;  // segments between two control points
  Point before = place(hand, points[0]);
  for (std::size_t i = 0; i + 1 < points.size(); ++i) {
    const Point p0 = points[i == 0 ? 0 : i - 1], p3 = points[std::min(i + 2, points.size() - 1)];
    for (int s = 1; s <= steps; ++s) {
      const Point now = place(hand, spline(p0, points[i], points[i + 1], p3, s / double{steps}));
      field.add(before, now);
      before = now;
    }
  }
}

void draw_style(std::string_view text, const Hand& hand, double jitter, SplitMix& random,
                DistanceField& field) {
  std::vector<Point> piece;
  const auto finish = [&](bool corner) {
    if (piece.size() > 1) draw_piece(piece, hand, field);
    piece.erase(piece.begin(), corner ? piece.end() - 1 : piece.end());
  };
  const auto two_digits = [&](std::size_t at) { return (text[at] - '0') * 10 + (text[at + 1] - '0'); };
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == ' ') continue;
    if (text[at] == '|') {
      finish(false);
      continue;
    }
    const double x = two_digits(at) / 99.0 + bell(random) * jitter;
    const double y = two_digits(at + 3) / 99.0 + bell(random) * jitter;
    piece.push_back({x, y});
    at += 4;
    if (at + 1 < text.size() && text[at + 1] == '!') {
      finish(true);
      ++at;
    }
  }
  finish(false);
}

SplitMix image_random(std::uint64_t seed, std::uint64_t index) {
  return SplitMix(SplitMix::hash(SplitMix::hash(seed + 0x7374726F6B6573) ^ index));
}

}  // namespace

int strokes_label(std::uint64_t seed, std::uint64_t index) {
  return static_cast<int>(image_random(seed, index).below(10));
}

void strokes_image(std::uint64_t seed, std::uint64_t index, std::span<std::uint8_t, strokes_pixels> pixels) {
  SplitMix random = image_random(seed, index);
  const std::size_t digit = random.below(10);
  const Style& style = styles[digit * styles_per_digit + random.below(styles_per_digit)];
  const Hand hand = draw_hand(random);
  DistanceField field(hand.radius + hand.softness);
  draw_style(style.strokes, hand, 0.055, random, field);
  for (std::size_t i = 0; i < strokes_pixels; ++i) {
    const double reach = hand.radius + 0.5 * hand.softness;
    double value = 0;
    if (field.squared(i) < reach * reach)
      value = std::min(1.0, (reach - std::sqrt(field.squared(i))) / hand.softness) * hand.ink;
    if (value > 0) value += 0.08 * bell(random);  // grain of the paper; the background stays clean
    pixels[i] = static_cast<std::uint8_t>(std::clamp(value * 255.0 + 0.5, 0.0, 255.0));
  }
}

}  // namespace trifactor
