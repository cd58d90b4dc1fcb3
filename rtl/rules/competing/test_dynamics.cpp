// Does lateral inhibition settle where its equations say, does it make few units active, and is its winner
// the one that the rank finds?
#include "rtl/rules/competing/dynamics.hpp"

#include <algorithm>
#include <functional>
#include <numeric>

#include "rtl/rules/competing/reference.hpp"
#include "rtl/rules/test_support.hpp"

using namespace trifactor;
using namespace trifactor::reference_test;
using namespace trifactor::competing;

namespace {

/// The fixed point of (4) without any dynamics: with the m largest currents active, S = sum h = sum I /
/// (1 - w + w m), h = (I - w S) / (1 - w) for these and I - w S for the others; m is where signs agree.
Vector fixed_point(const Vector& current, double w, std::size_t& active) {
  Vector sorted = current;
  std::sort(sorted.begin(), sorted.end(), std::greater<>());
  double sum = 0, total = 0;
  active = 0;
  for (std::size_t m = 0; m < sorted.size(); ++m) {
    const double with = (total + sorted[m]) / (1 - w + w * static_cast<double>(m + 1));
    if (sorted[m] - w * with <= 0) break;
    total += sorted[m], sum = with, active = m + 1;
  }
  Vector h;
  for (const double i : current) {
    const double drive = i - w * sum;
    h.push_back(drive > 0 ? drive / (1 - w) : drive);
  }
  return h;
}

Vector currents_of(Draw& draw, std::size_t n) {
  Vector all;
  for (std::size_t i = 0; i < n; ++i) all.push_back(draw.between(-.5, 1.5));
  return all;
}

}  // namespace

TEST_CASE("it settles at the fixed point of its equations") {
  for (unsigned seed = 0; seed < 12; ++seed)
    for (const double w : {0.0, 0.3, 0.7, 0.9, 0.98}) {
      Draw draw(seed);
      const Vector current = currents_of(draw, static_cast<std::size_t>(draw.pick(2, 30)));
      const LateralInhibition d{40, w, 0, 100000};
      REQUIRE(steps_are_stable(d, current.size()));
      Vector h(current.size());
      settle(d, current, h);
      std::size_t active = 0;
      const Vector expected = fixed_point(current, w, active);
      CAPTURE(seed, w);
      for (std::size_t i = 0; i < h.size(); ++i) CHECK(h[i] == Approx(expected[i]).margin(1e-9));
    }
}

TEST_CASE("fewer units stay active as inhibition nears 1, in the end one: the winner of the fast rule") {
  for (unsigned seed = 0; seed < 12; ++seed) {
    Draw draw(seed);
    const Vector current = currents_of(draw, 30);
    const auto best = std::max_element(current.begin(), current.end()) - current.begin();
    std::size_t before = current.size();
    for (const double w : {0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 0.99}) {
      Vector h(current.size());
      settle({40, w, 0, 60000}, current, h);
      const auto active =
          static_cast<std::size_t>(std::count_if(h.begin(), h.end(), [](double v) { return v > 0; }));
      CAPTURE(seed, w);
      CHECK(active <= before);
      CHECK(active >= 1);
      CHECK(std::max_element(h.begin(), h.end()) - h.begin() == best);
      before = active;
    }
    CHECK(before <= 3);
  }
}

TEST_CASE("equal currents share activity below 1") {
  Vector h(4);
  settle({40, 0.9, 0, 60000}, Vector{1, 1, 1, 0.2}, h);
  for (int i = 0; i < 3; ++i) CHECK(h[i] == Approx(1 / (1 + 0.9 * 2)));
  CHECK(h[3] < 0);
}

TEST_CASE("the sign of learning: above h*, from there to 0, silent") {
  const LateralInhibition d{40, 0.5, 0.7, 1};
  CHECK(learning_sign(d, 0.71, 0.4) == 1);
  CHECK(learning_sign(d, 0.7, 0.4) == -0.4);
  CHECK(learning_sign(d, 1e-9, 0.4) == -0.4);
  CHECK(learning_sign(d, 0, 0.4) == 0);
  CHECK(learning_sign(d, -1, 0.4) == 0);
}

TEST_CASE("eval: whoever is above h* learns as the fast rule's winner does") {
  for (unsigned seed = 0; seed < 6; ++seed) {
    Draw draw(seed);
    EvalRequest request;
    request.mode = "online";
    request.parameters.numbers = {{"p", 3},    {"k", 2},       {"delta", .4},  {"eta", .1},
                                  {"tau", 40}, {"w_inh", .98}, {"h_star", .0}, {"steps", 60000}};
    request.parameters.words = {{"normalise", "none"}, {"dynamics", "lateral"}};
    request.inputs = {{"x", draw.array({4, 6})}, {"w", draw.array({8, 6})}};
    const FloatArrays slow = competing_reference().eval(request);
    request.parameters.words["dynamics"] = "rank";
    const FloatArrays fast = competing_reference().eval(request);
    CHECK(slow.at("current").values == fast.at("current").values);
    CHECK(slow.count("kth") == 0);
    for (std::size_t t = 0; t < 4; ++t) {
      const auto winner = static_cast<std::size_t>(fast.at("winner").values[t]);
      if (fast.at("current").values[t * 8 + winner] <= 0) continue;  // nobody is active
      CAPTURE(seed, t);
      CHECK(slow.at("winner").values[t] == fast.at("winner").values[t]);
      CHECK(slow.at("g").values[t * 8 + winner] == 1);
      for (std::size_t j = 0; j < 6; ++j)  // and changes by the same
        CHECK(slow.at("dw").values[(t * 8 + winner) * 6 + j] ==
              fast.at("dw").values[(t * 8 + winner) * 6 + j]);
    }
  }
}

TEST_CASE("steps that would overshoot are refused") {
  EvalRequest request;
  request.mode = "online";
  request.parameters.numbers = {{"p", 2},   {"k", 2},      {"delta", .4},  {"eta", .1},
                                {"tau", 5}, {"w_inh", .9}, {"h_star", .0}, {"steps", 10}};
  request.parameters.words = {{"normalise", "none"}, {"dynamics", "lateral"}};
  Draw draw(1);
  request.inputs = {{"x", draw.array({2, 3})}, {"w", draw.array({20, 3})}};
  CHECK_THROWS_AS(competing_reference().eval(request), Error);
  request.parameters.numbers["tau"] = 20;
  CHECK_NOTHROW(competing_reference().eval(request));
}
