// The teacher's words against properties of A and of kernels that hold exactly, the limits that formats were
// chosen from, and what cannot be built.
#include "rtl/rules/hsic_memory/golden.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <numeric>
#include <random>

#include "rtl/rules/test_support.hpp"
#include "rtl/spec/diagnostic.hpp"

using namespace trifactor;
using namespace trifactor::hsic_memory;

namespace {

using Random = std::mt19937_64;

LayerFacts layer_of(int neurons) {
  LayerFacts layer;
  layer.where = "test";
  layer.neurons = neurons, layer.classes = 10;
  layer.weight = signed_format(16, 1), layer.activity = signed_format(8, 1);
  layer.value = signed_format(16, 1), layer.input = signed_format(8, 1);
  layer.input_neurons = 784;
  layer.largest_eta = 0.1;
  return layer;
}

Parameters parameters(double n, double gamma) {
  Parameters p;
  for (const ParameterSpec& spec : find_rule("hsic_memory")->parameters) p.numbers[spec.name] = spec.fallback;
  p.words["error"] = "analytic";
  p.numbers["N"] = n, p.numbers["gamma"] = gamma;
  return p;
}

RulePlan plan_of(double n, double gamma) {
  return find_rule("hsic_memory")->resolve(parameters(n, gamma), layer_of(64));
}

struct Taught {
  std::vector<std::int16_t> words;
  std::vector<std::int64_t> state;
  TeacherMonitor monitor;
};
Taught teach(const RulePlan& plan, int count, const std::vector<std::int64_t>& up, std::uint32_t same) {
  Taught t;
  t.words.assign(static_cast<std::size_t>(plan.down_words), 77);
  t.state.assign(teacher_state_words(plan.partners), 0);
  golden_teacher()->teach(plan.teacher, 40, count, up, same, t.state, t.words, t.monitor);
  return t;
}

std::string refusal(const LayerFacts& layer, const Parameters& p) {
  try {
    find_rule("hsic_memory")->resolve(p, layer);
  } catch (const Error& error) {
    return error.items().at(0).code;
  }
  return "";
}

/// Distances at which kernels are neither 0 nor 1, of the layer and then of the input.
std::vector<std::int64_t> distances(const RulePlan& plan, Random& random) {
  std::vector<std::int64_t> up;
  for (const double scale : {16.0 * std::ldexp(1, 30), 31.0 * std::ldexp(1, 14)})  // sigma^2 in steps
    for (int p = 0; p < plan.partners; ++p)
      up.push_back(static_cast<std::int64_t>(std::uniform_real_distribution<double>(0, 4)(random) * scale));
  return up;
}

}  // namespace

TEST_CASE("nothing is taught or kept until N samples have been seen") {
  Random random(1);
  const RulePlan plan = plan_of(6, 20);
  for (int count = 0; count < 5; ++count) {
    const Taught t = teach(plan, count, distances(plan, random), 0x15);
    CHECK(std::count(t.words.begin(), t.words.end(), 0) == 5);
    CHECK(std::count(t.state.begin(), t.state.end(), 0) == 7);
    CHECK(t.monitor.partners == 0);
    CHECK(t.monitor.kernel == 0);
    CHECK(t.monitor.same_class == 0);
  }
  CHECK(teach(plan, 5, distances(plan, random), 0x15).monitor.same_class == 3);
}

TEST_CASE("samples that are all alike in input and class teach nothing, whatever the layer does") {
  Random random(2);
  for (const int n : {2, 3, 7, 32})
    for (const double gamma : {0.0, 0.3, 20.0, 4096.0}) {
      const RulePlan plan = plan_of(n, gamma);
      std::vector<std::int64_t> up = distances(plan, random);
      std::fill(up.begin() + plan.partners, up.end(), 0);
      const Taught t = teach(plan, plan.partners, up, 0xffffffff);
      CHECK(std::count(t.words.begin(), t.words.end(), 0) == plan.partners);  // A = 0 exactly
    }
}

TEST_CASE("words follow their partners: any order of the past gives the same words in that order") {
  Random random(3);
  for (int trial = 0; trial < 200; ++trial) {
    const RulePlan plan = plan_of(2 + trial % 31, 5);
    const std::size_t k = static_cast<std::size_t>(plan.partners);
    const std::vector<std::int64_t> up = distances(plan, random);
    const std::uint32_t same = static_cast<std::uint32_t>(random());
    std::vector<std::size_t> order(k);
    std::iota(order.begin(), order.end(), 0);
    std::shuffle(order.begin(), order.end(), random);
    std::vector<std::int64_t> mixed(2 * k);
    std::uint32_t mixed_same = 0;
    for (std::size_t p = 0; p < k; ++p) {
      mixed[p] = up[order[p]], mixed[k + p] = up[k + order[p]];
      mixed_same |= (same >> order[p] & 1) << p;
    }
    const Taught a = teach(plan, plan.partners, up, same), b = teach(plan, plan.partners, mixed, mixed_same);
    for (std::size_t p = 0; p < k; ++p) REQUIRE(b.words[p] == a.words[order[p]]);
    REQUIRE(a.state[0] == b.state[0]);
    REQUIRE(a.monitor.third_factor == b.monitor.third_factor);
  }
}

TEST_CASE("the kept kernels and sum give the words, and A of all N entries adds to nothing") {
  Random random(4);
  for (int trial = 0; trial < 200; ++trial) {
    const RulePlan plan = plan_of(2 + trial % 31, trial % 2 == 0 ? 20 : 0.5);
    const std::uint32_t same = static_cast<std::uint32_t>(random());
    const Taught t = teach(plan, plan.partners, distances(plan, random), same);
    const std::int64_t n = plan.partners + 1;
    std::int64_t total = n * (32768 - plan.teacher[teacher_same]) - t.state[0];  // N A_0
    for (int p = 1; p < n; ++p) {
      const std::int64_t kernel_x = t.state[p] >> 16, kernel_z = t.state[p] & 0xffff;
      REQUIRE((kernel_x >= 0 && kernel_x <= 32768 && kernel_z <= 32768));
      const std::int64_t label = plan.teacher[(same >> (p - 1) & 1) != 0 ? teacher_same : teacher_different];
      const std::int64_t above = n * (kernel_x - label) - t.state[0];
      total += above;
      const double word = std::ldexp(static_cast<double>(above * kernel_z), -plan.teacher[teacher_m_shift]);
      REQUIRE(std::abs(t.words[static_cast<std::size_t>(p - 1)] - word) <=
              0.5);  // so none was clipped either
    }
    REQUIRE(total == 0);
  }
}

TEST_CASE("formats hold the most extreme signals") {
  // One partner of the other class and far away in the input, all others alike, at no distance in the layer:
  // the largest A there is, and the kernel is 1.
  for (const int n : {2, 5, 32})
    for (const double gamma : {0.0, 1.0, 20.0, 4096.0}) {
      const RulePlan plan = plan_of(n, gamma);
      const std::size_t k = static_cast<std::size_t>(plan.partners);
      for (std::uint32_t same = 0; same < 2; ++same)  // this partner alike or all but this one
        for (const bool near : {false, true}) {
          std::vector<std::int64_t> up(2 * k, 0);
          for (std::size_t p = 0; p < k; ++p) up[k + p] = (p == 0) == near ? 0 : std::int64_t{1} << 34;
          const Taught t = teach(plan, plan.partners, up, same == 1 ? 1u : 0xfffffffeu);
          const double above = static_cast<double>(
              n * (t.state[1] >> 16) -
              n * std::int64_t{plan.teacher[same == 1 ? teacher_same : teacher_different]} - t.state[0]);
          const double word = std::ldexp(above, 15 - plan.teacher[teacher_m_shift]);
          CHECK(std::abs(t.words[0] - word) <= 1.0);  // a magnitude of exactly 2^15 is one step too large
        }
    }
}

TEST_CASE("what the units cannot hold is refused by name") {
  const Parameters p = parameters(6, 20);
  CHECK(refusal(layer_of(16384), p).empty());
  CHECK(refusal(layer_of(16385), p) == "TF-RULE-302");
  LayerFacts grouped = layer_of(64);
  grouped.groups = 8;
  CHECK(refusal(grouped, p) == "TF-RULE-301");
  LayerFacts wide = layer_of(64);
  wide.input = signed_format(16, 1), wide.input_neurons = 16384;
  CHECK(refusal(wide, p).empty());
  wide.input_neurons = 16385;
  CHECK(refusal(wide, p) == "TF-RULE-303");
  LayerFacts coarse = layer_of(64);
  coarse.input = signed_format(8, 1024);
  Parameters narrow = p;
  narrow.numbers["sigma_x"] = 0.001;
  CHECK(refusal(coarse, narrow) == "TF-FMT-002");
}

namespace {

/// One sample of a layer with random words and values: the factors and the errors that it sends.
struct Formed {
  std::vector<std::int16_t> a0, error, words;
  std::vector<std::vector<std::int16_t>> z;
  std::vector<std::uint16_t> fprime;
  std::vector<std::int64_t> told;
};
Formed form(const RulePlan& plan, std::size_t neurons, Random& random) {
  Formed f;
  const auto word = [&](int bound) {
    return static_cast<std::int16_t>(std::uniform_int_distribution<int>(-bound, bound)(random));
  };
  for (int p = 0; p <= plan.partners; ++p) {
    f.z.emplace_back();
    for (std::size_t i = 0; i < neurons; ++i) f.z.back().push_back(word(32767));
  }
  for (int p = 0; p < plan.partners; ++p) f.words.push_back(word(300));
  for (std::size_t i = 0; i < neurons; ++i) {
    f.fprime.push_back(static_cast<std::uint16_t>(random() % 32769));
    f.told.push_back(std::uniform_int_distribution<std::int64_t>(-(1 << 20), 1 << 20)(random));
  }
  std::vector<const std::int16_t*> compared;
  for (const auto& z : f.z) compared.push_back(z.data());
  PostView view;
  view.registers = plan.post, view.eta = plan.eta_mantissa;
  view.neurons = static_cast<int>(neurons), view.count = plan.partners;
  view.now.z = f.z[0].data(), view.now.fprime = f.fprime.data();
  view.compared = compared, view.error = f.told.data();
  f.a0.resize(neurons), f.error.resize(neurons);
  std::vector<std::uint32_t> generators(neurons, 1);
  PostResult result;
  result.generators = generators, result.a0 = f.a0, result.error = f.error;
  find_rule("hsic_memory")->golden_post()->form(view, f.words, -1, result);
  return f;
}

}  // namespace

TEST_CASE(
    "what is sent is xi of (8) times error_scale, in steps of its format and no further than its range") {
  Random random(5);
  for (int trial = 0; trial < 100; ++trial) {
    LayerFacts layer = layer_of(64);
    layer.error_taken = true;
    Parameters p = parameters(2 + trial % 31, 20);
    p.numbers["error_scale"] = trial % 3 == 0 ? 1000 : 3;
    const RulePlan plan = find_rule("hsic_memory")->resolve(p, layer);
    CHECK(plan.forms_error);
    const Formed f = form(plan, 9, random);
    const double k = plan.partners, sigma = p.numbers["sigma_z"];
    for (std::size_t i = 0; i < 9; ++i) {
      double sum = 0;
      for (int q = 1; q <= plan.partners; ++q)
        sum += f.words[static_cast<std::size_t>(q - 1)] * (f.z[0][i] - f.z[static_cast<std::size_t>(q)][i]);
      const double t = std::ldexp(sum, -plan.signals_third_factor_frac - layer.value.frac);
      const double xi = -2 / (sigma * sigma * k * k * (k + 1)) * t * p.numbers["error_scale"];
      const double largest = std::ldexp((1 << 14) - 1, -plan.error_frac);
      // half a step, and what T's own last place and the constant's 16 bits amount to
      const double slack = std::ldexp(0.5, -plan.error_frac) * 1.01 + std::abs(xi) * 0x1p-15 +
                           2 / (sigma * sigma * k * k * (k + 1)) * p.numbers["error_scale"] * 0x1p-10;
      REQUIRE(std::abs(std::ldexp(f.error[i], -plan.error_frac) -
                       std::clamp(xi, -largest - std::ldexp(1, -plan.error_frac), largest)) <= slack);
    }
  }
}

TEST_CASE("a layer that is told its error forms -eta E f' from that") {
  Random random(6);
  for (int trial = 0; trial < 100; ++trial) {
    LayerFacts layer = layer_of(64);
    layer.stochastic = false;
    layer.largest_error = 8, layer.error_sum_frac = 18 + trial % 3;
    layer.error_taken = trial % 2 == 0;
    Parameters p = parameters(6, 20);
    p.words["error"] = "told", p.numbers["error_scale"] = 5;
    const RulePlan plan = find_rule("hsic_memory")->resolve(p, layer);
    const Formed f = form(plan, 9, random);
    const auto a0 = std::find_if(plan.formats.begin(), plan.formats.end(), [](const NamedFormat& n) {
                      return n.array == "a0";
                    })->format;
    for (std::size_t i = 0; i < 9; ++i) {
      const double told = std::ldexp(static_cast<double>(f.told[i]), -layer.error_sum_frac);
      const double wanted = -layer.largest_eta / 5 * told * std::ldexp(f.fprime[i], -15);
      REQUIRE(a0.real(f.a0[i]) == Approx(wanted).margin(a0.step()).epsilon(0.002));
    }
  }
  LayerFacts alone = layer_of(64);
  Parameters p = parameters(6, 20);
  p.words["error"] = "told";
  CHECK(refusal(alone, p) == "TF-RULE-304");
}
