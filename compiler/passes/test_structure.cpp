// What engines rely on: who holds which neurons, who sends to whom, where learning gets its words from.
#include <map>
#include <set>

#include "compiler/passes/test_support.hpp"

using namespace trifactor;
using namespace trifactor::testing;

namespace {

using Cores = std::map<std::uint32_t, const CoreImage*>;

Cores by_tile(const Program& program) {
  Cores cores;
  for (const CoreImage& core : program.cores) RC_ASSERT(cores.emplace(core.core, &core).second);
  return cores;
}

const CoreType& type_of(const Machine& machine, std::uint32_t tile) {
  const std::int64_t x = tile % machine.mesh.width, y = tile / machine.mesh.width;
  for (const CoreType& type : machine.core_types)
    if (type.x0 <= x && x <= type.x1 && type.y0 <= y && y <= type.y1) return type;
  throw std::runtime_error("a tile without a type");
}

bool overlap(std::uint32_t a, std::uint32_t a_count, std::uint32_t b, std::uint32_t b_count) {
  for (std::uint32_t k = a; k < a + a_count; ++k)
    if (k >= b && k < b + b_count) return true;
  return false;
}

}  // namespace

TEST_CASE("every neuron has one owner; groups and softmax layers are whole; helpers hold the same neurons") {
  for_drawn("owners", [](const Drawn& d) {
    const Cores cores = by_tile(d.program);
    std::map<std::uint32_t, std::set<std::uint32_t>> owned;
    for (const auto& [tile, core] : cores) {
      RC_ASSERT(tile < d.machine.mesh.width * d.machine.mesh.height);
      const PopulationSpec& spec = d.network.populations.at(core->population);
      RC_ASSERT(core->neurons > 0u);
      RC_ASSERT(core->first_neuron + core->neurons <= static_cast<std::uint32_t>(spec.neurons()));
      RC_ASSERT(core->input == spec.input);
      RC_ASSERT(core->output == (static_cast<int>(core->population) == d.network.output));
      const std::uint32_t size =
          spec.normalise ? static_cast<std::uint32_t>(spec.neurons() / spec.normalise->groups) : 0;
      RC_ASSERT(core->normalise.group_size == static_cast<std::int32_t>(size));
      if (size > 0) {
        RC_ASSERT(core->first_neuron % size == 0u);
        RC_ASSERT(core->neurons % size == 0u);
      }
      for (const BlockImage& b : core->blocks) {
        const auto& plasticity = d.network.projections[b.projection].plasticity;
        RC_ASSERT(b.plastic == plasticity.has_value());
        if (plasticity && plasticity->rule == "readout" && plasticity->parameters.word("error") == "softmax")
          RC_ASSERT(core->neurons == static_cast<std::uint32_t>(spec.neurons()));
      }
      const CoreImage& owner = *cores.at(core->owner);
      RC_ASSERT(owner.owner == owner.core);
      RC_ASSERT(owner.population == core->population);
      RC_ASSERT(owner.first_neuron == core->first_neuron);
      RC_ASSERT(owner.neurons == core->neurons);
      const auto listed = std::count(owner.helpers.begin(), owner.helpers.end(), tile);
      RC_ASSERT(listed == (core->owner == tile ? 0 : 1));
      if (core->owner != tile) {
        RC_ASSERT(core->helpers.empty());
        RC_ASSERT(core->destinations.empty());
        continue;
      }
      for (const std::uint32_t helper : core->helpers) RC_ASSERT(cores.at(helper)->owner == tile);
      for (std::uint32_t i = 0; i < core->neurons; ++i)
        RC_ASSERT(owned[core->population].insert(core->first_neuron + i).second);
    }
    for (std::size_t p = 0; p < d.network.populations.size(); ++p)
      RC_ASSERT(owned[static_cast<std::uint32_t>(p)].size() ==
                static_cast<std::size_t>(d.network.populations[p].neurons()));
  });
}

TEST_CASE("sources and destinations are mutual, and are those whose neurons the rows need") {
  for_drawn("sources", [](const Drawn& d) {
    for (const CoreImage& from : d.program.cores)
      for (const CoreImage& to : d.program.cores) {
        bool needed = false;
        for (const BlockImage& b : to.blocks) {
          RC_ASSERT(static_cast<int>(b.source) == d.network.projections[b.projection].from);
          needed = needed || (from.owner == from.core && b.source == from.population &&
                              overlap(b.first_row, b.rows, from.first_neuron, from.neurons));
        }
        RC_ASSERT(std::count(from.destinations.begin(), from.destinations.end(), to.core) == needed);
        int named = 0;
        for (const SourceSlice& s : to.sources) {
          if (s.core != from.core) continue;
          ++named;
          RC_ASSERT(s.population == from.population);
          RC_ASSERT(s.first_neuron == from.first_neuron);
          RC_ASSERT(s.neurons == from.neurons);
        }
        RC_ASSERT(named == needed);
      }
    // Without a source nobody would tell a core that a presentation has begun or ended.
    for (const CoreImage& core : d.program.cores) RC_ASSERT(core.input == core.sources.empty());
  });
}

TEST_CASE("every core of a learning layer holds rows of it, and learning reaches its owners") {
  for_drawn("learning", [](const Drawn& d) {
    const Cores cores = by_tile(d.program);
    std::set<std::uint32_t> teacher_tiles, targets;
    std::map<std::uint32_t, const TeacherImage*> teachers;
    for (std::size_t t = 0; t < d.program.teachers.size(); ++t) {
      const TeacherImage& teacher = d.program.teachers[t];
      RC_ASSERT(teacher_tiles.insert(teacher.tile).second);
      RC_ASSERT(type_of(d.machine, teacher.tile).teacher);
      RC_ASSERT(teachers.emplace(teacher.projection, &teacher).second);
      RC_ASSERT(d.program.label.teachers.at(t) == teacher.tile);
      RC_ASSERT(d.program.label.partners.at(t) == static_cast<std::uint32_t>(teacher.partners));
      RC_ASSERT(d.program.label.slots > d.program.label.partners.at(t));
    }
    RC_ASSERT(d.program.label.teachers.size() == d.program.teachers.size());
    for (std::uint32_t k = 0; k < d.network.projections.size(); ++k) {
      const ProjectionSpec& spec = d.network.projections[k];
      std::vector<std::uint32_t> owners;
      for (const auto& [tile, core] : cores) {
        if (static_cast<int>(core->population) != spec.to) continue;
        const auto block = std::find_if(core->blocks.begin(), core->blocks.end(),
                                        [&](const BlockImage& b) { return b.projection == k; });
        if (!spec.plasticity) continue;
        RC_ASSERT(block != core->blocks.end());  // factors of the projection go to every row slice
        RC_ASSERT(block->rows > 0u);
        RC_ASSERT(block->plasticity.rule == spec.plasticity->rule);
        const auto& rules = type_of(d.machine, tile).rules;
        RC_ASSERT(std::count(rules.begin(), rules.end(), spec.plasticity->rule) == 1);
        if (core->owner == tile) owners.push_back(tile);
        if (core->owner == tile && block->plasticity.needs_target) targets.insert(tile);
        RC_ASSERT((block->plasticity.up_words > 0) == (teachers.count(k) == 1));
        if (teachers.count(k) == 1) RC_ASSERT(block->plasticity.teacher == teachers.at(k)->tile);
      }
      if (teachers.count(k) == 0) continue;
      std::vector<std::uint32_t> contributors = teachers.at(k)->contributors;
      std::sort(contributors.begin(), contributors.end());
      RC_ASSERT(contributors == owners);
      RC_ASSERT(teachers.at(k)->rule == spec.plasticity->rule);
    }
    std::vector<std::uint32_t> told = d.program.label.targets;
    std::sort(told.begin(), told.end());
    RC_ASSERT(told == std::vector<std::uint32_t>(targets.begin(), targets.end()));  // once each
  });
}

TEST_CASE("two projections that learn are cut together: each part has rows of both") {
  // 33 rows and 8: cut one after the other, the owner would hold none of the second.
  const std::string text = R"([network]
name = "both"
classes = 4
[[population]]
name = "a"
kind = "input"
shape = [32]
[[population]]
name = "b"
shape = [8]
[[population]]
name = "c"
shape = [4]
[[projection]]
from = "a"
to = "b"
[[projection]]
from = "a"
to = "c"
bias = true
plasticity = { rule = "readout" }
[[projection]]
from = "b"
to = "c"
plasticity = { rule = "readout" }
)";
  Machine machine = large_machine();
  machine.core.axons = 12;
  const Program program = compile(read_text(text), machine);
  int parts = 0;
  for (const CoreImage& core : program.cores)
    if (core.output) {
      ++parts;
      REQUIRE(core.blocks.size() == 2);
      CHECK(core.blocks[0].rows > 0);
      CHECK(core.blocks[1].rows > 0);
    }
  CHECK(parts == 4);
  REQUIRE(program.label.targets.size() == 1);  // one core learns both, and takes the class once
}

TEST_CASE("a bias alone is no row slice") {
  Machine machine = large_machine();
  machine.core.axons = 1;
  const std::string text = with(least_network, "to = \"hidden\"", "to = \"hidden\"\nbias = true");
  try {
    compile(read_text(text), machine);
    FAIL("a slice with the bias alone hears of no presentation");
  } catch (const Error& error) {
    CHECK(error.items().front().code == "TF-FIT-001");
    CHECK(error.items().front().expected.find("core.axons") != std::string::npos);
  }
  machine.core.axons = 2;
  for (const CoreImage& core : compile(read_text(text), machine).cores)
    CHECK(core.input == core.sources.empty());
}
