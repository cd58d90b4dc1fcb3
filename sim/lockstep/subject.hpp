// What can be verified: a design under test with its golden model, able to run a sequence of vectors from
// reset. Units and rules are subjects alike; verify() knows neither.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "sim/lockstep/dice.hpp"
#include "sim/lockstep/verify.hpp"

namespace trifactor::lockstep {

/// One named input; `width` words wide (an input of each lane, child, ...).
struct Field {
  std::string name;
  std::size_t width = 1;
};

/// Vectors that run one after the other from reset; each is stride() words in the order of the fields.
struct Episode {
  std::vector<std::int64_t> words;
};

/// The first difference: which vector, which output, and both values.
struct Divergence {
  std::size_t vector = 0;
  std::string signal;
  std::int64_t golden = 0, rtl = 0;
};

/// Counts how often each situation that must be seen was seen.
class Coverage {
 public:
  explicit Coverage(std::vector<std::string> bins) : names_(std::move(bins)), counts_(names_.size()) {}
  void hit(std::size_t bin, bool when = true) { counts_[bin] += when; }
  const std::vector<std::string>& names() const { return names_; }
  const std::vector<std::uint64_t>& counts() const { return counts_; }

 private:
  std::vector<std::string> names_;
  std::vector<std::uint64_t> counts_;
};

class Subject {
 public:
  virtual ~Subject() = default;
  virtual std::string name() const = 0;
  virtual std::vector<Field> fields() const = 0;
  /// Situations that a verification must reach; it is incomplete while one was not seen.
  virtual std::vector<std::string> bins() const = 0;
  /// Episodes 0 .. directed()-1 are corner cases and exhaustive parts, and have every configuration that a
  /// bin names, whatever the dice say; later ones are random.
  virtual std::uint64_t directed() const = 0;
  virtual Episode episode(std::uint64_t index, Dice& dice) const = 0;
  /// Resets both sides, runs, compares every cycle. Stops at the first difference.
  virtual std::optional<Divergence> run(const Episode& episode, Coverage& coverage) = 0;

  /// Words of a vector.
  std::size_t stride() const;
};

/// A subject by name, made when asked for.
struct SubjectEntry {
  std::string name;
  std::function<std::unique_ptr<Subject>()> make;
};

/// Directed episodes, then random ones until options.vectors of them have run.
VerifyResult verify(Subject& subject, const VerifyOptions& options);

/// Finds the file's subject among the entries and runs its vectors. Errors as replay(file).
VerifyResult replay(const std::filesystem::path& file, std::span<const SubjectEntry> entries);

/// All unit subjects, by name in alphabetical order.
std::span<const SubjectEntry> unit_subjects();

}  // namespace trifactor::lockstep
