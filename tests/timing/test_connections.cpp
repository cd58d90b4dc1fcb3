// Sparse masks and dropout on the chip: are weights what a transcription of the equations gives when the
// synapses and neurons left out are drawn again from their definitions, and do time, cuts and places change
// nothing?
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <set>

#include "tests/timing/words.hpp"

namespace trifactor {
namespace {

using Vector = WordVector;
using Matrix = WordMatrix;

constexpr std::uint64_t seed = 11;  // of errors.toml
const std::vector<std::string> names = {"w1", "w2", "w3", "r3", "r2"};

bool exists(const std::string& name, std::uint64_t to, std::uint64_t from, double density) {
  std::uint64_t start = mixed(seed ^ 1835103083ull);  // "mask"
  for (const char c : name) start = mixed(start ^ static_cast<unsigned char>(c));
  return static_cast<double>(mixed(start ^ (to * 4294967296ull + from)) / 2048) / 9007199254740992.0 <
         density;
}

/// Dropout of the first hidden layer: 1 / (1 - probability) is mantissa x 2^(exponent - 14), and its values
/// lie in
/// +-2^range_log2.
struct Dropout {
  double probability;
  std::int64_t mantissa;
  int exponent, range_log2;
  std::uint32_t threshold() const {
    return static_cast<std::uint32_t>(std::floor(probability * 4294967296.0 + 0.5));
  }
};
constexpr Dropout quarter{0.25, 21845, 0, 1}, most{0.8, 20480, 2, 3};  // 4/3, 5/4 x 4

/// Amit 2019 (2 to 6) in whole numbers with masks of density `density` and dropout of the first hidden layer:
/// its values have 15 - range_log2 fraction bits and its activities 8 fewer, those of others 15 and 7;
/// weights 14, errors 13, eta = 1/16, rounding to nearest.
class Transcription {
 public:
  Transcription(const Program& program, double density, const Dropout& dropout)
      : density_(density), dropout_(dropout) {
    for (const std::string& name : names) w[name] = start_of(program, name);
    for (std::uint64_t i = 0; i < w["w1"].size(); ++i)
      generators_.push_back(first_word(seed, 3, 1, i));  // use 3, mask
  }
  void learn(const Vector& x, std::size_t label) {
    const int value_frac = 15 - dropout_.range_log2, frac = value_frac - 8;
    Vector open1, open2, x1 = layer("w1", x, 21, value_frac, open1), x2;
    for (std::size_t i = 0; i < x1.size(); ++i) {
      generators_[i] = step(generators_[i]);
      const bool kept = generators_[i] >= dropout_.threshold();
      dropped += !kept;
      x1[i] = kept ? grown(x1[i]) : 0;
      x1[i] = clip(x1[i], 16);
      open1[i] *= kept;
      x1[i] = clip(round_half_up(x1[i], 8), 8);
    }
    x2 = layer("w2", x1, 14 + frac, 15, open2);
    for (std::int64_t& v : x2) v = clip(round_half_up(v, 15 - 7), 8);
    const Vector h = product("w3", x2);
    Vector d3(h.size());
    for (std::size_t i = 0; i < h.size(); ++i) {
      const std::int64_t z = round_half_up(h[i], 21 - 12);
      if (i == label) d3[i] = z < 4096 ? 8192 : 0;
      if (i != label) d3[i] = z > -4096 ? round_half_up(-10923, 2) : 0;
    }
    Vector d2 = product("r3", d3);
    for (std::size_t i = 0; i < d2.size(); ++i) d2[i] = open2[i] * clip(round_half_up(d2[i], 14), 15);
    Vector d1 = product("r2", d2);
    for (std::size_t i = 0; i < d1.size(); ++i) d1[i] = open1[i] * clip(round_half_up(grown(d1[i]), 14), 15);
    add("w1", d1, x, 10), add("w2", d2, x1, 3 + frac), add("w3", d3, x2, 10);
    add("r3", x2, d3, 10), add("r2", x1, d2, 3 + frac);
  }
  /// A step that is looked at and not learned from draws masks like any other.
  void pass() {
    for (std::uint32_t& generator : generators_) generator = step(generator);
  }
  std::map<std::string, Matrix> w;
  int dropped = 0;

 private:
  std::int64_t grown(std::int64_t value) const {
    return round_half_up(value * dropout_.mantissa, 14 - dropout_.exponent);
  }
  Vector product(const std::string& name, const Vector& x) const {
    const Matrix& m = w.at(name);
    Vector h(m.size(), 0);
    for (std::size_t i = 0; i < m.size(); ++i)
      for (std::size_t j = 0; j < x.size(); ++j) h[i] += m[i][j] * x[j];
    return h;
  }
  Vector layer(const std::string& name, const Vector& x, int sum_frac, int value_frac, Vector& open) const {
    Vector h = product(name, x);
    const std::int64_t one = std::int64_t{1} << sum_frac;
    for (std::int64_t& v : h) {
      open.push_back(std::abs(v) <= one);
      v = clip(round_half_up(std::clamp(v, -one, one), sum_frac - value_frac), 16);
    }
    return h;
  }
  void add(const std::string& name, const Vector& a, const Vector& b, int shift) {
    for (std::size_t i = 0; i < a.size(); ++i)
      for (std::size_t j = 0; j < b.size(); ++j)
        if (exists(name, i, j, density_))
          w[name][i][j] = clip(w[name][i][j] + round_half_up(a[i] * b[j], shift), 16);
  }

  double density_;
  Dropout dropout_;
  std::vector<std::uint32_t> generators_;
};

Setup sparse(const std::string& density, const Dropout& dropout = quarter) {
  Setup setup{"errors.toml", {}, {"core.columns=16", "tree.network=mesh"}, "small"};
  for (const std::string& name : names)
    setup.network_sets.push_back("projection." + name + ".mask.density=" + density);
  setup.network_sets.push_back("population.first.dropout=" + std::to_string(dropout.probability));
  setup.network_sets.push_back("population.first.activity.range=" + std::to_string(1 << dropout.range_log2));
  return setup;
}

TEST_CASE("masks and dropout are those of their definitions, weight by weight") {
  for (const auto& [density, dropout] : {std::pair{0.5, quarter}, {0.8, quarter}, {0.5, most}}) {
    const Program program = compile(sparse(std::to_string(density), dropout));
    Transcription wanted(program, density, dropout);
    std::vector<Frame> frames = samples(program, 0, 200);
    frames[20].words[0] = frames[21].words[0] = 0;  // looks draw nothing
    for (const Frame& frame : frames) {
      Vector x;
      for (std::size_t i = 0; i < 24; ++i) x.push_back(sample_value(frame, i));
      if (frame.words[0] != 0) wanted.learn(x, frame.words.at(1));
    }
    const double p = dropout.probability, all = 198 * 12;
    CHECK(std::abs(wanted.dropped - all * p) < 4 * std::sqrt(all * p * (1 - p)));
    const Outcome got = run_without_time(program, frames);
    for (const std::string& name : names) {
      INFO(name << ", density " << density << ", dropout " << p);
      CHECK(end_of(program, got, name) == wanted.w.at(name));
      int alive = 0, synapses = 0, changed = 0;
      const Matrix start = start_of(program, name), end = end_of(program, got, name);
      for (std::size_t i = 0; i < start.size(); ++i)
        for (std::size_t j = 0; j < start[i].size(); ++j) {
          ++synapses;
          if (exists(name, i, j, density)) {
            ++alive, changed += start[i][j] != end[i][j];
          } else {
            CHECK(start[i][j] == 0);
            CHECK(end[i][j] == 0);
          }
        }
      CHECK(std::abs(alive - density * synapses) < 4 * std::sqrt(density * (1 - density) * synapses));
      CHECK(changed * 2 > alive);
    }
  }
}

TEST_CASE("in several steps each step drops other neurons, and the last or every one of them counts") {
  for (const bool every_step : {false, true}) {
    Setup setup = sparse("0.5");
    setup.network_sets.push_back("network.steps=3");
    for (const std::string& name : names)
      setup.network_sets.push_back("projection." + name +
                                   ".plasticity.every=" + (every_step ? "step" : "sample"));
    const Program program = compile(setup);
    INFO((every_step ? "every step" : "every sample"));
    Transcription wanted(program, 0.5, quarter);
    Plan plan;
    plan.frames = samples(program, 0, 60);
    plan.frames[20].words[0] = plan.frames[21].words[0] = 0;  // looks draw nothing
    for (const Frame& frame : plan.frames) {
      if (frame.words[0] == 0) continue;
      Vector x;
      for (std::size_t i = 0; i < 24; ++i) x.push_back(sample_value(frame, i));
      for (int step = 0; step < 3; ++step)
        if (every_step || step == 2)
          wanted.learn(x, frame.words.at(1));
        else
          wanted.pass();
    }
    const Outcome got = run_without_time(program, plan.frames);
    for (const std::string& name : names) {
      INFO(name);
      CHECK(end_of(program, got, name) == wanted.w.at(name));
      CHECK(end_of(program, got, name) != start_of(program, name));
    }
    CHECK(got.core_events()[Event::random_draw] == 58 * 3 * 12);  // nothing else draws
    const Outcome timed = run(program, plan);
    REQUIRE(timed.fault_text == "");
    CHECK(got.first_difference(timed) == "");
    CHECK(got.core_events() == timed.core_events());
  }
}

TEST_CASE("masks of different projections, and of W and R, are independent") {
  int both = 0, all = 0;
  for (std::uint64_t i = 0; i < 60; ++i)
    for (std::uint64_t j = 0; j < 60; ++j, ++all) both += exists("w2", i, j, 0.5) && exists("r2", j, i, 0.5);
  CHECK(std::abs(both - all / 4) < 4 * std::sqrt(all * 3 / 16.));
}

TEST_CASE("a weight that reaches 0 goes on learning, and one that does not exist never starts") {
  Setup setup = sparse("0.5");
  for (const std::string& name : names) {
    setup.network_sets.push_back("projection." + name + ".weights.bits=5");
    setup.network_sets.push_back("projection." + name + ".weights.rounding=stochastic");
  }
  const Program program = compile(setup);
  const Matrix early = end_of(program, run_without_time(program, samples(program, 0, 100)), "w1"),
               late = end_of(program, run_without_time(program, samples(program, 0, 200)), "w1"),
               start = start_of(program, "w1");
  int through_zero = 0;
  for (std::size_t i = 0; i < start.size(); ++i)
    for (std::size_t j = 0; j < start[i].size(); ++j) {
      through_zero += start[i][j] != 0 && early[i][j] == 0 && late[i][j] != 0;
      if (!exists("w1", i, j, 0.5)) CHECK((early[i][j] == 0 && late[i][j] == 0));
    }
  CHECK(through_zero > 0);
}

TEST_CASE("time and cuts change no bit of sparse learning with dropout") {
  std::map<std::string, Matrix> whole;
  for (const std::vector<std::string>& cut : {std::vector<std::string>{"core.columns=16"},
                                              {"core.columns=3", "mesh.width=4", "mesh.height=4"},
                                              {"core.columns=11", "core.lanes=4", "mesh.width=3"},
                                              {"core.axons=13", "mesh.width=4"}})
    for (const char* age : {"0", "1"}) {
      Setup setup = sparse("0.5");
      setup.machine_sets = cut;
      setup.machine_sets.push_back("tree.network=mesh");
      const bool rows = cut[0] == "core.axons=13";
      for (const std::string& name : names) {
        setup.network_sets.push_back("projection." + name + ".plasticity.weight_age=" + age);
        if (!rows) setup.network_sets.push_back("projection." + name + ".weights.rounding=stochastic");
      }
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
      for (const std::string& name : names) {
        const std::string key = name + age + (rows ? "rows" : "");
        const Matrix end = end_of(program, untimed, name);
        if (whole.count(key) != 0) CHECK(whole[key] == end);
        whole.emplace(key, end);
      }
    }
}

TEST_CASE("update events are those of synapses that exist") {
  Setup full = sparse("1"), half = sparse("0.5");
  for (Setup* setup : {&full, &half}) setup->network_sets.push_back("population.first.dropout=0");
  const auto count = [](const Setup& setup, Event event) {
    const Program program = compile(setup);
    EventCounts all;
    for (const auto& [unit, counters] : run_without_time(program, samples(program, 0, 1)).counters)
      all += counters.events;
    return all[event];
  };
  // One sample: the same activities and errors at the output in both, so w3 and r3 see the same pairs.
  CHECK(count(half, Event::update) < count(full, Event::update) * 2 / 3);
  CHECK(count(half, Event::update) * 3 > count(full, Event::update));
  CHECK(count(full, Event::random_draw) == 0);  // nearest, no dropout
}

/// The forward pass of images.toml by loops over windows: activities and weights of 7 fraction bits, of the
/// identities and the pool 6.
Vector scores_of(const Program& program, const Vector& pixels) {
  const auto product = [&](const std::string& name, const Vector& x) {
    const Matrix w = start_of(program, name);
    Vector h(w.size(), 0);
    for (std::size_t i = 0; i < w.size(); ++i)
      for (std::size_t j = 0; j < x.size(); ++j) h[i] += w[i][j] * x[j];
    return h;
  };
  const auto bias = [&](const std::string& name) {
    Vector b(start_of(program, name).size(), 0);
    for (const CoreImage& core : program.cores)
      for (const BlockImage& block : core.blocks)
        if (block.projection == projection_of(program, name) && block.bias)
          for (std::uint32_t i = 0; i < core.neurons; ++i)
            b[core.first_neuron + i] = block.weights[block.rows * core.neurons + i] * block.bias_value;
    return b;
  };
  const auto saturated = [](std::int64_t h) {
    const std::int64_t z = clip(std::clamp<std::int64_t>(h, -16384, 16384) * 2, 16);
    return clip(round_half_up(z, 8), 8);
  };
  Vector map = product("see", pixels);
  const Vector see_bias = bias("see"), read_bias = bias("read");
  for (std::size_t i = 0; i < map.size(); ++i) map[i] = saturated(map[i] + see_bias[i]);
  Vector pooled;
  for (int y = 0; y < 3; ++y)
    for (int x = 0; x < 2; ++x)
      for (int c = 0; c < 2; ++c) {
        std::int64_t largest = -1000;
        for (int ky = 0; ky < 3; ++ky)
          for (int kx = 0; kx < 3; ++kx)
            largest = std::max<std::int64_t>(
                largest,
                2 * y + ky < 6 ? map[static_cast<std::size_t>(((2 * y + ky) * 5 + 2 * x + kx) * 2 + c)] : 0);
        pooled.push_back(largest);
      }
  Vector sum = product("untied", pooled);
  for (std::size_t i = 0; i < sum.size(); ++i) sum[i] = saturated(sum[i] + pooled[i] * 128);
  Vector mean;
  for (int y = 0; y < 2; ++y)
    for (int c = 0; c < 2; ++c) {
      std::int64_t total = 0;  // windows of rows 0, 1 and 1, 2: the stride is 1
      for (int ky = 0; ky < 2; ++ky)
        for (int kx = 0; kx < 2; ++kx) total += sum[static_cast<std::size_t>(((y + ky) * 2 + kx) * 2 + c)];
      mean.push_back(clip(round_half_up(total, 2), 8));
    }
  Vector scores = product("read", mean);
  for (std::size_t i = 0; i < scores.size(); ++i)
    scores[i] = clip(round_half_up(scores[i] + read_bias[i], 2), 16);
  return scores;
}

TEST_CASE(
    "an image passes convolution, pools and a residual sum as by loops over windows, however it is cut") {
  std::map<std::string, Matrix> whole;
  for (const std::vector<std::string>& cut : {std::vector<std::string>{"core.columns=64"},
                                              {"core.columns=7"},
                                              {"core.columns=13", "core.axons=28"}}) {
    Setup setup{"images.toml", {}, cut, "small"};
    setup.machine_sets.push_back("mesh.width=6");
    setup.machine_sets.push_back("mesh.height=6");
    const Program program = compile(setup);
    INFO(cut[0] << ", " << program.cores.size() << " cores");
    Plan plan;
    plan.frames = samples(program, 0, 60);
    for (std::size_t k = 0; k < 20; ++k) plan.frames[k].words[0] = 0;  // looks, with the weights of the start
    const Outcome untimed = run_without_time(program, plan.frames);
    std::set<Vector> seen;
    for (std::size_t k = 0; k < 20; ++k) {
      Vector x;
      for (std::size_t i = 0; i < 30; ++i) x.push_back(sample_value(plan.frames[k], i));
      const Vector wanted = scores_of(program, x);
      const std::vector<std::int16_t> got = untimed.result(k).values;
      CHECK(Vector(got.begin(), got.end()) == wanted);
      seen.insert(wanted);
    }
    CHECK(seen.size() > 10);
    const Outcome timed = run(program, plan);
    REQUIRE(timed.fault_text == "");
    CHECK(untimed.first_difference(timed) == "");
    for (const char* name : {"see", "largest", "untied", "past", "average", "read"}) {
      const Matrix end = end_of(program, untimed, name);
      if (cut.size() == 1 || std::string(name) != "untied") {  // rows cut: other random words
        if (whole.count(name) != 0 && cut.size() == 1) CHECK(whole[name] == end);
        whole.emplace(name, end);
      }
    }
    const Matrix start = start_of(program, "untied"), end = end_of(program, untimed, "untied");
    CHECK(start != end);
    for (int to = 0; to < 12; ++to)
      for (int from = 0; from < 12; ++from) {
        const bool near = std::abs(to / 4 - from / 4) <= 1;  // columns are all within one of each other
        const auto i = static_cast<std::size_t>(to), j = static_cast<std::size_t>(from);
        if (!near) CHECK((start[i][j] == 0 && end[i][j] == 0));
      }
  }
}

TEST_CASE("rows that a slice has no synapse of are neither stored nor sent") {
  const auto size = [](const char* columns) {
    Setup setup{"images.toml", {}, {columns, "mesh.width=6", "mesh.height=6"}, "small"};
    const Program program = compile(setup);
    std::uint32_t largest = 0;
    for (const CoreImage& core : program.cores)
      for (const BlockImage& block : core.blocks)
        if (block.projection == projection_of(program, "see")) largest = std::max(largest, block.rows);
    return largest;
  };
  CHECK(size("core.columns=64") == 30);
  CHECK(size("core.columns=10") <= 20);  // five pixels: a row of the image, or two halves, and those around
}

}  // namespace
}  // namespace trifactor
