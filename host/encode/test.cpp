// Encoders against means computed another way.
#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>

#include "host/encode/encoder.hpp"

using namespace trifactor;

namespace {

/// Samples held in memory.
class Table final : public Dataset {
 public:
  Table(std::vector<std::vector<float>> rows, bool bytes) : rows_(std::move(rows)) {
    size_ = rows_.size();
    features_ = rows_.at(0).size();
    shape_ = {features_};
    classes_ = 1;
    is_bytes_ = bytes;
  }
  void image(std::size_t i, std::span<float> out) const override {
    std::copy(rows_[i].begin(), rows_[i].end(), out.begin());
  }
  int label(std::size_t) const override { return 0; }

 private:
  std::vector<std::vector<float>> rows_;
};

}  // namespace

TEST_CASE("means of bytes are exact rationals, rounded once") {
  CHECK(rc::check("bytes", [] {
    const auto count = *rc::gen::inRange<std::size_t>(1, 40);
    std::vector<std::vector<float>> rows(count, std::vector<float>(3));
    std::vector<std::uint64_t> sums(3, 0);
    for (auto& row : rows)
      for (std::size_t k = 0; k < 3; ++k) {
        const int byte = *rc::gen::inRange(0, 256);
        row[k] = static_cast<float>(byte) / 255.0F;
        sums[k] += static_cast<std::uint64_t>(byte);
      }
    const Encoder encoder = fit_encoder(EncoderKind::minus_training_mean, Table(rows, true));
    for (std::size_t k = 0; k < 3; ++k)
      RC_ASSERT(encoder.offset[k] == static_cast<double>(sums[k]) / (255.0 * static_cast<double>(count)));
  }));
}

TEST_CASE("means of floats do not depend on the order, and are right") {
  CHECK(rc::check("floats", [] {
    // Magnitudes from 1e-6 to 1e6 of both signs, where sums of floats or doubles would depend on the order.
    const auto count = *rc::gen::inRange<std::size_t>(2, 60);
    std::vector<std::vector<float>> rows(count, std::vector<float>(2));
    std::vector<long double> sums(2, 0);
    for (auto& row : rows)
      for (std::size_t k = 0; k < 2; ++k) {
        const int mantissa = *rc::gen::inRange(-1000000, 1000001), exponent = *rc::gen::inRange(-40, 1);
        row[k] = std::ldexp(static_cast<float>(mantissa), exponent);
        sums[k] += row[k];
      }
    const Encoder forward = fit_encoder(EncoderKind::minus_training_mean, Table(rows, false));
    std::reverse(rows.begin(), rows.end());
    std::rotate(rows.begin(), rows.begin() + 1, rows.end());
    RC_ASSERT(fit_encoder(EncoderKind::minus_training_mean, Table(rows, false)) == forward);
    for (std::size_t k = 0; k < 2; ++k) {
      const double expected = static_cast<double>(sums[k] / static_cast<long double>(count));
      RC_ASSERT(std::abs(forward.offset[k] - expected) <= 1e-12 * std::max(1.0, std::abs(expected)));
    }
  }));
  const Table zeros({{0, 0}, {0, 0}}, false);
  CHECK(fit_encoder(EncoderKind::minus_training_mean, zeros).offset == std::vector<double>{0, 0});
  const Table extremes({{3.4e38F, -3.4e38F}, {3.4e38F, 1e-45F}}, false);
  CHECK(fit_encoder(EncoderKind::minus_training_mean, extremes).offset ==
        std::vector<double>{double{3.4e38F}, -double{3.4e38F} / 2});
}

TEST_CASE("subtracting the fitted mean leaves the training samples without a mean") {
  const auto data = open_dataset(parse_data_spec("synthetic:strokes,first=100,count=300"));
  const Encoder encoder = fit_encoder(EncoderKind::minus_training_mean, *data);
  std::vector<float> image(data->features());
  std::vector<double> sums(data->features(), 0.0);
  for (std::size_t i = 0; i < data->size(); ++i) {
    data->image(i, image);
    encoder.apply(image, image);
    for (std::size_t k = 0; k < image.size(); ++k) sums[k] += static_cast<double>(image[k]);
  }
  CHECK(*std::max_element(encoder.offset.begin(), encoder.offset.end()) > 0.1);
  for (const double sum : sums) CHECK(std::abs(sum) < 300 * 6e-8);  // half a float step at 1, per sample
  // Fitted to what was selected, not to the whole of the data.
  const auto other = open_dataset(parse_data_spec("synthetic:strokes,first=0,count=300"));
  CHECK(fit_encoder(EncoderKind::minus_training_mean, *other) != encoder);
}

TEST_CASE("unit and none leave the values alone") {
  const Table data({{0.25F, -3}}, false);
  for (const EncoderKind kind : {EncoderKind::unit, EncoderKind::none}) {
    const Encoder encoder = fit_encoder(kind, data);
    CHECK(encoder.offset.empty());
    std::vector<float> out(2);
    encoder.apply(std::vector<float>{0.25F, -3}, out);
    CHECK(out == std::vector<float>{0.25F, -3});
  }
}

TEST_CASE("names go both ways; mistakes are refused") {
  for (const std::string& name : encoder_kind_names())
    CHECK(to_string(parse_encoder_kind(name, "n.toml:3:1")) == name);
  try {
    parse_encoder_kind("minus_trainin_mean", "n.toml:3:1");
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.exit() == ExitCode::configuration);
    CHECK(error.items()[0].hint == "did you mean 'minus_training_mean'?");
    CHECK(error.items()[0].where == "n.toml:3:1");
  }
  const Encoder encoder{EncoderKind::minus_training_mean, {0, 0}};
  std::vector<float> three(3);
  CHECK_THROWS_AS(encoder.apply(three, three), Error);
}

TEST_CASE("symmetric takes [0, 1] to [-1, 1], exactly for bytes' ends and middle") {
  const Encoder encoder = fit_encoder(parse_encoder_kind("symmetric", "here"), Table({{0, 1}}, true));
  CHECK(encoder.offset.empty());
  const std::vector<float> in = {0, 0.5F, 1, 51.0F / 255.0F};
  std::vector<float> out(4);
  encoder.apply(in, out);
  CHECK(std::vector<float>(out.begin(), out.begin() + 3) == std::vector<float>{-1, 0, 1});
  CHECK(out[3] == Approx(-0.6));
  encoder.apply(out, out);  // in place
  CHECK(out[0] == -3);
}

TEST_CASE("unit length leaves directions alone and loses how bright a sample is") {
  const Encoder encoder = fit_encoder(parse_encoder_kind("unit_length", "here"), Table({{3, 4}}, false));
  CHECK(encoder.offset.empty());
  std::vector<float> out(2);
  encoder.apply(std::vector<float>{3, -4}, out);
  CHECK(out == std::vector<float>{0.6F, -0.8F});
  encoder.apply(std::vector<float>{3e-30F, -4e-30F}, out);  // squares below float's range
  CHECK((out[0] == Approx(0.6) && out[1] == Approx(-0.8)));
  out = {0, 0};
  encoder.apply(out, out);
  CHECK(out == std::vector<float>{0, 0});
  CHECK(rc::check("any sample", [&] {
    const auto in = *rc::gen::container<std::vector<float>>(
        *rc::gen::inRange<std::size_t>(1, 40),
        rc::gen::map(rc::gen::inRange(-255, 256), [](int v) { return static_cast<float>(v) / 255.0F; }));
    const double length = std::sqrt(std::inner_product(in.begin(), in.end(), in.begin(), 0.0));
    std::vector<float> scaled(in.size());
    encoder.apply(in, scaled);
    for (std::size_t i = 0; i < in.size(); ++i)
      RC_ASSERT(std::abs(scaled[i] * length - in[i]) <= 1e-6 * (length + 1e-30));
  }));
}
