// Do the circuits in time say z_t - z_(t-1), how nearly, and what do they say where they cannot?
#include "rtl/rules/phsic_gaussian/differences.hpp"

#include <numeric>

#include "rtl/rules/phsic_gaussian/reference.hpp"
#include "rtl/rules/test_support.hpp"

using namespace trifactor;
using namespace trifactor::reference_test;
using phsic_gaussian::circuit_differences;
using phsic_gaussian::difference_kernel;
using phsic_gaussian::DifferenceCircuit;

namespace {

/// Samples with entries away from 0, so that every one of them is a significant deviation.
Vector significant(Draw& draw, std::size_t count) {
  Vector all;
  for (std::size_t k = 0; k < count; ++k)
    all.push_back((draw.pick(0, 1) == 0 ? -1 : 1) * draw.between(.5, 2));
  return all;
}

/// Largest |circuit - factor (z_t - z_(t-1))| after the best common factor, over the largest difference.
double misfit(const Vector& found, const Vector& values, std::size_t width, double& factor) {
  double product = 0, square = 0, worst = 0, largest = 0;
  const auto exact = [&](std::size_t k) { return values[k] - values[k - width]; };
  for (std::size_t k = width; k < found.size(); ++k)
    product += found[k] * exact(k), square += exact(k) * exact(k);
  factor = product / square;
  for (std::size_t k = width; k < found.size(); ++k) {
    worst = std::max(worst, std::abs(found[k] - factor * exact(k)));
    largest = std::max(largest, std::abs(exact(k)));
  }
  return worst / largest;
}

}  // namespace

TEST_CASE("the kernel is odd about c1, each side sums to 1, and a constant leaves nothing") {
  DifferenceCircuit c;
  c.c1 = 400, c.duration = 500;
  for (const double c2 : {0.1, 0.5, 2.0}) {
    c.c2 = c2;
    const Vector kernel = difference_kernel(c);
    REQUIRE(kernel.size() > c.c1 + 5);
    double recent = 0, older = 0;
    for (std::size_t u = 0; u < kernel.size(); ++u) (u < c.c1 ? recent : older) += kernel[u];
    CHECK(recent == Approx(1).epsilon(1e-9));
    CHECK(older == Approx(-1).epsilon(1e-9));
    CHECK(kernel[c.c1] == 0);
    for (std::size_t m = 1; m < 5; ++m) CHECK(kernel[c.c1 - m] == Approx(-kernel[c.c1 + m]));
    const Vector same(6, 1.5);
    const Vector found = circuit_differences(c, same, 1);
    for (const double d : found) CHECK(d == Approx(0).margin(1e-9));
  }
}

TEST_CASE("the derivative is z_t - z_(t-1), the nearer the slower samples follow one another") {
  for (unsigned seed = 0; seed < 8; ++seed) {
    Draw draw(seed);
    const std::size_t width = 3;
    const Vector values = significant(draw, 8 * width);
    double before = 1;
    for (const std::size_t slow : {1u, 2u, 4u, 8u}) {  // time constants of the kernel in c1
      DifferenceCircuit c;
      c.c1 = 10 * slow, c.duration = 20 * slow, c.c2 = 0.4;
      double factor = 0;
      const double error = misfit(circuit_differences(c, values, width), values, width, factor);
      CAPTURE(seed, slow);
      CHECK(error < before);
      before = error;
      if (slow == 8) {
        CHECK(error < 1e-9);
        CHECK(factor == Approx(1).epsilon(1e-9));
      }
    }
  }
}

TEST_CASE(
    "with background between samples the derivative sees the background, the memory the sample before") {
  for (unsigned seed = 0; seed < 8; ++seed) {
    Draw draw(seed);
    const std::size_t width = 3;
    const Vector values = significant(draw, 8 * width);
    DifferenceCircuit c;
    c.c1 = 100, c.duration = 200, c.gap = 300, c.c2 = 0.2, c.leak = 0;
    const Vector derivative = circuit_differences(c, values, width);
    for (std::size_t k = width; k < values.size(); ++k)
      CHECK(derivative[k] == Approx(values[k]).epsilon(1e-6));
    c.memory = true;
    double factor = 0;
    const double error = misfit(circuit_differences(c, values, width), values, width, factor);
    CAPTURE(seed, factor);
    CHECK(error < 0.12);
    CHECK(factor > 0.8);
    CHECK(factor < 1.1);
    // Slower kernels see less of the change-over.
    c.c2 = 0.02, c.c1 = 1000, c.duration = 2000, c.gap = 1000;
    const double slow = misfit(circuit_differences(c, values, width), values, width, factor);
    CHECK(slow < error);
    CHECK(slow < 0.02);
    CHECK(factor == Approx(1).epsilon(0.03));
  }
}

TEST_CASE("a leak makes the memory of the sample before fade while there is background") {
  DifferenceCircuit c;
  c.memory = true, c.c1 = 100, c.duration = 200, c.gap = 600, c.c2 = 0.2;
  const Vector values = {1, 1, 1, 1};  // no difference: what is found is what was forgotten
  double before = -1;
  for (const double leak : {0.0, 0.001, 0.01}) {
    c.leak = leak;
    const double found = circuit_differences(c, values, 1).back();
    CHECK(found > before);
    before = found;
  }
  CHECK(before > 0.3);
}

TEST_CASE("deviations that are not significant are remembered by their sign alone") {
  DifferenceCircuit c;
  c.memory = true, c.duration = 100000, c.c1 = 50000, c.c2 = 0.0005, c.leak = 0, c.deviation = 1;
  const Vector values = {0.3, -0.2};  // d^3 / tanh |d|^3 is the sign, whose cube root is the sign
  CHECK(circuit_differences(c, values, 1)[1] == Approx(-2).epsilon(0.06));
}

TEST_CASE("eval: with slow samples the circuit's changes are those of (19) and (18)") {
  for (const bool grouped : {false, true})
    for (unsigned seed = 0; seed < 4; ++seed) {
      Draw draw(seed);
      EvalRequest request;
      request.mode = "online";
      request.parameters.numbers = {{"sigma", 1},
                                    {"gamma", 2},
                                    {"beta", .9},
                                    {"beta_mu", .9},
                                    {"decay", .01},
                                    {"classes", 3},
                                    {"partners", 0},
                                    {"variant", 0},
                                    {"eta", .3},
                                    {"slope", .1},
                                    {"p", .3},
                                    {"delta", 1},
                                    {"groups", grouped ? 3.0 : 0.0}};
      request.inputs = {
          {"x", draw.array({6, 4})}, {"w", draw.array({6, 4})}, {"labels", {{6}, {0, 0, 1, 2, 2, 1}}}};
      const FloatArrays exact = phsic_gaussian_reference().eval(request);
      request.parameters.words["differences"] = "derivative";
      for (const auto& [name, value] : std::map<std::string, double>{{"duration", 300},
                                                                     {"gap", 0},
                                                                     {"c1", 150},
                                                                     {"c2", .3},
                                                                     {"leak", .001},
                                                                     {"step", .5},
                                                                     {"deviation", .1},
                                                                     {"tau_mu", 0}})
        request.parameters.numbers[name] = value;
      const FloatArrays circuit = phsic_gaussian_reference().eval(request);
      for (const char* name : {"dw", "third_factor", "kernel", "b1", "b2", "b3", "z"}) {
        CAPTURE(grouped, seed, name);
        const Vector &a = circuit.at(name).values, &b = exact.at(name).values;
        REQUIRE(a.size() == b.size());
        for (std::size_t k = 0; k < a.size(); ++k) CHECK(a[k] == Approx(b[k]).epsilon(1e-7).margin(1e-9));
      }
      request.parameters.numbers["variant"] = grouped ? 22 : 20;
      CHECK_THROWS_AS(phsic_gaussian_reference().eval(request), Error);
      request.parameters.numbers["variant"] = 0, request.parameters.numbers["c1"] = 300;
      CHECK_THROWS_AS(phsic_gaussian_reference().eval(request), Error);
    }
}

TEST_CASE("samples as they come are told what whole arrays of them are") {
  for (unsigned seed = 0; seed < 60; ++seed) {
    Draw draw(seed);
    DifferenceCircuit c;
    c.memory = seed % 2 == 1;
    c.duration = static_cast<std::size_t>(draw.pick(2, 30)),
    c.gap = static_cast<std::size_t>(draw.pick(0, 9));
    c.c1 = static_cast<std::size_t>(draw.pick(1, static_cast<int>(c.duration) - 1));
    c.c2 = draw.between(.1, 2), c.tau_mu = draw.pick(0, 1) == 0 ? 0 : draw.between(2, 50);
    const std::size_t width = static_cast<std::size_t>(draw.pick(1, 4)), samples = 12;
    const Vector values = significant(draw, samples * width), whole = circuit_differences(c, values, width);
    phsic_gaussian::DifferenceStream stream(c, width);
    for (std::size_t t = 0; t < samples; ++t) {
      const auto said = stream.next(std::span(values).subspan(t * width, width));
      for (std::size_t k = 0; k < width; ++k) CHECK(said[k] == Approx(whole[t * width + k]).margin(1e-11));
    }
  }
}
