// Formats hold the ranges a network declares, binary points meet, and no unit gets more bits than it has.
#include "compiler/passes/test_support.hpp"

using namespace trifactor;
using namespace trifactor::testing;

namespace {

/// The format's range reaches the declared one at both ends (the upper end is one step short).
bool reaches(const NumberFormat& f, double range) {
  const double step = std::pow(2.0, -f.frac), words = std::pow(2.0, f.bits - 1);
  return f.is_signed && words * step >= range;
}

std::map<std::string, NumberFormat> formats_of(const Program& program) {
  std::map<std::string, NumberFormat> formats;
  for (const ArrayFormat& f : program.formats) RC_ASSERT(formats.emplace(f.array, f.format).second);
  return formats;
}

/// Largest magnitude of a word of so many bits.
std::int64_t extreme(int bits) { return std::int64_t{1} << (bits - 1); }

std::string biased(int bits, const std::string& range, const std::string& plasticity = "") {
  return R"([network]
name = "biased"
classes = 10
[[population]]
name = "a"
kind = "input"
shape = [3]
activity = { bits = )" +
         std::to_string(bits) + ", range = " + range + R"( }
[[population]]
name = "b"
shape = [10]
[[projection]]
from = "a"
to = "b"
bias = true
)" + plasticity;
}

BlockImage biased_block(const std::string& text) {
  return compile(read_text(text), large_machine()).cores.at(1).blocks.at(0);
}

}  // namespace

TEST_CASE("formats reach the ranges that the network declares, with the bits it declares") {
  for_drawn("ranges", [](const Drawn& d) {
    const auto formats = formats_of(d.program);
    for (std::size_t p = 0; p < d.network.populations.size(); ++p) {
      const PopulationSpec& spec = d.network.populations[p];
      const ResolvedPopulation& r = d.resolved.populations[p];
      RC_ASSERT(r.activity.bits == spec.activity_bits);
      RC_ASSERT(reaches(r.activity, spec.output_range));
      RC_ASSERT(reaches(r.value, spec.value_range));
      RC_ASSERT(reaches(r.output, spec.normalise ? spec.output_range : spec.value_range));
      for (const NumberFormat& local : {r.value, r.output}) {
        RC_ASSERT(local.bits == 16);
        RC_ASSERT(local.frac <= 15);
      }
      RC_ASSERT(r.activity.frac <= r.output.frac);  // it is shifted down to what is sent
      if (spec.normalise) RC_ASSERT(reaches(r.group_scale, spec.normalise->scale_range));
      RC_ASSERT(formats.at(spec.name + ".activity") == r.activity);
      if (!spec.input) RC_ASSERT(formats.at(spec.name + ".z") == r.value);
    }
    for (std::size_t k = 0; k < d.network.projections.size(); ++k) {
      const ProjectionSpec& spec = d.network.projections[k];
      const NumberFormat& weight = d.resolved.projections[k].weight;
      RC_ASSERT(weight.bits == spec.bits);
      RC_ASSERT(reaches(weight, spec.range));
      RC_ASSERT(weight.real(weight.low()) == -spec.range);  // no bit is wasted
      RC_ASSERT(weight.step() * std::pow(2, spec.bits - 1) == spec.range);
      RC_ASSERT((weight.rounding == Rounding::stochastic) == spec.stochastic);
      RC_ASSERT(formats.at(spec.name + ".weight") == weight);
      if (!spec.plasticity) continue;
      // frac(a) + frac(b) = frac(w) + F, frac(c) = F, factors of 15 bits.
      const RulePlan& plan = *d.resolved.projections[k].plan;
      const NumberFormat& a0 = formats.at(spec.name + ".a0");
      const int b_frac =
          d.resolved.populations[static_cast<std::size_t>(spec.from)].activity.frac + plan.mean_extra_bits;
      RC_ASSERT(a0.bits == 15);
      RC_ASSERT(a0.frac + b_frac == weight.frac + plan.lane.shift);
      RC_ASSERT(plan.lane.shift >= 0);
      RC_ASSERT(plan.lane.shift <= 28);
      RC_ASSERT(plan.lane.weight_bits == spec.bits);
      if (plan.uses_a1) RC_ASSERT(formats.at(spec.name + ".a1") == a0);
      if (plan.uses_c) RC_ASSERT(formats.at(spec.name + ".c").frac == plan.lane.shift);
    }
  });
}

TEST_CASE("binary points of sums meet and the largest sums fit the accumulator; update scalars fit 16 bits") {
  for_drawn("sums", [](const Drawn& d) {
    std::map<std::pair<std::uint32_t, std::uint32_t>, std::int64_t> largest;  // (population, first neuron)
    for (const CoreImage& core : d.program.cores) {
      const ResolvedPopulation& target = d.resolved.populations[core.population];
      RC_ASSERT(core.value_frac == target.value.frac);
      RC_ASSERT(core.output_shift >= 0);
      RC_ASSERT(core.output_shift == target.output.frac - target.activity.frac);
      for (const BlockImage& b : core.blocks) {
        const NumberFormat& activity = d.resolved.populations[b.source].activity;
        RC_ASSERT(b.activity_bits == activity.bits);
        RC_ASSERT(b.sum_shift >= 0);
        RC_ASSERT(core.sum_frac ==
                  d.resolved.projections[b.projection].weight.frac + activity.frac + b.sum_shift);
        const std::int64_t products = b.rows * extreme(activity.bits) + (b.bias ? b.bias_value : 0);
        largest[{core.population, core.first_neuron}] += (products * extreme(b.weight_bits)) << b.sum_shift;
        if (!b.bias) continue;
        RC_ASSERT(b.bias_value >= 1);
        // The bias's axon is 1.0 in the activity's format unless that is one step too many.
        const std::int64_t scalar = std::int64_t{b.bias_value}
                                    << (b.plastic ? b.plasticity.mean_extra_bits : 0);
        RC_ASSERT(scalar <= 32767);
        RC_ASSERT(std::abs(activity.real(b.bias_value) - 1) <= 1.0 / 127);
        if (scalar * 2 <= 32767) RC_ASSERT(activity.real(b.bias_value) == 1);
      }
    }
    for (const auto& [where, sum] : largest) RC_ASSERT(sum < std::int64_t{1} << 47);
  });
}

TEST_CASE("a bias is 1 where the format has it, else the next below: never a negative number") {
  CHECK(biased_block(biased(8, "1")).bias_value == 128);
  CHECK(biased_block(biased(8, "128")).bias_value == 1);
  CHECK(biased_block(biased(16, "2")).bias_value == 1 << 14);
  CHECK(biased_block(biased(16, "1")).bias_value == 32767);  // 32768 is -1 in 16 bits
  const std::string trace = "plasticity = { rule = \"phsic_gaussian\", variant = 20, beta_mu = 0.999 }\n";
  const BlockImage b = biased_block(biased(8, "1", trace));
  REQUIRE(b.plasticity.mean_extra_bits == 8);
  CHECK(b.bias_value == 127);
}

TEST_CASE("a bias for which a trace's scalar has no 1 is refused, not made smaller") {
  const std::string trace = "plasticity = { rule = \"phsic_gaussian\", variant = 20, beta_mu = 0.999 }\n";
  CHECK(biased_block(biased(8, "0.5")).bias_value == 256);
  try {
    biased_block(biased(8, "0.5", trace));
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.exit() == ExitCode::does_not_fit);
    CHECK(error.items().front().code == "TF-FMT-013");
  }
}

TEST_CASE("normalisation constants are those of the group") {
  const Network network = read_text(full_network);  // 8 neurons in 2 groups, p 1/4, delta 1/2
  const NormaliseImage n = compile(network, large_machine()).cores.at(1).normalise;
  CHECK(n.group_size == 4);
  CHECK(std::ldexp(n.offset, -24) == 0.125);
  CHECK(std::ldexp(n.minus_p, -15) == -0.25);
  CHECK(std::ldexp(n.q, -15) == 0.75);
  const int z_frac = 15 - 3, r_frac = 15 - 1;  // ranges 8 and 2
  // u = offset + spread x mantissa / 2^shift at 24 fraction bits, spread = 16 variances at 2 z_frac bits
  CHECK(std::ldexp(n.variance_mantissa, -n.variance_shift) == std::ldexp(1 / 16.0, 24 - 2 * z_frac));
  CHECK(std::ldexp(n.mean_mantissa, -n.mean_shift) == std::ldexp(1 / 4.0, r_frac - z_frac - 12));
}
