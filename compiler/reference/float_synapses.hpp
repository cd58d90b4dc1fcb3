// Learning of projections of which not all synapses exist or are weights of their own.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "compiler/passes/connectivity.hpp"
#include "rtl/rules/reference.hpp"

namespace trifactor {

/// The synapses that exist, row by row (axon-major); the bias row, where there is one, is the last and
/// exists.
class FloatSynapses {
 public:
  FloatSynapses() = default;
  FloatSynapses(const Connectivity& connectivity, std::size_t inputs, std::size_t neurons, bool bias);

  /// Nothing is special: every synapse exists and is a weight of its own.
  bool dense() const { return first_.empty(); }
  bool exists(std::size_t row, std::size_t neuron) const;
  /// Neurons that a row reaches; not of dense ones.
  std::span<const std::uint32_t> row(std::size_t row) const {
    return std::span(columns_).subspan(first_[row], first_[row + 1] - first_[row]);
  }
  /// w += a0 b0 + a1 b1 + whole - c w of every synapse that exists. Where weights are shared each gets the
  /// sum over all its places. weights: (inputs + bias, neurons).
  void apply(const FloatFactors& factors, std::vector<double>& weights);

 private:
  std::size_t inputs_ = 0, neurons_ = 0, rows_ = 0;
  std::vector<std::size_t> first_;  ///< of each row in columns_, and the end
  std::vector<std::uint32_t> columns_;
  std::vector<std::uint32_t> entries_;  ///< beside columns_: which weight it is; empty: its own
  std::vector<double> sums_;            ///< an increment for each shared weight
};

}  // namespace trifactor
