// Convolutions that learn on the chip: is every kernel what loops over windows give, with sums over all
// places rounded once, and do cuts, time and checkpoints change no bit of it? Are untied weights another
// thing?
#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>

#include "tests/timing/words.hpp"

namespace trifactor {
namespace {

using Vector = WordVector;
using Matrix = WordMatrix;

const std::vector<std::string> names = {"w1", "w2", "w3", "r3", "r2"};

struct Shape {
  int height, width, channels;
};
struct Window {
  Shape image, map;
  int taps, stride, padding;
};
/// The kernel entry of a synapse from the image to the map, by loops over windows: (row, column), channels.
using Entry = std::array<int, 4>;  ///< row, column, channel of the image, of the map
std::map<std::pair<int, int>, Entry> synapses_of(const Window& w) {
  std::map<std::pair<int, int>, Entry> all;  // by (map neuron, image neuron)
  for (int y = 0; y < w.map.height; ++y)
    for (int x = 0; x < w.map.width; ++x)
      for (int ky = 0; ky < w.taps; ++ky)
        for (int kx = 0; kx < w.taps; ++kx) {
          const int row = y * w.stride + ky - w.padding, column = x * w.stride + kx - w.padding;
          if (row < 0 || column < 0 || row >= w.image.height || column >= w.image.width) continue;
          for (int in = 0; in < w.image.channels; ++in)
            for (int out = 0; out < w.map.channels; ++out)
              all[{(y * w.map.width + x) * w.map.channels + out,
                   (row * w.image.width + column) * w.image.channels + in}] = {ky, kx, in, out};
        }
  return all;
}
const Window first_window{{5, 4, 2}, {5, 4, 3}, 3, 1, 1}, second_window{{5, 4, 3}, {3, 2, 2}, 2, 2, 0};

/// Amit 2019 (2 to 6) in whole numbers: activities have 7 fraction bits, weights 14, errors 13, eta = 1/16.
class Transcription {
 public:
  Transcription(const Program& program, bool stochastic) : stochastic_(stochastic) {
    for (const std::string& name : names)
      w[name] = start_of(program, name), index_[name] = projection_of(program, name);
    for (const std::string& name : names) {
      shifts_[name] = program.projections[index_[name]].shift;
      REQUIRE(shifts_[name] >= 10);
    }
    tie("w1", first_window, false), tie("w2", second_window, false), tie("r2", second_window, true);
    for (auto& neuron : w["w1"]) CHECK(neuron.size() == 41);
    for (int i = 0; i < 60; ++i) entries_["w1"][{i, 40}] = {3, 0, 0, i % 3};  // the bias: behind all taps
  }
  void learn(Vector x, std::size_t label) {
    x.push_back(128);  // 1.0
    Vector open1, open2;
    const Vector x1 = layer("w1", x, open1), x2 = layer("w2", x1, open2), h = product("w3", x2);
    Vector d3(h.size());
    for (std::size_t i = 0; i < h.size(); ++i) {
      const std::int64_t z = round_half_up(h[i], 21 - 12);
      if (i == label) d3[i] = z < 4096 ? 8192 : 0;
      if (i != label) d3[i] = z > -4096 ? round_half_up(-10923, 2) : 0;
    }
    Vector d2 = product("r3", d3);
    for (std::size_t i = 0; i < d2.size(); ++i) d2[i] = open2[i] * clip(round_half_up(d2[i], 14), 15);
    Vector d1 = product("r2", d2);
    for (std::size_t i = 0; i < d1.size(); ++i) d1[i] = open1[i] * clip(round_half_up(d1[i], 14), 15);
    add("w1", d1, x), add("w2", d2, x1), add("w3", d3, x2), add("r3", x2, d3), add("r2", x1, d2);
  }
  std::map<std::string, Matrix> w;
  int rounded = 0;

 private:
  void tie(const std::string& name, const Window& window, bool backwards) {
    for (const auto& [ends, entry] : synapses_of(window)) {
      if (backwards)  // the image is the target: rows follow the channel of the map
        entries_[name][{ends.second, ends.first}] = {entry[0], entry[1], entry[3], entry[2]};
      else
        entries_[name][ends] = entry;
    }
  }
  Vector product(const std::string& name, const Vector& x) const {
    const Matrix& m = w.at(name);
    Vector h(m.size(), 0);
    for (std::size_t i = 0; i < m.size(); ++i)
      for (std::size_t j = 0; j < x.size(); ++j) h[i] += m[i][j] * x[j];
    return h;
  }
  Vector layer(const std::string& name, const Vector& x, Vector& open) const {
    Vector h = product(name, x);
    const std::int64_t one = std::int64_t{1} << 21;
    for (std::int64_t& v : h) {
      open.push_back(std::abs(v) <= one);
      v = clip(round_half_up(std::clamp(v, -one, one), 21 - 15), 16);
      v = clip(round_half_up(v, 8), 8);
    }
    return h;
  }
  /// round(sum): down, and up when the random word's low bits reach the next whole.
  std::int64_t rounding(std::int64_t sum, const std::string& name, std::uint64_t channel) {
    if (!stochastic_) return round_half_up(sum, 10);
    const auto [at, fresh] = generators_.try_emplace({name, channel}, 0u);
    if (fresh) at->second = first_word(11, 1, index_[name], channel);
    at->second = step(at->second);
    // The lane's binary point may lie further right than the product's: the word reaches as far.
    const std::int64_t finer = sum << (shifts_[name] - 10), below = at->second & ((1u << shifts_[name]) - 1);
    return static_cast<std::int64_t>(
        std::floor(std::ldexp(static_cast<double>(finer + below), -shifts_[name])));
  }
  void add(const std::string& name, const Vector& a, const Vector& b) {
    Matrix& m = w[name];
    if (entries_.count(name) == 0) {
      for (std::size_t j = 0; j < b.size(); ++j)
        for (std::size_t i = 0; i < a.size(); ++i)
          if (a[i] != 0 && b[j] != 0) m[i][j] = clip(m[i][j] + rounding(a[i] * b[j], name, i), 16);
      return;
    }
    std::map<Entry, std::int64_t> sums;  // of enabled entries, ascending row by row, then by channel
    for (const auto& [ends, entry] : entries_[name]) {
      const std::int64_t a0 = a[static_cast<std::size_t>(ends.first)],
                         b0 = b[static_cast<std::size_t>(ends.second)];
      if (a0 != 0 && b0 != 0) sums[entry] += a0 * b0;
    }
    for (auto& [entry, sum] : sums) {
      sum = rounding(sum, name, static_cast<std::uint64_t>(entry[3]));
      ++rounded;
    }
    for (const auto& [ends, entry] : entries_[name])
      if (const auto sum = sums.find(entry); sum != sums.end()) {
        std::int64_t& weight = m[static_cast<std::size_t>(ends.first)][static_cast<std::size_t>(ends.second)];
        weight = clip(weight + sum->second, 16);
      }
  }

  bool stochastic_;
  std::map<std::string, std::uint64_t> index_;
  std::map<std::string, int> shifts_;
  std::map<std::string, std::map<std::pair<int, int>, Entry>> entries_;
  std::map<std::pair<std::string, std::uint64_t>, std::uint32_t> generators_;
};

Setup kernels(std::vector<std::string> cut, const char* rounding, const char* age = "0") {
  Setup setup{"kernels.toml", {}, std::move(cut), "small"};
  for (const char* more : {"mesh.width=8", "mesh.height=6", "tree.network=mesh"})
    setup.machine_sets.push_back(more);
  for (const std::string& name : names) {
    setup.network_sets.push_back("projection." + name + ".weights.rounding=" + rounding);
    setup.network_sets.push_back("projection." + name + ".plasticity.weight_age=" + age);
  }
  return setup;
}

/// Learning samples, and two that only look.
std::vector<Frame> stream(const Program& program, std::uint64_t count) {
  std::vector<Frame> frames = samples(program, 0, count);
  frames[7].words[0] = frames[8].words[0] = 0;
  return frames;
}

TEST_CASE("every kernel moves by the sum over its places, rounded once, however it is cut") {
  for (const char* rounding : {"nearest", "stochastic"})
    for (const std::vector<std::string>& cut : {std::vector<std::string>{"core.columns=64"},
                                                {"core.columns=17"},
                                                {"core.columns=7", "core.lanes=4"},
                                                {"core.columns=60", "core.axons=21"}}) {
      const Program program = compile(kernels(cut, rounding));
      const bool stochastic = std::string(rounding) == "stochastic", rows = cut.back() == "core.axons=21";
      if (rows && stochastic) continue;  // a slice of the dense layers draws words of its own
      INFO(rounding << ", " << cut.back() << ", " << program.cores.size() << " cores");
      Transcription wanted(program, stochastic);
      const std::vector<Frame> frames = stream(program, 80);
      for (const Frame& frame : frames) {
        Vector x;
        for (std::size_t i = 0; i < 40; ++i) x.push_back(sample_value(frame, i));
        if (frame.words[0] != 0) wanted.learn(std::move(x), frame.words.at(1));
      }
      CHECK(wanted.rounded > 1000);
      const Outcome got = run_without_time(program, frames);
      for (const std::string& name : names) {
        INFO(name);
        CHECK(end_of(program, got, name) == wanted.w.at(name));
        CHECK(start_of(program, name) != wanted.w.at(name));
      }
    }
}

TEST_CASE("copies of an entry stay equal, in every core and at any time") {
  for (const char* age : {"0", "1", "3"})
    for (const std::vector<std::string>& cut :
         {std::vector<std::string>{"core.columns=7"}, {"core.columns=60", "core.axons=21"}}) {
      const Program program = compile(kernels(cut, "stochastic", age));
      const Outcome got = run_without_time(program, stream(program, 40));
      for (const auto& [name, window, backwards] : {std::tuple{"w1", first_window, false},
                                                    {"w2", second_window, false},
                                                    {"r2", second_window, true}}) {
        const Matrix end = end_of(program, got, name);
        std::map<Entry, std::int64_t> kernel;
        for (const auto& [ends, entry] : synapses_of(window)) {
          const auto i = static_cast<std::size_t>(backwards ? ends.second : ends.first),
                     j = static_cast<std::size_t>(backwards ? ends.first : ends.second);
          CHECK(kernel.try_emplace(entry, end[i][j]).first->second == end[i][j]);
        }
      }
    }
}

TEST_CASE("time, cuts and checkpoints change no bit of a kernel") {
  for (const char* age : {"0", "1"}) {
    std::map<std::string, Matrix> whole;
    for (const std::vector<std::string>& cut : {std::vector<std::string>{"core.columns=64"},
                                                {"core.columns=17", "mesh.buffer_packets=1"},
                                                {"core.columns=7", "core.lanes=4", "core.synapse_ports=2"},
                                                {"core.columns=60", "core.axons=21"}}) {
      const Program program =
          compile(kernels(cut, cut.back() == "core.axons=21" ? "nearest" : "stochastic", age));
      INFO(cut[0] << ", " << program.cores.size() << " cores, age " << age);
      Plan plan;
      plan.frames = stream(program, 30);
      const Outcome timed = run(program, plan), untimed = run_without_time(program, plan.frames);
      REQUIRE(timed.fault_text == "");
      CHECK(untimed.first_difference(timed) == "");
      CHECK(untimed.core_events() == timed.core_events());
      Plan head, tail;
      head.frames.assign(plan.frames.begin(), plan.frames.begin() + 13);
      tail.frames.assign(plan.frames.begin() + 13, plan.frames.end());
      tail.state = run(program, head).state;
      const Outcome resumed = run(program, tail);
      REQUIRE(resumed.fault_text == "");
      CHECK(resumed.weights == timed.weights);
      CHECK(resumed.state == timed.state);
      for (const std::string& name : names) {
        if (cut.back() == "core.axons=21") continue;  // other words were drawn
        const Matrix end = end_of(program, untimed, name);
        if (whole.count(name) != 0) CHECK(whole[name] == end);
        whole.emplace(name, end);
      }
    }
  }
}

TEST_CASE("a kernel's updates count once, and its sums travel only where it is cut") {
  std::map<std::size_t, std::uint64_t> applied;
  for (const char* columns : {"core.columns=64", "core.columns=17"}) {
    const Program program = compile(kernels({columns}, "nearest"));
    const Outcome got = run_without_time(program, stream(program, 20));
    UpdateCounts counts;
    for (const auto& [unit, counters] : got.counters)
      for (std::size_t k = 0; k < counters.updates.size(); ++k)
        if (counters.projections[k] == projection_of(program, "w1")) counts += counters.updates[k];
    applied[program.cores.size()] = counts.applied;
    const EventCounts events = got.core_events();
    CHECK(events[Event::increment] > 4 * events[Event::update] / 3);
    CHECK((events[Event::reduction_word] == 0) == (std::string(columns) == "core.columns=64"));
  }
  REQUIRE(applied.size() == 2);
  CHECK(applied.begin()->second > 0);
  CHECK(applied.begin()->second == applied.rbegin()->second);
}

TEST_CASE("untied weights are another thing than a convolution") {
  Setup tied = kernels({"core.columns=64"}, "nearest"), untied = tied;
  for (const char* name : {"w1", "w2", "r2"})
    untied.network_sets.push_back(std::string("projection.") + name + ".connect=local");
  const Program shared = compile(tied), local = compile(untied);
  for (const CoreImage& core : local.cores)
    for (const BlockImage& block : core.blocks) CHECK(!block.kernel.present());
  int kernels = 0;
  for (const CoreImage& core : shared.cores)
    for (const BlockImage& block : core.blocks) kernels += block.kernel.present();
  CHECK(kernels == 3);
  const Matrix end = end_of(local, run_without_time(local, stream(local, 20)), "w1");
  std::map<Entry, std::int64_t> kernel;
  int apart = 0;
  for (const auto& [ends, entry] : synapses_of(first_window)) {
    const std::int64_t weight =
        end[static_cast<std::size_t>(ends.first)][static_cast<std::size_t>(ends.second)];
    apart += kernel.try_emplace(entry, weight).first->second != weight;
  }
  CHECK(apart > 100);
}

}  // namespace
}  // namespace trifactor
