// The objective and its gradient against the definitions, pair by pair, and numerical differentiation.
#include <catch2/catch.hpp>
#include <cmath>
#include <random>

#include "compiler/training/kernel_objective.hpp"

using namespace trifactor;

namespace {

using Objective = TrainingSpec::Objective;

struct Problem {
  std::size_t m, d;
  int classes = 3;
  BatchForm form;
  Objective objective;
  std::vector<double> v;
  std::vector<std::int32_t> labels;

  Problem(std::size_t m_, std::size_t d_, BatchKernel kernel, Objective objective_)
      : m(m_), d(d_), objective(objective_), v(m_ * d_), labels(m_) {
    form.kernel = kernel, form.sigma = 1.3, form.gamma = 2.5;
    std::mt19937_64 engine(m * 10 + d);
    std::normal_distribution<double> normal;
    for (double& value : v) value = normal(engine);
    for (std::int32_t& label : labels) label = static_cast<std::int32_t>(engine() % 3);
  }

  double kernel(std::size_t i, std::size_t j) const {
    double product = 0, a = 0, b = 0, squared = 0;
    for (std::size_t k = 0; k < d; ++k) {
      const double x = v[i * d + k], y = v[j * d + k];
      product += x * y, a += x * x, b += y * y, squared += (x - y) * (x - y);
    }
    if (form.kernel == BatchKernel::gaussian) return std::exp(-squared / (2 * form.sigma * form.sigma));
    if (form.kernel == BatchKernel::cosine) return a * b > 0 ? product / std::sqrt(a * b) : 0;
    return product;
  }

  /// (33), (34): all pairs, the diagonal included.
  static double dependence(const std::vector<double>& a, const std::vector<double>& b, std::size_t m,
                           bool hsic) {
    double product = 0, mean_a = 0, mean_b = 0, rows = 0;
    const double n = static_cast<double>(m);
    for (std::size_t i = 0; i < m; ++i) {
      double row_a = 0, row_b = 0;
      for (std::size_t j = 0; j < m; ++j) {
        product += a[i * m + j] * b[i * m + j] / (n * n);
        row_a += a[i * m + j] / n, row_b += b[i * m + j] / n;
      }
      mean_a += row_a / n, mean_b += row_b / n, rows += row_a * row_b / n;
    }
    return hsic ? product - 2 * rows + mean_a * mean_b : product - mean_a * mean_b;
  }

  double loss() const {
    std::vector<double> kz(m * m), ky(m * m);
    for (std::size_t i = 0; i < m; ++i)
      for (std::size_t j = 0; j < m; ++j)
        kz[i * m + j] = kernel(i, j), ky[i * m + j] = labels[i] == labels[j] ? 1 : -1.0 / (classes - 1);
    const bool hsic = objective == Objective::hsic;
    return dependence(kz, kz, m, hsic) - form.gamma * dependence(ky, kz, m, hsic);
  }
};

}  // namespace

TEST_CASE("loss and gradient are those of the definitions") {
  Workers workers(2);
  for (const BatchKernel kernel : {BatchKernel::gaussian, BatchKernel::cosine, BatchKernel::linear})
    for (const Objective objective : {Objective::phsic, Objective::hsic})
      for (const std::size_t m : {2, 7, 64, 70, 130}) {
        Problem p(m, m < 10 ? 5 : 3, kernel, objective);
        INFO("kernel " << static_cast<int>(kernel) << " objective " << static_cast<int>(objective) << " m "
                       << m);
        KernelObjective<double> mine(p.form, objective, p.classes);
        const Matrix<double> gradient = mine.gradient({p.v.data(), p.m, p.d}, p.labels, workers);
        CHECK(mine.loss() == Approx(p.loss()).margin(1e-12));
        KernelObjective<float> single(p.form, objective, p.classes);
        const std::vector<float> narrow(p.v.begin(), p.v.end());
        const Matrix<float>& coarse = single.gradient({narrow.data(), p.m, p.d}, p.labels, workers);
        double largest = 0;
        for (std::size_t at = 0; at < p.v.size(); at += m < 10 ? 1 : 41) {
          constexpr double h = 1e-5;
          const double value = p.v[at];
          p.v[at] = value + h;
          const double above = p.loss();
          p.v[at] = value - h;
          const double below = p.loss();
          p.v[at] = value;
          CHECK(gradient.values[at] == Approx((above - below) / (2 * h)).margin(1e-8));
          CHECK(static_cast<double>(coarse.values[at]) ==
                Approx(gradient.values[at]).epsilon(1e-3).margin(1e-5));
          largest = std::max(largest, std::abs(gradient.values[at]));
        }
        CHECK((largest > 1e-4 || m == 2));  // of two samples a centred matrix keeps little
      }
}

TEST_CASE("signals are means over pairs of different samples") {
  Problem p(9, 4, BatchKernel::gaussian, Objective::phsic);
  Workers workers(1);
  KernelObjective<double> mine(p.form, p.objective, p.classes);
  mine.gradient({p.v.data(), p.m, p.d}, p.labels, workers);
  double kernel = 0, same = 0, mean = 0, label_mean = 0, third = 0;
  const auto label_kernel = [&](std::size_t i, std::size_t j) {
    return p.labels[i] == p.labels[j] ? 1 : -0.5;
  };
  for (std::size_t i = 0; i < p.m; ++i)
    for (std::size_t j = 0; j < p.m; ++j) mean += p.kernel(i, j) / 81, label_mean += label_kernel(i, j) / 81;
  for (std::size_t i = 0; i < p.m; ++i)
    for (std::size_t j = 0; j < p.m; ++j) {
      if (i == j) continue;
      const double k = p.kernel(i, j);
      kernel += k / 72, same += (p.labels[i] == p.labels[j]) / 72.0;
      third += std::abs(2 * (k - mean) - p.form.gamma * (label_kernel(i, j) - label_mean)) * k /
               (p.form.sigma * p.form.sigma) / 72;
    }
  CHECK(mine.signals().kernel == Approx(kernel).epsilon(1e-12));
  CHECK(mine.signals().same_class == Approx(same).epsilon(1e-12));
  CHECK(mine.signals().third_factor == Approx(third).epsilon(1e-10));
}

TEST_CASE("equal samples neither pull nor push, and a cosine needs a direction") {
  Workers workers(1);
  Problem equal(6, 3, BatchKernel::gaussian, Objective::phsic);
  for (std::size_t i = 0; i < equal.v.size(); ++i) equal.v[i] = equal.v[i % 3];
  KernelObjective<double> gaussian(equal.form, equal.objective, 3);
  for (const double g : gaussian.gradient({equal.v.data(), 6, 3}, equal.labels, workers).values)
    CHECK(g == Approx(0).margin(1e-14));

  Problem silent(6, 3, BatchKernel::cosine, Objective::phsic);
  for (std::size_t k = 0; k < 3; ++k) silent.v[k] = 0;
  KernelObjective<double> cosine(silent.form, silent.objective, 3);
  const Matrix<double>& gradient = cosine.gradient({silent.v.data(), 6, 3}, silent.labels, workers);
  for (std::size_t k = 0; k < 3; ++k) CHECK(gradient.values[k] == 0);
  for (const double g : gradient.values) CHECK(std::isfinite(g));
}

TEST_CASE("the number of threads changes no bit") {
  const Problem p(200, 17, BatchKernel::gaussian, Objective::hsic);
  const std::vector<float> v(p.v.begin(), p.v.end());
  std::vector<float> first;
  for (const unsigned threads : {1u, 2u, 3u}) {
    Workers workers(threads);
    KernelObjective<float> mine(p.form, p.objective, p.classes);
    const std::vector<float> now = mine.gradient({v.data(), p.m, p.d}, p.labels, workers).values;
    if (first.empty()) first = now;
    CHECK(now == first);
  }
}

TEST_CASE("workers do every task once and pass on what goes wrong") {
  Workers workers(3);
  for (std::size_t count = 0; count < 40; ++count) {
    std::vector<std::atomic<int>> done(count);
    workers.run(count, [&](std::size_t i) { ++done[i]; });
    for (const auto& times : done) CHECK(times == 1);
  }
  CHECK_THROWS_AS(workers.run(8,
                              [](std::size_t i) {
                                if (i == 5) throw std::runtime_error("five");
                              }),
                  std::runtime_error);
  std::atomic<int> after{0};
  workers.run(8, [&](std::size_t) { ++after; });
  CHECK(after == 8);
}
