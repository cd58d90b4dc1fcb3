// Gives every cycle of a core exactly one cause. Stages report intervals, which may overlap, lie ahead or be
// known only afterwards; of all that happened in a cycle, the cause that stands first in CycleCause counts,
// and a cycle in which nothing happened is idle. So the causes of a core add up to the cycles of the chip.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <vector>

#include "rtl/spec/events.hpp"

namespace trifactor {

class CycleBook {
 public:
  /// Cycles [start, end) were or will be spent on `cause`. Not before what is settled.
  void add(CycleCause cause, std::uint64_t start, std::uint64_t end) {
    start = std::max(start, settled_);
    if (start >= end) return;
    std::vector<Interval>& list = open_[static_cast<std::size_t>(cause)];
    if (!list.empty() && list.back().start <= start && start <= list.back().end) {  // as rows stream in
      list.back().end = std::max(list.back().end, end);
      return;
    }
    std::size_t first = list.size();
    while (first > 0 && list[first - 1].end >= start) --first;
    std::size_t last = first;
    for (; last < list.size() && list[last].start <= end; ++last) {
      start = std::min(start, list[last].start);
      end = std::max(end, list[last].end);
    }
    if (first == last)
      list.insert(list.begin() + static_cast<std::ptrdiff_t>(first), {start, end});
    else
      list[first] = {start, end}, list.erase(list.begin() + static_cast<std::ptrdiff_t>(first) + 1,
                                             list.begin() + static_cast<std::ptrdiff_t>(last));
  }

  /// Nothing more will be reported about cycles before `until`.
  void settle(std::uint64_t until) {
    if (until <= settled_) return;
    covered_.clear();
    std::uint64_t before = 0;
    for (std::size_t cause = 0; cause < open_.size(); ++cause) {
      if (open_[cause].empty()) continue;
      cover(open_[cause], until);
      std::uint64_t after = 0;
      for (const Interval& interval : covered_) after += interval.end - interval.start;
      cycles_[cause] += after - before;
      before = after;
    }
    busy_ += before;
    settled_ = until;
  }

  /// Settles up to `now`, gives what is left since the last close to `blocked` cycles of which only the
  /// number is known, and the rest to idle.
  void close(std::uint64_t now, std::uint64_t blocked) {
    settle(now);
    const std::uint64_t left = now - closed_ - busy_;
    const std::uint64_t taken = std::min(blocked, left);
    cycles_[static_cast<std::size_t>(CycleCause::blocked_by_buffer)] += taken;
    cycles_[static_cast<std::size_t>(CycleCause::idle)] += left - taken;
    closed_ = now;
    busy_ = 0;
  }

  const std::array<std::uint64_t, cycle_cause_count>& cycles() const { return cycles_; }

 private:
  struct Interval {
    std::uint64_t start = 0, end = 0;
  };

  /// covered_ becomes the union of itself and `list` before `until`; what lies later stays in `list`.
  void cover(std::vector<Interval>& list, std::uint64_t until) {
    merged_.clear();
    const auto take = [&](Interval interval) {
      if (!merged_.empty() && interval.start <= merged_.back().end)
        merged_.back().end = std::max(merged_.back().end, interval.end);
      else
        merged_.push_back(interval);
    };
    std::size_t i = 0, k = 0;
    while (i < list.size() && list[i].start < until) {
      while (k < covered_.size() && covered_[k].start <= list[i].start) take(covered_[k++]);
      take({list[i].start, std::min(list[i].end, until)});
      if (list[i].end > until) {
        list[i].start = until;
        break;
      }
      ++i;
    }
    while (k < covered_.size()) take(covered_[k++]);
    list.erase(list.begin(), list.begin() + static_cast<std::ptrdiff_t>(i));
    covered_.swap(merged_);
  }

  std::array<std::vector<Interval>, cycle_cause_count> open_;  ///< disjoint, ascending, from settled_ on
  std::vector<Interval> covered_, merged_;
  std::array<std::uint64_t, cycle_cause_count> cycles_{};
  std::uint64_t settled_ = 0, closed_ = 0;
  std::uint64_t busy_ = 0;  ///< settled cycles with a cause since closed_
};

}  // namespace trifactor
