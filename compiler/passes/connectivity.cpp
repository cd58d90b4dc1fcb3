#include "compiler/passes/connectivity.hpp"

#include <algorithm>
#include <cmath>

#include "rtl/units/random/golden.hpp"

namespace trifactor {

Connectivity::Connectivity(const Network& network, std::size_t projection) {
  const ProjectionSpec& spec = network.projections[projection];
  const PopulationSpec& from = network.populations[static_cast<std::size_t>(spec.from)];
  const PopulationSpec& to = network.populations[static_cast<std::size_t>(spec.to)];
  fan_in_ = from.neurons(), fan_out_ = to.neurons();
  inputs_ = static_cast<std::size_t>(from.neurons());
  identity_ = spec.connect == Connect::identity;
  if (identity_) fan_in_ = fan_out_ = 1;
  if (spec.density < 1) {
    threshold_ = static_cast<std::uint64_t>(std::ldexp(spec.density, 53));
    start_ = mix64(network.seed ^ 0x6d61736b);  // "mask"
    for (const char c : spec.name) start_ = mix64(start_ ^ static_cast<unsigned char>(c));
  }
  if (!has_window(spec.connect)) return;
  windowed_ = true;
  shared_ = spec.connect == Connect::convolution;
  per_channel_ = is_fixed(spec.connect);
  backwards_ = spec.feedback;
  const PopulationSpec &image = backwards_ ? to : from, &map = backwards_ ? from : to;
  const auto extent = [](int value) { return static_cast<std::size_t>(value); };
  height_ = extent(image.shape[0]), map_height_ = extent(map.shape[0]);
  width_ = extent(image.shape[1]), image_channels_ = extent(image.shape[2]);
  map_width_ = extent(map.shape[1]), map_channels_ = extent(map.shape[2]);
  for (std::size_t d = 0; d < 2; ++d) {
    taps_[d] = extent(spec.window.kernel[d]), stride_[d] = extent(spec.window.stride[d]);
    padding_[d] = extent(spec.window.padding[d]);
  }
  const double window = static_cast<double>(taps_[0] * taps_[1]);
  fan_in_ = window * static_cast<double>(per_channel_ ? 1 : backwards_ ? map_channels_ : image_channels_);
  fan_out_ = window * static_cast<double>(per_channel_ ? 1 : backwards_ ? image_channels_ : map_channels_);
}

bool Connectivity::tap(std::size_t to, std::size_t from, std::size_t& row, std::size_t& column) const {
  const std::size_t image = backwards_ ? to : from, map = backwards_ ? from : to;
  const std::size_t pixel = image / image_channels_, place = map / map_channels_;
  if (per_channel_ && image % image_channels_ != map % map_channels_) return false;
  // Unsigned: what lies before the window wraps round and is too large.
  row = pixel / width_ + padding_[0] - place / map_width_ * stride_[0];
  column = pixel % width_ + padding_[1] - place % map_width_ * stride_[1];
  return row < taps_[0] && column < taps_[1];
}

bool Connectivity::exists(std::size_t to, std::size_t from) const {
  if (identity_) return to == from;
  std::size_t row = 0, column = 0;
  if (windowed_ && !tap(to, from, row, column)) return false;
  return threshold_ == 0 || mix64(start_ ^ (std::uint64_t{to} << 32 | from)) >> 11 < threshold_;
}

std::pair<std::size_t, std::size_t> Connectivity::rows_of(std::size_t to) const {
  if (identity_) return {to, to + 1};
  if (!windowed_) return {0, inputs_};
  const std::size_t place = to / (backwards_ ? image_channels_ : map_channels_);
  const std::size_t across = backwards_ ? width_ : map_width_;
  const std::size_t at[2] = {place / across, place % across};
  const std::size_t sizes[2] = {backwards_ ? map_height_ : height_, backwards_ ? map_width_ : width_};
  std::size_t first[2], last[2];  // rows and columns of the source that the window touches
  for (std::size_t d = 0; d < 2; ++d) {
    const std::size_t shifted = at[d] + padding_[d];
    if (backwards_) {
      first[d] = shifted < taps_[d] ? 0 : (shifted - taps_[d]) / stride_[d] + 1;
      last[d] = std::min(shifted / stride_[d], sizes[d] - 1);
    } else {
      const std::size_t begin = at[d] * stride_[d];
      first[d] = begin < padding_[d] ? 0 : begin - padding_[d];
      last[d] = std::min(begin + taps_[d] - 1 - padding_[d], sizes[d] - 1);  // padding is below the taps
    }
    if (first[d] > last[d]) return {0, 0};
  }
  const std::size_t channels = backwards_ ? map_channels_ : image_channels_;
  return {(first[0] * sizes[1] + first[1]) * channels, (last[0] * sizes[1] + last[1] + 1) * channels};
}

std::size_t Connectivity::entry(std::size_t to, std::size_t from) const {
  std::size_t row = 0, column = 0;
  tap(to, from, row, column);
  const std::size_t image = (backwards_ ? to : from) % image_channels_,
                    map = (backwards_ ? from : to) % map_channels_;
  return ((map * taps_[0] + row) * taps_[1] + column) * image_channels_ + image;
}

std::size_t Connectivity::channel(std::size_t to) const {
  return shared_ ? to % (backwards_ ? image_channels_ : map_channels_) : to;
}

KernelImage Connectivity::kernel() const {
  const auto word = [](std::size_t value) { return static_cast<std::uint32_t>(value); };
  KernelImage k;
  k.backwards = backwards_;
  k.channels = word(backwards_ ? image_channels_ : map_channels_);
  k.image_width = word(width_), k.image_channels = word(image_channels_);
  k.map_width = word(map_width_), k.map_channels = word(map_channels_);
  k.tap_rows = word(taps_[0]), k.tap_columns = word(taps_[1]);
  k.stride_rows = word(stride_[0]), k.stride_columns = word(stride_[1]);
  k.padding_rows = word(padding_[0]), k.padding_columns = word(padding_[1]);
  return k;
}

}  // namespace trifactor
