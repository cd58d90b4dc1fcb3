// The weights of a whole chip, read block by block: they are as large as the chip's memory and never all
// here.
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <vector>

#include "rtl/spec/image.hpp"
#include "runtime/layout/program.hpp"

namespace trifactor {

using TakeBlock = std::function<void(const BlockWeights&)>;
/// Gives every block of a chip once, in any order: Session::read_weights.
using BlockSource = std::function<void(const TakeBlock& take)>;

/// Sum of the squares of the stored weights of each projection, bias left out. Exact: at most 2^30 a weight.
std::vector<std::uint64_t> sums_of_squares(std::size_t projections, const BlockSource& blocks);

/// Writes `path` (.npz): of each projection (n_post, n_pre) and, where there is one, its bias as NAME.bias;
/// and the input's offset, where there is one, as POPULATION.offset. Passes through an unnamed file of the
/// same size in the same folder, because a chip's order is not the table's. Failure throws cannot_write and
/// leaves nothing behind.
void write_weight_tables(const std::filesystem::path& path, const Program& program,
                         const std::vector<double>& input_offset, const BlockSource& blocks);

}  // namespace trifactor
