#include "rtl/rules/urfb/circuit.hpp"

namespace trifactor::urfb {
namespace {

/// sigma_delta of the appendix; where its intervals meet, the one with the larger magnitude.
double transfer(double input, double mu, double m) {
  const double far = 2 * m + circuit_threshold;
  if (input > far) return 1 + circuit_excess;
  if (input >= m) return 1;
  if (input > -m) return 0;
  return input >= -far ? -mu : -mu - circuit_excess;
}

/// sigma_t.
double control(double delta, double mu) { return delta > 1 ? 1 : delta < -mu ? -1 : 0; }

}  // namespace

double circuit_error(double h, bool presented, double mu, double m) {
  const double driven = h + 2 * m * (presented ? 1 : -1);
  const double t = control(transfer(driven, mu, m), mu);
  return transfer(driven - 2 * m * t, mu, m);
}

double circuit_gate(double delta, double x, double k) {
  const double u = x >= 1 ? 1 : 0, v = x <= -1 ? -1 : 0;
  const double input = delta - 2 * k * u + 2 * k * v;
  return input >= -k ? input : 0;
}

}  // namespace trifactor::urfb
