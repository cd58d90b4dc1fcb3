// Float reference of oja.
#pragma once

#include "rtl/rules/reference.hpp"

namespace trifactor::oja {

FloatRule reference();

}  // namespace trifactor::oja
