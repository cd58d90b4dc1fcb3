// Errors that travel back: are they what a transcription of the equations in whole numbers gives, does a
// transposed start stay transposed, and does time change nothing?
#include <algorithm>
#include <array>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "tests/timing/words.hpp"

namespace trifactor {
namespace {

using Matrix = WordMatrix;
using Vector = WordVector;

/// visit(block, index of the weight, neuron of the target, neuron of the source) for every weight.
template <class Visit>
void each_weight(Program& program, std::uint32_t p, Visit visit) {
  for (CoreImage& core : program.cores)
    for (BlockImage& block : core.blocks)
      for (std::uint32_t k = 0; block.projection == p && k < block.rows * core.neurons; ++k)
        visit(block.weights[k], core.first_neuron + k % core.neurons, block.first_row + k / core.neurons);
}

Matrix transposed(const Matrix& m) {
  Matrix t(m[0].size(), Vector(m.size()));
  for (std::size_t i = 0; i < m.size(); ++i)
    for (std::size_t j = 0; j < m[0].size(); ++j) t[j][i] = m[i][j];
  return t;
}

/// The feedback weights become those of the forward projections they mirror.
void transpose_start(Program& program) {
  for (const auto& [back, forth] : {std::pair{"r3", "w3"}, {"r2", "w2"}}) {
    const Matrix w = start_of(program, forth);
    each_weight(program, projection_of(program, back),
                [&](std::int16_t& r, std::uint32_t to, std::uint32_t from) {
                  r = static_cast<std::int16_t>(w[from][to]);
                });
  }
}

std::int64_t clip(std::int64_t value, std::int64_t low, std::int64_t high) {
  return std::clamp(value, low, high);
}

/// Amit's equations (2019; 2 to 6) in whole numbers: activities of 7 fraction bits, errors of 13, weights of
/// 14, eta = 1/16, rounding to nearest. No lanes, cores or packets.
class Transcription {
 public:
  explicit Transcription(const Program& program) {
    for (const auto& [name, m] : {std::pair{"w1", &w1}, {"w2", &w2}, {"w3", &w3}, {"r3", &r3}, {"r2", &r2}})
      *m = start_of(program, name);
  }
  void learn(const Vector& x, std::size_t label) {
    std::vector<bool> open1, open2;
    const Vector x1 = layer(w1, x, open1), x2 = layer(w2, x1, open2), h = product(w3, x2);
    Vector d3(h.size());
    for (std::size_t i = 0; i < h.size(); ++i) {
      const std::int64_t z = round_half_up(h[i], 21 - 12);  // of 16 bits, +-8
      if (i == label) d3[i] = z < 4096 ? 8192 : 0;
      if (i != label) d3[i] = z > -4096 ? round_half_up(-10923, 2) : 0;  // 1/3 of 15 fraction bits
    }
    const Vector d2 = gated(product(r3, d3), open2), d1 = gated(product(r2, d2), open1);
    add(w1, d1, x), add(w2, d2, x1), add(w3, d3, x2), add(r3, x2, d3), add(r2, x1, d2);
  }
  Matrix w1, w2, w3, r3, r2;

 private:
  static Vector product(const Matrix& w, const Vector& x) {
    Vector h(w.size(), 0);
    for (std::size_t i = 0; i < w.size(); ++i)
      for (std::size_t j = 0; j < x.size(); ++j) h[i] += w[i][j] * x[j];
    return h;
  }
  /// clip(h, -1, 1) with 7 fraction bits of 8, by way of the 16-bit value; open: |h| <= 1.
  static Vector layer(const Matrix& w, const Vector& x, std::vector<bool>& open) {
    Vector h = product(w, x);
    open.clear();
    for (std::int64_t& v : h) {
      open.push_back(std::abs(v) <= 1 << 21);
      v = clip(round_half_up(clip(v, -(1 << 21), 1 << 21), 21 - 15), -32768, 32767);
      v = clip(round_half_up(v, 15 - 7), -128, 127);
    }
    return h;
  }
  static Vector gated(Vector sums, const std::vector<bool>& open) {
    for (std::size_t i = 0; i < sums.size(); ++i)
      sums[i] = open[i] ? clip(round_half_up(sums[i], 14), -(1 << 14), (1 << 14) - 1) : 0;
    return sums;
  }
  /// w += eta a b, a and b of 7 and 13 fraction bits in either order.
  static void add(Matrix& w, const Vector& a, const Vector& b) {
    for (std::size_t i = 0; i < a.size(); ++i)
      for (std::size_t j = 0; j < b.size(); ++j)
        w[i][j] = clip(w[i][j] + round_half_up(a[i] * b[j], 20 + 4 - 14), -32768, 32767);
  }
};

Setup errors() { return {"errors.toml", {}, {"core.columns=16", "tree.network=mesh"}, "small"}; }

constexpr std::uint64_t sample_count = 200;

TEST_CASE("errors and updates are those of the equations, number by number") {
  const Program program = compile(errors());
  Transcription wanted(program);
  const std::vector<Frame> frames = samples(program, 0, sample_count);
  for (const Frame& frame : frames) {
    Vector x;
    for (std::size_t i = 0; i < 24; ++i) x.push_back(sample_value(frame, i));
    wanted.learn(x, frame.words.at(1));
  }
  const Outcome got = run_without_time(program, frames);
  for (const auto& [name, m] : {std::pair{"w1", &wanted.w1},
                                {"w2", &wanted.w2},
                                {"w3", &wanted.w3},
                                {"r3", &wanted.r3},
                                {"r2", &wanted.r2}}) {
    INFO(name);
    CHECK(end_of(program, got, name) == *m);
    CHECK(end_of(program, got, name) != start_of(program, name));
  }
}

TEST_CASE("feedback that starts as the transpose of the weights stays so to the last bit") {
  for (const char* bits : {"16", "8"})
    for (const char* error : {"hinge", "softmax"}) {
      INFO(bits << " bits, " << error);
      Setup setup = errors();
      for (const char* name : {"w1", "w2", "w3", "r3", "r2"})
        setup.network_sets.push_back("projection." + std::string(name) + ".weights.bits=" + bits);
      setup.network_sets.push_back("projection.w3.plasticity.error=" + std::string(error));
      Program program = compile(setup);
      transpose_start(program);
      const Outcome got = run_without_time(program, samples(program, 0, sample_count));
      for (const auto& [back, forth] : {std::pair{"r3", "w3"}, {"r2", "w2"}}) {
        CHECK(end_of(program, got, back) == transposed(end_of(program, got, forth)));
        CHECK(end_of(program, got, forth) != start_of(program, forth));
      }
    }
}

TEST_CASE("time changes no bit of errors that travel back, however the layers are cut") {
  for (const std::vector<std::string>& cut : {std::vector<std::string>{"core.columns=16"},
                                              {"core.columns=3", "mesh.width=4", "mesh.height=4"},
                                              {"core.axons=13", "mesh.width=4"}})
    for (const char* age : {"0", "1"}) {
      Setup setup = errors();
      setup.machine_sets = cut;
      setup.machine_sets.push_back("tree.network=mesh");
      for (const char* name : {"w1", "w2", "w3", "r3", "r2"})
        setup.network_sets.push_back("projection." + std::string(name) + ".plasticity.weight_age=" + age);
      const Program program = compile(setup);
      INFO(cut[0] << ", " << program.cores.size() << " cores, age " << age);
      Plan plan;
      plan.frames = samples(program, 0, 30);
      plan.frames[7].words[0] = plan.frames[8].words[0] = 0;  // looks
      const Outcome timed = run(program, plan);
      REQUIRE(timed.fault_text == "");
      const Outcome untimed = run_without_time(program, plan.frames);
      CHECK(untimed.first_difference(timed) == "");
      CHECK(untimed.core_events() == timed.core_events());
    }
}

}  // namespace
}  // namespace trifactor
