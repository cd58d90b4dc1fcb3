// Blocks of any cut and order become the same tables, without ever being together in memory.
#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cstring>
#include <filesystem>
#include <iterator>

#include "compiler/npz/npz.hpp"
#include "host/experiment/weight_tables.hpp"
#include "rtl/spec/diagnostic.hpp"
#include "tests/support/folder.hpp"

using namespace trifactor;
namespace fs = std::filesystem;

namespace {

using trifactor::testing::Folder;

std::int16_t weight_of(std::size_t projection, std::size_t to, std::size_t from) {
  return static_cast<std::int16_t>(projection * 7919 + to * 131 + from * 29 + 1);
}
constexpr std::size_t bias_column = 100000;

Program program_of(std::uint32_t pixels, std::uint32_t hidden, std::uint32_t scores) {
  Program program;
  for (const auto& [name, size] : {std::pair{"pixels", pixels}, {"hidden", hidden}, {"scores", scores}}) {
    PopulationInfo population;
    population.name = name, population.neurons = size, population.input = program.populations.empty();
    program.populations.push_back(population);
  }
  for (std::uint32_t k = 0; k < 2; ++k) {
    ProjectionInfo projection;
    projection.name = k == 0 ? "up" : "down", projection.from = k, projection.to = k + 1,
    projection.bias = k == 1;
    program.projections.push_back(projection);
  }
  return program;
}

/// Where [0, size) is cut, ends included.
std::vector<std::uint32_t> cuts(std::uint32_t size) {
  std::vector<std::uint32_t> at = {0, size};
  const int extra = *rc::gen::inRange(0, 4);
  for (int i = 0; i < extra; ++i) at.push_back(*rc::gen::inRange<std::uint32_t>(0, size + 1));
  std::sort(at.begin(), at.end());
  at.erase(std::unique(at.begin(), at.end()), at.end());
  return at;
}

/// Blocks of columns times blocks of rows; the bias row is with the last of them.
std::vector<BlockWeights> blocks_of(const Program& program) {
  std::vector<BlockWeights> blocks;
  for (std::uint32_t k = 0; k < program.projections.size(); ++k) {
    const ProjectionInfo& p = program.projections[k];
    const std::uint32_t from = program.populations[p.from].neurons, to = program.populations[p.to].neurons;
    const auto rows = cuts(from), columns = cuts(to);
    for (std::size_t r = 0; r + 1 < rows.size(); ++r)
      for (std::size_t c = 0; c + 1 < columns.size(); ++c) {
        BlockWeights block{k,
                           rows[r],
                           rows[r + 1] - rows[r],
                           columns[c],
                           columns[c + 1] - columns[c],
                           p.bias && rows[r + 1] == from,
                           {}};
        for (std::uint32_t row = 0; row < block.rows + block.bias; ++row)
          for (std::uint32_t i = 0; i < block.neurons; ++i)
            block.words.push_back(
                weight_of(k, block.first_neuron + i, row < block.rows ? block.first_row + row : bias_column));
        blocks.push_back(std::move(block));
      }
  }
  return blocks;
}

std::vector<std::int64_t> integers(const NpzFile& file, const std::string& name) {
  return to_integers(file.at(name), name);
}

}  // namespace

TEST_CASE("blocks of any cut and order become whole tables and exact sums") {
  const Folder folder;
  CHECK(rc::check([&] {
    const Program program =
        program_of(*rc::gen::inRange<std::uint32_t>(1, 40), *rc::gen::inRange<std::uint32_t>(1, 40),
                   *rc::gen::inRange<std::uint32_t>(1, 12));
    std::vector<BlockWeights> blocks = blocks_of(program);
    for (std::size_t i = blocks.size(); i > 1; --i)
      std::swap(blocks[i - 1], blocks[*rc::gen::inRange<std::size_t>(0, i)]);
    const BlockSource source = [&](const TakeBlock& take) {
      for (const BlockWeights& block : blocks) take(block);
    };
    const fs::path path = folder.path / "weights.npz";
    write_weight_tables(path, program, {0.5, -2.25}, source);
    RC_ASSERT(folder.files() == 1u);
    const NpzFile file = read_npz(path);
    RC_ASSERT(file.size() == 4u);
    const std::vector<std::uint64_t> sums = sums_of_squares(2, source);
    for (std::size_t k = 0; k < 2; ++k) {
      const ProjectionInfo& p = program.projections[k];
      const std::size_t from = program.populations[p.from].neurons, to = program.populations[p.to].neurons;
      RC_ASSERT((file.at(p.name).shape == std::vector{to, from}));
      const auto found = integers(file, p.name);
      std::uint64_t sum = 0;
      for (std::size_t i = 0; i < to; ++i)
        for (std::size_t j = 0; j < from; ++j) {
          const std::int64_t expected = weight_of(k, i, j);
          RC_ASSERT(found[i * from + j] == expected);
          sum += static_cast<std::uint64_t>(expected * expected);
        }
      RC_ASSERT(sums[k] == sum);
    }
    const auto bias = integers(file, "down.bias");
    RC_ASSERT(bias.size() == program.populations[2].neurons);
    for (std::size_t i = 0; i < bias.size(); ++i) RC_ASSERT(bias[i] == weight_of(1, i, bias_column));
    RC_ASSERT(to_doubles(file.at("pixels.offset"), "") == (std::vector{0.5, -2.25}));
  }));
}

TEST_CASE("synapses that no block holds are 0, at the end of the last table too") {
  const Folder folder;
  const Program program = program_of(3, 4, 2);
  for (const std::uint32_t held : {0u, 1u, 2u}) {
    const BlockSource source = [&](const TakeBlock& take) {
      if (held > 0) take({0, 0, 3, 0, 4, false, std::vector<std::int16_t>(12, 7)});
      if (held > 1)
        take({1, 0, 2, 0, 2, false, std::vector<std::int16_t>(4, 9)});  // of four rows, and no bias
    };
    const fs::path path = folder.path / (std::to_string(held) + ".npz");
    write_weight_tables(path, program, {}, source);
    const NpzFile file = read_npz(path);
    CHECK(integers(file, "up") == std::vector<std::int64_t>(12, held > 0 ? 7 : 0));
    const std::int64_t nine = held > 1 ? 9 : 0;
    CHECK((integers(file, "down") == std::vector<std::int64_t>{nine, nine, 0, 0, nine, nine, 0, 0}));
    CHECK(integers(file, "down.bias") == std::vector<std::int64_t>(2, 0));
  }
}

TEST_CASE("squares of the largest weights add up exactly") {
  const BlockWeights block{0, 0, 3, 0, 2, true, {-32768, -32768, 32767, -32768, 1, 0, 500, 500}};
  const auto sums = sums_of_squares(1, [&](const TakeBlock& take) { take(block), take(block); });
  CHECK(sums[0] == 2 * (3 * (1ull << 30) + 32767ull * 32767 + 1));
}

TEST_CASE("a chip that fails while it is read leaves no table and no part of one") {
  const Folder folder;
  const Program program = program_of(3, 4, 2);
  const auto fails = [](const TakeBlock& take) {
    take({0, 0, 3, 0, 4, false, std::vector<std::int16_t>(12)});
    throw Error(ExitCode::internal, {"TF-X", "chip", "gone", "", ""});
  };
  CHECK_THROWS_AS(write_weight_tables(folder.path / "weights.npz", program, {}, fails), Error);
  CHECK(folder.files() == 0);
  try {
    write_weight_tables(folder.path / "no" / "weights.npz", program, {}, fails);
    FAIL("a folder that is not there");
  } catch (const Error& error) {
    CHECK(error.exit() == ExitCode::cannot_write);
  }
}
