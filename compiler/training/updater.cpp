#include "compiler/training/updater.hpp"

#include <algorithm>
#include <cmath>

#include "compiler/training/blas.hpp"
#include "compiler/training/loops.hpp"

namespace trifactor {
namespace {

/// Rows whose weights and momentum stay in a core's cache between the product and the step.
constexpr std::size_t rows_at_once = 256;

AdamFactors adam_factors(const StepSettings& step) {
  const OptimiserSpec& o = step.optimiser;
  const double t = static_cast<double>(step.number);
  return {o.beta1,
          o.beta2,
          o.epsilon,
          1 - step.eta * step.weight_decay,
          step.eta / (1 - std::pow(o.beta1, t)),
          1 / std::sqrt(1 - std::pow(o.beta2, t))};
}

}  // namespace

template <class Real>
void prepare(Trained<Real>& trained, const OptimiserSpec& optimiser) {
  const std::size_t size = trained.value.values.size();
  if (trained.first.values.size() != size)
    trained.first = Matrix<Real>(trained.value.rows, trained.value.columns);
  if (optimiser.kind == OptimiserSpec::Kind::adamw && trained.second.values.size() != size)
    trained.second = Matrix<Real>(trained.value.rows, trained.value.columns);
}

template <class Real>
void descend_product(Trained<Real>& trained, std::size_t first, std::size_t count,
                     const MatrixView<Real>& delta, const MatrixView<Real>& x, const StepSettings& step) {
  const std::size_t inputs = trained.value.columns, m = x.rows;
  const bool sgd = step.optimiser.kind == OptimiserSpec::Kind::sgd;
  std::vector<Real> gradient(sgd ? 0 : std::min(rows_at_once, count) * inputs);
  for (std::size_t row = first; row < first + count; row += rows_at_once) {
    const std::size_t rows = std::min(rows_at_once, first + count - row);
    Real* const target = sgd ? trained.first.row(row) : gradient.data();
    multiply(Turned::yes, Turned::no, rows, inputs, m, Real(1), delta.values + row, delta.columns, x.values,
             x.columns, sgd ? static_cast<Real>(step.optimiser.momentum) : Real(0), target, inputs);
    if (sgd)
      momentum_step(trained.value.row(row), target, static_cast<Real>(step.weight_decay),
                    static_cast<Real>(step.eta), rows * inputs);
    else
      adam_step(trained.value.row(row), trained.first.row(row), trained.second.row(row), gradient.data(),
                adam_factors(step), rows * inputs);
  }
}

template <class Real>
void descend(Trained<Real>& trained, std::size_t first, std::size_t count, const Real* gradient,
             const StepSettings& step) {
  const std::size_t size = count * trained.value.columns;
  if (step.optimiser.kind == OptimiserSpec::Kind::adamw) {
    adam_step(trained.value.row(first), trained.first.row(first), trained.second.row(first), gradient,
              adam_factors(step), size);
    return;
  }
  Real* const momentum = trained.first.row(first);
  scale(momentum, static_cast<Real>(step.optimiser.momentum), size);
  add_scaled(momentum, gradient, Real(1), size);
  momentum_step(trained.value.row(first), momentum, static_cast<Real>(step.weight_decay),
                static_cast<Real>(step.eta), size);
}

#define TRIFACTOR_UPDATER(Real)                                                                    \
  template void prepare(Trained<Real>&, const OptimiserSpec&);                                     \
  template void descend_product(Trained<Real>&, std::size_t, std::size_t, const MatrixView<Real>&, \
                                const MatrixView<Real>&, const StepSettings&);                     \
  template void descend(Trained<Real>&, std::size_t, std::size_t, const Real*, const StepSettings&);
TRIFACTOR_UPDATER(float)
TRIFACTOR_UPDATER(double)

}  // namespace trifactor
