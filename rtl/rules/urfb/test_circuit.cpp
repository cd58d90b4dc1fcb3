// The local circuits settle to the hinge and the gate of the equations, and where they do not.
#include <catch2/catch.hpp>
#include <cmath>
#include <vector>

#include "rtl/rules/delta.hpp"
#include "rtl/rules/float_support.hpp"
#include "rtl/rules/urfb/circuit.hpp"

using namespace trifactor;

namespace {

constexpr int frac = 10;  // z in +-32
constexpr double mu = 0.25, m = 64;

/// The golden unit's error of one neuron.
std::int64_t golden(DeltaKind kind, std::int16_t z, bool target, double range) {
  std::vector<std::int32_t> registers(delta_registers, 0);
  registers[delta_kind] = static_cast<std::int32_t>(kind);
  registers[delta_value_frac] = frac, registers[delta_mu] = 8192;
  registers[delta_word_bits] = 15, registers[delta_word_shift] = 2, registers[delta_from_word] = 1;
  registers[delta_circuit_m] = static_cast<std::int32_t>(std::ldexp(range, frac));
  PostView view;
  view.registers = registers, view.eta = 1, view.neurons = 1;
  view.now.z = &z;
  std::int16_t a0 = 0, error = 0;
  std::uint32_t generator = 1;
  PostResult result;
  result.generators = {&generator, 1}, result.a0 = std::span(&a0, 1), result.error = {&error, 1};
  delta_post()->form(view, {}, target ? 0 : 1, result);
  return error;
}

double hinge(double h, bool presented) {
  double z[] = {h}, delta[] = {0};
  hinge_error(z, presented ? 0 : 1, mu, delta);
  return delta[0];
}

}  // namespace

TEST_CASE("the circuit of the output is the hinge but at 1 and -1, where it still learns") {
  for (const bool presented : {true, false})
    for (int step = -63 * 64; step <= 63 * 64; ++step) {
      const double h = step / 64.0, edge = presented ? 1 : -1;
      INFO(h << (presented ? " presented" : " not presented"));
      const double found = urfb::circuit_error(h, presented, mu, m);
      if (h == edge) {
        CHECK(hinge(h, presented) == 0);
        CHECK(found == (presented ? 1 : -mu));
      } else {
        CHECK(found == hinge(h, presented));
      }
    }
}

TEST_CASE("sums beyond M break the circuit: what it then says") {
  const double small = 4;
  CHECK(urfb::circuit_error(small + 1, true, mu, small) == 1);      // right by far, and told to grow
  CHECK(urfb::circuit_error(-small - 1, true, mu, small) == 0);     // wrong by far, and left alone
  CHECK(urfb::circuit_error(small + 1, false, mu, small) == 0);     // wrong by far, and left alone
  CHECK(urfb::circuit_error(-small - 1, false, mu, small) == -mu);  // right by far, and told to shrink
  for (const double h : {small + 1, -small - 1})
    CHECK(urfb::circuit_error(h, true, mu, small) != hinge(h, true));
  // At M itself the two intervals of the transfer function meet.
  CHECK(urfb::circuit_error(-small, true, mu, small) == 1);
  CHECK(urfb::circuit_error(small, true, mu, small) == 1);
}

TEST_CASE("the golden circuit is the float one for every word, and the hinge but at 1 and -1") {
  for (const double range : {64.0, 8.0})  // the second lies within the format: sums beyond M
    for (const bool target : {true, false}) {
      std::int64_t wrong = 0, unlike_hinge = 0;
      for (std::int32_t word = -32768; word <= 32767; ++word) {
        const auto z = static_cast<std::int16_t>(word);
        const double h = std::ldexp(z, -frac);
        const std::int64_t found = golden(DeltaKind::circuit, z, target, range);
        wrong += found != std::llround(std::ldexp(urfb::circuit_error(h, target, mu, range), 13));
        unlike_hinge += found != golden(DeltaKind::hinge, z, target, range);
      }
      INFO("M " << range << (target ? " target" : " other"));
      CHECK(wrong == 0);
      if (range > 32) CHECK(unlike_hinge == 1);
      if (range < 32) CHECK(unlike_hinge > 1000);
    }
}

TEST_CASE("the gate's circuit passes an error where |x| < 1 and nothing elsewhere") {
  const double k = 2;
  for (int x = -64; x <= 64; ++x)
    for (int d = -127; d <= 127; ++d) {
      const double delta = d / 64.0, at = x / 64.0;
      CHECK(urfb::circuit_gate(delta, at, k) == (std::abs(at) < 1 ? delta : 0));
    }
  // The equations' gate is open at exactly 1, and errors of K or more pass a shut circuit, or are cut.
  CHECK(urfb::circuit_gate(k, 1, k) == -k);
  CHECK(urfb::circuit_gate(-k - 1, 0, k) == 0);
}

TEST_CASE("the golden gate is the float one, with 1 as the format of z has it") {
  for (const int value_frac : {15, 12}) {
    std::vector<std::int32_t> registers(delta_registers, 0);
    registers[delta_kind] = static_cast<std::int32_t>(DeltaKind::returned);
    registers[delta_value_frac] = value_frac, registers[delta_word_bits] = 15, registers[delta_from_word] = 1;
    registers[delta_circuit_k] = 2 << 13;
    std::int64_t wrong = 0;
    for (std::int32_t word = -32768; word <= 32767; word += 7) {
      const std::int32_t most = std::min(1 << value_frac, 32767);
      const std::int32_t corners[] = {word, most, most - 1, -(1 << value_frac), 1 - (1 << value_frac)};
      for (const std::int32_t value : corners) {
        const auto z = static_cast<std::int16_t>(value);
        const double x = value >= most ? 1 : std::ldexp(value, -value_frac);
        for (const std::int64_t sum : {-16384, -5000, 0, 1, 9999, 16383}) {
          PostView view;
          const std::uint16_t fprime = 12345;  // must not be looked at
          view.registers = registers, view.eta = 1, view.neurons = 1, view.error = &sum;
          view.now.z = &z, view.now.fprime = &fprime;
          std::int16_t a0 = 0, error = 0;
          std::uint32_t generator = 1;
          PostResult result;
          result.generators = {&generator, 1}, result.a0 = std::span(&a0, 1), result.error = {&error, 1};
          delta_post()->form(view, {}, -1, result);
          wrong += error != std::llround(std::ldexp(urfb::circuit_gate(std::ldexp(sum, -13), x, 2), 13));
        }
      }
    }
    CHECK(wrong == 0);
  }
}
