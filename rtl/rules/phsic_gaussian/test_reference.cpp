// Is the float reference the paper's rule? Gradients are checked by numerical differentiation of objectives
// written out here from the definitions, and the variants against each other.
#include <functional>

#include "rtl/rules/phsic_gaussian/test_reference_problem.hpp"

using namespace trifactor;
using namespace trifactor::reference_test;

namespace {

// ---- the definitions, written out on their own

/// What the kernel sees of sample t under the weights w: z, or v (13, 14).
Vector seen(const Problem& problem, const Vector& w, std::size_t t) {
  const Vector& x = problem.request.inputs.at("x").values;
  Vector z(problem.neurons);
  for (std::size_t i = 0; i < z.size(); ++i) {
    const double h = dot(&x[t * problem.inputs], &w[i * problem.inputs], problem.inputs);
    z[i] = h > 0 ? h : problem.number("slope") * h;
  }
  if (problem.groups == 0) return z;
  const std::size_t c = problem.neurons / problem.groups;
  Vector v(problem.groups);
  double mean_v = 0;
  for (std::size_t g = 0; g < v.size(); ++g) {
    double mean = 0, variance = 0;
    for (std::size_t i = 0; i < c; ++i) mean += z[g * c + i] / static_cast<double>(c);
    for (std::size_t i = 0; i < c; ++i) variance += std::pow(z[g * c + i] - mean, 2) / static_cast<double>(c);
    const double u = problem.number("delta") / static_cast<double>(c) + variance;
    v[g] = std::pow(u, 1 - problem.number("p"));
    mean_v += v[g] / static_cast<double>(problem.groups);
  }
  for (double& value : v) value -= mean_v;
  return v;
}

double kernel_of(const Problem& problem, const Vector& a, const Vector& b) {
  double squared = 0;
  for (std::size_t i = 0; i < a.size(); ++i) squared += std::pow(a[i] - b[i], 2);
  return std::exp(-squared / (2 * std::pow(problem.number("sigma"), 2)));
}

/// Cosine similarity of one-hot labels minus 1/classes (35).
double label_kernel_of(const Problem& problem, std::size_t s, std::size_t t) {
  const Vector& labels = problem.request.inputs.at("labels").values;
  const int classes = problem.request.parameters.integer("classes");
  double ab = 0, aa = 0, bb = 0;
  for (int k = 0; k < classes; ++k) {
    const double a = (labels[s] == k ? 1.0 : 0.0) - 1.0 / classes,
                 b = (labels[t] == k ? 1.0 : 0.0) - 1.0 / classes;
    ab += a * b, aa += a * a, bb += b * b;
  }
  return ab / std::sqrt(aa * bb);
}

/// pHSIC(Z,Z) - gamma pHSIC(Y,Z) by (33) and (34).
double batch_loss(const Problem& problem, const Vector& w) {
  double zz = 0, yz = 0, z = 0, y = 0;
  for (std::size_t i = 0; i < problem.samples; ++i) {
    for (std::size_t j = 0; j < problem.samples; ++j) {
      const double k = kernel_of(problem, seen(problem, w, i), seen(problem, w, j));
      const double label = label_kernel_of(problem, i, j);
      zz += k * k, yz += label * k, z += k, y += label;
    }
  }
  const double m2 = static_cast<double>(problem.samples * problem.samples);
  return zz / m2 - z * z / (m2 * m2) - problem.number("gamma") * (yz / m2 - y * z / (m2 * m2));
}

/// -eta grad of an objective of the weights, by central differences of fourth order.
Vector descent(const Problem& problem, const std::function<double(const Vector&)>& objective) {
  Vector w = problem.request.inputs.at("w").values, out(w.size());
  const double h = 1e-4;
  for (std::size_t k = 0; k < w.size(); ++k) {
    const double centre = w[k];
    const auto at = [&](double offset) {
      w[k] = centre + offset;
      return objective(w);
    };
    out[k] = -problem.number("eta") * (8 * (at(h) - at(-h)) - (at(2 * h) - at(-2 * h))) / (12 * h);
    w[k] = centre;
  }
  return out;
}

/// The factor 2q/c of the derivative of u^q that the online rules leave to eta: d u^q / d z = (2q/c) r.
double omitted(const Problem& problem) {
  if (problem.groups == 0) return 1;
  return 2 * (1 - problem.number("p")) * static_cast<double>(problem.groups) /
         static_cast<double>(problem.neurons);
}

/// Equal to 1e-6 of the largest entry, which must not itself be nothing.
void require_gradient(const Vector& found, const Vector& numeric) {
  REQUIRE(largest(numeric) > 1e-7);
  CHECK(difference(found, numeric) <= 1e-6 * largest(numeric));
}

}  // namespace

TEST_CASE("a pair worked by hand: (63) to (66) and (19)") {
  Problem problem = random_problem(1, false);
  problem.request.inputs = {
      {"x", {{2, 2}, {1, 0, 0, 2}}}, {"w", {{1, 2}, {1, -1}}}, {"labels", {{2}, {0, 2}}}};
  for (const auto& [name, value] : std::map<std::string, double>{
           {"sigma", 2}, {"gamma", 3}, {"eta", .5}, {"beta", .75}, {"classes", 3}, {"slope", .5}}) {
    problem.set(name.c_str(), value);
  }
  // z = 1, then -2 * .5 = -1; f' = 1, then .5; b1 = 4, k = exp(-1/2); label kernel -1/2.
  const double k = std::exp(-.5), b2 = -1.5 - 2 * k, m = -(.75 * b2) * k / 4;
  const FloatArrays out = problem.eval("online");
  CHECK(difference(out.at("z").values, {1, -1}) == 0);
  CHECK(difference(out.at("fprime").values, {1, .5}) == 0);
  CHECK(difference(out.at("b1").values, {0, 4}) == 0);
  CHECK(difference(out.at("kernel").values, {0, k}) < 1e-15);
  CHECK(difference(out.at("label_kernel").values, {0, -.5}) == 0);
  CHECK(difference(out.at("b2").values, {0, b2}) < 1e-15);
  CHECK(difference(out.at("b3").values, {0, .25 * b2}) < 1e-15);
  CHECK(difference(out.at("third_factor").values, {0, m}) < 1e-15);
  // (z_1 - z_0)(f'_1 x_1 - f'_0 x_0) = -2 ((0, 1) - (1, 0))
  CHECK(difference(out.at("dw").values, {0, 0, .5 * m * 2, .5 * m * -2}) < 1e-15);
}

TEST_CASE("the derivative at exactly zero is the slope") {
  Problem problem = random_problem(1, false);
  problem.request.inputs = {
      {"x", {{2, 2}, {1, 1, 3, 1}}}, {"w", {{1, 2}, {1, -1}}}, {"labels", {{2}, {0, 1}}}};
  problem.set("slope", .25);
  CHECK(difference(problem.eval("online").at("fprime").values, {.25, 1}) == 0);
}

TEST_CASE("batch is the exact gradient of pHSIC(Z,Z) - gamma pHSIC(Y,Z)") {
  for (const bool grouped : {false, true}) {
    for (unsigned seed = 0; seed < seeds; ++seed) {
      Problem problem = random_problem(seed, grouped);
      CAPTURE(grouped, seed);
      const FloatArrays out = problem.eval("batch");
      const auto loss = [&](const Vector& w) { return batch_loss(problem, w); };
      require_gradient(out.at("dw").values, descent(problem, loss));
      REQUIRE(out.at("loss").shape.empty());
      CHECK(out.at("loss").values.at(0) == Approx(loss(problem.w())).epsilon(1e-12));
      // delta = -dL/d(w x): what is left of dw when sample t drives input t alone.
      Problem unit = problem;
      unit.inputs = unit.samples;
      Vector sums(unit.neurons * unit.samples), identity(unit.samples * unit.samples);
      for (std::size_t t = 0; t < unit.samples; ++t) {
        identity[t * unit.samples + t] = 1;
        for (std::size_t i = 0; i < unit.neurons; ++i) {
          sums[i * unit.samples + t] =
              dot(&problem.x()[t * problem.inputs], &problem.w()[i * problem.inputs], problem.inputs);
        }
      }
      unit.request.inputs["x"] = {{unit.samples, unit.samples}, identity};
      unit.request.inputs["w"] = {{unit.neurons, unit.samples}, sums};
      const Vector slope = descent(unit, [&](const Vector& w) { return batch_loss(unit, w); });
      Vector delta(slope.size());
      for (std::size_t t = 0; t < unit.samples; ++t) {
        for (std::size_t i = 0; i < unit.neurons; ++i) {
          delta[i * unit.samples + t] = unit.number("eta") * out.at("delta").values[t * unit.neurons + i];
        }
      }
      require_gradient(delta, slope);
    }
  }
}

// Objective of a pair: -(b2 - b3) k(z_t, z_{t-1}) with the number b2 - b3 held constant and both samples
// moving with w. dk/dw = -(k/sigma^2)(z_t - z_{t-1})(f'_t x_t - f'_{t-1} x_{t-1}), hence (19) is its negative
// gradient, and (18) is after division by 2q/c. Against the batch gradient of two samples 2/m^2 = 1/2 is
// missing too.
TEST_CASE("(19) and (18) descend -(b2 - b3) k of their pair") {
  for (const bool grouped : {false, true}) {
    for (unsigned seed = 0; seed < seeds; ++seed) {
      Problem problem = random_problem(seed, grouped);
      CAPTURE(grouped, seed);
      const FloatArrays out = problem.eval("online");
      CHECK(largest(slice(out.at("dw"), 0)) == 0);
      for (std::size_t t = 1; t < problem.samples; ++t) {
        const double held = out.at("b2").values[t] - out.at("b3").values[t];
        Vector numeric = descent(problem, [&](const Vector& w) {
          return -held * kernel_of(problem, seen(problem, w, t), seen(problem, w, t - 1));
        });
        for (double& value : numeric) value /= omitted(problem);
        if (largest(numeric) > 1e-7) require_gradient(slice(out.at("dw"), t), numeric);
      }
      CHECK(largest(out.at("dw").values) > 1e-4);
    }
  }
}

TEST_CASE("of two samples, the batch gradient is (18) or (19) with its own centring and factor") {
  for (const bool grouped : {false, true}) {
    for (unsigned seed = 0; seed < seeds; ++seed) {
      Problem problem = random_problem(seed, grouped);
      CAPTURE(grouped, seed);
      problem.samples = 2;
      problem.x().resize(2 * problem.inputs);
      problem.labels() = {0, 1};
      problem.request.inputs["x"].shape[0] = problem.request.inputs["labels"].shape[0] = 2;
      const FloatArrays online = problem.eval("online"), batch = problem.eval("batch");
      const double m_online = online.at(grouped ? "third_factor_scalar" : "third_factor").values[1];
      const double m_batch = batch.at("third_factor").values[1];
      Vector scaled = slice(online.at("dw"), 1);
      for (double& value : scaled) value *= .5 * omitted(problem) * m_batch / m_online;
      REQUIRE(m_online != 0);
      CHECK(difference(scaled, batch.at("dw").values) <= 1e-12 * (1 + largest(scaled)));
    }
  }
}

// Objective: -(1/n) sum_p (b2_p - b3) k(z_t, z_{t-p}) with every b2_p - b3 and every past z held constant;
// only sample t moves with w. The negative gradient is the rule, grouped after division by 2q/c.
TEST_CASE("the partners form descends its frozen objective with the past held constant") {
  for (const bool grouped : {false, true}) {
    for (unsigned seed = 0; seed < seeds; ++seed) {
      Problem problem = random_problem(seed, grouped);
      const std::size_t depth = 1 + seed % 4;
      CAPTURE(grouped, seed, depth);
      problem.set("partners", static_cast<double>(depth));
      const FloatArrays out = problem.eval("online");
      CHECK(largest(slice(out.at("dw"), 0)) == 0);
      const Vector frozen = problem.w();
      for (std::size_t t = 1; t < problem.samples; ++t) {
        const std::size_t count = std::min(depth, t);
        Vector held(count);
        double mean = 0;
        for (std::size_t p = 1; p <= count; ++p) {
          const double k = kernel_of(problem, seen(problem, frozen, t), seen(problem, frozen, t - p));
          held[p - 1] = problem.number("gamma") * label_kernel_of(problem, t, t - p) - 2 * k;
          mean += held[p - 1] / static_cast<double>(count);
        }
        const double before = out.at("b3").values[t - 1], beta = problem.number("beta");
        const double b3 = beta * before + (1 - beta) * mean;
        CHECK(out.at("b3").values[t] == Approx(b3).epsilon(1e-12));
        Vector numeric = descent(problem, [&](const Vector& w) {
          double sum = 0;
          for (std::size_t p = 1; p <= count; ++p) {
            sum -= (held[p - 1] - b3) * kernel_of(problem, seen(problem, w, t), seen(problem, frozen, t - p));
          }
          return sum / static_cast<double>(count);
        });
        for (double& value : numeric) value /= omitted(problem);
        if (largest(numeric) > 1e-7) require_gradient(slice(out.at("dw"), t), numeric);
        for (std::size_t p = count; p < depth; ++p) {
          CHECK(out.at("kernel").values[t * depth + p] == 0);
          CHECK(out.at("third_factor").values[t * depth + p] == 0);
        }
        if (grouped) {
          double sum = 0;
          for (const double value : slice(out.at("t_factor"), t)) sum += value;
          CHECK(std::abs(sum) < 1e-14);
        }
      }
      CHECK(largest(out.at("dw").values) > 1e-4);
    }
  }
}

TEST_CASE("b3 is the leaky mean of b2 from 0, containing the present") {
  Problem problem = random_problem(3, true);
  const FloatArrays out = problem.eval("online");
  const double beta = problem.number("beta");
  for (std::size_t t = 0; t < problem.samples; ++t) {
    double sum = 0;
    for (std::size_t s = 1; s <= t; ++s) {
      sum += (1 - beta) * std::pow(beta, static_cast<double>(t - s)) * out.at("b2").values[s];
    }
    CHECK(out.at("b3").values[t] == Approx(sum).margin(1e-14));
  }
}

TEST_CASE("(22) summed over time is (18) but for the last sample's own term") {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    Problem problem = random_problem(seed, true);
    CAPTURE(seed);
    problem.set("variant", 18);
    const FloatArrays pair = problem.eval("online");
    problem.set("variant", 22);
    const FloatArrays late = problem.eval("online");
    const std::size_t size = problem.w().size(), last = problem.samples - 1;
    Vector expected(size), found(size);
    for (std::size_t t = 0; t < problem.samples; ++t) {
      for (std::size_t k = 0; k < size; ++k) {
        expected[k] += pair.at("dw").values[t * size + k];
        found[k] += late.at("dw").values[t * size + k];
      }
    }
    const std::size_t c = problem.neurons / problem.groups;
    for (std::size_t i = 0; i < problem.neurons; ++i) {
      for (std::size_t j = 0; j < problem.inputs; ++j) {
        found[i * problem.inputs + j] +=
            problem.number("eta") * late.at("third_factor").values[last * problem.groups + i / c] *
            late.at("r").values[last * problem.neurons + i] *
            late.at("fprime").values[last * problem.neurons + i] * problem.x()[last * problem.inputs + j];
      }
    }
    CHECK(difference(found, expected) <= 1e-12 * (1 + largest(expected)));
    CHECK(difference(slice(late.at("dw"), 1), slice(pair.at("dw"), 1)) > 0);
  }
}

TEST_CASE("with the shortest mean (20) is (19) and (21) is (18)") {
  for (const bool grouped : {false, true}) {
    for (unsigned seed = 0; seed < seeds; ++seed) {
      Problem problem = random_problem(seed, grouped);
      CAPTURE(grouped, seed);
      const FloatArrays pair = problem.eval("online");
      problem.set("variant", grouped ? 21 : 20);
      const FloatArrays longer = problem.eval("online");
      problem.set("beta_mu", 0);
      const FloatArrays shortest = problem.eval("online");
      CHECK(difference(shortest.at("dw").values, pair.at("dw").values) <= 1e-13);
      CHECK(difference(longer.at("dw").values, pair.at("dw").values) > 1e-9);
      CHECK(difference(longer.at("third_factor").values, pair.at("third_factor").values) == 0);
    }
  }
}

TEST_CASE("leaky means start at sample 0 and are used before they move; (20), (21) use them") {
  for (const bool grouped : {false, true}) {
    Problem problem = random_problem(5, grouped);
    problem.set("variant", grouped ? 21 : 20);
    const FloatArrays out = problem.eval("online");
    const double beta = problem.number("beta_mu");
    const std::size_t n = problem.neurons, m = problem.inputs;
    Vector post = out.at("fprime").values;
    for (std::size_t k = 0; grouped && k < post.size(); ++k) post[k] *= out.at("r").values[k];
    const auto mean = [&](const Vector& values, std::size_t width, std::size_t t, std::size_t i) {
      if (t == 0) return 0.0;
      double sum = std::pow(beta, static_cast<double>(t - 1)) * values[i];
      for (std::size_t s = 1; s < t; ++s) {
        sum += (1 - beta) * std::pow(beta, static_cast<double>(t - 1 - s)) * values[s * width + i];
      }
      return sum;
    };
    for (std::size_t t = 0; t < problem.samples; ++t) {
      for (std::size_t i = 0; i < n; ++i) {
        const double mu_post = mean(post, n, t, i);
        CHECK(out.at("mu_post").values[t * n + i] == Approx(mu_post).margin(1e-14));
        double strength = grouped
                              ? out.at("third_factor").values[t * problem.groups + i / (n / problem.groups)]
                              : out.at("third_factor").values[t];
        if (!grouped) {
          const double mu_z = mean(out.at("z").values, n, t, i);
          CHECK(out.at("mu_z").values[t * n + i] == Approx(mu_z).margin(1e-14));
          strength *= out.at("z").values[t * n + i] - mu_z;
        }
        for (std::size_t j = 0; j < m; ++j) {
          const double mu_x = mean(problem.x(), m, t, j);
          CHECK(out.at("mu_x").values[t * m + j] == Approx(mu_x).margin(1e-14));
          const double expected =
              problem.number("eta") * strength * (post[t * n + i] * problem.x()[t * m + j] - mu_post * mu_x);
          CHECK(out.at("dw").values[(t * n + i) * m + j] == Approx(expected).margin(1e-13));
        }
      }
    }
  }
}

TEST_CASE("grouped: v sums to 0, and a common shift of a group's neurons changes nothing") {
  for (unsigned seed = 0; seed < seeds; ++seed) {
    for (const double variant : variants_of(true)) {
      Problem problem = random_problem(seed, true);
      CAPTURE(seed, variant);
      problem.set("variant", variant);
      problem.set("slope", 1);  // linear, so that a shift of w x is a shift of z
      const FloatArrays before = problem.eval("online");
      for (std::size_t t = 0; t < problem.samples; ++t) {
        double sum = 0;
        for (const double value : slice(before.at("v"), t)) sum += value;
        CHECK(std::abs(sum) < 1e-14);
      }
      std::mt19937 engine(seed);
      const std::size_t c = problem.neurons / problem.groups;
      for (std::size_t g = 0; g < problem.groups; ++g) {
        for (std::size_t j = 0; j < problem.inputs; ++j) {
          const double shift = std::normal_distribution<double>()(engine);
          for (std::size_t i = 0; i < c; ++i) problem.w()[(g * c + i) * problem.inputs + j] += shift;
        }
      }
      const FloatArrays after = problem.eval("online");
      CHECK(difference(before.at("z").values, after.at("z").values) > 1e-3);
      for (const char* name : {"v", "r", "kernel", "dw"}) {
        CHECK(difference(before.at(name).values, after.at(name).values) < 1e-11);
      }
    }
  }
}

TEST_CASE("identical samples change nothing") {
  for (const bool grouped : {false, true}) {
    for (const double partners : {0., 1., 3.}) {
      Problem problem = random_problem(2, grouped);
      problem.set("partners", partners);
      for (std::size_t k = problem.inputs; k < problem.x().size(); ++k) {
        problem.x()[k] = problem.x()[k - problem.inputs];
      }
      const FloatArrays online = problem.eval("online");
      CHECK(largest(online.at("dw").values) == 0);
      CHECK(largest(online.at("b3").values) > 0);
      CHECK(online.at("kernel").values.back() == (partners < static_cast<double>(problem.samples) ? 1 : 0));
      problem.set("partners", 0);
      CHECK(largest(problem.eval("batch").at("dw").values) == 0);
    }
  }
}

TEST_CASE("only similarity of labels enters, never the label") {
  for (const bool grouped : {false, true}) {
    for (const char* mode : {"online", "batch"}) {
      Problem problem = random_problem(7, grouped);
      const FloatArrays before = problem.eval(mode);
      for (double& label : problem.labels()) label = problem.number("classes") - 1 - label;
      for (const auto& [name, array] : problem.eval(mode)) CHECK(array.values == before.at(name).values);
      problem.labels().assign(problem.samples, 0);
      CHECK(problem.eval(mode).at("dw").values != before.at("dw").values);
    }
  }
}

TEST_CASE("batch: symmetric kernels, no net change of plain sums, indifferent to repetition, descends") {
  for (const bool grouped : {false, true}) {
    for (unsigned seed = 0; seed < seeds; ++seed) {
      Problem problem = random_problem(seed, grouped);
      CAPTURE(grouped, seed);
      problem.set("eta", 1e-4);
      const FloatArrays out = problem.eval("batch");
      const std::size_t m = problem.samples;
      for (std::size_t i = 0; i < m; ++i) {
        CHECK(out.at("kernel").values[i * m + i] == 1);
        for (std::size_t j = 0; j < i; ++j) {
          CHECK(out.at("kernel").values[i * m + j] == out.at("kernel").values[j * m + i]);
          CHECK(out.at("third_factor").values[i * m + j] == out.at("third_factor").values[j * m + i]);
          CHECK(out.at("label_kernel").values[i * m + j] ==
                Approx(label_kernel_of(problem, i, j)).epsilon(1e-12));
        }
      }
      Problem moved = problem;
      for (std::size_t k = 0; k < moved.w().size(); ++k) moved.w()[k] += out.at("dw").values[k];
      CHECK(moved.eval("batch").at("loss").values[0] < out.at("loss").values[0]);
      Problem twice = problem;
      for (Vector* values : {&twice.x(), &twice.labels()}) {
        const Vector copy = *values;
        values->insert(values->end(), copy.begin(), copy.end());
      }
      twice.request.inputs["x"].shape[0] = twice.request.inputs["labels"].shape[0] = 2 * m;
      const FloatArrays doubled = twice.eval("batch");
      CHECK(difference(doubled.at("dw").values, out.at("dw").values) < 1e-14);
      CHECK(doubled.at("loss").values[0] == Approx(out.at("loss").values[0]).epsilon(1e-12).margin(1e-15));
      if (grouped) continue;
      problem.set("slope", 1);  // then delta is the pull between samples alone: action and reaction
      const FloatArrays linear = problem.eval("batch");
      for (std::size_t i = 0; i < problem.neurons; ++i) {
        double sum = 0;
        for (std::size_t t = 0; t < m; ++t) sum += linear.at("delta").values[t * problem.neurons + i];
        CHECK(std::abs(sum) < 1e-15);
      }
    }
  }
}

TEST_CASE("one partner is the present sample's half of the pair rule") {
  for (const bool grouped : {false, true}) {
    for (unsigned seed = 0; seed < seeds; ++seed) {
      Problem problem = random_problem(seed, grouped);
      CAPTURE(grouped, seed);
      const FloatArrays pair = problem.eval("online");
      problem.set("partners", 1);
      const FloatArrays one = problem.eval("online");
      const char* word = grouped ? "third_factor_scalar" : "third_factor";
      CHECK(difference(one.at("kernel").values, pair.at("kernel").values) < 1e-15);
      CHECK(difference(one.at("b3").values, pair.at("b3").values) < 1e-14);
      CHECK(difference(one.at("third_factor").values, pair.at(word).values) < 1e-13);
      if (grouped) CHECK(difference(one.at("t_factor").values, pair.at("third_factor").values) < 1e-13);
      // The pair rule's other half is what it would be if the present input were 0.
      const std::size_t n = problem.neurons, m = problem.inputs;
      for (std::size_t t = 1; t < problem.samples; ++t) {
        for (std::size_t i = 0; i < n; ++i) {
          const std::size_t g = grouped ? i / (n / problem.groups) : i;
          double post = pair.at("fprime").values[(t - 1) * n + i];
          if (grouped) post *= pair.at("r").values[(t - 1) * n + i];
          const double t_factor = one.at("t_factor").values[t * (grouped ? problem.groups : n) + g];
          for (std::size_t j = 0; j < m; ++j) {
            const double other = problem.number("eta") * t_factor * post * problem.x()[(t - 1) * m + j];
            const std::size_t at = (t * n + i) * m + j;
            CHECK(one.at("dw").values[at] - other == Approx(pair.at("dw").values[at]).margin(1e-12));
          }
        }
      }
    }
  }
}
