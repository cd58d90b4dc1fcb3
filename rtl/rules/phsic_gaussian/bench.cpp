// The equations of README.md beside this file once more, with the errors of the hardware's words carried
// along.
#include "rtl/rules/phsic_gaussian/bench.hpp"

#include "rtl/rules/phsic_gaussian/golden.hpp"

namespace trifactor::phsic_gaussian {
namespace {
using namespace partner_post;

std::span<const Bounded> row(const std::vector<Bounded>& all, std::size_t t, std::size_t width) {
  return std::span(all).subspan(t * width, width);
}

class Bench {
 public:
  explicit Bench(const FixedCase& c)
      : c_(c),
        t_(c.trace),
        f_(bounded_forward(c)),
        form_(static_cast<Form>(c.plan.post[post_form])),
        grouped_(t_.groups > 0),
        width_(grouped_ ? t_.groups : t_.neurons),
        partners_(static_cast<std::size_t>(c.plan.partners)),
        m_format_(plan_format(c.plan, "third_factor")),
        t_format_(plan_format(c.plan, "t_factor")) {
    const int h_frac = grouped_ ? c.layer.output.frac : 0;
    eta_shift_ = c.plan.post[post_a_shift] + plan_format(c.plan, "a0").frac - t_format_.frac - h_frac;
    eta_ = about(c.number("eta") / (sigma2() * static_cast<double>(partners_)),
                 std::ldexp(c.plan.eta_mantissa, -eta_shift_));
    words_.resize(t_.samples * partners_), kernels_.resize(t_.samples), b3_.resize(t_.samples);
  }

  BoundedArrays run() {
    std::vector<BoundedFactors> factors;
    last_total_.assign(width_, {});
    for (std::size_t s = 0; s < t_.samples; ++s) {
      teach(s);
      factors.push_back(form(s));
    }
    BoundedArrays out;
    put_fixed(c_, f_, factors, out);
    put_teacher(out);
    return out;
  }

 private:
  double sigma2() const { return c_.number("sigma") * c_.number("sigma"); }
  std::size_t count(std::size_t s) const { return std::min(s, partners_); }
  std::span<const Bounded> seen(std::size_t s) const { return row(grouped_ ? f_.uq : f_.z, s, width_); }

  /// k and b2 of every partner, b3, and the words.
  void teach(std::size_t s) {
    const std::size_t n = count(s);
    const double gamma = c_.number("gamma"), g = static_cast<double>(t_.groups);
    const auto& teacher = c_.plan.teacher;
    if (s > 0) b3_[s] = b3_[s - 1];
    mean_word_ = {};
    if (n == 0) return;
    const double scale = 1 / (2 * sigma2() * (grouped_ ? g : 1));
    const int scale_shift =
        teacher[teacher_kernel_shift] + 16 - 2 * (grouped_ ? c_.layer.group_scale : c_.layer.value).frac;
    const Bounded held = about(1, std::ldexp(teacher[teacher_kernel_mantissa], -scale_shift) / scale);
    std::vector<Bounded> k(n), b2(n), step(n);
    Bounded mean_b2, mean_k;
    const auto& labels = c_.input("labels").values;
    for (std::size_t p = 1; p <= n; ++p) {
      const Bounded distance = squared_distance(seen(s), seen(s - p), step[p - 1]);
      k[p - 1] = bounded_exp_negative(rounded(1 / (2 * sigma2()) * (distance * held), 0x1p-16));
      const bool same = labels[s] == labels[s - p];
      const double label = same ? gamma : -gamma / (c_.layer.classes - 1);
      b2[p - 1] =
          about(label, std::ldexp(teacher[same ? teacher_same : teacher_different], -15)) - 2 * k[p - 1];
      mean_b2 = mean_b2 + 1.0 / static_cast<double>(n) * b2[p - 1];
      mean_k = mean_k + 1.0 / static_cast<double>(n) * k[p - 1];
    }
    kernels_[s] = mean_k;
    const double rate = std::ldexp(teacher[teacher_mean_rate + n - 1], -24) * static_cast<double>(n);
    b3_[s] =
        bounded_mean_step(b3_[s], mean_b2, 1 - c_.number("beta"), rate, 15 + teacher[teacher_mean_extra]);
    for (std::size_t p = 0; p < n; ++p) {
      Bounded& word = words_[s * partners_ + p];
      word = stored((b3_[s] - b2[p]) * k[p], m_format_);
      if (grouped_) mean_word_ = mean_word_ + word * step[p];
    }
    if (!grouped_) return;
    const NumberFormat format = plan_format(c_.plan, "third_factor_mean");
    const int share_shift =
        teacher[teacher_group_shift] - m_format_.frac - c_.layer.group_scale.frac + format.frac;
    const Bounded share = about(1 / g, std::ldexp(teacher[teacher_group_mantissa], -share_shift));
    mean_word_ = stored(mean_word_ * share, format);
  }

  /// Plain: sum d^2. Grouped: sum (d - mean d)^2, and `sum` is that of d.
  Bounded squared_distance(std::span<const Bounded> a, std::span<const Bounded> b, Bounded& sum) const {
    sum = {};
    for (std::size_t i = 0; i < a.size(); ++i) sum = sum + (a[i] - b[i]);
    const double mean = grouped_ ? sum.value / static_cast<double>(a.size()) : 0;
    Bounded total;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const Bounded d = a[i] - b[i];
      const double centred =
          d.value - mean;  // |sum (d+e - mean)^2 - sum (d - mean)^2| <= sum 2|d - mean| e + e^2
      total = total + Bounded{centred * centred, 2 * std::abs(centred) * d.error + d.error * d.error};
    }
    return total;
  }

  /// T of neuron or group i, times sigma^2 K: the hardware leaves both to eta.
  Bounded third_factor(std::size_t s, std::size_t i) const {
    const std::size_t n = count(s);
    if (n == 0) return {};
    Bounded sum;
    if (form_ == Form::mean_term && !grouped_)
      sum = words_[s * partners_] * (seen(s)[i] - rounded(mean_z_[i], c_.layer.value.step()));
    else
      for (std::size_t p = 1; p <= n; ++p)
        sum = sum + words_[s * partners_ + p - 1] * (seen(s)[i] - seen(s - p)[i]);
    if (grouped_) sum = sum - mean_word_;
    const double boost = static_cast<double>(partners_) / static_cast<double>(n);
    return stored(sum * about(boost, std::ldexp(c_.plan.post[post_boost + n - 1], -boost_frac)), t_format_);
  }

  Bounded gain(Bounded fprime) const { return rounded(eta_ * fprime, std::ldexp(1.0, -eta_shift_)); }
  Bounded h(std::size_t s, std::size_t i) const {
    return grouped_ ? row(f_.r, s, t_.neurons)[i] : Bounded{1, 0};
  }
  Bounded fprime(std::size_t s, std::size_t i) const { return row(f_.fprime, s, t_.neurons)[i]; }

  BoundedFactors form(std::size_t s) {
    start_means(s);
    BoundedFactors out;
    std::vector<Bounded> total(width_);
    for (std::size_t i = 0; i < width_; ++i) total[i] = third_factor(s, i);
    const std::size_t size = t_.neurons / width_;
    for (std::size_t i = 0; i < t_.neurons; ++i) {
      const Bounded T = total[i / size];
      Bounded a0, a1;
      if (form_ == Form::delayed) {
        if (s > 0) a0 = clipped(last_total_[i / size] - T, t_format_) * h(s - 1, i) * gain(fprime(s - 1, i));
      } else {
        a0 = T * h(s, i) * gain(fprime(s, i));
        if (form_ == Form::two_term && s > 0) a1 = -T * h(s - 1, i) * gain(fprime(s - 1, i));
        if (form_ == Form::mean_term) a1 = -T * rounded(mean_post_[i], post_step()) * eta_;
      }
      out.a0.push_back(bounded_factor(c_, a0));
      if (c_.plan.uses_a1) out.a1.push_back(bounded_factor(c_, a1));
    }
    rows(s, out);
    out.c = bounded_decay(c_, c_.plan.post[post_c_rate], c_.plan.post[post_c_shift],
                          c_.number("eta") * c_.number("decay"));
    move_means(s);
    last_total_ = std::move(total);
    return out;
  }

  /// What stands for b0 and b1.
  void rows(std::size_t s, BoundedFactors& out) const {
    const std::span<const Bounded> now = row(f_.x, s, t_.inputs);
    const std::vector<Bounded> nothing(t_.inputs);
    const std::span<const Bounded> before =
        s > 0 ? row(f_.x, s - 1, t_.inputs) : std::span<const Bounded>(nothing);
    const auto& b0 = form_ == Form::delayed ? before : now;
    out.b0.assign(b0.begin(), b0.end());
    if (form_ == Form::two_term) out.b1.assign(before.begin(), before.end());
    if (form_ != Form::mean_term) return;
    NumberFormat format = c_.layer.activity;
    format.bits = 16, format.frac += c_.plan.mean_extra_bits;
    for (const Bounded& mean : mean_x_) out.b1.push_back(stored(mean, format));
  }

  // Leaky means of (20) and (21): they start at the first sample and are used before they move.
  NumberFormat post_format() const { return grouped_ ? c_.layer.output : NumberFormat{16, 15, false}; }
  double post_step() const { return post_format().step(); }
  Bounded post(std::size_t s, std::size_t i) const {
    return grouped_ ? rounded(h(s, i) * fprime(s, i), post_step()) : fprime(s, i);
  }
  void start_means(std::size_t s) {
    if (form_ != Form::mean_term || s > 0) return;
    mean_x_.assign(row(f_.x, 0, t_.inputs).begin(), row(f_.x, 0, t_.inputs).end());
    mean_z_.assign(row(f_.z, 0, t_.neurons).begin(), row(f_.z, 0, t_.neurons).end());
    for (std::size_t i = 0; i < t_.neurons; ++i) mean_post_.push_back(post(0, i));
  }
  void move_means(std::size_t s) {
    if (form_ != Form::mean_term) return;
    const double alpha = 1 - c_.number("beta_mu");
    const double rate = std::ldexp(c_.plan.post[post_mean_rate], -16),
                 row_rate = std::ldexp(c_.plan.mean_rate, -16);
    const int extra = c_.plan.post[post_mean_extra];
    for (std::size_t i = 0; i < t_.neurons; ++i) {
      mean_z_[i] = bounded_mean_step(mean_z_[i], row(f_.z, s, t_.neurons)[i], alpha, rate,
                                     c_.layer.value.frac + extra);
      mean_post_[i] = bounded_mean_step(mean_post_[i], post(s, i), alpha, rate, post_format().frac + extra);
    }
    for (std::size_t j = 0; j < t_.inputs; ++j)
      mean_x_[j] = bounded_mean_step(mean_x_[j], row(f_.x, s, t_.inputs)[j], alpha, row_rate,
                                     c_.layer.activity.frac + c_.plan.row_mean_bits);
  }

  void put_teacher(BoundedArrays& out) const {
    const bool two_points = form_ != Form::one_term;
    BoundedArray b3{{t_.samples}, {}, {}, {}}, kernel = b3, words = b3;
    if (!two_points) words.shape.push_back(partners_);
    const std::size_t state = teacher_state_words(c_.plan.partners),
                      down = static_cast<std::size_t>(c_.plan.down_words);
    for (std::size_t s = 0; s < t_.samples; ++s) {
      const double n = static_cast<double>(std::max<std::size_t>(1, count(s)));
      put(b3,
          std::ldexp(static_cast<double>(t_.teacher[s * state]), -15 - c_.plan.teacher[teacher_mean_extra]),
          b3_[s]);
      put(kernel, std::ldexp(static_cast<double>(t_.kernel_sum[s]), -15) / n, kernels_[s]);
      for (std::size_t p = 0; p < partners_; ++p)
        put(words, m_format_.real(t_.words[s * down + p]) / (n * sigma2()),
            1 / (n * sigma2()) * words_[s * partners_ + p]);
    }
    out["b3"] = std::move(b3);
    out[two_points ? "kernel" : "kernel_mean"] = std::move(kernel);
    out[two_points && grouped_ ? "third_factor_scalar" : "third_factor"] = std::move(words);
  }

  const FixedCase& c_;
  const FixedTrace& t_;
  BoundedForward f_;
  Form form_;
  bool grouped_;
  std::size_t width_, partners_;  ///< width: entries compared
  NumberFormat m_format_, t_format_;
  int eta_shift_ = 0;
  Bounded eta_;                              ///< over sigma^2 K
  std::vector<Bounded> words_;               // (T, partners): M without 1 / sigma^2 and 1 / n
  std::vector<Bounded> kernels_, b3_;        // (T)
  Bounded mean_word_;                        ///< m of this sample
  std::vector<Bounded> last_total_;          // (width)
  std::vector<Bounded> mean_z_, mean_post_;  // (neurons)
  std::vector<Bounded> mean_x_;              // (inputs)
};

}  // namespace

BoundedArrays bench(const FixedCase& c) { return Bench(c).run(); }

}  // namespace trifactor::phsic_gaussian
