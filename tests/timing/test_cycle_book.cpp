// The book of cycles against a table with one entry a cycle.
#include <catch2/catch.hpp>
#include <random>

#include "sysc/core/cycle_book.hpp"

namespace trifactor {
namespace {

constexpr std::size_t idle = static_cast<std::size_t>(CycleCause::idle);

TEST_CASE("every cycle has the first of its causes, however intervals overlap and whenever they are told") {
  std::mt19937 dice(1);
  const auto below = [&](std::uint64_t n) { return dice() % n; };
  for (int round = 0; round < 2000; ++round) {
    CycleBook book;
    const std::uint64_t length = 20 + below(200);
    std::vector<std::size_t> cause_of(length, idle);
    std::uint64_t settled = 0;
    for (std::uint64_t count = below(40); count > 0; --count) {
      const std::size_t cause = below(4);
      const std::uint64_t start = settled + below(length - settled),
                          end = std::min(length, start + below(1 + below(60)));
      book.add(static_cast<CycleCause>(cause), start, end);
      for (std::uint64_t c = start; c < end; ++c) cause_of[c] = std::min(cause_of[c], cause);
      if (below(5) == 0) book.settle(settled += below(length - settled));
    }
    book.close(length, 0);
    std::array<std::uint64_t, cycle_cause_count> expected{};
    for (const std::size_t cause : cause_of) ++expected[cause];
    REQUIRE(book.cycles() == expected);
  }
}

TEST_CASE("cycles of which only the number is known take what is idle and no more") {
  for (const auto& [blocked, taken] :
       {std::pair<std::uint64_t, std::uint64_t>{0, 0}, {4, 4}, {7, 7}, {8, 7}, {100, 7}}) {
    CycleBook book;
    book.add(CycleCause::computing, 2, 5);
    book.close(10, blocked);
    CHECK(book.cycles() == std::array<std::uint64_t, cycle_cause_count>{3, 0, taken, 0, 7 - taken});
    book.close(12, 1);  // a new window: nothing of the old one is left over
    CHECK(book.cycles() == std::array<std::uint64_t, cycle_cause_count>{3, 0, taken + 1, 0, 8 - taken});
  }
}

TEST_CASE("what lies beyond the close counts after it, once") {
  CycleBook book;
  book.add(CycleCause::computing, 5, 15);
  book.add(CycleCause::waiting_for_memory, 0, 20);
  book.close(10, 0);
  CHECK(book.cycles() == std::array<std::uint64_t, cycle_cause_count>{5, 5, 0, 0, 0});
  book.close(30, 0);
  CHECK(book.cycles() == std::array<std::uint64_t, cycle_cause_count>{10, 10, 0, 0, 10});
}

}  // namespace
}  // namespace trifactor
