// Engines by name.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "runtime/device/device.hpp"

namespace trifactor {

/// functional, systemc, rtl. Throws configuration for any other name, does_not_fit for lanes not built in
/// RTL.
std::unique_ptr<Device> make_device(const std::string& engine, int lanes);

}  // namespace trifactor
