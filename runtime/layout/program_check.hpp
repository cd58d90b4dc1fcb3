// Whether a layout that was read can be followed: every index points at something, every size agrees with its
// neighbour. Its checksum says only that it is as it was written, perhaps by another program.
#pragma once

#include <string>

#include "runtime/layout/program.hpp"

namespace trifactor {

/// Throws Error(data) TF-LAY-008 naming the first field that cannot be; `where` names the file.
void check_program(const Program& program, const std::string& where);
void check_core(const Program& program, const CoreImage& core, const std::string& where);
/// With the block's weights: copies of a kernel's entry are equal to it.
void check_copies(const CoreImage& core, const BlockImage& block, const std::string& where);

}  // namespace trifactor
