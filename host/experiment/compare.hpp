// Where two runs part: the first presentation, layer and quantity, then the first weight, then accuracies and
// counts. What only one folder holds, or neither, is named as not compared.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

namespace trifactor {

/// The earliest difference of digests.csv: layers in the order of their evaluation, and within a layer
/// activity, third factor (the words of the teacher and the factors formed from them), weights (the updates
/// made after these activities).
struct DigestDifference {
  std::uint64_t presentation = 0;  ///< counted from 0, tests included
  bool learned = false;            ///< of the first run, when both have the row
  std::string layer, projection;   ///< projection is empty for a layer without a learning rule
  std::string quantity;  ///< "learned", "activity", "third_factor", "weights", or "row": only one run has it
  std::string first, second;  ///< the digests; empty for a row that is not there
};

/// The first element in which an array of weights.npz differs.
struct WeightDifference {
  std::string projection;  ///< name of the array; "<name>.bias" for biases
  std::optional<std::size_t> neuron,
      row;                    ///< postsynaptic and presynaptic index; empty when the whole array differs
  std::string first, second;  ///< values, or what the array is: shape and type, "missing"
  std::size_t differing = 0;  ///< elements of this array that differ; 0 when the whole array does
};

/// One accuracy or count.
struct ValueDifference {
  std::string name;
  std::string first, second;
};

struct RunComparison {
  std::vector<std::string> digest_columns;  ///< those compared; empty when digests were not
  std::uint64_t digest_rows = 0;            ///< compared
  std::uint64_t differing_digest_rows = 0;
  std::optional<DigestDifference> digest;
  std::size_t weight_values = 0;           ///< compared
  std::vector<WeightDifference> weights;   ///< one a differing array
  std::size_t accuracies = 0, counts = 0;  ///< values compared
  std::vector<ValueDifference> accuracy, events;
  std::vector<std::string> not_compared;  ///< what and why

  bool equal() const { return !digest && weights.empty() && accuracy.empty() && events.empty(); }
};

/// Throws Error(configuration) TF-CMP-001 when a folder is no folder, TF-CMP-002 when the two have nothing in
/// common to compare; Error(data) when a file that is there is damaged.
RunComparison compare_runs(const std::filesystem::path& first, const std::filesystem::path& second);

}  // namespace trifactor
