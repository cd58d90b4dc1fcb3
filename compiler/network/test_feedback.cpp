// Feedback projections in a network file: read as such, no part of the forward order, and refused where they
// would carry nothing.
#include "compiler/network/test_support.hpp"

using namespace trifactor;
using namespace trifactor::testing;

namespace {

/// Two hidden layers and a read-out; errors travel back from it and from the second layer.
const std::string there_and_back = R"([network]
name = "back"
classes = 4
output = "scores"
[[population]]
name = "pixels"
kind = "input"
shape = [6]
[[population]]
name = "first"
shape = [5]
neuron = { kind = "saturated_linear" }
[[population]]
name = "second"
shape = [3]
neuron = { kind = "saturated_linear" }
[[population]]
name = "scores"
shape = [4]
[[projection]]
name = "r3"
from = "scores"
to = "second"
kind = "feedback"
weights = { init = "glorot", bits = 16 }
plasticity = { rule = "urfb", eta = 0.5 }
[[projection]]
name = "w1"
from = "pixels"
to = "first"
plasticity = { rule = "urfb" }
[[projection]]
name = "w2"
from = "first"
to = "second"
kind = "forward"
plasticity = { rule = "urfb" }
[[projection]]
name = "w3"
from = "second"
to = "scores"
plasticity = { rule = "readout" }
[[projection]]
name = "r2"
from = "second"
to = "first"
kind = "feedback"
)";

using Codes = std::vector<std::string>;

Codes found(const std::string& part, const std::string& replacement) {
  INFO(part << " -> " << replacement);
  Codes all;
  const std::string text = with(there_and_back, part, replacement);
  for (const Diagnostic& item : refused([&] { read_text(text); })) {
    CHECK_FALSE(item.expected.empty());
    all.push_back(item.code);
  }
  return all;
}

}  // namespace

TEST_CASE("errors handed on to nobody are refused once, whatever the rhythm") {
  std::string text = with(there_and_back, "classes = 4", "classes = 4\nsteps = 3");
  text = with(text, "plasticity = { rule = \"urfb\", eta = 0.5 }\n", "");
  text = with(text, "to = \"first\"\nplasticity = { rule = \"urfb\" }\n", "to = \"first\"\n");
  text = with(text, "kind = \"forward\"\nplasticity = { rule = \"urfb\" }\n", "kind = \"forward\"\n");
  text = with(text, "{ rule = \"readout\" }", "{ rule = \"readout\", every = \"step\" }");
  Codes codes;
  for (const Diagnostic& item : refused([&] { read_text(text); })) codes.push_back(item.code);
  CHECK(codes == Codes{"TF-NET-033"});
}

TEST_CASE("feedback is read, and the forward order does not see it") {
  const Network n = read_text(there_and_back);
  REQUIRE(n.projections.size() == 5);
  std::vector<std::string> order;
  for (const PopulationSpec& p : n.populations) order.push_back(p.name);
  CHECK(order == std::vector<std::string>{"pixels", "first", "second", "scores"});
  const ProjectionSpec &r3 = n.projections[0], &r2 = n.projections[4];
  CHECK((r3.feedback && r3.from == 3 && r3.to == 2 && r3.plasticity && r3.init == WeightInit::glorot));
  CHECK((r2.feedback && r2.from == 2 && r2.to == 1 && !r2.plasticity && r2.name == "r2"));
  for (const std::size_t k : {1u, 2u, 3u}) CHECK_FALSE(n.projections[k].feedback);
  CHECK(r3.plasticity->parameters.number("eta") == 0.5);
}

TEST_CASE("errors may skip layers, and the output's may be formed by either rule") {
  CHECK(found("from = \"second\"\nto = \"first\"\nkind", "from = \"scores\"\nto = \"first\"\nkind").empty());
  CHECK(found("{ rule = \"readout\" }", "{ rule = \"urfb\" }").empty());
}

TEST_CASE("feedback that carries nothing is refused") {
  // Against nothing: from and to exchanged.
  CHECK(found("from = \"second\"\nto = \"first\"\nkind", "from = \"first\"\nto = \"second\"\nkind") ==
        Codes{"TF-NET-034", "TF-NET-031"});
  CHECK(found("from = \"second\"\nto = \"first\"\nkind", "from = \"first\"\nto = \"first\"\nkind") ==
        Codes{"TF-NET-031"});
  // From a population without errors.
  CHECK(found("plasticity = { rule = \"readout\" }", "") == Codes{"TF-NET-032"});
  CHECK(found("{ rule = \"readout\" }", "{ rule = \"phsic_gaussian\" }") == Codes{"TF-NET-032"});
  // To one that takes none.
  CHECK(found("to = \"first\"\nplasticity = { rule = \"urfb\" }", "to = \"first\"") == Codes{"TF-NET-033"});
  CHECK(found("to = \"first\"\nplasticity = { rule = \"urfb\" }",
              "to = \"first\"\nplasticity = { rule = \"phsic_gaussian\" }") == Codes{"TF-NET-033"});
  CHECK(found("from = \"second\"\nto = \"first\"\nkind = \"feedback\"\n",
              "from = \"second\"\nto = \"pixels\"\nkind = \"feedback\"\n") ==
        Codes{"TF-NET-034", "TF-NET-033", "TF-NET-008"});
  // A rule that waits for errors in vain.
  CHECK(found("[[projection]]\nname = \"r2\"\nfrom = \"second\"\nto = \"first\"\nkind = \"feedback\"\n",
              "") == Codes{"TF-NET-034"});
  // A rule that is not for feedback, a bias, a kind that does not exist.
  CHECK(found("{ rule = \"urfb\", eta = 0.5 }", "{ rule = \"readout\" }") == Codes{"TF-NET-035"});
  CHECK(found("weights = { init = \"glorot\", bits = 16 }", "bias = true") == Codes{"TF-NET-005"});
  CHECK(found("kind = \"feedback\"\nweights", "kind = \"backward\"\nweights").size() >= 1);
  // Where a rule is not known, nothing is said about errors.
  CHECK(found("{ rule = \"readout\" }", "{ rule = \"raedout\" }") == Codes{"TF-NET-011"});
}

TEST_CASE("errors pass a population that does not learn, and stop where nobody learns from them") {
  const std::string second =
      "name = \"w2\"\nfrom = \"first\"\nto = \"second\"\nkind = \"forward\"\nplasticity = "
      "{ rule = \"urfb\" }";
  const std::string frozen = "name = \"w2\"\nfrom = \"first\"\nto = \"second\"\nkind = \"forward\"";
  CHECK(found(second, frozen).empty());
  const Network n = read_text(with(there_and_back, second, frozen));
  CHECK(relays_errors(n, 2));
  CHECK(n.projections.at(relay_model(n, 2)).name == "w1");
  for (const std::size_t p : {0u, 1u, 3u}) CHECK_FALSE(relays_errors(n, p));
  CHECK_FALSE(relays_errors(read_text(there_and_back), 2));
  // Without a way on it takes none, without errors behind it it has none.
  const auto codes = [&](std::string text) {
    Codes all;
    for (const Diagnostic& item : refused([&] { read_text(text); })) all.push_back(item.code);
    return all;
  };
  std::string text = with(there_and_back, second, frozen);
  CHECK(codes(with(text, "from = \"second\"\nto = \"first\"\nkind",
                   "from = \"scores\"\nto = \"first\"\nkind")) == Codes{"TF-NET-033"});
  CHECK(codes(with(text, "from = \"scores\"\nto = \"second\"\nkind",
                   "from = \"scores\"\nto = \"first\"\nkind")) == Codes{"TF-NET-032"});
  // What passes keeps its rhythm.
  text = with(text, "classes = 4", "classes = 4\nsteps = 2");
  CHECK(codes(with(text, "to = \"first\"\nplasticity = { rule = \"urfb\" }",
                   "to = \"first\"\nplasticity = { rule = \"urfb\", every = \"step\" }"))
            .front() == "TF-NET-024");
}

TEST_CASE("a population that only feedback reaches has no input") {
  CHECK(found("name = \"w2\"\nfrom = \"first\"\nto = \"second\"\nkind = \"forward\"\n",
              "name = \"w2\"\nfrom = \"pixels\"\nto = \"first\"\nkind = \"forward\"\n")
            .front() == "TF-NET-007");
}

TEST_CASE("errors are said to a population that listens, and to no other") {
  const std::string told = R"([network]
name = "told"
classes = 4
[[population]]
name = "x"
kind = "input"
shape = [6]
[[population]]
name = "class"
kind = "label"
shape = [4]
[[population]]
name = "voice"
shape = [3]
[[population]]
name = "layer"
shape = [3]
neuron = { kind = "tanh" }
[[population]]
name = "scores"
shape = [4]
[[projection]]
from = "class"
to = "voice"
weights = { init = "normal", gain = 0.5 }
[[projection]]
from = "x"
to = "layer"
plasticity = { rule = "hsic_memory", error = "told" }
[[projection]]
name = "says"
from = "voice"
to = "layer"
kind = "error"
connect = "identity"
[[projection]]
from = "layer"
to = "scores"
plasticity = { rule = "readout" }
)";
  const Network n = read_text(told);
  CHECK((n.populations[1].label && n.populations[1].given() && !n.populations[1].input));
  CHECK((n.projections[2].error && !n.projections[2].feedback && n.projections[0].gain == 0.5));
  const auto codes = [&](const std::string& part, const std::string& replacement) {
    INFO(part << " -> " << replacement);
    Codes all;
    for (const Diagnostic& item : refused([&] { read_text(with(told, part, replacement)); }))
      all.push_back(item.code);
    return all;
  };
  const std::string says =
      "name = \"says\"\nfrom = \"voice\"\nto = \"layer\"\nkind = \"error\"\nconnect = \"identity\"\n";
  CHECK(codes("error = \"told\"", "error = \"analytic\"").empty());  // it may be told without listening
  CHECK(codes("[[projection]]\n" + says, "") == Codes{"TF-NET-036"});
  CHECK(codes("rule = \"hsic_memory\", error = \"told\"", "rule = \"oja\"") == Codes{"TF-NET-037"});
  CHECK(codes("connect = \"identity\"\n", "plasticity = { rule = \"oja\" }\n") == Codes{"TF-NET-038"});
  CHECK(codes("connect = \"identity\"\n", "late = true\n").back() == "TF-NET-005");
  CHECK(codes("connect = \"identity\"\n", "bias = true\n") == Codes{"TF-NET-005"});
  CHECK(codes("kind = \"label\"\nshape = [4]", "kind = \"label\"\nshape = [5]") == Codes{"TF-NET-045"});
  CHECK(codes("name = \"told\"", "name = \"told\"\noutput = \"class\"").front() == "TF-NET-017");
  CHECK(codes("from = \"class\"\nto = \"voice\"", "from = \"x\"\nto = \"class\"").back() == "TF-NET-008");
  CHECK(codes("[[projection]]\n" + says,
              "[[projection]]\n" + says +
                  "[[projection]]\nname = \"back\"\nfrom = \"scores\"\nto = \"layer\"\nkind = \"feedback\"\n")
            .front() == "TF-NET-039");

  // With steps a circle through what is said is closed elsewhere, or refused: an error of the step before is
  // none.
  const std::string heard = "name = \"told\"\nsteps = 3",
                    voice = "[[population]]\nname = \"voice\"\nshape = [3]\n",
                    layer = "[[population]]\nname = \"layer\"\nshape = [3]\nneuron = { kind = \"tanh\" }\n",
                    hears = "[[projection]]\nfrom = \"layer\"\nto = \"voice\"\n[[projection]]\n" + says;
  const std::string circle = with(with(told, "name = \"told\"", heard), "[[projection]]\n" + says, hears);
  CHECK(read_text(circle).projections[2].late);
  const std::vector<Diagnostic> items =
      refused([&] { read_text(with(circle, voice + layer, layer + voice)); });
  REQUIRE(items.size() == 1);
  CHECK((items[0].code == "TF-NET-047" && items[0].found.find("'says'") == 0));
}
