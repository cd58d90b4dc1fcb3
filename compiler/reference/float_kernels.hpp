// The loops in which the float interpreter spends its time. Weights are axon-major, as on the chip: a row is
// one presynaptic axon, its columns are the neurons, so that every loop runs over neurons side by side.
//
// No loop over neurons adds values of different neurons and no product is fused with a sum, so results are
// the same bits for every vector width.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace trifactor {

struct FloatAxon {
  std::uint32_t row = 0;
  double value = 0;
};

/// sums[i] += sum over axons of value x weights[row x neurons + i], axon by axon. sums: (neurons).
void add_rows(std::span<const FloatAxon> axons, const double* weights, std::span<double> sums);

/// The same with sign(w)|w|^(power-1) in place of each weight w; power 0 stands for 2, the weights as they
/// are.
void add_powers(std::span<const FloatAxon> axons, const double* weights, double power,
                std::span<double> sums);

/// w[i] += a0[i] b0 + a1[i] b1 - c[i] w[i] for one row; a1 and c may be empty.
void update_row(std::span<double> w, std::span<const double> a0, double b0, std::span<const double> a1,
                double b1, std::span<const double> c);

/// sum_i w[i] d[i], added up in eight interleaved parts.
double row_product(std::span<const double> w, std::span<const double> d);

}  // namespace trifactor
