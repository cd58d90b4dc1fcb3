// Does the learner, sample by sample, do what eval does on whole arrays? Does eval promise and refuse what
// its header says?
#include <functional>
#include <map>
#include <set>

#include "rtl/rules/phsic_gaussian/test_reference_problem.hpp"
#include "rtl/spec/diagnostic.hpp"

using namespace trifactor;
using namespace trifactor::reference_test;

namespace {

struct Form {
  bool grouped;
  double variant, partners;
};

std::vector<Form> forms() {
  std::vector<Form> out;
  for (const bool grouped : {false, true}) {
    for (const double variant : variants_of(grouped)) out.push_back({grouped, variant, 0});
    for (const double partners : {1., 2., 5.}) out.push_back({grouped, 0, partners});
  }
  return out;
}

FloatLayer layer_of(const Problem& problem) {
  return {problem.inputs, problem.neurons, problem.groups, problem.number("p"),
          static_cast<std::size_t>(problem.number("classes"))};
}

/// Local activity at every sample, taken from eval's outputs.
struct Stream {
  explicit Stream(Problem& problem, FloatArrays arrays) : problem_(problem), arrays_(std::move(arrays)) {
    if (problem.groups == 0) return;
    for (const double u : arrays_.at("u").values) uq_.push_back(std::pow(u, 1 - problem.number("p")));
  }
  FloatActivity at(std::size_t t) const {
    FloatActivity now;
    now.x = row(problem_.x(), t, problem_.inputs);
    now.z = row(arrays_.at("z").values, t, problem_.neurons);
    now.fprime = row(arrays_.at("fprime").values, t, problem_.neurons);
    if (problem_.groups > 0) {
      now.r = row(arrays_.at("r").values, t, problem_.neurons);
      now.uq = row(uq_, t, problem_.groups);
    }
    now.label = static_cast<std::int64_t>(problem_.labels()[t]);
    return now;
  }

 private:
  static std::span<const double> row(const Vector& values, std::size_t t, std::size_t width) {
    return std::span(values).subspan(t * width, width);
  }
  Problem& problem_;
  FloatArrays arrays_;
  Vector uq_;
};

/// w's change by the factors, column j = inputs standing for the bias axon.
Vector change_of(const Problem& problem, const FloatFactors& f, const Vector& w, bool bias) {
  const std::size_t n = problem.neurons, m = problem.inputs;
  Vector out(n * (bias ? 1 : m));
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < (bias ? 1 : m); ++j) {
      double& value = out[bias ? i : i * m + j];
      value = f.a0[i] * (bias ? 1 : f.b0[j]);
      if (!f.a1.empty()) value += f.a1[i] * (bias ? f.bias1 : f.b1[j]);
      if (!f.whole.empty()) value += f.whole[(bias ? m : j) * n + i];
      if (!f.c.empty()) value -= f.c[i] * w[i * m + j];
    }
  }
  return out;
}

/// The exit code of a request that must be refused, with the codes of all its diagnostics.
std::pair<ExitCode, std::multiset<std::string>> refusal(const EvalRequest& request) {
  try {
    phsic_gaussian_reference().eval(request);
  } catch (const Error& error) {
    std::multiset<std::string> codes;
    for (const Diagnostic& item : error.items()) {
      codes.insert(item.code);
      CHECK(!item.where.empty());
      CHECK(!item.found.empty());
      CHECK(!item.expected.empty());
    }
    return {error.exit(), codes};
  }
  return {ExitCode::ok, {}};
}

}  // namespace

TEST_CASE("the learner's factors rebuild eval's dw in every form, decay included") {
  for (const Form& form : forms()) {
    for (unsigned seed = 0; seed < seeds; ++seed) {
      Problem problem = random_problem(seed, form.grouped);
      CAPTURE(form.grouped, form.variant, form.partners, seed);
      problem.set("variant", form.variant);
      problem.set("partners", form.partners);
      problem.set("decay", seed % 2 == 0 ? 0 : .3);
      const FloatArrays out = problem.eval("online");
      const Stream stream(problem, out);
      Parameters network = problem.request.parameters;  // without what a network says of its layer
      for (const char* name : {"classes", "groups", "slope", "p", "delta", "eta"})
        network.numbers.erase(name);
      const auto learner = phsic_gaussian_reference().learner(network, layer_of(problem));
      const bool two_terms = form.partners == 0 && form.variant != 22;
      FloatFactors factors;
      for (std::size_t t = 0; t < problem.samples; ++t) {
        learner->step(stream.at(t), problem.number("eta"), factors);
        REQUIRE(factors.a0.size() == problem.neurons);
        REQUIRE(factors.b0.size() == problem.inputs);
        REQUIRE(factors.a1.size() == (two_terms ? problem.neurons : 0));
        REQUIRE(factors.b1.size() == (two_terms ? problem.inputs : 0));
        REQUIRE(factors.c.size() == (seed % 2 == 0 ? 0 : problem.neurons));
        CHECK(difference(change_of(problem, factors, problem.w(), false), slice(out.at("dw"), t)) <= 1e-12);
      }
      CHECK(largest(out.at("dw").values) > 1e-6);
    }
  }
}

TEST_CASE("with circuits the learner changes weights as eval does, the bias like an input that is always 1") {
  for (const bool grouped : {false, true})
    for (const char* word : {"derivative", "memory"})
      for (unsigned seed = 0; seed < 12; ++seed) {
        Problem problem = random_problem(seed, grouped);
        CAPTURE(grouped, word, seed);
        problem.set("decay", seed % 2 == 0 ? 0 : .3);
        problem.request.parameters.words["differences"] = word;
        const double duration = 2 + seed;
        for (const auto& [name, value] : std::map<std::string, double>{{"duration", duration},
                                                                       {"gap", seed % 3},
                                                                       {"c1", 1 + seed % 2},
                                                                       {"c2", .3},
                                                                       {"leak", .01},
                                                                       {"step", .5},
                                                                       {"deviation", .3},
                                                                       {"tau_mu", 20. * (seed % 2)}})
          problem.set(name.c_str(), value);
        if (problem.number("c1") >= duration) problem.set("c1", 1);
        const std::size_t n = problem.neurons, m = problem.inputs, last = m - 1;
        for (std::size_t t = 0; t < problem.samples; ++t) problem.x()[t * m + last] = 1;
        const FloatArrays out = problem.eval("online");
        const Stream stream(problem, out);
        const auto learner =
            phsic_gaussian_reference().learner(problem.request.parameters, layer_of(problem));
        FloatFactors factors;
        for (std::size_t t = 0; t < problem.samples; ++t) {
          learner->step(stream.at(t), problem.number("eta"), factors);
          const Vector dw = slice(out.at("dw"), t), bias = change_of(problem, factors, problem.w(), true);
          CHECK(difference(change_of(problem, factors, problem.w(), false), dw) <= 1e-10);
          if (seed % 2 == 0)  // decay is of the weight itself
            for (std::size_t i = 0; i < n; ++i) CHECK(bias[i] == Approx(dw[i * m + last]).margin(1e-10));
        }
        CHECK(largest(out.at("dw").values) > 1e-6);
      }
}

TEST_CASE("mini-batches compare samples as they are, and say so of a circuit") {
  const FloatRule rule = phsic_gaussian_reference();
  Parameters p{{{"sigma", 1}, {"gamma", 2}, {"eta", .1}}, {{"differences", "exact"}}};
  CHECK(rule.batch(p).eta == .1);
  p.words["differences"] = "derivative";
  CHECK_THROWS_AS(rule.batch(p), Error);
}

TEST_CASE("the bias axon learns like an input that is always 1") {
  for (const Form& form : forms()) {
    Problem problem = random_problem(3, form.grouped);
    CAPTURE(form.grouped, form.variant, form.partners);
    problem.set("variant", form.variant);
    problem.set("partners", form.partners);
    const std::size_t n = problem.neurons, m = problem.inputs, last = m - 1;
    for (std::size_t t = 0; t < problem.samples; ++t) problem.x()[t * m + last] = 1;
    const FloatArrays out = problem.eval("online");
    const Stream stream(problem, out);
    const auto learner = phsic_gaussian_reference().learner(problem.request.parameters, layer_of(problem));
    FloatFactors factors;
    for (std::size_t t = 0; t < problem.samples; ++t) {
      learner->step(stream.at(t), problem.number("eta"), factors);
      const Vector bias = change_of(problem, factors, problem.w(), true);
      for (std::size_t i = 0; i < n; ++i) {
        CHECK(bias[i] == Approx(out.at("dw").values[(t * n + i) * m + last]).margin(1e-12));
      }
    }
  }
}

TEST_CASE("the learner's rate is the one in force, and its signals are those of this sample") {
  for (const Form& form : forms()) {
    Problem problem = random_problem(8, form.grouped);
    CAPTURE(form.grouped, form.variant, form.partners);
    problem.set("variant", form.variant);
    problem.set("partners", form.partners);
    const FloatArrays out = problem.eval("online");
    const Stream stream(problem, out);
    const auto learner = phsic_gaussian_reference().learner(problem.request.parameters, layer_of(problem));
    const std::size_t depth = static_cast<std::size_t>(std::max(1., form.partners));
    const char* word = form.grouped && form.partners == 0 ? "third_factor_scalar" : "third_factor";
    FloatFactors factors;
    for (std::size_t t = 0; t < problem.samples; ++t) {
      const double eta = 1 / (1 + static_cast<double>(t));
      learner->step(stream.at(t), eta, factors);
      Vector expected = slice(out.at("dw"), t);
      for (double& value : expected) value *= eta / problem.number("eta");
      CHECK(difference(change_of(problem, factors, problem.w(), false), expected) <= 1e-12);
      const std::size_t count = std::min(depth, t);
      double kernel = 0, third = 0, same = 0;
      for (std::size_t p = 0; p < count; ++p) {
        kernel += out.at("kernel").values[t * depth + p] / static_cast<double>(count);
        third += std::abs(out.at(word).values[t * depth + p]) / static_cast<double>(count);
        same += (problem.labels()[t] == problem.labels()[t - 1 - p] ? 1 : 0) / static_cast<double>(count);
      }
      const FloatSignals signals = learner->signals();
      CHECK(signals.partners == static_cast<double>(count));
      CHECK(signals.kernel == Approx(kernel).margin(1e-13));
      CHECK(signals.third_factor == Approx(third).margin(1e-13));
      CHECK(signals.same_class == Approx(same).margin(1e-13));
    }
  }
}

TEST_CASE("the learner writes into the caller's factors without new memory") {
  for (const Form& form : forms()) {
    Problem problem = random_problem(9, form.grouped);
    problem.set("variant", form.variant);
    problem.set("partners", form.partners);
    problem.set("decay", .1);
    const Stream stream(problem, problem.eval("online"));
    const auto learner = phsic_gaussian_reference().learner(problem.request.parameters, layer_of(problem));
    FloatFactors factors;
    learner->step(stream.at(0), 1, factors);
    const auto places = [&] {
      return std::vector<const double*>{factors.a0.data(), factors.a1.data(), factors.b0.data(),
                                        factors.b1.data(), factors.c.data()};
    };
    const auto first = places();
    for (std::size_t t = 1; t < problem.samples; ++t) learner->step(stream.at(t), 1, factors);
    CHECK(places() == first);
  }
}

TEST_CASE("the learner refuses what it cannot serve") {
  Problem problem = random_problem(1, true);
  FloatLayer layer = layer_of(problem);
  problem.set("variant", 19);
  CHECK_THROWS_AS(phsic_gaussian_reference().learner(problem.request.parameters, layer), Error);
  problem.set("variant", 18);
  layer.groups = layer.neurons + 1;
  CHECK_THROWS_AS(phsic_gaussian_reference().learner(problem.request.parameters, layer), Error);
  layer = layer_of(problem);
  const auto learner = phsic_gaussian_reference().learner(problem.request.parameters, layer);
  const Stream stream(problem, problem.eval("online"));
  FloatFactors factors;
  for (auto span : {&FloatActivity::x, &FloatActivity::z, &FloatActivity::fprime, &FloatActivity::r,
                    &FloatActivity::uq}) {
    FloatActivity now = stream.at(0);
    now.*span = {};
    CHECK_THROWS_AS(learner->step(now, 1, factors), Error);
  }
  CHECK_NOTHROW(learner->step(stream.at(0), 1, factors));
}

TEST_CASE("decay is -eta decay w at every sample, the first included, and the rate scales it all") {
  for (const Form& form : forms()) {
    Problem problem = random_problem(10, form.grouped);
    problem.set("variant", form.variant);
    problem.set("partners", form.partners);
    const FloatArrays plain = problem.eval("online");
    problem.set("decay", .25);
    const FloatArrays decayed = problem.eval("online");
    CHECK(largest(slice(plain.at("dw"), 0)) == 0);
    for (std::size_t t = 0; t < problem.samples; ++t) {
      Vector expected = slice(plain.at("dw"), t);
      for (std::size_t k = 0; k < expected.size(); ++k) {
        expected[k] -= problem.number("eta") * .25 * problem.w()[k];
      }
      CHECK(difference(slice(decayed.at("dw"), t), expected) < 1e-14);
    }
    problem.set("eta", 2 * problem.number("eta"));
    Vector twice = decayed.at("dw").values;
    for (double& value : twice) value *= 2;
    CHECK(difference(problem.eval("online").at("dw").values, twice) < 1e-13);
  }
  Problem problem = random_problem(10, true);
  const FloatArrays plain = problem.eval("batch");
  problem.set("decay", .25);
  Vector expected = plain.at("dw").values;
  for (std::size_t k = 0; k < expected.size(); ++k) {
    expected[k] -= problem.number("eta") * .25 * problem.w()[k];
  }
  CHECK(difference(problem.eval("batch").at("dw").values, expected) < 1e-14);
}

TEST_CASE("one sample alone gives zeros in every form") {
  for (const Form& form : forms()) {
    Problem problem = random_problem(11, form.grouped);
    problem.set("variant", form.variant);
    problem.set("partners", form.partners);
    problem.x().resize(problem.inputs);
    problem.labels().resize(1);
    problem.request.inputs["x"].shape[0] = problem.request.inputs["labels"].shape[0] = 1;
    const FloatArrays out = problem.eval("online");
    for (const char* name : {"dw", "kernel", "third_factor", "b3"}) CHECK(largest(out.at(name).values) == 0);
    CHECK(largest(out.at("z").values) > 0);
  }
}

TEST_CASE("mistakes are refused with their codes") {
  const auto expect = [](bool grouped, const std::function<void(Problem&)>& spoil, ExitCode exit,
                         const std::multiset<std::string>& codes) {
    Problem problem = random_problem(12, grouped);
    REQUIRE(refusal(problem.request).first == ExitCode::ok);
    spoil(problem);
    const auto found = refusal(problem.request);
    CHECK(found.first == exit);
    CHECK(found.second == codes);
  };
  const double nan = std::nan("");
  using P = Problem&;
  struct Number {
    const char* name;
    double value;
  };
  for (const auto& [name, value] : std::vector<Number>{{"sigma", 0},
                                                       {"sigma", nan},
                                                       {"gamma", INFINITY},
                                                       {"eta", nan},
                                                       {"beta", 1.5},
                                                       {"beta", -.1},
                                                       {"classes", 2.5},
                                                       {"classes", 1},
                                                       {"slope", nan},
                                                       {"partners", -1},
                                                       {"partners", 1e9},
                                                       {"beta_mu", 2},
                                                       {"groups", -1},
                                                       {"p", 1.1},
                                                       {"delta", 0},
                                                       {"decay", -1},
                                                       {"variant", 23}}) {
    CAPTURE(name, value);
    const std::string key = name;
    const double spoiled = value;
    if (key == "groups") continue;
    expect(true, [&](P p) { p.set(key.c_str(), spoiled); }, ExitCode::configuration, {"TF-EVL-002"});
    expect(true, [&](P p) { p.request.parameters.numbers.erase(key); }, ExitCode::configuration,
           {"TF-EVL-002"});
  }
  expect(false, [](P p) { p.set("groups", -1); }, ExitCode::configuration, {"TF-EVL-002"});
  expect(true, [](P p) { p.request.mode = "offline"; }, ExitCode::configuration, {"TF-EVL-001"});
  for (const double variant : {18., 21., 22., 7., 17.}) {
    expect(false, [&](P p) { p.set("variant", variant); }, ExitCode::configuration, {"TF-EVL-003"});
  }
  for (const double variant : {19., 20., 7., 17.}) {
    expect(true, [&](P p) { p.set("variant", variant); }, ExitCode::configuration, {"TF-EVL-003"});
  }
  for (const bool grouped : {false, true}) {
    for (const double variant : {20., 21., 22.}) {
      expect(grouped, [&](P p) { p.set("variant", variant), p.set("partners", 4); }, ExitCode::configuration,
             {"TF-EVL-003"});
    }
    const double name = grouped ? 18 : 19;
    for (const char* key : {"variant", "partners"}) {
      expect(grouped, [&](P p) { p.request.mode = "batch", p.set(key, name); }, ExitCode::configuration,
             {"TF-EVL-003"});
    }
  }
  expect(true, [](P p) { p.set("groups", static_cast<double>(p.neurons) + 1); }, ExitCode::configuration,
         {"TF-EVL-008"});
  for (const char* name : {"x", "w", "labels"}) {
    expect(true, [&](P p) { p.request.inputs.erase(name); }, ExitCode::data, {"TF-EVL-004"});
    expect(true, [&](P p) { p.request.inputs[name].values.back() = nan; }, ExitCode::data, {"TF-EVL-006"});
    expect(true, [&](P p) { p.request.inputs[name].values.pop_back(); }, ExitCode::data, {"TF-EVL-005"});
    expect(true, [&](P p) { p.request.inputs[name].shape.push_back(1); }, ExitCode::data, {"TF-EVL-005"});
    expect(true, [&](P p) { p.request.inputs[name] = {{0, 0}, {}}; }, ExitCode::data, {"TF-EVL-005"});
  }
  const std::size_t huge = std::size_t{1} << 33;
  expect(true, [&](P p) { p.request.inputs["x"] = {{huge, huge}, {}}; }, ExitCode::data, {"TF-EVL-005"});
  expect(true,
         [](P p) {
           p.request.inputs["w"] = {{p.neurons, p.inputs + 1}, Vector(p.neurons * (p.inputs + 1))};
         },
         ExitCode::data, {"TF-EVL-005"});
  for (const double label : {-1., .5, 100.}) {
    expect(true, [&](P p) { p.labels()[1] = label; }, ExitCode::data, {"TF-EVL-007"});
  }
  // All at once; a parameter among them decides the exit code.
  expect(true,
         [&](P p) {
           p.set("sigma", -1), p.set("classes", 0), p.set("variant", 20);
           p.request.inputs.erase("w");
           p.x()[0] = nan;
           p.labels()[0] = 99;  // not judged while classes is unknown
         },
         ExitCode::configuration, {"TF-EVL-002", "TF-EVL-002", "TF-EVL-003", "TF-EVL-004", "TF-EVL-006"});
}

TEST_CASE("every form gives exactly the arrays it promises, in their shapes") {
  for (const bool grouped : {false, true}) {
    Problem problem = random_problem(6, grouped);
    const std::size_t t = problem.samples, n = problem.neurons, m = problem.inputs, g = problem.groups;
    using Shapes = std::map<std::string, std::vector<std::size_t>>;
    const auto shapes = [](const FloatArrays& arrays) {
      Shapes out;
      for (const auto& [name, array] : arrays) {
        out[name] = array.shape;
        std::size_t entries = 1;
        for (const std::size_t extent : array.shape) entries *= extent;
        CHECK(array.values.size() == entries);
      }
      return out;
    };
    Shapes grouping;
    if (grouped) grouping = {{"u", {t, g}}, {"v", {t, g}}, {"r", {t, n}}};
    for (const double variant : variants_of(grouped)) {
      problem.set("variant", variant);
      Shapes expected = {{"dw", {t, n, m}}, {"z", {t, n}}, {"fprime", {t, n}}, {"label_kernel", {t}},
                         {"kernel", {t}},   {"b1", {t}},   {"b2", {t}},        {"b3", {t}}};
      expected.insert(grouping.begin(), grouping.end());
      expected["third_factor"] = grouped ? std::vector<std::size_t>{t, g} : std::vector<std::size_t>{t};
      if (grouped) expected.insert({{"b4", {t, g}}, {"third_factor_scalar", {t}}});
      if (variant == 20 || variant == 21) expected.insert({{"mu_post", {t, n}}, {"mu_x", {t, m}}});
      if (variant == 20) expected["mu_z"] = {t, n};
      CHECK(shapes(problem.eval("online")) == expected);
    }
    problem.set("variant", 0);
    Shapes batch = {{"dw", {n, m}},           {"z", {t, n}},     {"kernel", {t, t}}, {"label_kernel", {t, t}},
                    {"third_factor", {t, t}}, {"delta", {t, n}}, {"loss", {}}};
    batch.insert(grouping.begin(), grouping.end());
    CHECK(shapes(problem.eval("batch")) == batch);
    problem.set("partners", 3);
    Shapes partners = {{"dw", {t, n, m}},
                       {"z", {t, n}},
                       {"fprime", {t, n}},
                       {"kernel", {t, 3}},
                       {"third_factor", {t, 3}},
                       {"b3", {t}},
                       {"t_factor", {t, grouped ? g : n}}};
    partners.insert(grouping.begin(), grouping.end());
    CHECK(shapes(problem.eval("online")) == partners);
  }
}

TEST_CASE("more partners than samples change nothing but the padding") {
  for (const bool grouped : {false, true}) {
    Problem problem = random_problem(4, grouped);
    problem.set("partners", static_cast<double>(problem.samples - 1));
    const FloatArrays exact = problem.eval("online");
    problem.set("partners", 100);
    const FloatArrays many = problem.eval("online");
    for (const char* name : {"dw", "b3", "t_factor"}) CHECK(exact.at(name).values == many.at(name).values);
    CHECK(many.at("kernel").shape == std::vector<std::size_t>{problem.samples, 100});
    CHECK(largest(many.at("kernel").values) > 0);
  }
}
