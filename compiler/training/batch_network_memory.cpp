// What no learning reaches is formed once a sample.
#include <algorithm>

#include "compiler/training/batch_network.hpp"

namespace trifactor {

/// Populations that only frozen projections lead to, and from constant ones; no error passes through them.
template <class Real>
void BatchNetwork<Real>::find_constant() {
  for (std::size_t p = 0; p < populations_.size(); ++p) {  // sources stand before targets
    Population& population = populations_[p];
    if (network_.populations[p].input) continue;
    population.constant = !population.backwards && !layers_[p].varies();
    for (const std::size_t k : population.incoming) {
      const Projection& projection = projections_[k];
      const bool steady =
          network_.populations[projection.from].input || populations_[projection.from].constant;
      population.constant = population.constant && !projection.plastic && steady;
    }
  }
}

template <class Real>
bool BatchNetwork<Real>::remember(std::size_t samples, std::size_t most_bytes) {
  find_constant();
  kept_.clear(), known_.clear();
  std::vector<bool> read(populations_.size(), false);
  read[static_cast<std::size_t>(network_.output)] = true;
  for (const Projection& p : projections_)
    if (!p.returns && !populations_[p.to].constant) read[p.from] = true;
  std::size_t neurons = 0;
  for (std::size_t p = 0; p < populations_.size(); ++p)
    if (populations_[p].constant && read[p]) kept_.push_back({p, {}}), neurons += layers_[p].neurons();
  if (neurons == 0 || samples > most_bytes / sizeof(Real) / neurons) {
    kept_.clear();
    return false;
  }
  for (Kept& kept : kept_) kept.rows = Matrix<Real>(samples, layers_[kept.population].neurons());
  known_.assign(samples, false);
  return true;
}

template <class Real>
bool BatchNetwork<Real>::recall(std::span<const std::size_t> names) {
  if (kept_.empty() || names.empty()) return false;
  for (const std::size_t name : names)
    if (!known_[name]) return false;
  for (const Kept& kept : kept_)
    for (std::size_t i = 0; i < names.size(); ++i)
      layers_[kept.population].put_handed_on(i, kept.rows.row(names[i]));
  return true;
}

template <class Real>
void BatchNetwork<Real>::keep(std::span<const std::size_t> names) {
  if (kept_.empty()) return;
  for (Kept& kept : kept_) {
    const MatrixView<Real> rows = layers_[kept.population].handed_on(names.size());
    for (std::size_t i = 0; i < names.size(); ++i)
      std::copy_n(rows.row(i), rows.columns, kept.rows.row(names[i]));
  }
  for (const std::size_t name : names) known_[name] = true;
}

#define TRIFACTOR_MEMORY(Real)                                            \
  template bool BatchNetwork<Real>::remember(std::size_t, std::size_t);   \
  template bool BatchNetwork<Real>::recall(std::span<const std::size_t>); \
  template void BatchNetwork<Real>::keep(std::span<const std::size_t>);
TRIFACTOR_MEMORY(float)
TRIFACTOR_MEMORY(double)

}  // namespace trifactor
