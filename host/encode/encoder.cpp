#include "host/encode/encoder.hpp"

#include <algorithm>
#include <cmath>

namespace trifactor {
namespace {

__extension__ using Wide = __int128;  // -Wpedantic: 2^62 times 2^64 samples fits

/// Means of k / 255 for integers k, rounded once.
std::vector<double> byte_means(const Dataset& data) {
  std::vector<std::uint64_t> sums(data.features(), 0);
  std::vector<float> image(data.features());
  for (std::size_t i = 0; i < data.size(); ++i) {
    data.image(i, image);
    for (std::size_t k = 0; k < image.size(); ++k)
      sums[k] += static_cast<std::uint64_t>(std::lround(static_cast<double>(image[k]) * 255.0));
  }
  std::vector<double> means(sums.size());
  for (std::size_t k = 0; k < sums.size(); ++k)
    means[k] = static_cast<double>(sums[k]) / static_cast<double>(255 * data.size());
  return means;
}

std::vector<double> real_means(const Dataset& data) {
  std::vector<float> image(data.features());
  float largest = 0;
  for (std::size_t i = 0; i < data.size(); ++i) {
    data.image(i, image);
    for (const float v : image) largest = std::max(largest, std::abs(v));
  }
  if (largest == 0) return std::vector<double>(data.features(), 0.0);
  int exponent = 0;
  std::frexp(largest, &exponent);  // largest < 2^exponent
  const int frac = 61 - exponent;
  std::vector<Wide> sums(data.features(), 0);
  for (std::size_t i = 0; i < data.size(); ++i) {
    data.image(i, image);
    for (std::size_t k = 0; k < image.size(); ++k)
      sums[k] += static_cast<std::int64_t>(std::nearbyint(std::ldexp(static_cast<double>(image[k]), frac)));
  }
  std::vector<double> means(sums.size());
  for (std::size_t k = 0; k < sums.size(); ++k)
    means[k] = std::ldexp(static_cast<double>(sums[k]) / static_cast<double>(data.size()), -frac);
  return means;
}

}  // namespace

std::vector<std::string> encoder_kind_names() {
  return {"none", "unit", "minus_training_mean", "symmetric", "unit_length"};
}

std::string to_string(EncoderKind kind) { return encoder_kind_names()[static_cast<std::size_t>(kind)]; }

EncoderKind parse_encoder_kind(std::string_view name, const std::string& where) {
  const std::vector<std::string> names = encoder_kind_names();
  for (std::size_t i = 0; i < names.size(); ++i)
    if (names[i] == name) return static_cast<EncoderKind>(i);
  const std::string close = nearest(name, names);
  throw Error(ExitCode::configuration,
              {"TF-ENC-001", where, "there is no encoder '" + std::string(name) + "'",
               "none, unit, minus_training_mean, symmetric or unit_length",
               close.empty() ? "" : "did you mean '" + close + "'?"});
}

void Encoder::apply(std::span<const float> in, std::span<float> out) const {
  if (in.size() != out.size() || (kind == EncoderKind::minus_training_mean && offset.size() != in.size()))
    throw Error(ExitCode::data,
                {"TF-ENC-002", "input encoder", "a sample has " + std::to_string(in.size()) + " values",
                 std::to_string(kind == EncoderKind::minus_training_mean ? offset.size() : out.size()) +
                     ", as the network was fitted to",
                 "training and test data must have the same shape"});
  if (kind == EncoderKind::symmetric) {
    std::transform(in.begin(), in.end(), out.begin(), [](float v) { return 2 * v - 1; });
    return;
  }
  if (kind == EncoderKind::unit_length) {
    double squares = 0;
    for (const float v : in) squares += static_cast<double>(v) * static_cast<double>(v);
    const double length = squares > 0 ? std::sqrt(squares) : 1;
    std::transform(in.begin(), in.end(), out.begin(),
                   [length](float v) { return static_cast<float>(static_cast<double>(v) / length); });
    return;
  }
  if (kind != EncoderKind::minus_training_mean) {
    std::copy(in.begin(), in.end(), out.begin());
    return;
  }
  for (std::size_t i = 0; i < in.size(); ++i)
    out[i] = static_cast<float>(static_cast<double>(in[i]) - offset[i]);
}

Encoder fit_encoder(EncoderKind kind, const Dataset& training) {
  if (kind != EncoderKind::minus_training_mean) return {kind, {}};
  return {kind, training.is_bytes() ? byte_means(training) : real_means(training)};
}

}  // namespace trifactor
