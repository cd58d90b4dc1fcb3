#include "compiler/reference/float_synapses.hpp"

#include <algorithm>

namespace trifactor {

FloatSynapses::FloatSynapses(const Connectivity& connectivity, std::size_t inputs, std::size_t neurons,
                             bool bias)
    : inputs_(inputs), neurons_(neurons), rows_(inputs + (bias ? 1 : 0)) {
  if (connectivity.full()) return;
  for (std::size_t j = 0; j < rows_; ++j) {
    first_.push_back(columns_.size());
    for (std::size_t i = 0; i < neurons; ++i) {
      if (j < inputs && !connectivity.exists(i, j)) continue;
      columns_.push_back(static_cast<std::uint32_t>(i));
      if (connectivity.shared())
        entries_.push_back(static_cast<std::uint32_t>(
            j < inputs ? connectivity.entry(i, j) : connectivity.entries() + connectivity.channel(i)));
    }
  }
  first_.push_back(columns_.size());
  if (!entries_.empty()) sums_.resize(*std::max_element(entries_.begin(), entries_.end()) + std::size_t{1});
}

bool FloatSynapses::exists(std::size_t row, std::size_t neuron) const {
  return dense() ||
         std::binary_search(columns_.begin() + static_cast<std::ptrdiff_t>(first_[row]),
                            columns_.begin() + static_cast<std::ptrdiff_t>(first_[row + 1]), neuron);
}

void FloatSynapses::apply(const FloatFactors& f, std::vector<double>& weights) {
  std::fill(sums_.begin(), sums_.end(), 0.0);
  for (std::size_t j = 0; j < rows_; ++j) {
    const bool bias = j == inputs_;
    const double b0 = bias ? 1 : f.b0[j], b1 = f.b1.empty() ? 0 : bias ? f.bias1 : f.b1[j];
    if (b0 == 0 && b1 == 0 && f.c.empty() && f.whole.empty()) continue;
    const double* const whole = f.whole.empty() ? nullptr : &f.whole[j * neurons_];
    for (std::size_t k = first_[j]; k < first_[j + 1]; ++k) {
      const std::size_t i = columns_[k];
      double& w = weights[j * neurons_ + i];
      const double change = f.a0[i] * b0 + (f.a1.empty() ? 0.0 : f.a1[i] * b1) +
                            (whole == nullptr ? 0.0 : whole[i]) - (f.c.empty() ? 0.0 : f.c[i] * w);
      if (entries_.empty())
        w += change;
      else
        sums_[entries_[k]] += change;
    }
  }
  if (entries_.empty()) return;
  for (std::size_t j = 0; j < rows_; ++j)
    for (std::size_t k = first_[j]; k < first_[j + 1]; ++k)
      weights[j * neurons_ + columns_[k]] += sums_[entries_[k]];
}

}  // namespace trifactor
