// The chip with time: the SystemC model in a worker process of its own (SystemC allows one elaboration a
// process), reached through frames.
#pragma once

#include <filesystem>
#include <memory>

#include "runtime/device/device.hpp"

namespace trifactor {

/// Starts `worker` (libexec/trifactor-sysc). Throws internal when it cannot be started; its death later is an
/// Error (internal) of the call that notices.
std::unique_ptr<Device> make_systemc_device(const std::filesystem::path& worker);

}  // namespace trifactor
