// Points from a seed: do they lie where their class says, and are train and test apart?
#include <catch2/catch.hpp>
#include <cmath>
#include <set>

#include "host/datasets/dataset.hpp"

using namespace trifactor;

namespace {

std::vector<float> values(const Dataset& data, std::size_t i) {
  std::vector<float> out(data.features());
  data.image(i, out);
  return out;
}

}  // namespace

TEST_CASE("points of two classes lie on their side of the line and of the curve") {
  for (const bool curve : {false, true}) {
    const auto data =
        open_dataset(parse_data_spec(curve ? "synthetic:curve,count=4000" : "synthetic:line,count=4000"));
    CHECK(data->features() == 2);
    CHECK(data->classes() == 2);
    int ones = 0, same = 0;
    for (std::size_t i = 0; i < data->size(); ++i) {
      const auto x = values(*data, i);
      CHECK((x[0] >= -1 && x[0] < 1 && x[1] >= -1 && x[1] < 1));
      const double side = x[1] - (curve ? std::tanh(3.0 * x[0]) : 0.5 * x[0]);
      CHECK(data->label(i) == (side > 0 ? 1 : 0));
      ones += data->label(i), same += (x[1] > 0.5F * x[0]) == (data->label(i) == 1);
    }
    CHECK(ones > 1800);
    CHECK(ones < 2200);
    CHECK((same == 4000) == !curve);
  }
}

TEST_CASE("noise fills the unit interval and its classes follow from nothing") {
  const auto data = open_dataset(parse_data_spec("synthetic:noise,count=1000"));
  CHECK(data->features() == 100);
  double mean = 0, of_ones = 0;
  int ones = 0;
  for (std::size_t i = 0; i < data->size(); ++i) {
    const auto x = values(*data, i);
    mean += x[0] / 1000, ones += data->label(i);
    of_ones += data->label(i) == 1 ? x[0] : 0;
  }
  CHECK(mean == Approx(0.5).margin(0.05));
  CHECK(ones > 430);
  CHECK(ones < 570);
  CHECK(of_ones / ones == Approx(0.5).margin(0.07));
}

TEST_CASE("points are those of their seed, and tests are others") {
  std::set<float> seen;
  for (const char* spec : {"synthetic:line", "synthetic:line,split=test", "synthetic:line,seed=2"}) {
    const auto data = open_dataset(parse_data_spec(spec));
    CHECK(data->size() == 100);
    const auto again = open_dataset(parse_data_spec(spec));
    for (std::size_t i = 0; i < 100; ++i) {
      CHECK(values(*data, i) == values(*again, i));
      seen.insert(values(*data, i)[0]);
    }
  }
  CHECK(seen.size() > 295);  // of 2^20 possible ones
}
