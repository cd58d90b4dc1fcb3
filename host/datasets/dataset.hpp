// Labelled samples, by index. Selection (split, first, count, classes) has already happened: index 0 is the
// first selected sample, in file order. See sample_order.hpp for the order in which an epoch visits them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "host/datasets/data_spec.hpp"

namespace trifactor {

/// Const members may be called from several threads.
class Dataset {
 public:
  virtual ~Dataset() = default;

  /// The SPEC that opened it.
  const std::string& name() const { return name_; }
  /// Shape of one sample: {28, 28}.
  const std::vector<std::size_t>& shape() const { return shape_; }
  /// Values in one sample: the product of shape().
  std::size_t features() const { return features_; }
  /// One more than the largest label of the part of the data (split) that was opened, selected or not.
  int classes() const { return classes_; }
  /// Number of selected samples, at least 1.
  std::size_t size() const { return size_; }
  /// Samples that first and count name, of which size() are of the classes that were asked for.
  std::size_t range() const { return range_ == 0 ? size_ : range_; }
  /// 64 bits that change when anything that was read changes, selected or not; equal on every machine.
  std::uint64_t content_hash() const { return content_hash_; }
  /// Every value is a byte / 255. False for floating-point npz.
  bool is_bytes() const { return is_bytes_; }

  /// Sample i < size() into `out` (features() values, C order): byte / 255 in [0, 1], or the file's own
  /// finite values.
  virtual void image(std::size_t i, std::span<float> out) const = 0;
  /// In [0, classes()).
  virtual int label(std::size_t i) const = 0;

 protected:
  Dataset() = default;
  std::string name_;
  std::vector<std::size_t> shape_;
  std::size_t features_ = 0;
  int classes_ = 0;
  std::size_t size_ = 0;
  std::size_t range_ = 0;  ///< 0: size_
  std::uint64_t content_hash_ = 0;
  bool is_bytes_ = true;
};

/// Opens and checks the data. ExitCode::configuration: a file that is not there, a folder in place of a file,
/// first and count beyond the data, a class without samples. ExitCode::data: everything wrong inside the
/// files.
std::unique_ptr<Dataset> open_dataset(const DataSpec& spec);

}  // namespace trifactor
