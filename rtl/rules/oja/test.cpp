// Does the weight vector become the first principal component, of length 1?
#include <catch2/catch.hpp>
#include <cmath>

#include "rtl/rules/oja/reference.hpp"

using namespace trifactor;

TEST_CASE("one neuron finds the direction of largest variance and length 1") {
  // x = a (3, 4)/5 + b (-4, 3)/5 with variance of a nine times that of b
  EvalRequest request{"online", {{{"eta", 0.01}}, {}}, {}};
  std::vector<double> w = {0.3, -0.1};
  for (int t = 0; t < 4000; ++t) {
    const double a = 3 * std::sin(2.1 * t), b = std::cos(3.7 * t + 1);
    request.inputs = {{"x", {{1, 2}, {0.6 * a - 0.8 * b, 0.8 * a + 0.6 * b}}}, {"w", {{1, 2}, w}}};
    const FloatArrays out = oja::reference().eval(request);
    for (int j = 0; j < 2; ++j) w[j] += out.at("dw").values[j];
  }
  CHECK(std::hypot(w[0], w[1]) == Approx(1).margin(0.05));
  CHECK(std::abs(0.6 * w[0] + 0.8 * w[1]) > 0.99);
}
