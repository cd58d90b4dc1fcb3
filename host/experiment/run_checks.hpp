// What is refused before a run begins: data that the network cannot take, checkpoints of another run.
#pragma once

#include <memory>
#include <string>

#include "host/datasets/dataset.hpp"
#include "host/experiment/checkpoint.hpp"
#include "host/experiment/run.hpp"

namespace trifactor {

/// Opens the data of SPEC for an input population of that name and width. Throws Error (configuration)
/// TF-RUN-101 samples of another width, TF-RUN-102 labels beyond `classes`, and whatever open_dataset()
/// refuses.
std::unique_ptr<Dataset> open_samples(const std::string& spec, const std::string& input, std::size_t neurons,
                                      int classes);

/// Whether a run of these options and that many learning samples can go on from the checkpoint: TF-CKPT-004
/// other options, TF-CKPT-005 its table of digests is gone or shorter.
void check_checkpoint(const Checkpoint& checkpoint, const RunOptions& options, std::uint64_t total);

/// Whether both parts of a run measure time, or neither: TF-CKPT-004. `now`: counters of the chip that would
/// go on.
void check_checkpoint_time(const Checkpoint& checkpoint, const ChipCounters& now, const RunOptions& options);

/// A checkpoint that cannot be written, or would replace something, is better known now than after an hour:
/// TF-OUT-001, TF-OUT-002 (cannot_write).
void check_checkpoint_place(const RunOptions& options);

}  // namespace trifactor
