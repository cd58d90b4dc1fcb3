// The chip without time: the same cores, teachers and label unit as every engine, stepped layer by layer.
#pragma once

#include <memory>
#include <string>

#include "rtl/core/arithmetic.hpp"
#include "runtime/device/device.hpp"

namespace trifactor {

/// A device that computes each presentation at once with the given units ("functional" with the golden ones,
/// "rtl" with Verilated ones).
std::unique_ptr<Device> make_functional_device(std::string name, std::unique_ptr<Arithmetic> arithmetic);

}  // namespace trifactor
