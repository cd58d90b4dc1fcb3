// Weights raised to a power, one request a cycle.
#include <Vunit_transform.h>

#include "rtl/units/cycles.hpp"
#include "rtl/units/transform/golden.hpp"
#include "sim/lockstep/model.hpp"
#include "sim/lockstep/stream.hpp"
#include "sim/lockstep/unit_subjects.hpp"

namespace trifactor::lockstep {
namespace {

constexpr std::int64_t chunk = 4096;                               ///< vectors of an exhaustive episode
constexpr std::int64_t all_of_8 = 3 * 256, all_of_16 = 3 * 65536;  ///< three powers

class TransformSubject final : public StreamSubject {
 public:
  std::string name() const override { return "transform"; }
  std::vector<Field> fields() const override { return {{"gap"}, {"power"}, {"weight_bits"}, {"weight"}}; }
  std::vector<std::string> bins() const override {
    return {"p 2",           "p 3",
            "p 4",           "4 bits",
            "8 bits",        "16 bits",
            "lowest weight", "highest weight",
            "weight 0",      "result 0 of a weight that is not",
            "negative",      "after a gap"};
  }
  /// Every weight of 8 and of 16 bits with every power.
  std::uint64_t directed() const override { return (all_of_8 + all_of_16 + chunk - 1) / chunk; }
  Episode episode(std::uint64_t index, Dice& dice) const override {
    Episode e;
    const std::int64_t base = static_cast<std::int64_t>(index) * chunk;
    for (std::int64_t i = 0; i < chunk; ++i) {
      const std::int64_t at = base + i;
      if (at < all_of_8) {
        e.words.insert(e.words.end(), {0, 2 + at / 256, 8, at % 256 - 128});
      } else if (at < all_of_8 + all_of_16) {
        const std::int64_t k = at - all_of_8;
        e.words.insert(e.words.end(), {0, 2 + k / 65536, 16, k % 65536 - 32768});
      } else {
        const std::int64_t bits = dice.between(4, 16);
        e.words.insert(e.words.end(), {dice.one_in(4) ? dice.between(1, 3) : 0, dice.between(2, 4), bits,
                                       dice.corner_signed(static_cast<int>(bits))});
      }
    }
    return e;
  }

 private:
  int latency() const override { return transform_latency; }
  std::vector<std::string> outputs() const override { return {"result"}; }
  void reset() override { model_.reset(); }
  void clock() override { model_.clock(); }
  bool done() override { return model_->done; }
  void show(const std::int64_t* v, bool valid) override {
    model_->start = valid;
    model_->power = static_cast<CData>(v[1] & 7);
    model_->weight_bits = static_cast<CData>(v[2] & 31);
    model_->weight = static_cast<SData>(v[3] & 0xffff);
  }
  void read(std::vector<std::int64_t>& out) override { out.push_back(as_signed(model_->result, 16)); }
  bool expect(const std::int64_t* v, std::vector<std::int64_t>& out, Coverage& coverage) override {
    out.push_back(
        transform_weight(static_cast<int>(v[1]), static_cast<int>(v[2]), static_cast<std::int32_t>(v[3])));
    const std::int64_t bound = std::int64_t{1} << (v[2] - 1);
    const bool seen[] = {
        v[1] == 2,      v[1] == 3,      v[1] == 4,         v[2] == 4, v[2] == 8,
        v[2] == 16,     v[3] == -bound, v[3] == bound - 1, v[3] == 0, v[3] != 0 && out[0] == 0,
        v[3]<0, v[0]> 0};
    for (std::size_t bin = 0; bin < std::size(seen); ++bin) coverage.hit(bin, seen[bin]);
    return true;
  }

  Clocked<Vunit_transform> model_;
};

}  // namespace

std::unique_ptr<Subject> transform_subject() { return std::make_unique<TransformSubject>(); }

}  // namespace trifactor::lockstep
