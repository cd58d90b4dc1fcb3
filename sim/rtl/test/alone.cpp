// The Verilated units without any golden one in the program.
#include <catch2/catch.hpp>
#include <thread>

#include "rtl/spec/diagnostic.hpp"
#include "sim/rtl/rule_units.hpp"
#include "sim/rtl/verilated.hpp"

using namespace trifactor;

TEST_CASE("a number of lanes that was not built is refused with those that were") {
  const std::vector<int> built = verilated_lane_counts();
  REQUIRE(built.size() >= 2);
  for (const int lanes : built) CHECK(verilated_arithmetic(lanes)->lane() != nullptr);
  try {
    verilated_arithmetic(built.back() + 1);
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    CHECK(error.exit() == ExitCode::does_not_fit);
    REQUIRE(error.items().size() == 1);
    CHECK(error.items()[0].code == "TF-RTL-001");
    for (const int lanes : built)
      CHECK(error.items()[0].expected.find(std::to_string(lanes)) != std::string::npos);
  }
}

TEST_CASE("a rule without RTL is refused by name") {
  try {
    verilated_arithmetic(8)->post("no such rule");
    FAIL("nothing was thrown");
  } catch (const Error& error) {
    REQUIRE(error.items().size() == 1);
    CHECK(error.items()[0].code == "TF-RTL-002");
    CHECK(error.items()[0].where == "no such rule");
  }
}

TEST_CASE("units in different threads do not disturb each other") {
  // The same pass over every synapse of a block, once alone and four times at once.
  const auto pass = [](LaneUnit& lane) {
    constexpr std::size_t columns = 128, rows = 40;
    std::vector<std::int16_t> weights(columns * rows, 3), a0(columns), c(columns, 11);
    std::vector<std::uint32_t> generators(columns);
    std::vector<UpdateRow> walk;
    for (std::size_t i = 0; i < columns; ++i) {
      a0[i] = static_cast<std::int16_t>(977 * i % 5003 - 2500);
      generators[i] = static_cast<std::uint32_t>(i * 2654435761u + 1);
    }
    for (std::uint32_t r = 0; r < rows; ++r)
      walk.push_back({r, static_cast<std::int32_t>(r * 331 % 2000) - 1000, 0});
    LaneLosses losses;
    for (int repeat = 0; repeat < 20; ++repeat)
      lane.update({12, 12, true}, {a0.data(), nullptr, c.data()}, walk,
                  {weights.data(), false, columns, nullptr}, generators.data(), losses);
    return std::make_tuple(weights, generators, losses);
  };
  const std::unique_ptr<Arithmetic> arithmetic = verilated_arithmetic(64);
  const auto alone = pass(*arithmetic->lane());
  CHECK(std::get<2>(alone).applied > 0);
  std::vector<decltype(pass(*arithmetic->lane()))> results(4);
  std::vector<std::thread> threads;
  for (auto& result : results)
    threads.emplace_back([&arithmetic, &result, &pass] { result = pass(*arithmetic->lane()); });
  for (std::thread& thread : threads) thread.join();
  for (const auto& result : results) CHECK(result == alone);
}
