#include <fmt/format.h>

#include <fstream>
#include <map>
#include <sstream>

#include "compiler/machine_io/machine_file.hpp"
#include "compiler/text/test_support.hpp"

using namespace trifactor;
using namespace trifactor::testing;

namespace {

using Codes = std::vector<std::string>;
const std::vector<std::string> rules = {"phsic_gaussian", "readout"};

const std::string sample = R"(name = "test"
description = "for tests"
clock_MHz = 100
jitter_seed = 0
barrier = false
[mesh]
width = 4
height = 2
link_bits = 32
hop_cycles = 1
buffer_packets = 2
[tree]
network = "own"
hop_cycles = 3
[core]
columns = 64
axons = 128
lanes = 8
synapse_bytes = 4096
synapse_ports = 1
synapse_latency = 2
axon_bytes = "2 KiB"
neuron_bytes = "2 x axon_bytes + 1"
history_bytes = "neuron_bytes * 3 + axon_bytes"
[host]
cycles_per_word = 5
[[core_type]]
name = "left"
rules = ["phsic_gaussian"]
teacher = true
tiles = [0, 0, 1, 1]
[[core_type]]
name = "right"
rules = ["readout", "phsic_gaussian"]
teacher = false
tiles = [2, 0, 3, 1]
)";

std::vector<Diagnostic> mistakes(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return refused([&] { parse_machine(text, "m", overrides, rules); });
}
Codes codes_of(const std::string& text, const std::vector<std::string>& overrides = {}) {
  return codes(mistakes(text, overrides));
}
std::string at(const std::string& code, const std::string& text, const std::string& part) {
  return code + " m:" + position(text, part);
}

std::map<std::string, std::int64_t> numbers(const Machine& machine) {
  std::map<std::string, std::int64_t> result;
  visit_machine(machine, [&](const char* key, std::int64_t value, auto...) { result[key] = value; });
  return result;
}

}  // namespace

TEST_CASE("every entry of a machine file arrives") {
  const Machine m = parse_machine(sample, "m", {}, rules);
  CHECK(m.name == "test");
  CHECK(m.description == "for tests");
  CHECK_FALSE(m.barrier);
  CHECK(m.tree.own_network);
  CHECK(numbers(m) == std::map<std::string, std::int64_t>{{"clock_MHz", 100},
                                                          {"jitter_seed", 0},
                                                          {"mesh.width", 4},
                                                          {"mesh.height", 2},
                                                          {"mesh.link_bits", 32},
                                                          {"mesh.hop_cycles", 1},
                                                          {"mesh.buffer_packets", 2},
                                                          {"tree.hop_cycles", 3},
                                                          {"core.columns", 64},
                                                          {"core.axons", 128},
                                                          {"core.lanes", 8},
                                                          {"core.synapse_bytes", 4096},
                                                          {"core.synapse_ports", 1},
                                                          {"core.synapse_latency", 2},
                                                          {"core.axon_bytes", 2048},
                                                          {"core.neuron_bytes", 4097},
                                                          {"core.history_bytes", 14339},
                                                          {"host.cycles_per_word", 5}});
  REQUIRE(m.core_types.size() == 2);
  CHECK(m.core_types[0].name == "left");
  CHECK(m.core_types[0].rules == std::vector<std::string>{"phsic_gaussian"});
  CHECK(m.core_types[0].teacher);
  CHECK_FALSE(m.core_types[1].teacher);
  CHECK(m.core_types[1].rules == std::vector<std::string>{"readout", "phsic_gaussian"});
  CHECK((m.core_types[1].x0 == 2 && m.core_types[1].y0 == 0 && m.core_types[1].x1 == 3 &&
         m.core_types[1].y1 == 1));
}

TEST_CASE("nothing is defaulted: each line left out is missed, each number is bounded") {
  std::istringstream lines(sample);
  std::size_t at_byte = 0, entries = 0;
  for (std::string line; std::getline(lines, line); at_byte += line.size() + 1) {
    const auto equals = line.find(" = ");
    if (equals == std::string::npos) continue;
    ++entries;
    INFO(line);
    std::string without = sample;
    const auto items = mistakes(without.erase(at_byte, line.size() + 1));
    REQUIRE_FALSE(items.empty());
    bool named = false;
    for (const Diagnostic& item : items)
      named = named ||
              (item.code == "TF-TOML-012" && item.found.find(line.substr(0, equals)) != std::string::npos) ||
              (line.starts_with("axon_bytes") && item.code == "TF-MACH-003");
    CHECK(named);
  }
  CHECK(entries == 30);

  const Machine good = parse_machine(sample, "m");
  visit_machine(good, [](const std::string& key, std::int64_t, const char*, std::int64_t low,
                         std::int64_t high, const char*) {
    for (const std::int64_t value : {low - 1, high + 1}) {
      INFO(key << " = " << value);
      const std::string text = fmt::format("{}={}", key, value);
      const Codes found = codes_of(sample, {text});
      CHECK(std::count(found.begin(), found.end(), "TF-TOML-013 override " + text) == 1);
    }
    for (const std::int64_t value :
         {low, high}) {  // the bounds themselves are allowed, whatever follows from them
      INFO(key << " = " << value);
      const std::string text = fmt::format("{}={}", key, value);
      for (const std::string& found : codes_of(sample, {text})) CHECK(found.find(text) == std::string::npos);
    }
  });
}

TEST_CASE("overrides reach every entry by the key of visit_machine") {
  const Machine good = parse_machine(sample, "m");
  visit_machine(good, [](const std::string& key, std::int64_t old, const char*, std::int64_t low,
                         std::int64_t, const char*) {
    if (key == "mesh.width" || key == "mesh.height") return;  // the tiles say them again
    const std::int64_t value = old == low ? low + 1 : low;
    INFO(key);
    auto expected = numbers(parse_machine(sample, "m"));
    expected[key] = value;
    if (key == "core.axon_bytes") expected["core.neuron_bytes"] = 2 * value + 1;
    if (key == "core.axon_bytes" || key == "core.neuron_bytes")
      expected["core.history_bytes"] = 3 * expected["core.neuron_bytes"] + expected["core.axon_bytes"];
    CHECK(numbers(parse_machine(sample, "m", {fmt::format("{}={}", key, value)})) == expected);
  });
  CHECK_FALSE(parse_machine(sample, "m", {"tree.network=mesh"}).tree.own_network);
  CHECK(parse_machine(sample, "m", {"barrier=true"}).barrier);
  CHECK(parse_machine(sample, "m", {"core_type.right.teacher=true"}).core_types[1].teacher);
  CHECK(parse_machine(sample, "m", {"core.axon_bytes=3 KiB"}).core.axon_bytes == 3072);
  CHECK(codes_of(sample, {"core.lans=3"}) == Codes{"TF-TOML-010 override core.lans=3"});
  CHECK(codes_of(sample, {"core_type.middle.teacher=true"}) ==
        Codes{"TF-TOML-021 override core_type.middle.teacher=true"});
}

TEST_CASE("mistakes of the file have code, line and column") {
  const auto once = [](const std::string& part, const std::string& replacement) {
    return with(sample, part, replacement);
  };
  std::string text = once("width = 4", "width = 0");
  CHECK(codes_of(text) == Codes{at("TF-TOML-013", text, "0\nheight")});
  text = once("lanes = 8", "lanse = 8");
  CHECK(codes_of(text) == Codes{at("TF-TOML-012", text, "[core]"), at("TF-TOML-010", text, "lanse")});
  text = once("barrier = false", "barrier = 0");
  CHECK(codes_of(text) == Codes{"TF-TOML-011 m:5:11"});
  text = once("\"own\"", "\"shared\"");
  CHECK(codes_of(text) == Codes{at("TF-TOML-015", text, "\"shared\"")});
  text = once("[host]\ncycles_per_word = 5\n", "");
  CHECK(codes_of(text) == Codes{"TF-TOML-012 m:1:1"});
  text = once("[\"phsic_gaussian\"]", "[\"phsic_gausian\"]");
  CHECK(codes_of(text) == Codes{at("TF-MACH-009", text, "\"phsic_gausian\"")});
  CHECK(mistakes(text)[0].hint == "did you mean 'phsic_gaussian'?");
  text = once("[\"readout\", \"phsic_gaussian\"]", "[\"readout\", \"readout\"]");
  CHECK(codes_of(text) == Codes{at("TF-MACH-012", text, "\"readout\"]")});
  text = once("\"right\"", "\"left\"");
  CHECK(codes_of(text) == Codes{"TF-MACH-010 m:33:8"});
  text = sample.substr(0, sample.find("[[core_type]]"));
  CHECK(codes_of(text) == Codes{"TF-MACH-011 m:1:1"});
  CHECK(codes_of("core_type = []\n" + text) == Codes{"TF-TOML-011 m:1:13"});
}

TEST_CASE("core types cover the mesh without overlap") {
  const auto tiles = [](const std::string& left, const std::string& right) {
    return mistakes(with(with(sample, "[0, 0, 1, 1]", left), "[2, 0, 3, 1]", right));
  };
  CHECK(tiles("[0, 0, 0, 1]", "[1, 0, 3, 1]").empty());
  CHECK(tiles("[0, 0, 3, 0]", "[0, 1, 3, 1]").empty());
  CHECK(codes(tiles("[0, 0, 2, 1]", "[2, 0, 3, 1]")) == Codes{"TF-MACH-007 m:36:9"});
  CHECK(tiles("[0, 0, 2, 1]", "[2, 0, 3, 1]")[0].found == "tile (2, 0) belongs to both 'left' and 'right'");
  CHECK(codes(tiles("[0, 0, 1, 0]", "[2, 0, 3, 1]")) == Codes{"TF-MACH-008 m:31:9"});
  CHECK(tiles("[0, 0, 1, 0]", "[2, 0, 3, 1]")[0].found ==
        "2 of 8 tiles have no core type, the first is (0, 1)");
  CHECK(codes(tiles("[0, 0, 1, 1]", "[2, 0, 4, 1]")) == Codes{"TF-MACH-006 m:36:9"});
  CHECK(codes(tiles("[0, 0, 1, 2]", "[2, 0, 3, 1]")) == Codes{"TF-MACH-006 m:31:9"});
  CHECK(codes(tiles("[1, 0, 0, 1]", "[2, 0, 3, 1]")) == Codes{"TF-MACH-006 m:31:9"});
  CHECK(codes(tiles("[0, 1, 1, 0]", "[2, 0, 3, 1]")) == Codes{"TF-MACH-006 m:31:9"});
  CHECK(codes(tiles("[0, 0, -1, 1]", "[2, 0, 3, 1]")) == Codes{"TF-TOML-013 m:31:16"});
  CHECK(codes(tiles("[0, 0, 1]", "[2, 0, 3, 1]")) == Codes{"TF-TOML-016 m:31:9"});
  CHECK(codes(tiles("\"al\"", "[2, 0, 3, 1]")) == Codes{"TF-TOML-015 m:31:9"});
  CHECK(codes(tiles("\"all\"", "[2, 0, 3, 1]")) == Codes{"TF-MACH-007 m:36:9"});
  std::string many = sample.substr(0, sample.find("[[core_type]]"));
  for (int i = 0; i < 257; ++i)
    many += fmt::format("[[core_type]]\nname = \"t{}\"\nrules = []\nteacher = false\ntiles = \"all\"\n", i);
  CHECK(codes_of(many).size() == 1);
}

TEST_CASE("memory sizes are sums of products of each other") {
  const auto size = [](const std::string& expression) {
    return parse_machine(sample, "m", {"core.neuron_bytes=\"" + expression + "\""}).core.neuron_bytes;
  };
  CHECK(size("17") == 17);
  CHECK(size("3 MiB") == 3 << 20);
  CHECK(size("2 x axon_bytes") == 4096);
  CHECK(size("2 * 3 x 4 + 5") == 29);
  CHECK(size("axon_bytes+axon_bytes + 2 x 1 KiB") == 2048 * 2 + 2048);
  CHECK(size("synapse_bytes x 2 + 0 x axon_bytes") == 8192);
  const auto code = [](const std::string& expression) {
    const auto items = mistakes(with(sample, "\"2 x axon_bytes + 1\"", "\"" + expression + "\""));
    return items.empty() ? "" : items[0].code + " " + items[0].where;
  };
  for (const std::string& bad : std::vector<std::string>{
           "+", "2 +", "x 3", "2 2", "2 - 1", "2 x", "axon_bytes axon_bytes", "-5", "1.5", "2 kB",
           "99999999999999999999999", "(2)", "2x axon_bytes", "2 KiB KiB", "5KiB", std::string(300, '1')}) {
    INFO(bad);
    CHECK(code(bad) == "TF-MACH-002 m:23:16");
  }
  CHECK(code("2 x axon_byts") == "TF-MACH-003 m:23:16");
  CHECK(code("columns") == "TF-MACH-003 m:23:16");
  CHECK(code("") == "TF-TOML-017 m:23:16");
  CHECK(code("0 x axon_bytes") == "TF-MACH-005 m:23:16");
  CHECK(code("4 x 1024 MiB + 1") == "TF-MACH-005 m:23:16");
  CHECK(code("9223372036854775807 x 9223372036854775807 MiB") == "TF-MACH-005 m:23:16");
  CHECK(mistakes(with(sample, "\"2 x axon_bytes + 1\"", "\"2 x axon_byts\""))[0].hint ==
        "did you mean 'axon_bytes'?");
}

TEST_CASE("memory sizes in a circle are named, once") {
  auto items = mistakes(sample, {"core.axon_bytes=history_bytes"});
  REQUIRE(items.size() == 1);
  CHECK(items[0].code == "TF-MACH-004");
  CHECK(items[0].found.find("axon_bytes -> history_bytes -> neuron_bytes -> axon_bytes") !=
        std::string::npos);
  items = mistakes(sample, {"core.neuron_bytes=2 x neuron_bytes"});
  REQUIRE(items.size() == 1);
  CHECK(items[0].found.find(": neuron_bytes -> neuron_bytes") != std::string::npos);
  items = mistakes(sample, {"core.axon_bytes=synapse_bytes", "core.synapse_bytes=axon_bytes"});
  REQUIRE(items.size() == 1);
  CHECK(items[0].found.find(": axon_bytes -> synapse_bytes -> axon_bytes") != std::string::npos);
}

TEST_CASE("presets are complete and equal to their files") {
  CHECK(list_machines() == std::vector<std::string>{"generic", "jitter", "small"});
  for (const std::string& name : list_machines()) {
    const std::string path = std::string(TRIFACTOR_MACHINES) + "/" + name + ".toml";
    std::ifstream stream(path);
    std::stringstream text;
    text << stream.rdbuf();
    CHECK(machine_text(name) == text.str());
    const Machine a = read_machine(name, {}, rules), b = read_machine(path, {}, rules);
    CHECK(a.name == name);
    CHECK(numbers(a) == numbers(b));
    CHECK_FALSE(a.core_types.empty());
    CHECK(read_machine(name, {"mesh.width=3", "mesh.height=5"}, rules).core_types[0].x1 == 2);
  }
  const Machine generic = read_machine("generic"), jitter = read_machine("jitter");
  CHECK(generic.core.synapse_bytes >= 784 * 256 * 2);
  CHECK(jitter.jitter_seed != 0);
  CHECK_FALSE(jitter.tree.own_network);
  auto expected = numbers(generic);
  expected["jitter_seed"] = jitter.jitter_seed, expected["mesh.buffer_packets"] = 2;
  CHECK(numbers(jitter) == expected);
}

TEST_CASE("a machine that is not there") {
  const auto items = refused([] { read_machine("genric"); });
  CHECK(codes(items) == Codes{"TF-MACH-001 genric"});
  CHECK(items.at(0).hint == "did you mean 'generic'?");
  CHECK(codes(refused([] { read_machine("no/such.toml"); })) == Codes{"TF-TOML-001 no/such.toml"});
  CHECK(codes(refused([] { read_machine(TRIFACTOR_MACHINES "/"); })) ==
        Codes{"TF-TOML-002 " TRIFACTOR_MACHINES "/"});
  CHECK(codes(refused([] { read_machine(""); })) == Codes{"TF-MACH-001 "});
}

TEST_CASE("no mutation of a machine file crashes or hangs the reader") {
  const int bad = fuzz(sample, 20000, [](const std::string& text) { parse_machine(text, "m", {}, rules); });
  CHECK(bad > 10000);
}
