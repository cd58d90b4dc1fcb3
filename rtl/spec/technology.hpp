// The types of a technology table: every figure with its band, unit, node, voltage and source.
#pragma once

#include <string>
#include <vector>

#include "rtl/spec/quantity.hpp"

namespace trifactor {

struct Band {
  double low = 0, nominal = 0, high = 0;
};

/// One figure of a technology table.
struct Constant {
  std::string name;
  Band value;
  std::string unit;
  int node_nm = 0;
  Volts supply;
  std::string kind;  ///< datapath, memory, network, clock, static, overhead, area
  std::string tag;   ///< P primary, S secondary, M measured or generated, D derived
  std::string source;
  std::string formula;  ///< how a derived figure follows from others; empty otherwise
};

struct Technology {
  std::string name;
  std::string description;
  int node_nm = 0;
  Volts supply;
  std::vector<Constant> constants;
};

}  // namespace trifactor
