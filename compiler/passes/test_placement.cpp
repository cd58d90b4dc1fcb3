// Where cores and teachers lie changes nothing but that; equal inputs give equal programs, in files too.
#include <fstream>
#include <iterator>
#include <set>

#include "compiler/passes/test_support.hpp"
#include "runtime/layout/layout.hpp"

using namespace trifactor;
using namespace trifactor::testing;

namespace {

/// The program with every tile replaced by the number of the core in the program, and teachers' by theirs.
Program without_places(Program program) {
  std::map<std::uint32_t, std::uint32_t> number, teacher_number;
  for (std::uint32_t k = 0; k < program.cores.size(); ++k) number[program.cores[k].core] = k;
  for (std::uint32_t k = 0; k < program.teachers.size(); ++k) teacher_number[program.teachers[k].tile] = k;
  const auto all = [&](std::vector<std::uint32_t>& tiles) {
    for (std::uint32_t& tile : tiles) tile = number.at(tile);
  };
  for (CoreUsage& usage : program.usage) usage.core = number.at(usage.core);
  for (TeacherImage& teacher : program.teachers)
    teacher.tile = teacher_number.at(teacher.tile), all(teacher.contributors);
  for (std::uint32_t& tile : program.label.teachers) tile = teacher_number.at(tile);
  all(program.label.targets);
  for (CoreImage& core : program.cores) {
    core.core = number.at(core.core), core.owner = number.at(core.owner);
    all(core.helpers), all(core.destinations);
    for (SourceSlice& source : core.sources) source.core = number.at(source.core);
    for (BlockImage& b : core.blocks)
      if (b.plasticity.up_words > 0) b.plasticity.teacher = teacher_number.at(b.plasticity.teacher);
  }
  return program;
}

std::vector<std::uint32_t> tiles_of(const Program& program) {
  std::vector<std::uint32_t> tiles;
  for (const CoreImage& core : program.cores) tiles.push_back(core.core);
  return tiles;
}

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

TEST_CASE("another placement changes places only, and never whether there is one") {
  int moved = 0;
  for_drawn("placement", [&](const Drawn& d) {
    const auto seed = static_cast<std::uint64_t>(draw(0, 1 << 30));
    const Program other = compile(d.network, d.machine, {seed});
    RC_ASSERT(words_of(without_places(other)) == words_of(without_places(d.program)));
    RC_ASSERT(words_of(compile(d.network, d.machine, {seed})) == words_of(other));
    moved += tiles_of(other) != tiles_of(d.program);
  });
  CHECK(moved > 0);
}

TEST_CASE("the same network and machine give the same program") {
  for_drawn("determinism", [](const Drawn& d) {
    RC_ASSERT(words_of(compile(d.network, d.machine)) == words_of(d.program));
  });
}

TEST_CASE("another seed gives other weights and nothing else") {
  Network network = read_text(least_network);
  const Program one = compile(network, large_machine());
  network.seed = 2;
  Program two = compile(network, large_machine());
  CHECK(words_of(one) != words_of(two));
  two.seed = 1;
  REQUIRE(one.cores.size() == two.cores.size());
  for (std::size_t k = 0; k < two.cores.size(); ++k) {
    two.cores[k].network_seed = 1;
    for (std::size_t b = 0; b < two.cores[k].blocks.size(); ++b) {
      CHECK(two.cores[k].blocks[b].weights != one.cores[k].blocks[b].weights);
      two.cores[k].blocks[b].weights = one.cores[k].blocks[b].weights;
    }
  }
  CHECK(words_of(one) == words_of(two));
}

TEST_CASE("a layout that was written reads back as it was, and equal programs give equal files") {
  for_drawn("layout", [](const Drawn& d) {
    if (draw(0, 7) != 0) return;  // files are slow
    const TemporaryFile file("", ".h5"), again("", ".h5");
    write_layout(file.path(), d.program);
    const LayoutReader reader(file.path());
    Program read = reader.program();
    for (std::size_t k = 0; k < reader.cores(); ++k) read.cores.push_back(reader.core(k));
    RC_ASSERT(words_of(read) == words_of(d.program));
    write_layout(again.path(), compile(d.network, d.machine));
    RC_ASSERT(bytes_of(again.path()) == bytes_of(file.path()));
  });
}

TEST_CASE("whoever needs a rare core type finds it, even when others came first") {
  // Inputs come first and could take any tile; only one contains the post unit that the output needs.
  Machine machine = large_machine();
  machine.mesh.width = 3, machine.mesh.height = 1;
  const std::string chain =
      with(least_network, "to = \"hidden\"", "to = \"hidden\"\nplasticity = { rule = \"phsic_gaussian\" }");
  std::set<std::vector<std::uint32_t>> places;
  const std::vector<std::vector<std::string>> kinds = {{}, {"phsic_gaussian"}, {"phsic_gaussian", "readout"}};
  std::vector<int> order = {0, 1, 2};
  do {
    machine.core_types.clear();
    for (int x = 0; x < 3; ++x)
      machine.core_types.push_back(
          {"t" + std::to_string(x), kinds[static_cast<std::size_t>(order[x])], x == 1, x, 0, x, 0});
    for (const std::optional<std::uint64_t> seed :
         {std::optional<std::uint64_t>{}, std::optional<std::uint64_t>{5}}) {
      const Program program = compile(read_text(chain), machine, {seed});
      REQUIRE(program.cores.size() == 3);
      for (std::size_t p = 0; p < 3; ++p) CHECK(order[program.cores[p].core] == static_cast<int>(p));
      places.insert(tiles_of(program));
    }
  } while (std::next_permutation(order.begin(), order.end()));
  CHECK(places.size() == 6);
}
