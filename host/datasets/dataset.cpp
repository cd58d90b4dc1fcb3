#include "host/datasets/dataset.hpp"

#include <algorithm>
#include <array>

#include "host/datasets/sources.hpp"
#include "host/datasets/strokes.hpp"

namespace trifactor {
namespace {

/// Images are drawn when asked for; nothing is kept.
class StrokesDataset final : public Dataset {
 public:
  explicit StrokesDataset(const DataSpec& spec) : seed_(spec.seed.value_or(1)) {
    const bool test = spec.split == Split::test;
    // There is always more to draw: the usual sizes hold unless count asks for more.
    constexpr std::uint64_t most = std::uint64_t{1} << 31;
    const Selection selection = select(spec, spec.count ? most : (test ? 2000 : 10000));
    first_ = selection.first + (test ? std::uint64_t{1} << 32 : 0);  // train and test never share an index
    name_ = spec.text;
    shape_ = {strokes_side, strokes_side};
    features_ = strokes_pixels;
    classes_ = 10;
    size_ = selection.count;
    ContentHash hash;
    hash.add("synthetic:strokes 1");  // to be counted up when the drawing changes
    hash.add(seed_);
    hash.add(test);
    content_hash_ = hash.value();
  }

  void image(std::size_t i, std::span<float> out) const override {
    std::array<std::uint8_t, strokes_pixels> pixels;
    strokes_image(seed_, first_ + i, pixels);
    for (std::size_t k = 0; k < strokes_pixels; ++k) out[k] = static_cast<float>(pixels[k]) / 255.0F;
  }
  int label(std::size_t i) const override { return strokes_label(seed_, first_ + i); }

 private:
  std::uint64_t seed_, first_ = 0;
};

/// The samples of some classes of another data set, in its order.
class ChosenClasses final : public Dataset {
 public:
  ChosenClasses(std::unique_ptr<Dataset> all, const DataSpec& spec) : all_(std::move(all)) {
    for (std::size_t i = 0; i < all_->size(); ++i)
      if (std::find(spec.classes.begin(), spec.classes.end(), all_->label(i)) != spec.classes.end())
        chosen_.push_back(static_cast<std::uint32_t>(i));
    for (const int label : spec.classes)
      if (std::none_of(chosen_.begin(), chosen_.end(), [&](auto i) { return all_->label(i) == label; }))
        throw Error(
            ExitCode::configuration,
            {"TF-DAT-013", "data '" + spec.text + "'",
             "none of the " + std::to_string(all_->size()) + " samples is of class " + std::to_string(label),
             "labels that occur, 0 to " + std::to_string(all_->classes() - 1) + " at most", ""});
    name_ = all_->name(), shape_ = all_->shape(), features_ = all_->features(), classes_ = all_->classes();
    is_bytes_ = all_->is_bytes(), content_hash_ = all_->content_hash();
    size_ = chosen_.size(), range_ = all_->size();
  }

  void image(std::size_t i, std::span<float> out) const override { all_->image(chosen_[i], out); }
  int label(std::size_t i) const override { return all_->label(chosen_[i]); }

 private:
  std::unique_ptr<Dataset> all_;
  std::vector<std::uint32_t> chosen_;
};

std::unique_ptr<Dataset> open_all_classes(const DataSpec& spec) {
  if (spec.scheme == "synthetic") return spec.location == "strokes" ? open_strokes(spec) : open_points(spec);
  if (spec.scheme == "idx") return open_idx(spec);
  if (spec.scheme == "cifar") return open_cifar(spec);
  if (spec.scheme == "npz") return open_npz_dataset(spec);
  throw Error(ExitCode::configuration,
              {"TF-DAT-002", "data '" + spec.text + "'",
               "there is no kind of data called '" + spec.scheme + "'", "synthetic, idx, cifar or npz", ""});
}

}  // namespace

Selection select(const DataSpec& spec, std::uint64_t available) {
  const std::uint64_t count = spec.count.value_or(spec.first < available ? available - spec.first : 1);
  if (spec.first < available && count <= available - spec.first) return {spec.first, count};
  throw Error(ExitCode::configuration, {"TF-DAT-011", "data '" + spec.text + "'",
                                        "samples " + std::to_string(spec.first) + " to first + count = " +
                                            std::to_string(spec.first) + " + " + std::to_string(count) +
                                            " are asked for, and there are " + std::to_string(available),
                                        "first + count of at most " + std::to_string(available), ""});
}

std::unique_ptr<Dataset> open_strokes(const DataSpec& spec) { return std::make_unique<StrokesDataset>(spec); }

std::unique_ptr<Dataset> open_dataset(const DataSpec& spec) {
  std::unique_ptr<Dataset> all = open_all_classes(spec);
  if (spec.classes.empty()) return all;
  return std::make_unique<ChosenClasses>(std::move(all), spec);
}

}  // namespace trifactor
