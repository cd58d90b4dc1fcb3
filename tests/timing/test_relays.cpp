// Errors that pass populations which do not learn: are they what a transcription gives that walks over
// windows and forgets cores and packets, and do time, cuts and steps change nothing?
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "tests/timing/words.hpp"

namespace trifactor {
namespace {

using Vector = std::vector<double>;  ///< real values; all are dyadic and exact
using Matrix = std::vector<Vector>;  ///< [neuron][input]

Matrix real(const Program& program, const std::string& name, const WordMatrix& words) {
  const int frac = program.projections[projection_of(program, name)].weight.frac;
  Matrix m;
  for (const WordVector& row : words) {
    m.emplace_back();
    for (const std::int64_t word : row) m.back().push_back(std::ldexp(static_cast<double>(word), -frac));
  }
  return m;
}

/// Rounded half up to a word of `bits` with `frac` fraction bits, and saturated.
double stored(double value, int bits, int frac) {
  const double scaled = std::floor(std::ldexp(value, frac) + 0.5), end = std::ldexp(1, bits - 1);
  return std::ldexp(std::clamp(scaled, -end, end - 1), -frac);
}
double error_word(double value) { return stored(value, 15, 13); }

/// The network of relays.toml: eta = 1/16, mu = 1/3, weights that learn of 14 fraction bits.
class Transcription {
 public:
  explicit Transcription(const Program& program) {
    for (const char* name : {"see", "frozen", "learned", "read", "r_read", "r_learned", "r_frozen"})
      w[name] = real(program, name, start_of(program, name));
  }
  std::map<std::string, Matrix> w;
  int nobody = 0, shared = 0, shut = 0;  ///< windows without a winner, neurons that won two, gates closed

  void learn(const Vector& pixels, std::size_t label) {
    std::vector<bool> map_open, mix_open, sum_open;
    const Vector map = saturated(product("see", pixels), map_open, 2);
    std::vector<int> winners;
    const Vector pooled = largest(map, winners), mean = means(pooled);
    const Vector mix = saturated(product("frozen", mean), mix_open, 2);
    Vector h = product("learned", mix);
    for (std::size_t i = 0; i < h.size(); ++i) h[i] += mean[i];
    const Vector sum = saturated(h, sum_open, 1), z = product("read", sum);
    Vector top(z.size());
    for (std::size_t i = 0; i < z.size(); ++i) {
      const double value = stored(z[i], 16, 12);
      if (i == label) top[i] = value < 1 ? 1 : 0;
      if (i != label) top[i] = value > -1 ? error_word(-10923 / 32768.0) : 0;
    }
    const Vector d_sum = gated(product("r_read", top), sum_open, 1);
    const Vector d_mix = gated(product("r_learned", d_sum), mix_open, 2);
    Vector back = product("r_frozen", d_mix);
    for (std::size_t i = 0; i < back.size(); ++i) back[i] = error_word(back[i] + d_sum[i]);
    Vector d_pooled(pooled.size(), 0);
    for (int y = 0; y < 2; ++y)
      for (int c = 0; c < 2; ++c)
        for (int ky = 0; ky < 2; ++ky)
          for (int kx = 0; kx < 2; ++kx) d_pooled[at((y + ky) * 2 + kx, c)] += back[at(y, c)] / 4;
    Vector d_map(map.size(), 0);
    std::vector<int> wins(map.size(), 0);
    for (std::size_t i = 0; i < winners.size(); ++i) {
      nobody += winners[i] < 0;
      if (winners[i] < 0) continue;
      d_map[static_cast<std::size_t>(winners[i])] += error_word(d_pooled[i]);
      shared += ++wins[static_cast<std::size_t>(winners[i])] == 2;
    }
    d_map = gated(d_map, map_open, 2);
    for (const bool open : mix_open) shut += !open;
    for (std::size_t i = 0; i < map.size(); ++i)  // untied 3 x 3 windows, padding 1
      for (std::size_t j = 0; j < pixels.size(); ++j) {
        const int dy = static_cast<int>(i) / 10 - static_cast<int>(j) / 5,
                  dx = static_cast<int>(i) / 2 % 5 - static_cast<int>(j) % 5;
        if (std::abs(dy) <= 1 && std::abs(dx) <= 1) add(w["see"][i][j], d_map[i], pixels[j]);
      }
    outer("learned", d_sum, mix), outer("read", top, sum), outer("r_read", sum, top);
    outer("r_learned", mix, d_sum);
  }

 private:
  static std::size_t at(int place, int channel) { return static_cast<std::size_t>(place * 2 + channel); }
  Vector product(const std::string& name, const Vector& x) const {
    const Matrix& m = w.at(name);
    Vector h(m.size(), 0);
    for (std::size_t i = 0; i < m.size(); ++i)
      for (std::size_t j = 0; j < x.size(); ++j) h[i] += m[i][j] * x[j];
    return h;
  }
  static Vector saturated(Vector h, std::vector<bool>& open, double scale) {
    for (double& v : h) {
      open.push_back(std::abs(v) <= scale);
      v = stored(stored(std::clamp(v / scale, -1.0, 1.0), 16, 15), 8, 7);
    }
    return h;
  }
  /// Windows of 3 x 3 with stride 2 on 6 x 5: the last row of them hangs over the edge, where there is a 0.
  static Vector largest(const Vector& map, std::vector<int>& winners) {
    Vector all;
    for (int y = 0; y < 3; ++y)
      for (int x = 0; x < 2; ++x)
        for (int c = 0; c < 2; ++c) {
          double best = y == 2 ? 0 : -2;
          int winner = -1;
          for (int ky = 0; ky < 3 && 2 * y + ky < 6; ++ky)
            for (int kx = 0; kx < 3; ++kx) {
              const std::size_t i = at((2 * y + ky) * 5 + 2 * x + kx, c);
              if (map[i] > best) best = map[i], winner = static_cast<int>(i);
            }
          all.push_back(best);
          winners.push_back(best == 0 ? -1 : winner);
        }
    return all;
  }
  static Vector means(const Vector& pooled) {
    Vector mean;
    for (int y = 0; y < 2; ++y)
      for (int c = 0; c < 2; ++c) {
        double total = 0;
        for (int k = 0; k < 4; ++k) total += pooled[at(y * 2 + k, c)];
        mean.push_back(stored(total / 4, 8, 7));
      }
    return mean;
  }
  static Vector gated(Vector sums, const std::vector<bool>& open, double scale) {
    for (std::size_t i = 0; i < sums.size(); ++i)
      sums[i] = open[i] ? error_word(error_word(sums[i]) / scale) : 0;
    return sums;
  }
  static void add(double& weight, double a, double b) { weight = stored(weight + a * b / 16, 16, 14); }
  void outer(const std::string& name, const Vector& a, const Vector& b) {
    for (std::size_t i = 0; i < a.size(); ++i)
      for (std::size_t j = 0; j < b.size(); ++j) add(w[name][i][j], a[i], b[j]);
  }
};

Setup relays() {
  return {"relays.toml", {}, {"mesh.width=6", "mesh.height=6", "tree.network=mesh"}, "small"};
}
const std::vector<std::string> learning = {"see", "learned", "read", "r_read", "r_learned"};

TEST_CASE("errors through neurons that do not learn are those of loops over windows, number by number") {
  const Program program = compile(relays());
  Transcription wanted(program);
  const std::vector<Frame> frames = samples(program, 0, 300);
  for (const Frame& frame : frames) {
    Vector x;
    for (std::size_t i = 0; i < 30; ++i) x.push_back(sample_value(frame, i) / 128.0);
    wanted.learn(x, frame.words.at(1));
  }
  CHECK(wanted.nobody > 0);
  CHECK(wanted.shared > 0);
  CHECK(wanted.shut > 0);
  const Outcome got = run_without_time(program, frames);
  for (const auto& [name, m] : wanted.w) {
    INFO(name);
    CHECK(real(program, name, end_of(program, got, name)) == m);
    const bool learns = std::find(learning.begin(), learning.end(), name) != learning.end();
    CHECK((end_of(program, got, name) != start_of(program, name)) == learns);
  }
}

TEST_CASE("time, cuts and jitter change no bit of errors that pass neurons which do not learn") {
  std::map<std::string, WordMatrix> whole;
  for (const std::vector<std::string>& cut : {std::vector<std::string>{"core.columns=64"},
                                              {"core.columns=7"},
                                              {"core.columns=7", "jitter_seed=3", "mesh.buffer_packets=1"},
                                              {"core.columns=13", "core.axons=61"}})
    for (const char* age : {"0", "1"}) {
      Setup setup = relays();
      setup.machine_sets.insert(setup.machine_sets.end(), cut.begin(), cut.end());
      for (const std::string& name : learning)
        setup.network_sets.push_back("projection." + name + ".plasticity.weight_age=" + age);
      const Program program = compile(setup);
      INFO(cut.back() << ", " << program.cores.size() << " cores, age " << age);
      Plan plan;
      plan.frames = samples(program, 0, 30);
      plan.frames[7].words[0] = plan.frames[8].words[0] = 0;  // looks
      const Outcome timed = run(program, plan);
      REQUIRE(timed.fault_text == "");
      const Outcome untimed = run_without_time(program, plan.frames);
      CHECK(untimed.first_difference(timed) == "");
      CHECK(untimed.core_events() == timed.core_events());
      for (const std::string& name : learning) {
        const WordMatrix end = end_of(program, untimed, name);
        CHECK(end != start_of(program, name));
        if (whole.count(name + age) != 0) CHECK(whole[name + age] == end);
        whole.emplace(name + age, end);
      }
    }
}

TEST_CASE("errors pass such neurons at every step of a presentation") {
  for (const char* every : {"sample", "step"}) {
    Setup setup = relays();
    setup.network_sets = {"network.steps=3", "population.map.membrane={ tau = 2.0 }"};
    for (const std::string& name : learning)
      setup.network_sets.push_back("projection." + name + ".plasticity.every=" + every);
    const Program program = compile(setup);
    INFO(every);
    Plan plan;
    plan.frames = samples(program, 0, 20);
    plan.frames[7].words[0] = plan.frames[8].words[0] = 0;
    const Outcome timed = run(program, plan);
    REQUIRE(timed.fault_text == "");
    const Outcome untimed = run_without_time(program, plan.frames);
    CHECK(untimed.first_difference(timed) == "");
    CHECK(untimed.core_events() == timed.core_events());
    CHECK(end_of(program, untimed, "see") != start_of(program, "see"));
  }
}

}  // namespace
}  // namespace trifactor
