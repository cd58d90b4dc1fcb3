// Are the technology files complete and honest, and does the loader notice when one is not?
#include <catch2/catch.hpp>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <map>
#include <sstream>

#include "host/report/embedded_technologies.hpp"
#include "host/report/formula.hpp"
#include "host/report/technology_file.hpp"
#include "rtl/spec/diagnostic.hpp"

using namespace trifactor;

namespace {

std::string embedded(const std::string& name) {
  for (const EmbeddedTechnology& t : embedded_technologies()) {
    if (t.name == name) return std::string(t.text);
  }
  FAIL("not embedded: " << name);
  return {};
}

/// Replaces the one occurrence of `from`; a test that edits nothing would prove nothing.
std::string edited(std::string text, const std::string& from, const std::string& to) {
  const auto at = text.find(from);
  REQUIRE(at != std::string::npos);
  return text.replace(at, from.size(), to);
}

std::vector<std::string> codes(const std::string& text) {
  try {
    parse_technology(text, "test.toml");
  } catch (const Error& error) {
    CHECK(error.exit() == ExitCode::configuration);
    std::vector<std::string> all;
    for (const Diagnostic& item : error.items()) {
      CHECK(item.where.find("test.toml") == 0);
      all.push_back(item.code);
    }
    return all;
  }
  return {};
}
bool has(const std::vector<std::string>& all, const std::string& code) {
  return std::find(all.begin(), all.end(), code) != all.end();
}

double evaluate(const std::string& text) {
  return evaluate_formula(text, [](std::string_view name) -> double {
    if (name == "two") return 2;
    throw FormulaError("no such name");
  });
}

}  // namespace

TEST_CASE("formulas follow the usual order of operations") {
  CHECK(evaluate("1 + 2 * 3") == 7);
  CHECK(evaluate("(1 + 2) * 3") == 9);
  CHECK(evaluate("8 / 4 / 2") == 1);
  CHECK(evaluate("7 - 4 - 2") == 1);
  CHECK(evaluate("2 ^ 3 ^ 2") == 512);
  CHECK(evaluate("2 * two ^ 2") == 8);
  CHECK(evaluate("sqrt(16) + min(1, 2) + max(1, 2) + round(2.6)") == 10);
  // The power law through (1, 3) and (4, 12) is 3 n.
  CHECK(evaluate("between(3, 1, 12, 4, 2)") == Approx(6));
  for (const char* bad :
       {"", "1 +", "(1", "1)", "1 2", "nobody", "sqrt()", "sqrt(1, 2)", "sine(1)", "1 / 0", "#"}) {
    INFO(bad);
    CHECK_THROWS_AS(evaluate(bad), FormulaError);
  }
  CHECK_THROWS_AS(evaluate(std::string(100000, '(')), FormulaError);
  CHECK(formula_names("sqrt(b * a) + b") == std::vector<std::string>{"b", "a"});
}

TEST_CASE("every file holds every figure, with a source and a band") {
  const auto list = list_technologies();
  REQUIRE(list.size() == 3);
  for (const TechnologyName& name : list) {
    const Technology t = load_technology(name.name);
    CHECK(t.name == name.name);
    for (const RequiredConstant& required : required_constants()) {
      const Constant& c = find_constant(t, required.name);
      INFO(t.name << " " << c.name);
      CHECK(c.value.low > 0);
      CHECK(c.value.low < c.value.nominal);
      CHECK(c.value.nominal < c.value.high);
      CHECK(c.source.size() > 10);
      CHECK(c.tag != "R");
    }
    CHECK(find_constant(t, "overhead").value.low == 2);
    CHECK(find_constant(t, "overhead").value.nominal == 3);
    CHECK(find_constant(t, "overhead").value.high == 6);
  }
}

TEST_CASE("derived figures equal formulas written a second time here") {
  const auto value = [](const char* technology, const char* name) {
    return find_constant(load_technology(technology), name).value.nominal;
  };
  CHECK(value("45nm", "int16_mul") == Approx(std::sqrt(.20 * 3.1)).epsilon(.005));
  CHECK(value("28nm", "int8_mul") == Approx(.153).epsilon(.005));
  CHECK(value("28nm", "int32_mul") == Approx(2.57).epsilon(.005));
  CHECK(value("28nm", "int8_add") == Approx(.021).epsilon(.02));
  const double between_22_and_32 = std::log(28.0 / 32) / std::log(22.0 / 32);
  CHECK(value("28nm", "sram_read_a") ==
        Approx(.386 * std::pow(.175 / .386, between_22_and_32)).epsilon(.005));
  CHECK(value("28nm", "clock_mm2") == Approx(20.7 * .81 / .3025).epsilon(.005));
  CHECK(value("45nm", "area_lane") == Approx(229858 / .7 / 16).epsilon(.005));
}

TEST_CASE("a derived band is at least 1.5 times as wide as one varied input makes it") {
  // Two figures by hand; the loader does it for all corners of all formulas.
  const Technology t = load_technology("45nm");
  const Band mul8 = find_constant(t, "int8_mul").value, mul32 = find_constant(t, "int32_mul").value;
  const Band mul16 = find_constant(t, "int16_mul").value;
  const double high = std::sqrt(mul8.high * mul32.high) / std::sqrt(mul8.nominal * mul32.nominal);
  const double low = std::sqrt(mul8.low * mul32.low) / std::sqrt(mul8.nominal * mul32.nominal);
  CHECK(std::log(mul16.high / mul16.nominal) >= 1.5 * std::log(high) * .999);
  CHECK(std::log(mul16.low / mul16.nominal) <= 1.5 * std::log(low) * .999);
}

TEST_CASE("every kind of mistake in a file is named") {
  const std::string good = embedded("45nm");
  REQUIRE(codes(good).empty());
  CHECK(has(codes("not toml ["), "TF-TECH-002"));
  CHECK(has(codes(std::string("\xff\x00\x13", 3)), "TF-TECH-002"));
  CHECK(has(codes(edited(good, "supply_V = 0.9", "suply_V = 0.9")), "TF-TECH-003"));
  CHECK(has(codes(edited(good, "nominal = 0.03,", "nominal = \"x\",")), "TF-TECH-004"));
  CHECK(has(codes(edited(good, "nominal = 0.03,", "nominal = nan,")), "TF-TECH-004"));
  CHECK(has(codes(edited(good, "nominal = 0.03,", "nominal = -1,")), "TF-TECH-004"));
  CHECK(has(codes(edited(good, "nominal = 0.03,", "")), "TF-TECH-005"));
  CHECK(has(codes(edited(good, "[input.odin_leak]", "[input.int8_add]")), "TF-TECH-006"));
  CHECK(has(codes(edited(good, "low = 0.02,", "low = 0.04,")), "TF-TECH-007"));
  CHECK(has(codes(edited(good, "tag = \"S\"", "tag = \"X\"")), "TF-TECH-008"));
  CHECK(has(codes(edited(good, "formula = \"sqrt(int8_mul * int32_mul)\"", "")), "TF-TECH-009"));
  CHECK(has(codes(edited(good, "[datapath.int8_mul]", "[input.int9_mul]")), "TF-TECH-010"));
  CHECK(has(codes(edited(good, "tag = \"S\"", "tag = \"R\"")), "TF-TECH-011"));
  CHECK(has(codes(edited(good, "[datapath.random_word]", "[memory.random_word]")), "TF-TECH-012"));
  CHECK(has(codes(edited(good, "\"sqrt(int8_mul * int32_mul)\"", "\"2 * int8_mul\"")), "TF-TECH-014"));
  CHECK(has(codes(edited(good, "nominal = 0.7874, high = 1.5", "nominal = 0.7874, high = 1.1")),
            "TF-TECH-015"));
  CHECK(has(codes(edited(good, "\"sqrt(int8_mul * int32_mul)\"", "\"sqrt(int8_mul * nobody)\"")),
            "TF-TECH-016"));
  CHECK(has(codes(edited(good, "\"sqrt(int8_mul * int32_mul)\"", "\"int16_mul\"")), "TF-TECH-016"));
  const auto two =
      codes(edited(edited(good, "nominal = 0.03,", "nominal = \"x\","), "tag = \"S\"", "tag = \"X\""));
  CHECK((has(two, "TF-TECH-004") && has(two, "TF-TECH-008")));  // all mistakes at once
  // A recalled figure may not carry a formula alone.
  const std::string file28 = embedded("28nm");
  CHECK(has(codes(edited(file28, "\"between(int8_add_45nm, 45, int8_add_7nm, 7, node)\"",
                         "\"2.957 * int8_add_7nm\"")),
            "TF-TECH-016"));
  // A misspelt figure: the missing one and a suggestion for the one that is there.
  const std::string misspelt = edited(good, "[static.leak_sram]", "[static.leak_srams]");
  CHECK(has(codes(misspelt), "TF-TECH-010"));
  CHECK(has(codes(misspelt), "TF-TECH-013"));
}

TEST_CASE("technologies are found by name, by path and in a search folder") {
  const auto folder = std::filesystem::temp_directory_path() / "trifactor-technology-test";
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "mine.toml") << edited(embedded("28nm"), "name = \"28nm\"", "name = \"mine\"");
  CHECK(load_technology("mine", folder).name == "mine");
  CHECK(load_technology((folder / "mine.toml").string()).name == "mine");
  CHECK(load_technology("22nm", folder).name == "22nm");
  CHECK(list_technologies(folder).size() == 4);
  const auto fails = [&](const std::string& name) {
    try {
      load_technology(name);
    } catch (const Error& error) {
      CHECK(error.exit() == ExitCode::configuration);
      return error.items()[0];
    }
    return Diagnostic{};
  };
  CHECK(fails("28mn").hint == "did you mean 28nm?");
  CHECK(fails("nowhere/x.toml").code == "TF-TECH-001");
  CHECK(fails(folder.string() + "/").code == "TF-TECH-001");
  std::filesystem::remove_all(folder);
}

TEST_CASE("technology.json reads back") {
  const Technology t = load_technology("28nm");
  const auto json = technology_json(t);
  CHECK(technology_json(technology_from_json(json, "x")) == json);
  auto broken = json;
  broken["constants"][3].erase("low");
  CHECK_THROWS_AS(technology_from_json(broken, "x"), Error);
}

TEST_CASE("the embedded text is the file's, byte for byte") {
  for (const EmbeddedTechnology& t : embedded_technologies()) {
    std::ifstream file(std::string(TRIFACTOR_TECHNOLOGIES) + "/" + std::string(t.name) + ".toml");
    std::ostringstream text;
    text << file.rdbuf();
    CHECK(text.str() == t.text);
  }
}
