// The equations of README.md beside this file once more, with the errors of the hardware's words carried
// along.
#include "rtl/rules/hsic_memory/bench.hpp"

#include "rtl/rules/hsic_memory/golden.hpp"

namespace trifactor::hsic_memory {
namespace {
using namespace partner_post;

class Bench {
 public:
  explicit Bench(const FixedCase& c)
      : c_(c),
        t_(c.trace),
        f_(bounded_forward(c)),
        partners_(static_cast<std::size_t>(c.plan.partners)),
        entries_(partners_ + 1),
        m_format_(plan_format(c.plan, "third_factor")),
        t_format_(plan_format(c.plan, "t_factor")),
        scale_(2 / (c.number("sigma_z") * c.number("sigma_z") *
                    static_cast<double>(partners_ * partners_ * entries_))),
        net_(network_input()) {}

  BoundedArrays run() {
    BoundedArray all{{t_.samples, entries_}, {}, {}, {}};
    kernel_x_ = kernel_z_ = a_ = all;
    xi_.shape = {t_.samples, t_.neurons};
    const int eta_shift = c_.plan.post[post_a_shift] + plan_format(c_.plan, "a0").frac - t_format_.frac;
    const Bounded eta = about(c_.number("eta") * scale_, std::ldexp(c_.plan.eta_mantissa, -eta_shift));
    std::vector<BoundedFactors> factors;
    for (std::size_t s = 0; s < t_.samples; ++s) {
      const std::vector<Bounded> words = teach(s);
      BoundedFactors now;
      for (std::size_t i = 0; i < t_.neurons; ++i) {
        Bounded sum;  // T: sum_p M_p (z_0 - z_p)
        double hardware = 0;
        for (std::size_t p = 1; p <= words.size(); ++p) {
          sum = sum + words[p - 1] * (z(s)[i] - z(s - p)[i]);
          hardware += m_format_.real(t_.words[s * partners_ + p - 1]) *
                      c_.layer.value.real(word_of_z(s, i) - word_of_z(s - p, i));
        }
        put(xi_, -scale_ * hardware, -scale_ * sum);
        const Bounded gain = rounded(eta * f_.fprime[s * t_.neurons + i], std::ldexp(1.0, -eta_shift));
        now.a0.push_back(bounded_factor(c_, words.empty() ? Bounded{} : stored(sum, t_format_) * gain));
      }
      now.b0.assign(f_.x.begin() + static_cast<std::ptrdiff_t>(s * t_.inputs),
                    f_.x.begin() + static_cast<std::ptrdiff_t>((s + 1) * t_.inputs));
      factors.push_back(std::move(now));
    }
    BoundedArrays out;
    put_fixed(c_, f_, factors, out);
    out["kernel_x"] = std::move(kernel_x_), out["kernel_z"] = std::move(kernel_z_), out["a"] = std::move(a_);
    out["third_factor"] = xi_;
    out["xi"] = std::move(xi_);
    return out;
  }

 private:
  std::span<const Bounded> z(std::size_t s) const {
    return std::span(f_.z).subspan(s * t_.neurons, t_.neurons);
  }
  std::int64_t word_of_z(std::size_t s, std::size_t i) const { return t_.z[s * t_.neurons + i]; }

  /// What the kernel of the input is taken on.
  std::vector<Bounded> network_input() const {
    if (!c_.request.inputs.contains("x_net")) return f_.x;
    std::vector<Bounded> all;
    for (const double v : c_.input("x_net").values)
      all.push_back(about(v, c_.layer.input.real(c_.layer.input.quantise(v))));
    return all;
  }

  /// exp(-distance / (2 sigma^2)) with the constant as a mantissa and shift of the teacher hold it.
  Bounded kernel(std::span<const Bounded> a, std::span<const Bounded> b, double sigma, int mantissa,
                 int shift, int frac) const {
    Bounded distance;
    for (std::size_t i = 0; i < a.size(); ++i) {
      const Bounded d = a[i] - b[i];
      distance = distance + d * d;
    }
    const double wanted = 1 / (2 * sigma * sigma);
    const Bounded constant =
        about(wanted, std::ldexp(c_.plan.teacher[static_cast<std::size_t>(mantissa)],
                                 2 * frac - 16 - c_.plan.teacher[static_cast<std::size_t>(shift)]));
    return bounded_exp_negative(rounded(distance * constant, 0x1p-16));
  }

  /// Kernels, A and words N A k_z of one sample; no words while the memory is not full.
  std::vector<Bounded> teach(std::size_t s) {
    if (s < partners_) {
      for (std::size_t p = 0; p < entries_; ++p)
        for (BoundedArray* array : {&kernel_x_, &kernel_z_, &a_}) put(*array, 0, {});
      return {};
    }
    const auto& teacher = c_.plan.teacher;
    const std::int64_t* state = &t_.teacher[s * teacher_state_words(c_.plan.partners)];
    const double gamma = c_.number("gamma"), n = static_cast<double>(entries_),
                 sigma_y = c_.number("sigma_y");
    const std::size_t width = net_.size() / t_.samples;
    const auto net = [&](std::size_t t) { return std::span(net_).subspan(t * width, width); };
    const auto& labels = c_.input("labels").values;
    std::vector<Bounded> kz(entries_, {1, 0}), b(entries_);
    std::vector<double> word_b(entries_);
    Bounded sum;
    for (std::size_t p = 0; p < entries_; ++p) {
      const bool same = labels[s] == labels[s - p];
      const double ky = same ? 1 : std::exp(-1 / (sigma_y * sigma_y));
      const double held = std::ldexp(teacher[same ? teacher_same : teacher_different], -kernel_frac);
      Bounded kx{1, 0};
      double word_x = 1, word_z = 1;
      if (p > 0) {
        kx = kernel(net(s), net(s - p), c_.number("sigma_x"), teacher_x_mantissa, teacher_x_shift,
                    c_.layer.input.frac);
        kz[p] = kernel(z(s), z(s - p), c_.number("sigma_z"), teacher_z_mantissa, teacher_z_shift,
                       c_.layer.value.frac);
        word_x = std::ldexp(static_cast<double>(state[p] >> 16), -kernel_frac);
        word_z = std::ldexp(static_cast<double>(state[p] & 0xffff), -kernel_frac);
      }
      put(kernel_x_, word_x, kx);
      put(kernel_z_, word_z, kz[p]);
      b[p] = kx - about(gamma * ky, held);
      word_b[p] = word_x - held;
      sum = sum + b[p];
    }
    const double word_sum = std::ldexp(static_cast<double>(state[0]), -kernel_frac);
    std::vector<Bounded> words;
    for (std::size_t p = 0; p < entries_; ++p) {
      // N A_p = (N - 1) B_p - the other B: what is common to both does not count twice
      const Bounded above = (n - 1) * b[p] - Bounded{sum.value - b[p].value, sum.error - b[p].error};
      put(a_, word_b[p] - word_sum / n, 1 / n * above);
      if (p > 0) words.push_back(stored(above * kz[p], m_format_));
    }
    return words;
  }

  const FixedCase& c_;
  const FixedTrace& t_;
  BoundedForward f_;
  std::size_t partners_, entries_;  ///< K and N
  NumberFormat m_format_, t_format_;
  double scale_;              ///< 2 / (sigma_z^2 K^2 N): of a word
  std::vector<Bounded> net_;  // (T, entries of the network's input)
  BoundedArray kernel_x_, kernel_z_, a_, xi_;
};

}  // namespace

BoundedArrays bench(const FixedCase& c) { return Bench(c).run(); }

}  // namespace trifactor::hsic_memory
