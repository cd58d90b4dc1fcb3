#include "rtl/rules/partner_post.hpp"

#include "rtl/rules/factor.hpp"
#include "rtl/spec/fixed.hpp"
#include "rtl/units/trace/golden.hpp"

namespace trifactor::partner_post {
namespace {

class GoldenPost final : public PostUnit {
 public:
  void contribute(const PostView& view, std::span<std::int64_t> up) override {
    const int width = view.group_size == 0 ? view.neurons : view.neurons / view.group_size;
    const int partners = view.registers[post_partners];
    for (int p = 1; p <= view.count; ++p)
      for (int i = 0; i < width; ++i) {
        const std::int64_t d = view.compared[0][i] - view.compared[p][i];
        up[p - 1] += d * d;
      }
    if (view.group_size != 0)
      for (int g = 0; g < width; ++g) up[partners] += view.compared[0][g];
  }

  void form(const PostView& view, std::span<const std::int16_t> words, int, PostResult& result) override {
    const auto& reg = view.registers;
    const Form form = static_cast<Form>(reg[post_form]);
    const bool grouped = view.group_size != 0;
    const int per_t = grouped ? view.group_size : 1;
    const bool means_started = view.count > 0;
    const FactorRounder round{reg[post_stochastic] != 0, reg[post_a_shift]};
    // The mean of f' (plain mean-term) has the fraction bits that the gain eta f' has already lost.
    const bool mean_of_fprime = form == Form::mean_term && !grouped;
    const FactorRounder round_a1{round.stochastic,
                                 reg[post_a_shift] + (mean_of_fprime ? derivative_frac : 0)};

    std::int32_t t = 0;
    for (int i = 0; i < view.neurons; ++i) {
      const int g = i / per_t;
      const std::int32_t h = grouped ? view.now.r[i] : 1;
      if (i % per_t == 0) t = third_factor(view, words, result, g);
      if (reg[post_error_mantissa] != 0)
        result.error[i] = static_cast<std::int16_t>(saturate_signed(
            round_shift(-std::int64_t{t} * reg[post_error_mantissa], reg[post_error_shift]), error_bits));
      if (reg[post_hears] != 0) t = heard(view, i);
      const bool last_of_group = (i + 1) % per_t == 0;
      std::int64_t q0 = 0, q1 = 0;
      if (form == Form::delayed) {
        const std::int64_t step = saturate_signed(std::int64_t{result.held[g]} - t, t_bits);
        if (view.count > 0) {
          const std::int32_t h1 = grouped ? view.before.r[i] : 1;
          q0 = step * h1 * gain(view.eta, view.before.fprime[i]);
        }
        if (last_of_group) result.held[g] = t;
      } else {
        q0 = std::int64_t{t} * h * gain(view.eta, view.now.fprime[i]);
        if (form == Form::two_term && view.count > 0) {
          const std::int32_t h1 = grouped ? view.before.r[i] : 1;
          q1 = -std::int64_t{t} * h1 * gain(view.eta, view.before.fprime[i]);
        } else if (form == Form::mean_term) {
          q1 = -std::int64_t{t} * move_means(view, result, i, means_started) * view.eta;
        }
      }
      result.a0[i] = round(q0, result.generators[i], result.losses);
      if (!result.a1.empty()) result.a1[i] = round_a1(q1, result.generators[i], result.losses);
      if (!result.c.empty())
        result.c[i] = FactorRounder{round.stochastic, reg[post_c_shift]}(
            std::int64_t{view.eta} * reg[post_c_rate], result.generators[i], result.losses);
    }
  }

 private:
  /// eta f' as u16: f' is u16.15.
  static std::int64_t gain(std::uint32_t eta, std::uint16_t fprime) {
    return round_shift(std::int64_t{eta} * fprime, 15);
  }

  /// T of neuron or group g. The plain mean-term form measures it from the running mean of z.
  static std::int32_t third_factor(const PostView& view, std::span<const std::int16_t> words,
                                   const PostResult& result, int g) {
    if (view.count == 0) return 0;
    const auto& reg = view.registers;
    const bool grouped = view.group_size != 0;
    std::int64_t sum = 0;
    if (static_cast<Form>(reg[post_form]) == Form::mean_term && !grouped) {
      const TraceConfig trace{reg[post_mean_rate], reg[post_mean_extra]};
      const std::int64_t mean = trace_value(trace, result.means[g]);
      sum = words[0] * (view.compared[0][g] - mean);
    } else {
      for (int p = 1; p <= view.count; ++p)
        sum += std::int64_t{words[p - 1]} * (view.compared[0][g] - view.compared[p][g]);
    }
    if (grouped) sum -= std::int64_t{words[reg[post_partners]]} << reg[post_m_shift];
    const std::int64_t boosted = sum * reg[post_boost + view.count - 1];
    return static_cast<std::int32_t>(saturate_signed(round_shift(boosted, reg[post_t_shift]), t_bits));
  }

  static std::int32_t heard(const PostView& view, int i) {
    if (view.error == nullptr) return 0;
    return static_cast<std::int32_t>(
        saturate_signed(-round_shift(view.error[i], view.registers[post_hear_shift]), t_bits));
  }

  /// The mean of h f' as it was before this sample; then moves this neuron's means. Plain: word 0 is z, word
  /// 1 f'; grouped: word 0 is r f'. They start at the first sample's value.
  static std::int64_t move_means(const PostView& view, PostResult& result, int i, bool started) {
    const TraceConfig trace{view.registers[post_mean_rate], view.registers[post_mean_extra]};
    const auto move = [&](std::int32_t& mean, std::int64_t value) {
      if (!started) mean = static_cast<std::int32_t>(value << trace.extra);
      const std::int64_t used = trace_value(trace, mean);
      mean = static_cast<std::int32_t>(trace_step(trace, mean, value));
      return used;
    };
    const std::int64_t fprime = view.now.fprime[i];
    if (view.group_size != 0) return move(result.means[i], round_shift(view.now.r[i] * fprime, 15));
    move(result.means[i], view.compared[0][i]);
    return move(result.means[view.neurons + i], fprime);
  }
};

}  // namespace

std::unique_ptr<PostUnit> golden_post() { return std::make_unique<GoldenPost>(); }

int contribute_cycles(const RulePlan& plan, int neurons, int group_size) {
  const int width = group_size == 0 ? neurons : neurons / group_size;
  return plan.partners * width + 2 +
         (group_size == 0 ? 0 : 1);  // address, data, product; the sum of the groups
}

int form_cycles(const RulePlan& plan, int neurons, int group_size) {
  const Form form = static_cast<Form>(plan.post[post_form]);
  const bool from_mean = form == Form::mean_term && group_size == 0;
  // T: one address a cycle, data and difference behind it, two for the boost, one more for its step
  const int third = (from_mean ? 1 : plan.partners) + 4 + (form == Form::delayed ? 1 : 0) +
                    (plan.post[post_error_mantissa] != 0 ? 2 : 0) + (plan.post[post_hears] != 0 ? 1 : 0);
  const int thirds = group_size == 0 ? neurons : (neurons + group_size - 1) / group_size;
  const int a0 = 4,
            a1 = form == Form::two_term    ? 3
                 : form == Form::mean_term ? 5
                                           : 0,
            c = plan.uses_c ? 1 : 0;
  return 2 + thirds * third + neurons * (a0 + a1 + c);
}

}  // namespace trifactor::partner_post
