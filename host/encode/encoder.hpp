// From a sample's values to the real values of an input population.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "host/datasets/dataset.hpp"

namespace trifactor {

enum class EncoderKind : std::uint8_t {
  none,                 ///< the values as they are
  unit,                 ///< as they are: pixels in [0, 1]
  minus_training_mean,  ///< less the mean of each feature over the training samples
  symmetric,            ///< 2 v - 1: pixels in [-1, 1], (v - 0.5) / 0.5
  unit_length,          ///< v / |v|, the sample's Euclidean length; a sample of zeros stays one
};

/// "none", "unit", "minus_training_mean", "symmetric", "unit_length".
std::string to_string(EncoderKind kind);

/// The kind of that name; ExitCode::configuration, with a suggestion, when there is none.
/// `where` names the place that asked for it (file:line:column).
EncoderKind parse_encoder_kind(std::string_view name, const std::string& where);

/// One line each, in the order of EncoderKind.
std::vector<std::string> encoder_kind_names();

struct Encoder {
  EncoderKind kind = EncoderKind::none;
  std::vector<double> offset;  ///< minus_training_mean: one mean a feature; otherwise empty

  /// out[i] = in[i] - offset[i], the difference of doubles rounded once to float; 2 in[i] - 1 when symmetric;
  /// in[i] / sqrt(sum of squares, added in order) when of unit length, in doubles and rounded once. The spans
  /// are of equal length, equal to offset's where there is one, else ExitCode::data; they may be the same
  /// memory.
  void apply(std::span<const float> in, std::span<float> out) const;

  friend bool operator==(const Encoder&, const Encoder&) = default;
};

/// Fits to the selected samples of `training`. The sums are exact integers, so the result depends neither on
/// the order of the samples nor on the machine: bytes are summed as bytes; other values are first rounded to
/// 2^-61 of the largest magnitude in the data.
Encoder fit_encoder(EncoderKind kind, const Dataset& training);

}  // namespace trifactor
