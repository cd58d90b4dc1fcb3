// `npz:FILE`: NumPy arrays x (N, ...) and labels (N).
#include <algorithm>
#include <cmath>
#include <cstring>

#include "compiler/npz/npz.hpp"
#include "host/datasets/sources.hpp"

namespace trifactor {
namespace {

class NpzDataset final : public Dataset {
 public:
  explicit NpzDataset(const DataSpec& spec) {
    NpzReader reader{std::filesystem::path(spec.location)};
    const auto [x_name, label_name] = array_names(spec, reader);
    x_ = reader.read(x_name);
    const NpyArray labels = reader.read(label_name);
    const std::string x_where = reader.where(x_name), label_where = reader.where(label_name);

    if (x_.dtype != "<f4" && x_.dtype != "<f8" && x_.dtype != "|u1")
      damaged("TF-DAT-030", x_where, "the samples have the type " + x_.dtype, "float32, float64 or uint8",
              "save x.astype('float32')");
    if (x_.shape.empty() || x_.size() == 0)
      damaged("TF-DAT-031", x_where, "the samples have the shape " + shape_text(x_.shape),
              "(N, ...) with at least one sample of at least one value");
    if (labels.shape != std::vector<std::size_t>{x_.shape[0]})
      damaged("TF-DAT-027", label_where,
              "the labels have the shape " + shape_text(labels.shape) + " and there are " +
                  std::to_string(x_.shape[0]) + " samples",
              "one integer a sample, shape (" + std::to_string(x_.shape[0]) + ",)");
    const Selection selection = select(spec, x_.shape[0]);

    std::int64_t largest = 0;
    for (const std::int64_t label : to_integers(labels, label_where)) {
      if (label < 0 || label >= most_classes)
        damaged("TF-DAT-032", label_where, "a label is " + std::to_string(label),
                "class numbers from 0 to " + std::to_string(most_classes - 1));
      largest = std::max(largest, label);
      labels_.push_back(static_cast<int>(label));
    }
    if (x_.dtype == "<f4") check_finite<float>(x_where);
    if (x_.dtype == "<f8") check_finite<double>(x_where);

    name_ = spec.text;
    shape_.assign(x_.shape.begin() + 1, x_.shape.end());
    if (shape_.empty()) shape_ = {1};  // (N): one value a sample
    features_ = x_.size() / x_.shape[0];
    classes_ = static_cast<int>(largest) + 1;
    size_ = selection.count;
    first_ = selection.first;
    is_bytes_ = x_.dtype == "|u1";
    ContentHash hash;
    for (const NpyArray* array : {static_cast<const NpyArray*>(&x_), &labels}) {
      hash.add(array->dtype);
      hash.add(array->shape.size());
      for (const std::size_t n : array->shape) hash.add(n);
      hash.add(array->bytes);
    }
    content_hash_ = hash.value();
  }

  void image(std::size_t i, std::span<float> out) const override {
    const std::size_t start = (first_ + i) * features_;
    for (std::size_t k = 0; k < features_; ++k) {
      if (is_bytes_) {
        out[k] = static_cast<float>(std::to_integer<int>(x_.bytes[start + k])) / 255.0F;
      } else if (x_.dtype == "<f4") {
        out[k] = element<float>(start + k);
      } else {
        out[k] = static_cast<float>(element<double>(start + k));
      }
    }
  }
  int label(std::size_t i) const override { return labels_[first_ + i]; }

 private:
  [[noreturn]] static void damaged(const char* code, const std::string& where, std::string found,
                                   std::string expected, std::string hint = {}) {
    throw Error(ExitCode::data, {code, where, std::move(found), std::move(expected), std::move(hint)});
  }

  /// x and labels; with split=S the arrays x_S and labels_S. A file without splits is all training data, and
  /// is never silently used as test data.
  static std::pair<std::string, std::string> array_names(const DataSpec& spec, const NpzReader& reader) {
    if (!spec.split) return {"x", "labels"};
    if (spec.split == Split::train) {
      const bool plain = !reader.has("x_train") && reader.has("x");
      return plain ? std::pair{"x", "labels"} : std::pair{"x_train", "labels_train"};
    }
    if (!reader.has("x_test") && reader.has("x"))
      damaged("TF-DAT-033", spec.location, "the file has no test split, only the array x",
              "arrays x_test and labels_test", "leave out split=test to use x and labels");
    return {"x_test", "labels_test"};
  }

  template <class T>
  T element(std::size_t i) const {
    T value;
    std::memcpy(&value, x_.bytes.data() + i * sizeof(T), sizeof(T));
    return value;
  }

  template <class T>
  void check_finite(const std::string& where) const {
    for (std::size_t i = 0; i < x_.size(); ++i)
      if (!std::isfinite(static_cast<float>(element<T>(i))))
        damaged("TF-DAT-034", where,
                "sample " + std::to_string(i / (x_.size() / x_.shape[0])) + " holds " +
                    std::to_string(element<T>(i)),
                "finite numbers that fit in a float32");
  }

  NpyArray x_;
  std::vector<int> labels_;
  std::uint64_t first_ = 0;
};

}  // namespace

std::unique_ptr<Dataset> open_npz_dataset(const DataSpec& spec) { return std::make_unique<NpzDataset>(spec); }

}  // namespace trifactor
