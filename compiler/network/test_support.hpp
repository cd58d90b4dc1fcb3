// Network files that tests read and break.
#pragma once

#include <cmath>
#include <string>
#include <vector>

#include "compiler/network/network.hpp"
#include "compiler/text/test_support.hpp"

namespace trifactor::testing {

/// Says everything that can be said of two layers.
inline const std::string full_network = R"([network]
name = "test"
seed = 7
classes = 4
output = "scores"
[[population]]
name = "pixels"
kind = "input"
shape = [3, 4]
encode = { kind = "minus_training_mean" }
activity = { bits = 16, range = 2.0 }
[[population]]
name = "hidden"
kind = "neurons"
shape = [8]
neuron = { kind = "leaky_relu", slope = 0.125, range = 5.0 }
normalise = { kind = "divisive", groups = 2, p = 0.25, delta = 0.5, scale_range = 9 }
activity = { bits = 8, range = 2 }
[[population]]
name = "scores"
shape = [4]
neuron = { kind = "linear", range = 16 }
[[projection]]
name = "up"
from = "pixels"
to = "hidden"
connect = "dense"
bias = true
weights = { init = "zero", bits = 4, range = 0.5, rounding = "nearest" }
plasticity = { rule = "phsic_gaussian", partners = 2, sigma = 3, weight_age = 3, schedule = { kind = "step", every = 100, factor = 0.5 } }
[[projection]]
from = "hidden"
to = "scores"
plasticity = { rule = "readout", error = "hinge", schedule = { kind = "inverse", tau = 50 } }
)";

/// Says no more than it must.
inline const std::string least_network = R"([network]
name = "least"
[[population]]
name = "pixels"
kind = "input"
shape = [12]
[[population]]
name = "hidden"
shape = [8]
[[population]]
name = "scores"
shape = [10]
[[projection]]
from = "pixels"
to = "hidden"
[[projection]]
from = "hidden"
to = "scores"
plasticity = { rule = "readout" }
)";

inline Network read_text(const std::string& text, const std::vector<std::string>& overrides = {}) {
  const TemporaryFile file(text);
  return read_network(file.path(), overrides);
}

}  // namespace trifactor::testing
