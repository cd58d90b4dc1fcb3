// Weights as images: what each neuron of a layer takes from an image, drawn where the pixels lie (Krotov and
// Hopfield 2019 show learned weights so). One drawing that needs nothing else: the images as a PNG inside an
// SVG with title, numbers and scale.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace trifactor {

struct ImageShape {
  std::size_t channels = 1, height = 0, width = 0;
  std::size_t pixels() const { return channels * height * width; }
};

/// A square image of so many values, with one channel or else three; empty when neither fits.
std::optional<ImageShape> square_image(std::size_t values);

/// HEIGHTxWIDTH or CHANNELSxHEIGHTxWIDTH; empty when the text is neither, or a part is 0 or above 4096.
std::optional<ImageShape> parse_image_shape(const std::string& text);

struct WeightPicture {
  std::string projection;
  std::size_t neurons = 0;         ///< of the whole projection
  std::vector<std::size_t> shown;  ///< which of them, ascending
  ImageShape shape;
  std::vector<double> weights;  ///< (shown, pixels) in real units
  double limit = 0;             ///< what the ends of the colour scale stand for; 0: picture_limit()
};

/// Unless chosen, what the ends of the colour scale stand for: the largest |weight| of the median neuron, so
/// that a few neurons that never learned do not pale the others. Never 0.
double picture_limit(const WeightPicture& picture);

/// At most `most` neurons, evenly over all.
std::vector<std::size_t> neurons_to_show(std::size_t neurons, std::size_t most);

/// A complete SVG document, or one to stand inside a page; red is above 0, blue below, white 0.
std::string weight_picture_svg(const WeightPicture& picture, bool document = true);

}  // namespace trifactor
