// What cannot be compiled is refused with the limit, the amount and the cure, and only then.
#include <cctype>
#include <functional>
#include <optional>
#include <sstream>

#include "compiler/passes/test_support.hpp"

using namespace trifactor;
using namespace trifactor::testing;

namespace {

Error refusal(const std::string& text, const Machine& machine) {
  try {
    compile(read_text(text), machine);
  } catch (const Error& error) {
    CHECK(complete(error));
    return error;
  }
  FAIL("accepted");
  throw std::logic_error("not reached");
}

Diagnostic misfit(const std::string& text, const Machine& machine) {
  const Error error = refusal(text, machine);
  CHECK(error.exit() == ExitCode::does_not_fit);
  REQUIRE(error.items().size() == 1);
  return error.items().front();
}

bool fits(const std::string& text, const Machine& machine) {
  try {
    compile(read_text(text), machine);
    return true;
  } catch (const Error& error) {
    if (error.exit() != ExitCode::does_not_fit) throw;
    return false;
  }
}

bool says(const std::string& text, const std::string& part) { return text.find(part) != std::string::npos; }

Machine one_type(std::vector<std::string> rules, bool teacher) {
  Machine machine = large_machine();
  machine.core_types.front().rules = std::move(rules), machine.core_types.front().teacher = teacher;
  return machine;
}

}  // namespace

TEST_CASE("each memory has a least size: one byte less is refused by its name, that byte more is asked for") {
  struct Memory {
    const char* key;
    std::int64_t Machine::Core::*field;
  };
  for (const auto& [key, field] :
       {Memory{"core.columns", &Machine::Core::columns}, Memory{"core.axons", &Machine::Core::axons},
        Memory{"core.synapse_bytes", &Machine::Core::synapse_bytes},
        Memory{"core.axon_bytes", &Machine::Core::axon_bytes},
        Memory{"core.neuron_bytes", &Machine::Core::neuron_bytes},
        Memory{"core.history_bytes", &Machine::Core::history_bytes}}) {
    INFO(key);
    Machine machine = large_machine();
    std::int64_t& size = machine.core.*field;
    std::int64_t low = 0, high = size;  // least that fits lies in (low, high]
    REQUIRE(fits(full_network, machine));
    while (high - low > 1) {
      size = (low + high) / 2;
      (fits(full_network, machine) ? high : low) = size;
    }
    REQUIRE(low > 0);
    size = low;
    const Diagnostic d = misfit(full_network, machine);
    CHECK(d.code == "TF-FIT-001");
    CHECK(says(d.expected, "at most " + std::to_string(low) + " (" + key + " of machine large)"));
    CHECK(d.found.rfind(std::to_string(high) + " ", 0) == 0);
    CHECK(says(d.hint, std::string("raise ") + key));
    CHECK(says(d.where, ".toml"));
  }
}

TEST_CASE("a mesh that is too small is refused by the number of cores") {
  Machine machine = large_machine();
  machine.mesh.height = 1, machine.core_types.front().y1 = 0;
  for (const auto& [width, fit] : {std::pair{2, false}, {3, true}}) {
    machine.mesh.width = width, machine.core_types.front().x1 = width - 1;
    CHECK(fits(least_network, machine) == fit);
  }
  machine.mesh.width = 2, machine.core_types.front().x1 = 1;
  Diagnostic d = misfit(least_network, machine);
  CHECK(d.code == "TF-FIT-003");
  CHECK(says(d.found, "3 cores"));
  CHECK(says(d.expected, "at most 2"));
  CHECK(says(d.hint, "mesh.width"));
  machine.core.columns = 2;  // now the eight neurons of one layer alone need four
  d = misfit(least_network, machine);
  CHECK(d.code == "TF-FIT-002");
  CHECK(says(d.found, "8 neurons"));
  CHECK((says(d.expected, "core.columns") && says(d.hint, "core.columns")));
  machine.core.columns = 256,
  machine.core.neuron_bytes = 8;  // the limit that binds is named, whichever it is
  d = misfit(least_network, machine);
  CHECK(
      (d.code == "TF-FIT-002" && says(d.expected, "core.neuron_bytes") && says(d.hint, "core.neuron_bytes")));
}

TEST_CASE("a machine without a rule's post unit or without a teacher is refused") {
  CHECK(fits(full_network, one_type({"phsic_gaussian", "readout"}, true)));
  Diagnostic d = misfit(full_network, one_type({"readout"}, true));
  CHECK(d.code == "TF-FIT-004");
  CHECK(says(d.where, ": hidden"));
  CHECK(says(d.found, "phsic_gaussian"));
  d = misfit(full_network, one_type({"phsic_gaussian"}, true));
  CHECK(d.code == "TF-FIT-004");
  CHECK(says(d.found, "readout"));
  CHECK(says(d.where, ": scores"));
  d = misfit(full_network, one_type({"phsic_gaussian", "readout"}, false));
  CHECK(d.code == "TF-FIT-005");
  CHECK(says(d.where, ": up"));
  CHECK(says(d.hint, "teacher"));
  CHECK(fits(least_network, one_type({"readout"}, false)));  // a read-out needs none
}

TEST_CASE("too few cores with a rule are refused, though there are cores enough") {
  Machine machine = one_type({"phsic_gaussian", "readout"}, true);
  machine.core.columns = 4;  // two cores of hidden, one of scores
  machine.core_types.front().x1 = 0, machine.core_types.front().y1 = 1;
  machine.core_types.push_back({"bare", {}, true, 1, 0, 7, 8});
  machine.core_types.push_back({"bare too", {}, true, 0, 2, 0, 8});
  CHECK(misfit(full_network, machine).code == "TF-FIT-004");
  machine.core_types.front().y1 = 2, machine.core_types.back().y0 = 3;
  CHECK(fits(full_network, machine));
}

TEST_CASE("what exists in floating point alone is refused, with the renderings there are") {
  int refused = 0;
  for (const Rule& rule : rule_catalogue()) {
    INFO(rule.name);
    CHECK((rule.renderings.chip == (rule.resolve != nullptr)));  // what compiles is what a chip has
    if (rule.renderings.chip) continue;
    ++refused;
    const std::string text = with(least_network, "to = \"hidden\"",
                                  "to = \"hidden\"\nplasticity = { rule = \"" + rule.name + "\" }");
    const Diagnostic d = misfit(text, large_machine());
    CHECK(d.code == "TF-FIT-006");
    CHECK(says(d.where, ": pixels_to_hidden"));
    CHECK(says(d.found, "'" + rule.name + "'"));
    CHECK(says(d.found, "floating point") == rule.renderings.floating);
    CHECK(says(d.found, "golden") == rule.renderings.golden);
    CHECK(says(d.found, "RTL") == rule.renderings.rtl);
  }
  CHECK(refused > 0);
}

TEST_CASE("formats that units cannot hold are refused") {
  const std::string wide = R"([network]
name = "wide"
classes = 2
[[population]]
name = "a"
kind = "input"
shape = [INPUTS]
activity = { bits = 16, range = 1 }
[[population]]
name = "b"
shape = [2]
[[projection]]
name = "one"
from = "a"
to = "b"
weights = { init = "zero", bits = 16, range = FINE }
[[projection]]
name = "two"
from = "a"
to = "b"
weights = { init = "zero", bits = 16, range = 1 }
)";
  Machine machine = large_machine();
  machine.core.axons = 1 << 20;
  const auto text = [&](const std::string& inputs, const std::string& fine) {
    return with(with(wide, "INPUTS", inputs), "FINE", fine);
  };
  // n inputs of both projections at one point: 2 n 2^30, 2^47 from n = 2^16 on; less than that at 1/1024.
  CHECK(fits(text("65535", "1"), machine));
  CHECK(misfit(text("65536", "1"), machine).code == "TF-FMT-014");
  CHECK(fits(text("127", "0.0009765625"), machine));  // n (1 + 2^10) 2^30
  const Diagnostic d = misfit(text("128", "0.0009765625"), machine);
  CHECK(d.code == "TF-FMT-014");
  CHECK(says(d.found, "49 bits"));
  CHECK(says(d.expected, "48"));

  const std::string coarse =
      with(with(least_network, "shape = [12]", "shape = [12]\nactivity = { bits = 8, range = 256 }"),
           "to = \"hidden\"", "to = \"hidden\"\nbias = true");
  CHECK(misfit(coarse, machine).code == "TF-FMT-013");
  CHECK(fits(with(coarse, "range = 256", "range = 128"), machine));
  CHECK(fits(with(coarse, "bias = true", ""), machine));

  const std::string delta = with(full_network, "delta = 0.5", "delta = 512");
  CHECK(misfit(delta, machine).code == "TF-FMT-012");
  CHECK(fits(with(full_network, "delta = 0.5", "delta = 511"), machine));

  const auto dropped = [](const std::string& neuron) {
    return with(least_network, "name = \"hidden\"", "name = \"hidden\"\ndropout = 0.25\nneuron = " + neuron);
  };
  const Diagnostic room = misfit(dropped("{ kind = \"tanh\", range = 1 }"), machine);
  CHECK(room.code == "TF-FMT-019");
  CHECK(says(room.found, "a range of 1 "));
  CHECK(says(room.expected, "a range of 2"));
  CHECK(misfit(dropped("{ kind = \"saturated_linear\", range = 1 }"), machine).code == "TF-FMT-019");
  for (const char* neuron :
       {"{ kind = \"tanh\", range = 2 }", "{ kind = \"tanh\" }", "{ kind = \"linear\", range = 1 }"})
    CHECK(fits(dropped(neuron), machine));
}

TEST_CASE("groups of more neurons than a normaliser takes are a mistake of the network") {
  const std::string text =
      with(with(full_network, "shape = [8]", "shape = [514]"), "groups = 2", "groups = 1");
  const Error error = refusal(text, large_machine());
  CHECK(error.exit() == ExitCode::configuration);
  CHECK(error.items().front().code == "TF-FMT-010");
  CHECK(fits(with(full_network, "shape = [8]", "shape = [512]"), large_machine()));
}

TEST_CASE("what only floating point has is refused for the chip") {
  const auto codes_of = [](const auto& change) {
    Network network = read_text(full_network);
    change(network);
    std::vector<std::string> codes;
    try {
      resolve(network);
    } catch (const Error& error) {
      CHECK(error.exit() == ExitCode::configuration);
      for (const Diagnostic& item : error.items()) {
        codes.push_back(item.code);
        CHECK(item.hint.find("trifactor reference") != std::string::npos);
      }
    }
    return codes;
  };
  using Codes = std::vector<std::string>;
  CHECK(codes_of([](Network&) {}) == Codes{});
  CHECK(codes_of([](Network& n) { n.populations[1].float_activation = FloatActivation::selu; }) ==
        Codes{"TF-FMT-015"});
  CHECK(codes_of([](Network& n) { n.populations[1].normalise->hands_on = false; }) == Codes{"TF-FMT-016"});
  CHECK(codes_of([](Network& n) { n.training.batch_norm = true; }) == Codes{"TF-FMT-017"});
  CHECK(codes_of([](Network& n) { n.training.batch = 256, n.training.dropout = 0.1; }) == Codes{});
}

TEST_CASE("a factor that lacks bits has them after any one of the cures that its message names") {
  struct Try {
    int bits;
    double range, eta;
  };
  const auto refusal = [](const std::string& rule, const Try& t) -> std::optional<Diagnostic> {
    const std::string text = with(
        with(least_network, "to = \"hidden\"",
             "to = \"hidden\"\nweights = { bits = " + std::to_string(t.bits) +
                 ", range = " + std::to_string(t.range) + " }\nplasticity = { rule = \"" + rule + "\" }"),
        "name = \"hidden\"", "name = \"hidden\"\nneuron = { kind = \"tanh\" }");
    std::ostringstream rate;
    rate << t.eta;
    try {
      resolve(read_text(text, {"projection.pixels_to_hidden.plasticity.eta=" + rate.str()}));
    } catch (const Error& error) {
      return error.items().front();
    }
    return std::nullopt;
  };
  const auto number_behind = [](const std::string& text, const std::string& words) -> std::optional<int> {
    const std::size_t at = text.find(words);
    if (at == std::string::npos || !std::isdigit(static_cast<unsigned char>(text[at + words.size()])))
      return {};
    return std::stoi(text.substr(at + words.size()));
  };
  int rules = 0;
  for (const std::string& rule : silicon_rules()) {
    int refused = 0;
    for (const int b : {4, 6, 8, 12, 16})
      for (const double r : {0.25, 1.0, 16.0})
        for (const double e : {1e-8, 1e-6, 1e-4, 1e-2}) {
          const Try tried{b, r, e};
          const std::optional<Diagnostic> found = refusal(rule, tried);
          if (!found || found->code != "TF-FMT-001") continue;
          ++refused;
          const std::string hint = found->hint;
          INFO(rule << " " << b << " bits, range " << r << ", eta " << e << " | " << hint);
          const auto cured = [&](const Try& by) {
            const std::optional<Diagnostic> left = refusal(rule, by);
            CHECK((!left || left->code != "TF-FMT-001"));
          };
          const int lacks = number_behind(found->found, "the factor a0 lacks ").value();
          const double times = std::exp2(lacks);
          if (const auto more = number_behind(hint, "give the weights ")) {
            CHECK(*more == lacks);
            CHECK(b + *more <= 16);
            cured({b + *more, r, e});
          }
          CHECK(number_behind(hint, "a range ") == times);
          cured({b, r / times, e});
          if (says(hint, "raise eta as much")) cured({b, r, e * times});
        }
    rules += refused > 0;
  }
  CHECK(rules >= 3);  // the others cannot stand alone in this network
}
