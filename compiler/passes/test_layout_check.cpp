// What `emit` writes passes the check of a layout that is read, and a field that cannot be is found.
#include <functional>

#include "compiler/passes/test_support.hpp"
#include "runtime/layout/program_check.hpp"

using namespace trifactor;
using namespace trifactor::testing;

namespace {

Program compiled(const std::string& text) { return compile(read_text(text), large_machine()); }

/// The code of what is refused, "" when nothing is.
std::string refused(const Program& program) {
  try {
    check_program(program, "file");
    for (const CoreImage& core : program.cores) {
      check_core(program, core, "file");
      for (const BlockImage& block : core.blocks) check_copies(core, block, "file");
    }
  } catch (const Error& error) {
    CHECK(error.exit() == ExitCode::data);
    return error.items().front().code;
  }
  return "";
}

using Change = std::function<void(Program&)>;

}  // namespace

TEST_CASE("every drawn program passes the check of what is read") {
  for_drawn("layouts", [](const Drawn& d) { RC_ASSERT(refused(d.program).empty()); });
}

TEST_CASE("a saturated linear core must have a 1 that its shift reaches") {
  const std::string text = with(least_network, "name = \"hidden\"\n",
                                "name = \"hidden\"\nneuron = { kind = \"saturated_linear\", scale = 4 }\n");
  const Program program = compiled(text);
  CHECK(refused(program).empty());
  const auto with_core = [&](const std::function<void(CoreImage&)>& change) {
    Program changed = program;
    int cores = 0;
    for (CoreImage& core : changed.cores)
      if (core.activation == Activation::saturated_linear) change(core), ++cores;
    CHECK(cores > 0);
    return refused(changed);
  };
  for (const int scale : {0, 1, 10}) {
    INFO(scale);
    CHECK(with_core([&](CoreImage& core) { core.scale_log2 = scale; }).empty());
  }
  for (const int scale : {-17, -16, -1, 17}) {
    INFO(scale);
    CHECK(with_core([&](CoreImage& core) { core.scale_log2 = scale; }) == "TF-LAY-008");
  }
  CHECK(with_core([](CoreImage& core) { core.sum_frac = -3; }) == "TF-LAY-008");  // 1 is 2^-1
  CHECK(with_core([](CoreImage& core) { core.sum_frac = -2; }).empty());          // 1 is 2^0
  CHECK(with_core([](CoreImage& core) { core.sum_frac = 47, core.scale_log2 = 15; }).empty());
  CHECK(with_core([](CoreImage& core) { core.sum_frac = 47, core.scale_log2 = 16; }) == "TF-LAY-008");
  CHECK(with_core([](CoreImage& core) {
          core.activation = Activation::linear, core.scale_log2 = -1;  // says nothing there
        }).empty());
}

TEST_CASE("a field of a program that points nowhere or has no meaning is found") {
  const Program program = compiled(with(full_network, "init = \"zero\", ", ""));
  REQUIRE(refused(program).empty());
  const auto block = [](Program& p) -> BlockImage& {
    for (CoreImage& core : p.cores)
      for (BlockImage& b : core.blocks)
        if (b.plastic) return b;
    throw std::runtime_error("no block that learns");
  };
  const std::uint32_t nowhere = 1u << 30;
  const std::vector<std::pair<std::string, Change>> changes = {
      {"classes", [](Program& p) { p.classes = 1; }},
      {"steps", [](Program& p) { p.steps = 0; }},
      {"steps of a core", [](Program& p) { p.cores[0].steps = 2; }},
      {"two inputs", [](Program& p) { p.populations[1].input = true; }},
      {"activity of 17 bits", [](Program& p) { p.populations[0].activity.bits = 17; }},
      {"weight of 17 bits", [](Program& p) { p.projections[0].weight.bits = 17; }},
      {"end of a projection", [](Program& p) { p.projections[0].to = 3; }},
      {"place of a teacher", [&](Program& p) { p.teachers[0].tile = nowhere; }},
      {"nobody for a teacher", [](Program& p) { p.teachers[0].contributors.clear(); }},
      {"a teacher's other place", [](Program& p) { p.label.teachers[0] += 1; }},
      {"more partners than labels", [](Program& p) { p.label.partners[0] = p.label.slots; }},
      {"who gets the label", [&](Program& p) { p.label.targets.push_back(nowhere); }},
      {"place of a core", [&](Program& p) { p.cores[0].core = nowhere; }},
      {"population of a core", [](Program& p) { p.cores[0].population = 3; }},
      {"neurons of a core", [](Program& p) { p.cores.back().neurons += 1; }},
      {"first neuron of a core", [](Program& p) { p.cores.back().first_neuron = 0xffffffff; }},
      {"binary point of a core", [](Program& p) { p.cores[0].value_frac = 48; }},
      {"noise", [](Program& p) { p.cores[0].noise = -1; }},
      {"destination", [&](Program& p) { p.cores[0].destinations.push_back(nowhere); }},
      {"rows of a block", [&](Program& p) { block(p).rows += 13; }},
      {"bits of a block", [&](Program& p) { block(p).weight_bits = 3; }},
      {"shift of a block", [&](Program& p) { block(p).sum_shift = -1; }},
      {"a block of another projection", [&](Program& p) { block(p).projection = 1 - block(p).projection; }},
      {"rule of a block", [&](Program& p) { block(p).plasticity.rule = "none"; }},
      {"a block that does not learn", [&](Program& p) { block(p).plastic = false; }},
      {"teacher of a block", [&](Program& p) { block(p).plasticity.teacher = nowhere; }},
      {"shift of the lanes", [&](Program& p) { block(p).plasticity.lane_shift = 29; }},
      {"power of weights", [&](Program& p) { block(p).plasticity.weight_power = 5; }},
      {"mask of another size", [&](Program& p) { block(p).mask.assign(1, 0); }},
      {"kernel where there is none", [&](Program& p) { block(p).kernel.weights.assign(1, 0); }},
  };
  for (const auto& [name, change] : changes) {
    INFO(name);
    Program changed = program;
    change(changed);
    CHECK(refused(changed) == "TF-LAY-008");
  }
}

TEST_CASE("a copy that differs from its kernel's entry is found") {
  const std::string text =
      "[network]\nname = \"n\"\nclasses = 2\n[[population]]\nname = \"a\"\nkind = \"input\"\nshape = [4, 4, "
      "1]\n"
      "[[population]]\nname = \"b\"\nshape = [3, 3, 2]\n[[population]]\nname = \"c\"\nshape = [2]\n"
      "[[projection]]\nfrom = \"a\"\nto = \"b\"\nconnect = \"convolution\"\nkernel = [2, 2]\n"
      "plasticity = { rule = \"phsic_gaussian\" }\n[[projection]]\nfrom = \"b\"\nto = \"c\"\n";
  Program program = compiled(text);
  CHECK(refused(program).empty());
  for (CoreImage& core : program.cores)
    for (BlockImage& b : core.blocks)
      if (b.kernel.present()) {
        for (std::size_t k = 0; k < b.weights.size(); ++k) {
          b.weights[k] ^= 1;
          CHECK(refused(program) == "TF-LAY-008");
          b.weights[k] ^= 1;
        }
        b.kernel.weights.push_back(0);
        CHECK(refused(program) == "TF-LAY-008");
        b.kernel.weights.pop_back();
      }
  CHECK(refused(program).empty());
}
