// Every weight of a network lies in exactly one core, as the word that its initial value asks for.
#include <cstring>
#include <set>
#include <tuple>

#include "compiler/npz/npz.hpp"
#include "compiler/passes/test_support.hpp"

using namespace trifactor;
using namespace trifactor::testing;

namespace {

/// SplitMix64's finaliser, written out again.
std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 13787848793156543929ull;
  x = (x ^ (x >> 27)) * 10723151780598845931ull;
  return x ^ (x >> 31);
}

/// A seeded weight from its definition: 53 bits of a hash of seed, projection, neuron and input.
double seeded(std::uint64_t seed, std::uint64_t projection, std::uint64_t to, std::uint64_t from,
              int inputs) {
  const std::uint64_t start = mixed(seed ^ 33607025609438323ull), layer = mixed(start ^ projection);
  const double unit =
      static_cast<double>(mixed(layer ^ (to * 4294967296ull + from)) / 2048) / 9007199254740992.0;
  return (2 * unit - 1) * (1 / std::sqrt(static_cast<double>(inputs)));
}

/// The word of a weight: the nearest multiple of the step, halves away from zero, within the range.
long word_of(const ProjectionSpec& spec, double weight) {
  const double words = std::ldexp(1.0, spec.bits), step = 2 * spec.range / words;
  const double nearest = std::copysign(std::floor(std::abs(weight) / step + 0.5), weight);
  return static_cast<long>(std::min(std::max(nearest, -words / 2), words / 2 - 1));
}

std::string with_file(const std::string& text, const std::string& name) {
  return with(text, "seed = 7\n", "seed = 7\nweights = \"" + name + "\"\n");
}

}  // namespace

TEST_CASE("the test's mixer is the published one") {  // SplitMix64 from state 0: first output
  CHECK(mixed(0x9e3779b97f4a7c15ull) == 0xe220a8397b1dcdafull);
  std::uint64_t name = 0;
  for (const char c : std::string("weights")) name = name * 256 + static_cast<unsigned char>(c);
  CHECK(name == 33607025609438323ull);
}

TEST_CASE("every weight and bias lies in one core, with the word of its initial value") {
  for_drawn("weights", [](const Drawn& d) {
    std::set<std::tuple<std::size_t, int, int>> held;  // (projection, row, neuron); row -1: the bias
    for (const CoreImage& core : d.program.cores)
      for (const BlockImage& b : core.blocks) {
        const ProjectionSpec& spec = d.network.projections.at(b.projection);
        const int inputs = d.network.populations[static_cast<std::size_t>(spec.from)].neurons();
        RC_ASSERT(b.weights.size() == std::size_t{b.rows + b.bias} * core.neurons);
        RC_ASSERT(static_cast<int>(core.population) == spec.to);
        for (std::uint32_t r = 0; r < b.rows + b.bias; ++r)
          for (std::uint32_t i = 0; i < core.neurons; ++i) {
            const bool bias = r == b.rows;
            const int row = bias ? -1 : static_cast<int>(b.first_row + r),
                      neuron = static_cast<int>(core.first_neuron + i);
            RC_ASSERT(held.emplace(b.projection, row, neuron).second);
            const double initial =
                spec.init == WeightInit::zero
                    ? 0
                    : seeded(d.network.seed, b.projection, static_cast<std::uint64_t>(neuron),
                             static_cast<std::uint64_t>(bias ? inputs : row), inputs);
            RC_ASSERT(b.weights[r * core.neurons + i] == word_of(spec, initial));
          }
      }
    std::size_t wanted = 0;
    for (const ProjectionSpec& spec : d.network.projections)
      wanted += static_cast<std::size_t>(d.network.populations[static_cast<std::size_t>(spec.to)].neurons()) *
                static_cast<std::size_t>(
                    d.network.populations[static_cast<std::size_t>(spec.from)].neurons() + spec.bias);
    RC_ASSERT(held.size() == wanted);
    for (const auto& [projection, row, neuron] : held) {
      const ProjectionSpec& spec = d.network.projections[projection];
      RC_ASSERT(row < d.network.populations[static_cast<std::size_t>(spec.from)].neurons());
      RC_ASSERT(row >= 0 || spec.bias);
      RC_ASSERT(neuron < d.network.populations[static_cast<std::size_t>(spec.to)].neurons());
    }
  });
}

TEST_CASE("other beginnings: Glorot's range, normal numbers, each independent of what is asked before") {
  const auto drawn = [](const std::string& init) {
    return read_text(
        with(least_network, "to = \"hidden\"", "to = \"hidden\"\nweights = { init = \"" + init + "\" }"));
  };
  const Network plain = read_text(least_network), glorot = drawn("glorot"), normal = drawn("normal");
  const InitialWeights a(plain, 0), b(glorot, 0), c(normal, 0);
  const double ratio = std::sqrt(6 / (12. + 8)) * std::sqrt(12.);  // of the ranges; the draws are the same
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(b.bias(i) == Approx(ratio * a.bias(i)));
    for (std::size_t j = 0; j < 12; ++j) CHECK(b.weight(i, j) == Approx(ratio * a.weight(i, j)));
  }
  // Moments and tails of 96,000 normal numbers, as the hash gives them for places beyond the layer's own.
  double mean = 0, square = 0, fourth = 0, product = 0, last = 0;
  int beyond = 0;
  constexpr int count = 96000;
  for (int k = 0; k < count; ++k) {
    const double w = c.weight(static_cast<std::size_t>(k / 12), static_cast<std::size_t>(k % 12));
    mean += w / count, square += w * w / count, fourth += w * w * w * w / count, product += w * last / count;
    beyond += std::abs(w) > 1.959964;
    last = w;
  }
  CHECK(std::abs(mean) < 0.015);  // 4.5 standard errors each
  CHECK(std::abs(square - 1) < 0.02);
  CHECK(std::abs(fourth - 3) < 0.15);
  CHECK(std::abs(product) < 0.015);
  CHECK(std::abs(beyond - 0.05 * count) < 310);
  CHECK(c.weight(3, 5) == InitialWeights(normal, 0).weight(3, 5));
}

TEST_CASE("seeded weights do not depend on what is asked for before them") {
  const Network network = read_text(least_network);
  const InitialWeights a(network, 1), b(network, 1);
  std::vector<double> forwards, backwards;
  for (std::size_t k = 0; k < 80; ++k) forwards.push_back(a.weight(k / 8, k % 8));
  for (std::size_t k = 80; k-- > 0;) backwards.insert(backwards.begin(), b.weight(k / 8, k % 8));
  CHECK(forwards == backwards);
  CHECK(std::set<double>(forwards.begin(), forwards.end()).size() == 80);
  CHECK(a.weight(0, 0) != InitialWeights(network, 0).weight(0, 0));
  for (const double w : forwards) CHECK(std::abs(w) <= 1 / std::sqrt(8.0));
  // Both ends of the range are reached: 80 uniform draws leave an outer tenth empty once in 4,000 times.
  CHECK(*std::min_element(forwards.begin(), forwards.end()) < -0.8 / std::sqrt(8.0));
  CHECK(*std::max_element(forwards.begin(), forwards.end()) > 0.8 / std::sqrt(8.0));
}

TEST_CASE("weights of a file arrive: real values rounded, integers as the words they are") {
  std::vector<double> up, up_bias;
  std::vector<std::int16_t> down;
  for (int i = 0; i < 8; ++i) {
    for (int j = 0; j < 12; ++j) up.push_back((i * 12 + j - 50) / 80.0);  // beyond +-0.5 at both ends
    up_bias.push_back(i / 16.0 - 0.2);
  }
  for (int k = 0; k < 32; ++k) down.push_back(static_cast<std::int16_t>(k * 8 - 128));
  const TemporaryFile weights("", ".npz");
  write_npz(weights.path(), {{"up", NpyArray::from(up, {8, 12})},
                             {"up.bias", NpyArray::from(up_bias)},
                             {"hidden_to_scores", NpyArray::from(down, {4, 8})}});
  const std::string text =
      with(with_file(full_network, weights.path().filename().string()), "init = \"zero\", ", "");
  const Network network = read_text(text);
  const std::vector<InitialWeights> initial = initial_weights(network);
  for (std::size_t i = 0; i < 8; ++i) {
    CHECK(initial[0].bias(i) == up_bias[i]);
    for (std::size_t j = 0; j < 12; ++j) CHECK(initial[0].weight(i, j) == up[i * 12 + j]);
  }
  Machine machine = large_machine();
  machine.core.axons = 5;  // in several row slices
  int seen = 0;
  for (const CoreImage& core : compile(network, machine).cores)
    for (const BlockImage& b : core.blocks)
      for (std::uint32_t r = 0; r < b.total_rows(); ++r)
        for (std::uint32_t i = 0; i < core.neurons; ++i, ++seen) {
          const std::size_t to = core.first_neuron + i, from = b.first_row + r;
          const long word = b.projection == 1 ? down[to * 8 + from]
                                              : word_of(network.projections[0],
                                                        r == b.rows ? up_bias[to] : up[to * 12 + from]);
          CHECK(b.weights[r * core.neurons + i] == word);
        }
  CHECK(seen == 8 * 13 + 4 * 8);
}

TEST_CASE("an array of another shape is refused with its name") {
  const TemporaryFile weights("", ".npz");
  write_npz(weights.path(), {{"up", NpyArray::from(std::vector<double>(96), {12, 8})}});
  const std::string text =
      with(with_file(full_network, weights.path().filename().string()), "init = \"zero\", ", "");
  const Network network = read_text(text);
  try {
    compile(network, large_machine());
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.exit() == ExitCode::data);
    CHECK(error.items().front().where.find("up") != std::string::npos);
  }
}
