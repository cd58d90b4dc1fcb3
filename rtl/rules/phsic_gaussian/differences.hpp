// Differences between successive samples as a circuit forms them in time (Pogodin and Latham 2020, appendix
// C.1): by a smoothed temporal derivative (58), or by the derivative of a memory of the last large deviation
// from a background (59, 60). Floating point; includes nothing of the golden model.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

namespace trifactor::phsic_gaussian {

/// A sample lasts `duration` steps, then `gap` steps of background. Before the first one there is background.
struct DifferenceCircuit {
  bool memory = false;         ///< (60) instead of (58)
  std::size_t duration = 100;  ///< steps of a sample
  std::size_t gap = 0;         ///< steps of background behind it
  std::size_t c1 = 50;         ///< delay of the kernel, steps, below `duration`
  double c2 = 0.2;             ///< decay of the kernel, 1/steps
  double leak = 0.001;         ///< c of (59)
  double step = 0.5;           ///< of Euler's method, in units of (59)'s own time
  double deviation = 0.1;      ///< of the signal, what counts as 1 in (59): larger ones are memorised
  double tau_mu = 0;           ///< of the mean mu in (59), steps; 0: mu is the background
};

/// kappa(u) = -(u - c1) exp(-c2 |u - c1|), scaled so that each complete side of it sums to 1: entry u is the
/// weight of what was u steps ago. Long enough that nothing larger than 1e-12 is left out.
std::vector<double> difference_kernel(const DifferenceCircuit& c);

/// What the circuit says c1 steps after each sample's beginning. values (T, width); result (T, width), its
/// first row 0: there is no sample before.
std::vector<double> circuit_differences(const DifferenceCircuit& c, std::span<const double> values,
                                        std::size_t width);

/// What one signal left behind, (59).
struct DifferenceMemory {
  double w = 0, mu = 0;
  /// Takes the signal's next step; what the kernel then hears, (60).
  double step(const DifferenceCircuit& circuit, double signal);
};

/// The same of samples as they come: a sample's part in what will be said of later ones is added up at once,
/// so that neither samples nor steps are kept.
class DifferenceStream {
 public:
  DifferenceStream(const DifferenceCircuit& circuit, std::size_t width);
  /// values (width) of the next sample; what the circuit says of it (width), all 0 of the first. Valid until
  /// the next call.
  std::span<const double> next(std::span<const double> values);

 private:
  DifferenceCircuit c_;
  std::size_t width_, samples_ = 0, ahead_;  ///< ahead_: samples that one takes part in, itself included
  std::vector<double> weight_;  ///< (ahead, period): of a step in what is said so many samples later
  std::vector<double> tap_;     ///< (ahead): of a constant sample, sums of weight_ over its steps
  std::vector<double> said_;    ///< (ahead, width): a ring
  std::vector<double> now_;     ///< (width)
  std::vector<DifferenceMemory> memory_;  ///< (width); empty without memory
};

}  // namespace trifactor::phsic_gaussian
