// Wrong network files: every mistake has its code and place, and none hides another.
#include "compiler/network/test_support.hpp"

using namespace trifactor;
using namespace trifactor::testing;

namespace {

using Codes = std::vector<std::string>;

/// The mistakes of a text; the temporary file's name is replaced by "f".
std::vector<Diagnostic> mistakes(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const TemporaryFile file(text);
  auto items = refused([&] { read_network(file.path(), overrides); });
  const std::string name = file.path().string();
  for (Diagnostic& item : items)
    for (std::string* part : {&item.where, &item.found, &item.hint})
      if (const auto at = part->find(name); at != std::string::npos) part->replace(at, name.size(), "f");
  return items;
}
Codes codes_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return codes(mistakes(text, overrides));
}

/// Replaces `part` of the full network, and expects one mistake of that code where `where` stands in the
/// result.
void expect(const std::string& part, const std::string& replacement, const std::string& code,
            const std::string& where, const std::string& hint = "") {
  const std::string text = with(full_network, part, replacement);
  INFO(part << " -> " << replacement);
  const auto items = mistakes(text);
  CHECK(codes(items) == Codes{code + " f:" + position(text, where)});
  if (!hint.empty() && !items.empty()) CHECK(items[0].hint == hint);
}

}  // namespace

TEST_CASE("the networks that the tests break are good") {
  CHECK(codes_of(full_network).empty());
  CHECK(codes_of(least_network).empty());
}

TEST_CASE("mistakes of the head") {
  expect("name = \"test\"\n", "", "TF-TOML-012", "[network]");
  expect("seed = 7", "sede = 7", "TF-TOML-010", "sede", "did you mean 'seed'?");
  expect("seed = 7", "seed = -7", "TF-TOML-013", "-7");
  expect("seed = 7", "seed = 7.5", "TF-TOML-011", "7.5");
  expect("classes = 4", "classes = 1", "TF-TOML-013", "1\noutput");
  expect("classes = 4", "classes = 5", "TF-NET-016", "\"scores\"\n[[population]]\nname = \"pixels\"");
  expect("output = \"scores\"", "output = \"scorse\"", "TF-NET-003", "\"scorse\"", "did you mean 'scores'?");
  expect("output = \"scores\"", "output = \"pixels\"", "TF-NET-017", "\"pixels\"\n[[population]]");
  expect("seed = 7", "weights = \"no_such.npz\"", "TF-NET-013", "\"no_such.npz\"");
  expect("seed = 7", "weights = \".\"", "TF-NET-013", "\".\"");
  CHECK(codes_of("") == Codes{"TF-TOML-012 f:1:1", "TF-TOML-012 f:1:1", "TF-TOML-012 f:1:1"});
  CHECK(codes_of("[network]\nname = \"x\"\npopulation = 1\n") ==
        Codes{"TF-TOML-012 f:1:1", "TF-TOML-012 f:1:1", "TF-TOML-010 f:3:1"});
}

TEST_CASE("mistakes of populations") {
  std::string text = full_network;  // references to a wrong name still meet it
  for (std::size_t at = 0; (at = text.find("\"hidden\"", at)) != std::string::npos;)
    text.replace(at, 8, "\"hid.en\"");
  CHECK(codes_of(text) == Codes{"TF-NET-001 f:13:8"});
  expect("kind = \"neurons\"", "kind = \"neuron\"", "TF-TOML-015", "\"neuron\"", "did you mean 'neurons'?");
  expect("kind = \"input\"", "kind = \"inptu\"", "TF-TOML-015", "\"inptu\"", "did you mean 'input'?");
  expect("shape = [8]\n", "", "TF-TOML-012", "[[population]]\nname = \"hidden\"");
  expect("shape = [8]", "shape = []", "TF-TOML-016", "[]");
  expect("shape = [8]", "shape = [0]", "TF-TOML-013", "0]\nneuron");
  expect("shape = [8]", "shape = 8", "TF-TOML-011", "8\nneuron");
  expect("shape = [8]", "shape = [1048576, 1048576, 1048576, 1048576]", "TF-NET-018", "[1048576");
  expect("\"minus_training_mean\"", "\"minus_mean\"", "TF-TOML-015", "\"minus_mean\"");
  expect("bits = 16", "bits = 12", "TF-NET-020", "12, range");
  expect("bits = 16", "bits = 17", "TF-TOML-013", "17");
  expect("range = 5.0", "range = 0", "TF-TOML-013", "0 }\nnormalise");
  expect("range = 5.0", "range = nan", "TF-TOML-014", "nan");
  expect("\"leaky_relu\"", "\"leaky_rleu\"", "TF-TOML-015", "\"leaky_rleu\"");
  expect("{ kind = \"linear\", range = 16 }", "{ kind = \"linear\", slope = 0.5 }", "TF-NET-005",
         "0.5 }\n[[projection]]");
  expect("{ kind = \"linear\", range = 16 }", "{ kind = \"linear\", scale = 2 }", "TF-NET-005",
         "2 }\n[[projection]]");
  expect("{ kind = \"linear\", range = 16 }", "{ kind = \"saturated_linear\", exponent = 2 }", "TF-NET-005",
         "2 }\n[[projection]]");
  expect("{ kind = \"linear\", range = 16 }", "{ kind = \"tanh\", range = 0.5 }", "TF-TOML-013",
         "0.5 }\n[[projection]]");
  for (const char* scale : {"0.5", "2048"})
    expect("{ kind = \"linear\", range = 16 }",
           std::string("{ kind = \"saturated_linear\", range = 1, scale = ") + scale + " }", "TF-TOML-013",
           std::string(scale) + " }\n[[projection]]");
  expect("{ kind = \"linear\", range = 16 }", "{ range = 16 }", "TF-TOML-012", "{ range = 16 }");
  expect("groups = 2", "groups = 3", "TF-NET-009", "3, p");
  expect("groups = 2", "groups = 8", "TF-NET-010", "8, p");
  expect("groups = 2", "groups = 0", "TF-TOML-013", "0, p");
  expect("groups = 2, ", "", "TF-TOML-012", "{ kind = \"divisive\"");
  expect("p = 0.25", "p = 1.25", "TF-TOML-013", "1.25");
  expect("p = 0.25", "p = -0.25", "TF-TOML-013", "-0.25");
  expect("delta = 0.5", "delta = 0", "TF-TOML-013", "0, scale");
  expect("\"divisive\"", "\"layer\"", "TF-TOML-015", "\"layer\"");
  expect("encode = {", "neuron = { kind = \"linear\" }\nencode = {", "TF-NET-005",
         "{ kind = \"linear\" }\nencode");
  expect("encode = {", "normalise = { groups = 2 }\nencode = {", "TF-NET-005", "{ groups = 2 }");
}

TEST_CASE("names, inputs and outputs of the whole network") {
  std::string text =
      with(full_network, "shape = [4]\n", "shape = [4]\n[[population]]\nname = \"hidden\"\nshape = [4]\n");
  auto items = mistakes(text);
  CHECK(codes(items) == Codes{"TF-NET-007 f:" + position(text, "[[population]]\nname = \"hidden\"\nshape"),
                              "TF-NET-002 f:" + position(text, "\"hidden\"\nshape")});
  CHECK(items.at(1).hint == "the first is at f:12:1");
  text = with(full_network, "kind = \"input\"\n", "");
  CHECK(codes_of(text) == Codes{"TF-NET-004 f:6:1", "TF-NET-007 f:6:1", "TF-NET-005 f:9:10"});
  text = with(full_network, "kind = \"neurons\"", "kind = \"input\"");
  text = with(text, "neuron = { kind = \"leaky_relu\", slope = 0.125, range = 5.0 }\n", "");
  text = with(
      text, "normalise = { kind = \"divisive\", groups = 2, p = 0.25, delta = 0.5, scale_range = 9 }\n", "");
  CHECK(codes_of(text) ==
        Codes{"TF-NET-004 f:12:1", "TF-NET-008 f:" + position(text, "\"hidden\"\nconnect")});
  text = with(full_network, "[[projection]]\nfrom", "[[projection]]\nname = \"up\"\nfrom");
  CHECK(codes_of(text) == Codes{"TF-NET-002 f:" + position(text, "\"up\"\nfrom = \"hidden\"")});
  text = full_network + "[[projection]]\nfrom = \"hidden\"\nto = \"scores\"\n";
  CHECK(codes_of(text) == Codes{"TF-NET-002 f:36:8"});
  text = least_network;
  CHECK(codes_of(text, {"network.classes=9"}) == Codes{"TF-NET-016 f:10:1"});
  CHECK(codes_of("[network]\nname = \"x\"\n[[population]]\nname = \"a\"\nkind = \"input\"\nshape = "
                 "[10]\n[[projection]]\n"
                 "from = \"a\"\nto = \"a\"\n") ==
        Codes{"TF-NET-017 f:3:1", "TF-NET-006 f:7:1", "TF-NET-008 f:9:6"});
  text = "[network]\nname = \"x\"\n";
  for (int i = 0; i < 300; ++i)
    text += "[[population]]\nname = \"p" + std::to_string(i) + "\"\nshape = [10]\n";
  CHECK(codes_of(text) == Codes{"TF-TOML-012 f:1:1", "TF-NET-004 f:3:1", "TF-NET-019 f:771:1"});
}

TEST_CASE("mistakes of projections") {
  expect("from = \"pixels\"", "from = \"pixel\"", "TF-NET-003", "\"pixel\"", "did you mean 'pixels'?");
  expect("to = \"hidden\"", "to = \"hiden\"", "TF-NET-003", "\"hiden\"", "did you mean 'hidden'?");
  expect("to = \"hidden\"\n", "", "TF-TOML-012", "[[projection]]\nname");
  expect("\"dense\"", "\"dence\"", "TF-TOML-015", "\"dence\"");
  expect("bias = true", "bias = \"yes\"", "TF-TOML-011", "\"yes\"");
  expect("bits = 4", "bits = 3", "TF-TOML-013", "3, range");
  expect("bits = 4", "bits = 17", "TF-TOML-013", "17, range");
  expect("range = 0.5,", "range = 0.0,", "TF-TOML-013", "0.0,");
  expect("\"nearest\"", "\"up\"", "TF-TOML-015", "\"up\" }");
  expect("\"zero\"", "\"file\"", "TF-NET-014", "\"file\"");
  expect("weights = {", "weigths = {", "TF-TOML-010", "weigths", "did you mean 'weights'?");
  std::string text = with(full_network, "name = \"up\"\n", "");
  CHECK(codes_of(text).empty());
  text = with(least_network, "to = \"hidden\"", "to = \"scores\"");
  const std::string at_hidden = "TF-NET-007 f:" + position(text, "[[population]]\nname = \"hidden\"");
  CHECK(codes_of(text) == Codes{at_hidden});
}

TEST_CASE("mistakes of plasticity") {
  expect("\"phsic_gaussian\"", "\"phsic_gausian\"", "TF-NET-011", "\"phsic_gausian\"",
         "did you mean 'phsic_gaussian'?");
  expect("rule = \"phsic_gaussian\", ", "", "TF-TOML-012", "{ partners");
  expect("sigma = 3", "sigmma = 3", "TF-TOML-010", "sigmma", "did you mean 'sigma'?");
  expect("sigma = 3", "sigma = 0", "TF-TOML-013", "0, weight_age");
  expect("sigma = 3", "sigma = nan", "TF-TOML-014", "nan");
  expect("sigma = 3", "sigma = \"wide\"", "TF-TOML-011", "\"wide\"");
  expect("partners = 2", "partners = 2.0", "TF-TOML-011", "2.0, sigma");
  expect("partners = 2", "partners = 33", "TF-TOML-013", "33");
  expect("weight_age = 3", "weight_age = -1", "TF-TOML-013", "-1");
  expect("\"hinge\"", "\"hing\"", "TF-TOML-015", "\"hing\"", "did you mean 'hinge'?");
  expect("error = \"hinge\"", "error = \"hinge\", sigma = 1", "TF-TOML-010", "sigma = 1");
  expect("kind = \"step\"", "kind = \"steps\"", "TF-TOML-015", "\"steps\"");
  expect("every = 100, ", "", "TF-TOML-012", "{ kind = \"step\"");
  expect("every = 100", "every = 0", "TF-TOML-013", "0, factor");
  expect("factor = 0.5", "factor = 1.5", "TF-TOML-013", "1.5");
  expect("tau = 50", "tau = 0", "TF-TOML-013", "0 } }");
  expect("{ kind = \"inverse\", tau = 50 }", "\"inverse\"", "TF-NET-015", "\"inverse\"");
  expect("{ kind = \"inverse\", tau = 50 }", "\"linaer\"", "TF-TOML-015", "\"linaer\"",
         "did you mean 'linear'?");
  expect("{ kind = \"inverse\", tau = 50 }", "3", "TF-TOML-011", "3 }\n");
  expect("{ kind = \"inverse\", tau = 50 }", "{ kind = \"linear\", tau = 50 }", "TF-TOML-010", "tau");
}

TEST_CASE("circles are refused by name, at a projection that lies on one") {
  const auto network = [](const std::vector<std::pair<std::string, std::string>>& edges) {
    std::string text =
        "[network]\nname = \"x\"\noutput = \"d\"\n[[population]]\nname = \"i\"\nkind = \"input\"\nshape = "
        "[10]\n";
    for (const char* name : {"a", "b", "c", "d"})
      text += std::string("[[population]]\nname = \"") + name + "\"\nshape = [10]\n";
    for (const auto& [from, to] : edges)
      text += "[[projection]]\nfrom = \"" + from + "\"\nto = \"" + to + "\"\n";
    return text;
  };
  const auto line_of = [](int edge) { return "TF-NET-006 f:" + std::to_string(20 + 3 * edge) + ":1"; };
  CHECK(codes_of(network({{"i", "a"}, {"a", "b"}, {"b", "c"}, {"c", "d"}, {"a", "d"}})).empty());
  auto items = mistakes(network({{"i", "a"}, {"a", "b"}, {"b", "c"}, {"c", "a"}, {"c", "d"}}));
  REQUIRE(codes(items) == Codes{line_of(3)});
  CHECK(items[0].found == "projections close a circle: a -> b -> c -> a");
  items = mistakes(network({{"i", "a"}, {"a", "b"}, {"b", "c"}, {"c", "d"}, {"d", "d"}}));
  REQUIRE(codes(items) == Codes{line_of(4)});
  CHECK(items[0].found == "projections close a circle: d -> d");
  items = mistakes(network({{"i", "a"}, {"c", "b"}, {"b", "c"}, {"a", "b"}, {"c", "d"}}));
  REQUIRE(codes(items) == Codes{line_of(2)});
  // a population behind a circle is not on it
  items = mistakes(network({{"i", "d"}, {"d", "b"}, {"b", "d"}, {"b", "a"}, {"a", "c"}}));
  REQUIRE(codes(items) == Codes{line_of(2)});
  CHECK(items[0].found == "projections close a circle: b -> d -> b");
}

TEST_CASE("what keeps time in steps from working is reported") {
  const std::string network =
      "[network]\nname = \"x\"\nclasses = 4\nsteps = 3\n[[population]]\nname = \"i\"\nkind = "
      "\"input\"\nshape = [4]\n"
      "[[population]]\nname = \"a\"\nshape = [4]\nmembrane = { tau = 2 }\n[[population]]\nname = "
      "\"b\"\nshape = [4]\n"
      "[[projection]]\nfrom = \"i\"\nto = \"a\"\nplasticity = { rule = \"oja\", every = \"sample\" }\n"
      "[[projection]]\nfrom = \"a\"\nto = \"b\"\n";
  CHECK(codes_of(network).empty());
  CHECK(codes_of(with(network, "\"sample\"", "\"step\"")) == Codes{"TF-NET-022 f:19:38"});
  CHECK(codes_of(with(network, "rule = \"oja\", every = \"sample\"",
                      "rule = \"competing\", every = \"step\", weight_age = 1")) ==
        Codes{"TF-NET-023 f:19:44"});
  CHECK(codes_of(with(network, "to = \"b\"\n", "to = \"b\"\nlate = true\n")) == Codes{"TF-NET-025 f:13:1"});
  CHECK(codes_of(with(with(network, "steps = 3\n", ""), "to = \"b\"\n",
                      "to = \"b\"\n[[projection]]\nname = "
                      "\"l\"\nfrom = \"i\"\nto = \"b\"\nlate = true\n")) == Codes{"TF-NET-026 f:22:1"});
  CHECK(codes_of(with(network, "steps = 3", "steps = 0")) == Codes{"TF-TOML-013 f:4:9"});
  CHECK(codes_of(with(network, "tau = 2", "tau = 0.5")) == Codes{"TF-TOML-013 f:12:20"});
  CHECK(codes_of(with(network, "tau = 2 ", "")) == Codes{"TF-TOML-012 f:12:12"});
}

TEST_CASE("all mistakes of a file at once, in its order") {
  std::string text = with(full_network, "seed = 7", "sede = 7");
  text = with(text, "groups = 2", "groups = 3");
  text = with(text, "bits = 4", "bits = 20");
  text = with(text, "sigma = 3", "sigma = -3");
  text = with(text, "\"readout\"", "\"readuot\"");
  text = with(text, "from = \"pixels\"", "from = \"pixles\"");
  CHECK(codes_of(text) == Codes{"TF-TOML-010 f:3:1", "TF-NET-009 f:17:43", "TF-NET-003 f:25:8",
                                "TF-TOML-013 f:29:35", "TF-TOML-013 f:30:63", "TF-NET-011 f:34:23"});
}

TEST_CASE("overrides are checked like the file and located by what was typed") {
  CHECK(read_text(full_network, {"projection.up.plasticity.eta=0.5"})
            .projections[0]
            .plasticity->parameters.number("eta") == 0.5);
  CHECK(read_text(full_network, {"projection.hidden_to_scores.bias=true"}).projections[1].bias);
  CHECK(read_text(full_network, {"network.seed=99"}).seed == 99);
  CHECK(read_text(full_network, {"population.hidden.shape=[16]"}).populations[1].neurons() == 16);
  for (const auto& [text, code] : std::vector<std::pair<std::string, std::string>>{
           {"projection.up.plasticity.eta=100", "TF-TOML-013"},
           {"projection.up.plasticity.etaa=1", "TF-TOML-010"},
           {"projection.pu.plasticity.eta=1", "TF-TOML-021"},
           {"population.hidden.normalise.groups=5", "TF-NET-009"},
           {"network.seed=one", "TF-TOML-011"},
           {"projection.up.from=nowhere", "TF-NET-003"},
           {"projection.up.plasticity.rule=hebb", "TF-NET-011"},
           {"network.seed", "TF-TOML-020"},
           {"network.seed.low=1", "TF-TOML-022"}})
    CHECK(codes_of(full_network, {text}) == Codes{code + " override " + text});
}

TEST_CASE("no mutation of a network file crashes or hangs the reader") {
  const TemporaryFile file("");
  const int bad = fuzz(full_network, 10000, [&](const std::string& text) {
    std::ofstream(file.path(), std::ios::binary) << text;
    read_network(file.path());
  });
  CHECK(bad > 5000);
}
