// The rules under the lock-step verification: everything is seen, and a unit that errs is found and replayed.
#include <catch2/catch.hpp>
#include <filesystem>
#include <fstream>

#include "rtl/spec/diagnostic.hpp"
#include "sim/lockstep/rules.hpp"

using namespace trifactor;
using namespace trifactor::lockstep;

TEST_CASE("the RTL of every rule equals golden in lock-step and every situation was seen") {
  REQUIRE(verifiable_rules().size() == rule_subjects().size());
  for (const std::string& name : verifiable_rules()) {
    const VerifyResult result = verify_rule(name, {8000, 11, {}});
    INFO(name << ": " << result.complaint());
    CHECK(result.passed());
    CHECK(result.vectors >= 8000);
  }
  try {
    (void)verify_rule("phsic", {10, 1, {}});
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.items().at(0).code == "TF-VER-001");
  }
}

TEST_CASE("few samples see every situation of a rule, whatever the seed") {
  for (const std::string& name : verifiable_rules())
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const VerifyResult result = verify_rule(name, {400, seed, {}});
      INFO(name << ", seed " << seed << ": " << result.complaint());
      CHECK(result.passed());
    }
}

TEST_CASE("a vector of a rule holds all that its result depends on, so a replay file repeats it") {
  const std::filesystem::path folder =
      std::filesystem::temp_directory_path() / ("trifactor_rules_" + std::to_string(::getpid()));
  std::filesystem::create_directories(folder);
  for (const SubjectEntry& entry : rule_subjects()) {
    const std::unique_ptr<Subject> subject = entry.make();
    Dice dice(5);
    Episode episode = subject->episode(3, dice);
    const std::size_t stride = subject->stride();
    REQUIRE(episode.words.size() % stride == 0);
    const auto file = folder / (entry.name + ".replay");
    {
      std::ofstream out(file);
      out << "trifactor replay 1\nsubject " << entry.name << "\nfields";
      for (const Field& field : subject->fields()) out << ' ' << field.name << '*' << field.width;
      for (std::size_t i = 0; i < episode.words.size(); ++i)
        out << (i % stride == 0 ? "\nv " : " ") << episode.words[i];
      out << '\n';
    }
    const VerifyResult again = lockstep::replay(file, rule_subjects());
    CHECK(again.passed());
    CHECK(again.vectors == episode.words.size() / stride);
  }
  std::filesystem::remove_all(folder);
}
