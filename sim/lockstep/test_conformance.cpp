// Every unit's RTL equals golden, and a verification that should fail does.
#include <catch2/catch.hpp>
#include <fstream>

#include "rtl/spec/diagnostic.hpp"
#include "sim/lockstep/subject.hpp"
#include "tests/support/folder.hpp"

using namespace trifactor;
using namespace trifactor::lockstep;

namespace {

using trifactor::testing::Folder;

/// A subject whose RTL is said to give one output wrong at the third vector of the second random episode.
class Faulty final : public Subject {
 public:
  explicit Faulty(std::unique_ptr<Subject> inner, bool lie) : inner_(std::move(inner)), lie_(lie) {}
  std::string name() const override { return inner_->name(); }
  std::vector<Field> fields() const override { return inner_->fields(); }
  std::vector<std::string> bins() const override {
    std::vector<std::string> bins = inner_->bins();
    if (!lie_) bins.push_back("never");
    return bins;
  }
  std::uint64_t directed() const override { return inner_->directed(); }
  Episode episode(std::uint64_t index, Dice& dice) const override { return inner_->episode(index, dice); }
  std::optional<Divergence> run(const Episode& episode, Coverage& coverage) override {
    std::optional<Divergence> found = inner_->run(episode, coverage);
    const std::size_t third = 2 * stride();
    if (lie_ && !found && episode.words.size() > third && episode.words[third + 1] != 0 && ++runs_ >= 2)
      found = Divergence{2, "word", 1, 2};
    return found;
  }

 private:
  std::unique_ptr<Subject> inner_;
  bool lie_;
  int runs_ = 0;
};

}  // namespace

TEST_CASE("the RTL of every unit equals golden and every situation was seen") {
  const std::string name = GENERATE(from_range(verifiable_units()));
  const VerifyResult result = verify_unit(name, {200000, 7, {}});
  INFO(name << ": " << result.complaint());
  CHECK(result.passed());
  CHECK(result.vectors >= 200000);
  CHECK(result.name == name);
}

TEST_CASE("other seeds give other vectors and the same verdict") {
  for (const std::uint64_t seed : {1u, 2u, 3u}) {
    INFO(seed);
    CHECK(verify_unit("packages", {5000, seed, {}}).passed());
    CHECK(verify_unit("trace", {5000, seed, {}}).passed());
    CHECK(verify_unit("membrane", {5000, seed, {}}).passed());
    CHECK(verify_unit("noise", {5000, seed, {}}).passed());
  }
}

TEST_CASE("a difference is reported with its inputs and replayed from its file") {
  Folder folder;
  Faulty faulty(unit_subjects()[10].make(), true);
  const VerifyResult result = verify(faulty, {1000, 1, folder.path});
  CHECK_FALSE(result.passed());
  CHECK(result.divergence.find("golden 1, RTL 2; inputs") != std::string::npos);
  REQUIRE(std::filesystem::exists(result.replay_file));

  // the true RTL passes on the same vectors, the faulty one fails on them
  CHECK(replay(result.replay_file).passed());
  CHECK(replay(result.replay_file).vectors == 3);
  const SubjectEntry entry{faulty.name(), [] {
                             auto subject = std::make_unique<Faulty>(unit_subjects()[10].make(), true);
                             Coverage unused(subject->bins());
                             Dice dice(1);
                             (void)subject->run(subject->episode(100, dice), unused);
                             return subject;
                           }};
  CHECK_FALSE(replay(result.replay_file, std::span(&entry, 1)).passed());
}

TEST_CASE("a situation that was never seen leaves a verification incomplete, and is no difference") {
  Faulty subject(unit_subjects()[10].make(), false);
  const VerifyResult result = verify(subject, {1000, 1, {}});
  CHECK_FALSE(result.passed());
  CHECK(result.divergence.empty());
  CHECK(result.verdict() == std::string("INCOMPLETE"));
  CHECK(result.complaint() == "never seen: never");
}

TEST_CASE("directed episodes see every situation, whatever the seed") {
  for (const std::string& name : verifiable_units())
    for (std::uint64_t seed = 1; seed <= 5; ++seed) {
      const VerifyResult result = verify_unit(name, {1, seed, {}});
      INFO(name << ", seed " << seed << ": " << result.complaint());
      CHECK(result.passed());
    }
}

TEST_CASE("unknown units, foreign files and full disks are refused") {
  Folder folder;
  const auto code = [](const auto& action) {
    try {
      action();
    } catch (const Error& error) {
      return error.items().at(0).code;
    }
    return std::string();
  };
  CHECK(code([] { (void)verify_unit("lame", {10, 1, {}}); }) == "TF-VER-001");
  const auto file = folder.path / "x.replay";
  const auto write = [&](const std::string& text) { std::ofstream(file) << text; };
  CHECK(code([&] { (void)replay(folder.path / "none"); }) == "TF-VER-002");
  write("something else\n");
  CHECK(code([&] { (void)replay(file); }) == "TF-VER-002");
  write("trifactor replay 1\nsubject lame\n");
  CHECK(code([&] { (void)replay(file); }) == "TF-VER-001");
  write("trifactor replay 1\nsubject exp\nfields gap*1 y*1\n");
  CHECK(code([&] { (void)replay(file); }) == "TF-VER-002");
  write("trifactor replay 1\nsubject exp\nfields gap*1 x*1\nv 0\n");
  CHECK(code([&] { (void)replay(file); }) == "TF-VER-002");
  write("trifactor replay 1\nsubject exp\nfields gap*1 x*1\nv 0 q\n");
  CHECK(code([&] { (void)replay(file); }) == "TF-VER-002");
  write("trifactor replay 1\nsubject exp\nfields gap*1 x*1\nv 0 5\n");
  CHECK(replay(file).passed());

  Faulty faulty(unit_subjects()[10].make(), true);
  CHECK(code([&] { (void)verify(faulty, {1000, 1, folder.path / "missing"}); }) == "TF-VER-003");
}
