// compare names the earliest difference, and nothing when there is none.
#include <rapidcheck.h>
#include <catch2/catch.hpp>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "compiler/npz/npz.hpp"
#include "host/experiment/compare.hpp"
#include "host/report/sample_run.hpp"
#include "host/report/technology_file.hpp"
#include "rtl/spec/diagnostic.hpp"

using namespace trifactor;

namespace {

struct Digest {
  int presentation, learned;
  std::string layer, projection, values[3];
};

const std::vector<Digest> digests = {
    {0, 1, "h1", "x_to_h1", {"a0", "b0", "c0"}}, {0, 1, "h2", "h1_to_h2", {"d0", "e0", "f0"}},
    {1, 1, "h1", "x_to_h1", {"a1", "b1", "c1"}}, {1, 1, "h2", "h1_to_h2", {"d1", "e1", "f1"}},
    {2, 0, "h1", "x_to_h1", {"a2", "b2", "c2"}}, {2, 0, "h2", "h1_to_h2", {"d2", "e2", "f2"}},
};

void write_digests(const std::filesystem::path& folder, const std::vector<Digest>& rows) {
  std::ofstream file(folder / "digests.csv");
  file << "presentation,learned,layer,projection,activity,third_factor,weights\n";
  for (const Digest& d : rows)
    file << d.presentation << ',' << d.learned << ',' << d.layer << ',' << d.projection << ',' << d.values[0]
         << ',' << d.values[1] << ',' << d.values[2] << '\n';
}

const std::vector<std::int16_t> weights = [] {
  std::vector<std::int16_t> w(5 * 7);
  for (std::size_t i = 0; i < w.size(); ++i) w[i] = static_cast<std::int16_t>(100 * i - 1700);
  return w;
}();

void write_weights(const std::filesystem::path& folder, const std::vector<std::int16_t>& w,
                   const std::vector<std::int16_t>& bias = {1, 2, 3, 4, 5}) {
  write_npz(folder / "weights.npz",
            {{"x_to_h1", NpyArray::from(w, {5, 7})}, {"x_to_h1.bias", NpyArray::from(bias)}});
}

/// Two equal run folders.
struct Runs {
  Runs() {
    char name[] = "/tmp/trifactor_compare_XXXXXX";
    REQUIRE(::mkdtemp(name) != nullptr);
    root = name, a = root / "a", b = root / "b";
    for (const auto& folder : {a, b}) {
      write_run(folder, sample_run(), load_technology("45nm"));
      write_digests(folder, digests);
      write_weights(folder, weights);
    }
  }
  ~Runs() { std::filesystem::remove_all(root); }
  std::filesystem::path root, a, b;
};

std::string code_of(const std::filesystem::path& a, const std::filesystem::path& b, ExitCode exit) {
  try {
    compare_runs(a, b);
  } catch (const Error& error) {
    REQUIRE(error.exit() == exit);
    return error.items()[0].code;
  }
  return "";
}

}  // namespace

TEST_CASE("equal runs are equal, and everything was looked at") {
  const Runs runs;
  const RunComparison c = compare_runs(runs.a, runs.b);
  REQUIRE(c.equal());
  REQUIRE(c.digest_rows == 6);
  REQUIRE(c.weight_values == 40);
  REQUIRE(c.accuracies > 0);
  REQUIRE(c.counts > event_count);
  REQUIRE(c.not_compared.empty());
}

TEST_CASE("the first differing digest is named, wherever it is and in whatever order rows stand") {
  const Runs runs;
  for (std::size_t row = 0; row < digests.size(); ++row)
    for (std::size_t quantity = 0; quantity < 3; ++quantity) {
      std::vector<Digest> changed = digests;
      changed[row].values[quantity] = "X";
      for (std::size_t later = row + 1; later < changed.size(); ++later) changed[later].values[0] = "Y";
      std::swap(changed[2], changed[3]);  // another order within a presentation
      write_digests(runs.b, changed);
      const RunComparison c = compare_runs(runs.a, runs.b);
      REQUIRE_FALSE(c.equal());
      REQUIRE(c.digest);
      REQUIRE(c.digest->presentation == static_cast<std::uint64_t>(digests[row].presentation));
      REQUIRE(c.digest->learned == (digests[row].learned == 1));
      REQUIRE(c.digest->layer == digests[row].layer);
      REQUIRE(c.digest->projection == digests[row].projection);
      REQUIRE(c.digest->quantity ==
              std::vector<std::string>{"activity", "third_factor", "weights"}[quantity]);
      REQUIRE(c.digest->first == digests[row].values[quantity]);
      REQUIRE(c.digest->second == "X");
      REQUIRE(c.differing_digest_rows == digests.size() - row);
    }
  std::vector<Digest> fewer(digests.begin(), digests.end() - 1);
  write_digests(runs.b, fewer);
  const RunComparison c = compare_runs(runs.a, runs.b);
  REQUIRE(c.digest->quantity == "row");
  REQUIRE(c.digest->presentation == 2);
  REQUIRE(c.digest->layer == "h2");
  REQUIRE(c.digest->second.empty());
  REQUIRE(compare_runs(runs.b, runs.a).digest->first.empty());
  std::vector<Digest> learned = digests;
  learned[4].learned = 1;
  write_digests(runs.b, learned);
  REQUIRE(compare_runs(runs.a, runs.b).digest->quantity == "learned");
  std::vector<Digest> unsorted = {digests[2], digests[0]};
  write_digests(runs.b, unsorted);
  REQUIRE(code_of(runs.a, runs.b, ExitCode::data) == "TF-CMP-003");
}

TEST_CASE("the first differing weight is named by neuron and row") {
  const Runs runs;
  REQUIRE(rc::check("one weight", [&] {
    std::vector<std::int16_t> changed = weights;
    const auto at = static_cast<std::size_t>(*rc::gen::inRange<int>(0, 35)),
               later = static_cast<std::size_t>(*rc::gen::inRange<int>(static_cast<int>(at), 35));
    changed[at] = static_cast<std::int16_t>(changed[at] ^ (1 << *rc::gen::inRange(0, 16)));
    if (later != at) changed[later] = static_cast<std::int16_t>(changed[later] + 1);
    write_weights(runs.b, changed);
    const RunComparison c = compare_runs(runs.a, runs.b);
    RC_ASSERT(c.weights.size() == 1U);
    RC_ASSERT(c.weights[0].projection == "x_to_h1");
    RC_ASSERT(*c.weights[0].neuron == at / 7);
    RC_ASSERT(*c.weights[0].row == at % 7);
    RC_ASSERT(c.weights[0].first == std::to_string(weights[at]));
    RC_ASSERT(c.weights[0].second == std::to_string(changed[at]));
    RC_ASSERT(c.weights[0].differing == (later == at ? 1U : 2U));
    RC_ASSERT_FALSE(c.equal());
  }));
  write_weights(runs.b, weights, {1, 2, 3, 9, 5});
  RunComparison c = compare_runs(runs.a, runs.b);
  REQUIRE(c.weights.size() == 1);
  REQUIRE(*c.weights[0].neuron == 3);
  REQUIRE_FALSE(c.weights[0].row);
  write_npz(runs.b / "weights.npz",
            {{"x_to_h1", NpyArray::from(weights, {7, 5})}, {"other", NpyArray::from(weights)}});
  c = compare_runs(runs.a, runs.b);
  REQUIRE(c.weights.size() == 3);  // another shape, two that only one has
  for (const WeightDifference& w : c.weights) REQUIRE_FALSE(w.neuron);
}

TEST_CASE(
    "accuracies and counts are compared; what only engines with time measure is left out without time") {
  const Runs runs;
  RunRecord run = sample_run();
  run.chip_events[Event::hop] += 1;
  write_run(runs.b, run, load_technology("45nm"));
  RunComparison c = compare_runs(runs.a, runs.b);
  REQUIRE(c.events.size() == 1);
  REQUIRE(c.events[0].name == "hop");
  run = sample_run();
  run.accuracy.back().test_accuracy = *run.accuracy.back().test_accuracy - .001;
  write_run(runs.b, run, load_technology("45nm"));
  c = compare_runs(runs.a, runs.b);
  REQUIRE(c.accuracy.size() == 1);
  REQUIRE(c.events.empty());
  run = sample_run(false);
  for (auto& core : run.cores) core.events[Event::random_draw] += 1;
  write_run(runs.b, run, load_technology("45nm"));
  c = compare_runs(runs.a, runs.b);
  REQUIRE(c.not_compared.size() == 1);
  for (const ValueDifference& v : c.events) REQUIRE(v.name != "hop");
  REQUIRE(
      std::any_of(c.events.begin(), c.events.end(), [](const auto& v) { return v.name == "random_draw"; }));
  // As many updates, but of other widths.
  run = sample_run();
  std::swap(run.cores[0].widths[0].weight_bits, run.cores[0].widths[1].activity_bits);
  write_run(runs.b, run, load_technology("45nm"));
  c = compare_runs(runs.a, runs.b);
  REQUIRE_FALSE(c.equal());
  for (const ValueDifference& v : c.events) REQUIRE(v.name.find(" bits") != std::string::npos);
}

TEST_CASE("what is missing is said") {
  const Runs runs;
  std::filesystem::remove(runs.b / "digests.csv");
  RunComparison c = compare_runs(runs.a, runs.b);
  REQUIRE(c.equal());
  REQUIRE(c.digest_columns.empty());
  REQUIRE(c.not_compared.size() == 1);
  std::filesystem::remove(runs.a / "weights.npz");
  REQUIRE(compare_runs(runs.a, runs.b).not_compared.size() == 2);
  std::filesystem::remove(runs.a / "run.json");
  REQUIRE(code_of(runs.a, runs.b, ExitCode::configuration) == "TF-CMP-002");
  REQUIRE(code_of(runs.root / "nowhere", runs.b, ExitCode::configuration) == "TF-CMP-001");
  REQUIRE(code_of(runs.a, runs.a / "digests.csv", ExitCode::configuration) == "TF-CMP-001");
}
