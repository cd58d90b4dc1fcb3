// What a float experiment reads: training and test samples, and the encoder fitted to the first.
#pragma once

#include <memory>

#include "host/datasets/dataset.hpp"
#include "host/encode/encoder.hpp"
#include "host/experiment/reference.hpp"

namespace trifactor {

struct ReferenceData {
  std::unique_ptr<Dataset> training, test;  ///< test: null without
  Encoder encoder;

  explicit ReferenceData(const ReferenceOptions& options);
};

/// TF-REF-002 when a weight norm is not finite after `samples`.
void expect_finite(double weight_norm, const ReferenceOptions& options, std::size_t projection,
                   std::uint64_t samples);

/// run_reference() for a network that learns in mini-batches.
ReferenceRecord run_batch_reference(const ReferenceOptions& options);

}  // namespace trifactor
