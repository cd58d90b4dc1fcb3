// Random networks, as text that the network reader reads, and random machines.
#pragma once

#include <rapidcheck.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <cmath>
#include <map>
#include <string>
#include <vector>

#include "compiler/network/test_support.hpp"
#include "compiler/passes/passes.hpp"
#include "rtl/spec/pack.hpp"

namespace trifactor::testing {

/// low to high, inclusive, and not only near low.
inline int draw(int low, int high) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(low, high + 1));
}
inline bool toss() { return draw(0, 1) == 1; }
inline std::string one_of(const std::vector<std::string>& texts) {
  return texts[static_cast<std::size_t>(draw(0, static_cast<int>(texts.size()) - 1))];
}
inline std::string power(int low, int high) { return std::to_string(std::ldexp(1.0, draw(low, high))); }

inline std::string projection_text(const std::string& from, const std::string& to, bool grouped,
                                   bool output) {
  std::string text = "[[projection]]\nfrom = \"" + from + "\"\nto = \"" + to + "\"\n";
  if (toss()) text += "bias = true\n";
  text += "weights = { init = \"" + one_of({"uniform_fan_in", "uniform_fan_in", "zero"}) +
          "\", bits = " + std::to_string(draw(4, 16)) + ", range = " + power(-3, 2) + ", rounding = \"" +
          one_of({"stochastic", "nearest"}) + "\" }\n";
  const int kind = draw(0, 4);
  if (kind == 0) return text;
  text += "plasticity = { weight_age = " + std::to_string(draw(0, 2));
  if (output && kind <= 2) {
    text += ", rule = \"readout\", error = \"" + one_of({"softmax", "linear", "hinge"}) + "\"";
  } else {
    text += ", rule = \"phsic_gaussian\"";
    if (toss())
      text += ", partners = " + std::to_string(draw(1, 5));
    else
      text += ", variant = " + (grouped ? one_of({"18", "21", "22"}) : one_of({"19", "20"}));
  }
  if (toss()) text += ", decay = 0.01";
  return text + " }\n";
}

/// One to three layers of odd sizes in a row, with connections that skip some.
inline std::string network_text() {
  const int layers = draw(1, 3), classes = draw(2, 7);
  std::string populations = "[[population]]\nname = \"p0\"\nkind = \"input\"\nshape = [" +
                            std::to_string(draw(1, 40)) + "]\nactivity = { bits = " + one_of({"8", "16"}) +
                            ", range = " + power(-2, 2) + " }\n",
              projections;
  for (int k = 1; k <= layers; ++k) {
    const bool output = k == layers, grouped = !output && toss();
    const int size = draw(2, 6), groups = draw(1, 7),
              neurons = output    ? classes
                        : grouped ? size * groups
                                  : draw(1, 40);
    const std::string name = "p" + std::to_string(k);
    populations += "[[population]]\nname = \"" + name + "\"\nshape = [" + std::to_string(neurons) +
                   "]\nneuron = { kind = \"" + one_of({"linear", "leaky_relu", "tanh", "saturated_linear"}) +
                   "\", range = " + power(0, 5) + " }\nactivity = { bits = " + one_of({"8", "16"}) +
                   ", range = " + power(-2, 4) + " }\n";
    if (grouped)
      populations += "normalise = { kind = \"divisive\", groups = " + std::to_string(groups) + " }\n";
    projections += projection_text("p" + std::to_string(k - 1), name, grouped, output);
    for (int from = 0; from < k - 1; ++from)
      if (draw(0, 2) == 0) projections += projection_text("p" + std::to_string(from), name, grouped, output);
  }
  return "[network]\nname = \"drawn\"\nseed = " + std::to_string(draw(0, 1 << 30)) +
         "\nclasses = " + std::to_string(classes) + "\n" + populations + projections;
}

/// One core type with every rule and a teacher on every tile; memories for anything that tests write.
inline Machine large_machine() {
  Machine m;
  visit_machine(
      m, [](const char*, std::int64_t& field, const char*, std::int64_t low, auto&&...) { field = low; });
  m.name = "large";
  m.mesh.width = 8, m.mesh.height = 9;
  m.core.columns = m.core.axons = 4096;
  m.core.synapse_bytes = m.core.axon_bytes = m.core.neuron_bytes = m.core.history_bytes = 1 << 24;
  m.core_types = {{"all", {"phsic_gaussian", "readout"}, true, 0, 0, 7, 8}};
  return m;
}

/// A mesh whose western columns may be of another core type; memories that often force splits.
inline Machine drawn_machine() {
  Machine m = large_machine();
  m.name = "drawn";
  m.mesh.width = draw(4, 16), m.mesh.height = draw(4, 16);
  m.core.columns = draw(4, 40), m.core.axons = draw(4, 60), m.core.lanes = draw(1, 20);
  m.core.synapse_bytes = draw(400, 4000), m.core.axon_bytes = draw(200, 1000);
  m.core.neuron_bytes = draw(400, 4000), m.core.history_bytes = draw(100, 1000);
  const std::int64_t cut = draw(0, 3);
  m.core_types[0] = {"east",           {"readout", "phsic_gaussian"}, true, cut, 0, m.mesh.width - 1,
                     m.mesh.height - 1};
  std::vector<std::string> rules;
  if (toss()) rules.push_back("readout");
  if (cut > 0) m.core_types.push_back({"west", rules, toss(), 0, 0, cut - 1, m.mesh.height - 1});
  return m;
}

struct Drawn {
  Network network;
  Machine machine;
  ResolvedNetwork resolved;
  Program program;
};

inline bool complete(const Error& error) {
  return !error.items().empty() &&
         std::all_of(error.items().begin(), error.items().end(), [](const Diagnostic& d) {
           return !d.code.empty() && !d.where.empty() && !d.found.empty() && !d.hint.empty();
         });
}

/// check(drawn) for random pairs that fit each other; those that do not must be refused properly. At least
/// half of them fit, so that nothing passes for want of cases.
template <class Check>
void for_drawn(const std::string& what, Check check) {
  int fit = 0, all = 0;
  const auto once = [&] {
    const std::string text = network_text();
    const Network network = read_text(text);
    const Machine machine = drawn_machine();
    RC_LOG(text);
    visit_machine(machine, [](const char* key, std::int64_t value, auto&&...) {
      RC_LOG() << key << " = " << value << "\n";
    });
    ++all;
    try {
      const Drawn drawn{network, machine, resolve(network), compile(network, machine)};
      check(drawn);
      ++fit;
    } catch (const Error& error) {
      RC_LOG(error.items().front().code + " " + error.items().front().found);
      RC_ASSERT(error.exit() == ExitCode::does_not_fit);
      RC_ASSERT(complete(error));
    }
  };
  CHECK(rc::check(what, [&] {
    for (int k = 0; k < 8; ++k) once();
  }));
  INFO(fit << " of " << all << " fitted");
  CHECK(fit * 2 >= all);
}

inline std::vector<std::uint32_t> words_of(const Program& program) {
  std::vector<std::uint32_t> words = pack(program);
  for (const CoreImage& core : program.cores) {
    const std::vector<std::uint32_t> more = pack(core);
    words.insert(words.end(), more.begin(), more.end());
  }
  return words;
}

}  // namespace trifactor::testing
