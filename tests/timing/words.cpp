#include "tests/timing/words.hpp"

#include <algorithm>
#include <cmath>

namespace trifactor {
namespace {

WordMatrix empty_matrix(const Program& program, std::uint32_t p) {
  const ProjectionInfo& info = program.projections[p];
  return WordMatrix(program.populations[info.to].neurons,
                    WordVector(program.populations[info.from].neurons + (info.bias ? 1 : 0), 0));
}

template <class Block, class Words>
void copy_block(const Block& block, const Words& words, std::uint32_t first_neuron, std::uint32_t neurons,
                WordMatrix& m) {
  for (std::uint32_t row = 0; row < block.rows + (block.bias ? 1 : 0); ++row)
    for (std::uint32_t i = 0; i < neurons; ++i) {
      const std::size_t at = row < block.rows ? block.first_row + row : m[0].size() - 1;
      m[first_neuron + i][at] = words[row * neurons + i];
    }
}

}  // namespace

std::uint32_t projection_of(const Program& program, const std::string& name) {
  std::uint32_t k = 0;
  while (program.projections.at(k).name != name) ++k;
  return k;
}

WordMatrix start_of(const Program& program, const std::string& name) {
  const std::uint32_t p = projection_of(program, name);
  WordMatrix m = empty_matrix(program, p);
  for (const CoreImage& core : program.cores)
    for (const BlockImage& b : core.blocks)
      if (b.projection == p) copy_block(b, b.weights, core.first_neuron, core.neurons, m);
  return m;
}

WordMatrix end_of(const Program& program, const Outcome& outcome, const std::string& name) {
  const std::uint32_t p = projection_of(program, name);
  WordMatrix m = empty_matrix(program, p);
  for (const auto& words : outcome.weights) {
    const BlockWeights b = unpack<BlockWeights>(words, "weights");
    if (b.projection == p) copy_block(b, b.words, b.first_neuron, b.neurons, m);
  }
  return m;
}

std::int64_t round_half_up(std::int64_t value, int shift) {
  return static_cast<std::int64_t>(std::floor(std::ldexp(static_cast<double>(value), -shift) + 0.5));
}

std::int64_t clip(std::int64_t value, int bits) {
  const std::int64_t end = std::int64_t{1} << (bits - 1);
  return std::clamp<std::int64_t>(value, -end, end - 1);
}

std::uint64_t mixed(std::uint64_t x) {
  x = (x ^ (x >> 30)) * 13787848793156543929ull;
  x = (x ^ (x >> 27)) * 10723151780598845931ull;
  return x ^ (x >> 31);
}

std::uint32_t step(std::uint32_t s) {
  s ^= s << 13;
  s ^= s >> 17;
  return s ^ (s << 5);
}

std::uint32_t first_word(std::uint64_t seed, std::uint64_t use, std::uint64_t owner, std::uint64_t neuron) {
  std::uint64_t h = mixed(seed + 0x9e3779b97f4a7c15ull);
  h = mixed(mixed(h ^ (use * 4294967296ull + owner)) ^ neuron * 4294967296ull);
  return static_cast<std::uint32_t>(h ^ (h >> 32));
}

}  // namespace trifactor
