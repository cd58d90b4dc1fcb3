// What the benchmark writes can be read: every declared figure is there, measured, with the members that
// scripts rely on. Small sizes; nothing is said about speed.

#include <catch2/catch.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <set>
#include <string>

#include "tests/support/folder.hpp"

namespace {

const std::string program = TRIFACTOR_BENCH;

/// Exit code and output of the program with these arguments.
std::pair<int, std::string> run(const std::string& arguments) {
  std::FILE* pipe = ::popen(("'" + program + "' " + arguments + " 2>&1").c_str(), "r");
  REQUIRE(pipe != nullptr);
  std::string output;
  char buffer[4096];
  for (std::size_t got = 0; (got = std::fread(buffer, 1, sizeof buffer, pipe)) > 0;)
    output.append(buffer, got);
  const int status = ::pclose(pipe);
  return {WEXITSTATUS(status), output};
}

std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

using trifactor::testing::Folder;

}  // namespace

TEST_CASE("every figure that is listed is measured, printed and written") {
  const Folder folder;
  const auto [list_status, list] = run("--list");
  REQUIRE(list_status == 0);
  const std::string file = (folder.path / "figures.json").string();
  const auto [status, output] = run("--quick --json '" + file + "'");
  INFO(output);
  REQUIRE(status == 0);
  CHECK(lines(output) == lines(list) + 1);  // and a line that sums up

  const nlohmann::json figures = nlohmann::json::parse(std::ifstream(file));
  REQUIRE(figures.is_array());
  CHECK(figures.size() == lines(list));
  std::set<std::string> names;
  std::size_t limited = 0;
  for (const nlohmann::json& figure : figures) {
    CHECK(figure.size() == 5);
    const std::string name = figure.at("name");
    INFO(name);
    CHECK(names.insert(name).second);
    CHECK(list.find(name) != std::string::npos);
    REQUIRE(figure.at("value").is_number());
    // Small layouts stay within the first 100 MB.
    CHECK((figure.at("value").get<double>() > 0 ||
           (figure.at("value") == 0.0 && name.starts_with("peak memory beyond"))));
    CHECK(figure.at("unit").is_string());
    const bool ok = figure.at("ok");
    if (figure.at("limit").is_null()) {
      CHECK(ok);
    } else {
      CHECK(figure.at("limit").is_number());
      ++limited;
    }
  }
  CHECK(limited >= 12);
}

TEST_CASE("what cannot be done is said") {
  CHECK(run("--only 'no such figure'").first == 2);
  const Folder folder;
  const auto [status, output] =
      run("--quick --only accumulate --json '" + (folder.path / "missing" / "f.json").string() + "'");
  CHECK(status == 6);
  CHECK(output.find("cannot be written") != std::string::npos);
  CHECK(std::filesystem::is_empty(folder.path));
}
