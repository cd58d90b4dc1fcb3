// The weights of a finished run as images: from weights.npz and the formats in run.json.
#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "host/report/run_record.hpp"
#include "host/report/weight_picture.hpp"

namespace trifactor {

struct WeightImageRequest {
  std::string projection;
  std::optional<ImageShape> shape;  ///< empty: a square, of one channel or three
  std::size_t most = 100;           ///< neurons shown
  double limit = 0;                 ///< of the colour scale; 0: picture_limit()
};

/// Throws Error (configuration) TF-RUN-014 for a projection that the run does not have, -015 for a shape that
/// is not that of its inputs; Error (data) for a damaged file.
WeightPicture read_weight_picture(const std::filesystem::path& folder, const RunRecord& run,
                                  const WeightImageRequest& request);

/// Pictures of the projections from the input, where the input is a square image; none without weights.npz.
std::vector<WeightPicture> read_input_pictures(const std::filesystem::path& folder, const RunRecord& run,
                                               std::size_t most = 60);

}  // namespace trifactor
