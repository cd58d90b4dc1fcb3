#include "rtl/rules/phsic_gaussian/circuit_learner.hpp"

#include <cmath>

#include "rtl/rules/float_support.hpp"
#include "rtl/rules/phsic_gaussian/reference.hpp"

namespace trifactor::phsic_gaussian {
namespace {

class CircuitLearner final : public FloatLearner {
 public:
  CircuitLearner(const CircuitRule& rule, const DifferenceCircuit& circuit, const FloatLayer& layer)
      : rule_(rule),
        layer_(layer),
        compared_(circuit, width()),
        hebbian_(circuit, (layer.inputs + 1) * layer.neurons),
        seen_(width()),
        post_(layer.neurons),
        third_(layer.neurons),
        products_((layer.inputs + 1) * layer.neurons) {}

  void step(const FloatActivity& now, double eta, FloatFactors& factors) override {
    expect_activity(layer_, now);
    const std::size_t n = layer_.neurons;
    const std::span<const double> from = grouped() ? now.uq : now.z;
    std::copy(from.begin(), from.end(), seen_.begin());
    if (grouped()) centre(seen_);
    for (std::size_t i = 0; i < n; ++i) post_[i] = (grouped() ? now.r[i] : 1) * now.fprime[i];
    for (std::size_t j = 0; j <= layer_.inputs; ++j)
      for (std::size_t i = 0; i < n; ++i)
        products_[j * n + i] = post_[i] * (j < layer_.inputs ? now.x[j] : 1);
    const std::span<const double> change = compared_.next(seen_), hebbian = hebbian_.next(products_);
    const double word = third_factor(change, now.label);

    factors.a0.assign(n, 0.0), factors.b0.assign(layer_.inputs, 0.0);
    factors.a1.clear(), factors.b1.clear();
    factors.c.assign(rule_.decay > 0 ? n : 0, eta * rule_.decay);
    factors.whole.resize(products_.size());
    for (std::size_t i = 0; i < n; ++i) third_[i] = eta * word * change[i / (n / width())];
    for (std::size_t j = 0; j <= layer_.inputs; ++j)
      for (std::size_t i = 0; i < n; ++i) factors.whole[j * n + i] = third_[i] * hebbian[j * n + i];
  }

  FloatSignals signals() const override { return signals_; }

 private:
  bool grouped() const { return layer_.groups > 0; }
  std::size_t width() const { return grouped() ? layer_.groups : layer_.neurons; }

  /// (63) to (66); 0 of the first sample.
  double third_factor(std::span<const double> change, std::int64_t label) {
    const bool first = last_label_ < 0;
    double squared = 0, word = 0;
    for (const double d : change) squared += d * d;
    if (!first) {
      const double kernel = gaussian_kernel(squared, rule_.sigma);
      const double b2 = rule_.gamma * class_kernel(label, last_label_, rule_.classes) - 2 * kernel;
      b3_ += (1 - rule_.beta) * (b2 - b3_);
      word = (b3_ - b2) * kernel / (rule_.sigma * rule_.sigma);
      signals_ = {kernel, std::abs(word), label == last_label_ ? 1.0 : 0.0, 1};
    }
    last_label_ = label;
    return word;
  }

  CircuitRule rule_;
  FloatLayer layer_;
  DifferenceStream compared_, hebbian_;  ///< of z or centred u^q (width); of h x (n_in + 1, n)
  std::vector<double> seen_, post_, third_, products_;
  double b3_ = 0;
  std::int64_t last_label_ = -1;
  FloatSignals signals_;
};

}  // namespace

std::unique_ptr<FloatLearner> circuit_learner(const CircuitRule& rule, const DifferenceCircuit& circuit,
                                              const FloatLayer& layer) {
  return std::make_unique<CircuitLearner>(rule, circuit, layer);
}

}  // namespace trifactor::phsic_gaussian
