// A subject that takes a vector in a cycle and gives its result a fixed number of cycles later. Vectors
// follow each other at once or after `gap` idle cycles, in which the inputs move but nothing is asked.
#pragma once

#include <vector>

#include "sim/lockstep/subject.hpp"

namespace trifactor::lockstep {

/// Field 0 of every stream is `gap`.
class StreamSubject : public Subject {
 public:
  std::optional<Divergence> run(const Episode& episode, Coverage& coverage) final;

 protected:
  virtual int latency() const = 0;
  virtual std::vector<std::string> outputs() const = 0;
  virtual void reset() = 0;
  /// Shows a vector's inputs; `valid`: the vector is meant, else only its words are on the wires.
  virtual void show(const std::int64_t* vector, bool valid) = 0;
  virtual void clock() = 0;
  virtual bool done() = 0;
  virtual void read(std::vector<std::int64_t>& out) = 0;
  /// The golden outputs; called once for each vector, in order. False: the result is not announced by done.
  virtual bool expect(const std::int64_t* vector, std::vector<std::int64_t>& out, Coverage& coverage) = 0;
  virtual void reset_golden() {}
  /// Words of the vector that are configuration and stay as they are in idle cycles, after `gap`.
  virtual std::size_t steady_words() const { return 0; }
};

}  // namespace trifactor::lockstep
