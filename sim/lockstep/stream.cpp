#include "sim/lockstep/stream.hpp"

namespace trifactor::lockstep {

std::optional<Divergence> StreamSubject::run(const Episode& episode, Coverage& coverage) {
  const std::size_t words = stride(), count = episode.words.size() / words;
  const std::size_t depth = static_cast<std::size_t>(latency());
  struct Expected {
    bool valid = false, announced = false;
    std::size_t vector = 0;
    std::vector<std::int64_t> out;
  };
  std::vector<Expected> pipeline(depth);
  const std::vector<std::string> names = outputs();
  std::vector<std::int64_t> got, moved(words);
  std::optional<Divergence> found;
  std::size_t at = 0;
  reset();
  reset_golden();

  const auto cycle = [&](const std::int64_t* vector, std::size_t index) {
    Expected& now = pipeline[at];  // leaves the pipeline after `depth` edges, this one included
    at = (at + 1) % depth;
    now.valid = vector != nullptr;
    now.vector = index;
    if (now.valid) {
      now.out.clear();
      now.announced = expect(vector, now.out, coverage);
      show(vector, true);
    } else {
      for (std::size_t i = 1; i < words; ++i) {
        const std::int64_t old = episode.words[index * words + i];
        moved[i] = i <= steady_words()
                       ? old
                       : static_cast<std::int64_t>(mix64(static_cast<std::uint64_t>(old) + i + at));
      }
      show(moved.data(), false);
    }
    clock();
    const Expected& due = pipeline[at];
    const bool announced = due.valid && due.announced;
    if (done() != announced) found = Divergence{due.vector, "done", announced, done()};
    if (found || !due.valid) return;
    got.clear();
    read(got);
    for (std::size_t i = 0; i < names.size() && !found; ++i)
      if (got[i] != due.out[i]) found = Divergence{due.vector, names[i], due.out[i], got[i]};
  };

  for (std::size_t v = 0; v < count && !found; ++v) {
    const std::int64_t* vector = episode.words.data() + v * words;
    for (std::int64_t gap = vector[0]; gap > 0 && !found; --gap) cycle(nullptr, v);
    if (!found) cycle(vector, v);
  }
  for (std::size_t i = 0; i < depth && count > 0 && !found; ++i) cycle(nullptr, count - 1);
  return found;
}

}  // namespace trifactor::lockstep
