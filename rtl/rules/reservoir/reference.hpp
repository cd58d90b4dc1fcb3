// Float reference of the reservoir's read-out.
#pragma once

#include "rtl/rules/reference.hpp"

namespace trifactor::reservoir {

FloatRule reference();

}  // namespace trifactor::reservoir
