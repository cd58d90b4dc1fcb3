// `synthetic:line`, `synthetic:curve`, `synthetic:noise`: points that need no drawing, from (seed, index)
// alone.
//
//   line    (x1, x2) uniform in [-1, 1)^2, class 1 where x2 > x1 / 2       Daruwalla and Lipasti 2021, figure
//   5 curve   likewise, class 1 where x2 > tanh(3 x1)                        figure 6 noise   100 values
//   uniform in [0, 1), one of two classes by chance     6.1
#include <cmath>

#include "host/datasets/random.hpp"
#include "host/datasets/sources.hpp"

namespace trifactor {
namespace {

constexpr std::uint64_t usual_size = 100;
constexpr std::size_t noise_values = 100;

/// Samples are drawn when asked for; nothing is kept.
class PointsDataset final : public Dataset {
 public:
  explicit PointsDataset(const DataSpec& spec)
      : noise_(spec.location == "noise"), curve_(spec.location == "curve") {
    const bool test = spec.split == Split::test;
    constexpr std::uint64_t most = std::uint64_t{1} << 31;
    const Selection selection = select(spec, spec.count ? most : usual_size);
    first_ = selection.first + (test ? std::uint64_t{1} << 32 : 0);  // train and test never share an index
    seed_ = SplitMix::hash(spec.seed.value_or(1));
    features_ = noise_ ? noise_values : 2;
    name_ = spec.text;
    shape_ = {features_};
    classes_ = 2;
    size_ = selection.count;
    ContentHash hash;
    hash.add("synthetic:" + spec.location + " 1");  // to be counted up when the points change
    hash.add(seed_);
    hash.add(test);
    content_hash_ = hash.value();
  }

  void image(std::size_t i, std::span<float> out) const override {
    SplitMix random = generator(i);
    for (float& value : out) value = draw(random);
  }

  int label(std::size_t i) const override {
    SplitMix random = generator(i);
    if (noise_) return static_cast<int>(SplitMix::hash(random.next() + 1) >> 63);
    const float x1 = draw(random), x2 = draw(random);
    return x2 > (curve_ ? std::tanh(3 * x1) : x1 / 2) ? 1 : 0;
  }

 private:
  SplitMix generator(std::size_t i) const { return SplitMix(SplitMix::hash(seed_ + first_ + i)); }
  /// A multiple of 2^-20, exact in a float.
  float draw(SplitMix& random) const {
    const float unit = static_cast<float>(random.next() >> 44) * 0x1p-20F;
    return noise_ ? unit : 2 * unit - 1;
  }

  bool noise_, curve_;
  std::uint64_t seed_ = 0, first_ = 0;
};

}  // namespace

std::unique_ptr<Dataset> open_points(const DataSpec& spec) { return std::make_unique<PointsDataset>(spec); }

}  // namespace trifactor
