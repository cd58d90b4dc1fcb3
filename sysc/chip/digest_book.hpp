// Gathers the digests of a presentation from cores and teachers as they come, and gives them out in the order
// of presentations.
#pragma once

#include <cstdint>
#include <deque>
#include <functional>
#include <vector>

#include "runtime/wire/words.hpp"

namespace trifactor {

class DigestBook {
 public:
  /// What one presentation waits for, by population: owners that evaluate; when learning, digests of formed
  /// factors and teachers, and updates written.
  struct Expectation {
    std::uint32_t projection = 0xffffffffu;  ///< plastic projection into the population, if any
    std::uint32_t evaluations = 0, factors = 0;
    std::vector<std::uint32_t> updates;  ///< weight age of each block that learns
  };

  void expect(std::vector<Expectation> by_population) { expected_ = std::move(by_population); }
  void enter(std::uint64_t presentation, bool learn, std::uint64_t sample) {
    Entry entry;
    entry.presentation = presentation;
    entry.learn = learn;
    entry.sample = sample;
    for (std::uint32_t p = 0; p < expected_.size(); ++p) {
      const Expectation& e = expected_[p];
      DigestWords words;
      words.population = p;
      words.projection = learn ? e.projection : 0xffffffffu;
      words.learned = learn;
      entry.words.push_back(words);
      entry.left += e.evaluations;
      if (!learn) continue;
      entry.left += e.factors;
      for (const std::uint32_t age : e.updates) entry.left += sample >= age ? 1 : 0;
    }
    entries_.push_back(std::move(entry));
  }
  void activity(std::uint64_t presentation, std::uint32_t population, std::uint64_t digest) {
    Entry& entry = entries_[presentation - entries_.front().presentation];
    entry.words[population].activity += digest;
    --entry.left;
  }
  void third_factor(std::uint64_t sample, std::uint32_t population, std::uint64_t digest) {
    Entry& entry = of_sample(sample);
    entry.words[population].third_factor += digest;
    --entry.left;
  }
  /// sample: the one after whose passes the update was written, its own plus the block's weight age.
  void weights(std::uint64_t sample, std::uint32_t population, std::uint64_t digest) {
    Entry& entry = of_sample(sample);
    entry.words[population].weights += digest;
    --entry.left;
  }
  /// Hands out what is complete.
  void flush(const std::function<void(std::uint64_t presentation, const DigestWords&)>& out) {
    while (!entries_.empty() && entries_.front().left == 0) {
      for (const DigestWords& words : entries_.front().words) out(entries_.front().presentation, words);
      entries_.pop_front();
    }
  }

 private:
  struct Entry {
    std::uint64_t presentation = 0, sample = 0;
    bool learn = false;
    std::uint32_t left = 0;
    std::vector<DigestWords> words;
  };
  Entry& of_sample(std::uint64_t sample) {
    std::size_t i = 0;
    while (!entries_[i].learn || entries_[i].sample != sample) ++i;
    return entries_[i];
  }
  std::vector<Expectation> expected_;
  std::deque<Entry> entries_;
};

}  // namespace trifactor
