// What `--data` and `--test` accept:  SCHEME:LOCATION[,key=value]...
//
//   synthetic:strokes|line|curve|noise   idx:DIR   cifar:DIR   npz:FILE
//   ,split=train|test   which part of the data (default: train; npz: the arrays x and labels)
//   ,first=K            index of the first sample used, counted from 0 in file order (default 0)
//   ,count=N            number of samples used from there (default: the rest)
//   ,classes=A+B...     of these, only samples of classes A, B, ...; labels keep their numbers (default: all)
//   ,shuffle=SEED       permutes what was selected, anew each epoch (default: file order)
//   ,seed=S             synthetic only: another set of images (default 1)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "rtl/spec/diagnostic.hpp"

namespace trifactor {

/// Most classes a label may name.
inline constexpr std::int64_t most_classes = 65536;

enum class Split : std::uint8_t { train, test };

struct DataSpec {
  std::string text;      ///< as the user wrote it
  std::string scheme;    ///< synthetic, idx, cifar or npz
  std::string location;  ///< NAME, DIR or FILE
  std::optional<Split> split;
  std::uint64_t first = 0;
  std::optional<std::uint64_t> count;    ///< at least 1
  std::vector<int> classes;              ///< each once; empty: all
  std::optional<std::uint64_t> shuffle;  ///< seed
  std::optional<std::uint64_t> seed;     ///< of synthetic data

  friend bool operator==(const DataSpec&, const DataSpec&) = default;
};

/// Reads a SPEC without opening anything. All its mistakes are thrown together: ExitCode::configuration.
DataSpec parse_data_spec(std::string_view text);

/// One way to name data, for `trifactor list datasets`.
struct DatasetScheme {
  std::string name;         ///< "idx"
  std::string usage;        ///< "idx:DIR"
  std::string description;  ///< one line
};
std::vector<DatasetScheme> dataset_schemes();

/// The keys a SPEC may carry, same purpose.
std::vector<DatasetScheme> data_spec_keys();

}  // namespace trifactor
