// What transcriptions of the chip have in common: weights as whole words, forgetting cores and blocks, and
// the chip's rounding and generators, written out again.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "tests/timing/chip_bench.hpp"

namespace trifactor {

using WordVector = std::vector<std::int64_t>;
using WordMatrix =
    std::vector<WordVector>;  ///< [neuron][input], the bias, if there is one, behind the inputs

/// The number of that projection; throws where there is none.
std::uint32_t projection_of(const Program& program, const std::string& name);
/// Weights of a projection in the layout, and after a run.
WordMatrix start_of(const Program& program, const std::string& name);
WordMatrix end_of(const Program& program, const Outcome& outcome, const std::string& name);

std::int64_t round_half_up(std::int64_t value, int shift);
/// Saturates to a word of that many bits.
std::int64_t clip(std::int64_t value, int bits);

/// SplitMix64's finaliser; xorshift32.
std::uint64_t mixed(std::uint64_t x);
std::uint32_t step(std::uint32_t s);
/// How a generator begins: use `use` of a projection or population, of a neuron or channel.
std::uint32_t first_word(std::uint64_t seed, std::uint64_t use, std::uint64_t owner, std::uint64_t neuron);

}  // namespace trifactor
