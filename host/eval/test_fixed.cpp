// eval in fixed point: within bounds of the float reference, and would the bounds notice a wrong circuit?
#include <catch2/catch.hpp>
#include <cmath>
#include <utility>

#include "host/eval/test_problem.hpp"
#include "rtl/core/arithmetic.hpp"
#include "rtl/spec/diagnostic.hpp"

using namespace trifactor;

namespace {

std::size_t exceeded(const BoundedArray& array) {
  std::size_t count = 0;
  for (std::size_t i = 0; i < array.hardware.size(); ++i)
    count += !(std::abs(array.hardware[i] - array.reference[i]) <=
               array.bound[i] + 1e-12 * (1 + std::abs(array.reference[i])));
  return count;
}

/// A circuit with one thing wrong.
enum class Wrong { nothing, word, factor, change };

class WrongPost final : public PostUnit {
 public:
  WrongPost(std::unique_ptr<PostUnit> unit, Wrong wrong) : unit_(std::move(unit)), wrong_(wrong) {}
  void contribute(const PostView& view, std::span<std::int64_t> up) override { unit_->contribute(view, up); }
  void form(const PostView& view, std::span<const std::int16_t> words, int target,
            PostResult& result) override {
    unit_->form(view, words, target, result);
    if (wrong_ == Wrong::factor)
      for (std::int16_t& a : result.a0) a = static_cast<std::int16_t>(-a);  // the sign of the rule
  }

 private:
  std::unique_ptr<PostUnit> unit_;
  Wrong wrong_;
};

class WrongTeacher final : public TeacherUnit {
 public:
  explicit WrongTeacher(std::unique_ptr<TeacherUnit> unit) : unit_(std::move(unit)) {}
  void teach(std::span<const std::int32_t> registers, std::uint64_t sample, int count,
             std::span<const std::int64_t> up, std::uint32_t same, TeacherState state,
             std::span<std::int16_t> words, TeacherMonitor& monitor) override {
    // equal classes for different ones; where no class matters, one neuron for another
    unit_->teach(registers, sample, count, up, ~same, state, words, monitor);
    if (state.size() == teacher_state_words(0)) std::swap(words[0], words[words.size() / 2]);
  }

 private:
  std::unique_ptr<TeacherUnit> unit_;
};

class WrongLane final : public LaneUnit {
 public:
  explicit WrongLane(std::unique_ptr<LaneUnit> unit) : unit_(std::move(unit)) {}
  void update(const LaneConfig& config, const ColumnFactors& factors, std::span<const UpdateRow> rows,
              const WeightBlock& weights, std::uint32_t* generator, LaneLosses& losses) override {
    LaneConfig shifted = config;
    --shifted.shift;  // half the binary point: changes are doubled
    unit_->update(shifted, factors, rows, weights, generator, losses);
  }

 private:
  std::unique_ptr<LaneUnit> unit_;
};

class WrongArithmetic final : public Arithmetic {
 public:
  explicit WrongArithmetic(Wrong wrong) : wrong_(wrong) {}
  std::unique_ptr<LaneUnit> lane() const override {
    return wrong_ == Wrong::change ? std::make_unique<WrongLane>(golden_->lane()) : golden_->lane();
  }
  std::unique_ptr<TiedUnit> tied() const override { return golden_->tied(); }
  std::unique_ptr<PostUnit> post(const std::string& rule) const override {
    return std::make_unique<WrongPost>(golden_->post(rule), wrong_);
  }
  std::unique_ptr<TeacherUnit> teacher(const std::string& rule) const override {
    auto unit = golden_->teacher(rule);
    return wrong_ == Wrong::word && unit ? std::make_unique<WrongTeacher>(std::move(unit)) : std::move(unit);
  }

 private:
  Wrong wrong_;
  std::unique_ptr<Arithmetic> golden_ = golden_arithmetic();
};

/// Formats fine enough that a bound does not hide a mistake.
const char* fine(const std::string& rule) {
  return rule == "readout" || rule == "competing" || rule == "oja" ? "w=16.13,x=16.14"
                                                                   : "w=16.15,x=16.14,z=16.13";
}

}  // namespace

TEST_CASE("golden units stay within bounds of the float reference") {
  const auto golden = golden_arithmetic();
  for (const EvalForm& form : eval_forms())
    for (const char* formats : {"", "w=8.9,x=8.7", "w=5.4,x=8.6,z=16.11"})
      for (const bool stochastic : {true, false})
        for (const char* decay : {"decay=0", "decay=0.1"}) {
          EvalProblem p = form.problem({decay}, 3, formats);
          p.options.stochastic = stochastic;
          const FixedEval result = run(p, *golden);
          CHECK(result.arrays.contains("dw"));
          for (const auto& [name, array] : result.arrays) {
            INFO(form.name << " " << formats << " decay " << decay
                           << (stochastic ? " stochastic " : " nearest ") << name);
            CHECK(exceeded(array) == 0);
          }
        }
}

TEST_CASE("inputs a thousand times beyond their range saturate within bounds") {
  const auto golden = golden_arithmetic();
  for (const EvalForm& form : eval_forms()) {
    EvalProblem p = form.problem({}, 5);
    for (double& x : p.request.inputs.at("x").values) x *= 1000;
    for (const auto& [name, array] : run(p, *golden).arrays) {
      INFO(form.name << " " << name);
      CHECK(exceeded(array) == 0);
    }
  }
}

TEST_CASE("bounds are computed beside the equations of the float reference") {
  // The bound of an array is only worth something when it was derived around the very values of the
  // reference.
  const auto golden = golden_arithmetic();
  for (const EvalForm& form : eval_forms()) {
    const EvalProblem p = form.problem({}, 11);
    const FloatArrays reference = p.rule->floating.eval(p.request);
    const FixedEval result =
        eval_fixed(*p.rule, p.request, {}, p.options, *golden);  // references as the bench has them
    std::size_t compared = 0;
    for (const auto& [name, array] : result.arrays) {
      const auto found = reference.find(name);
      if (found == reference.end()) continue;
      ++compared;
      INFO(form.name << " " << name);
      CHECK(array.shape == found->second.shape);
      for (std::size_t i = 0; i < array.reference.size(); ++i)
        CHECK(array.reference[i] == Approx(found->second.values[i]).epsilon(1e-9).margin(1e-12));
    }
    const bool kernels = reference.contains("kernel") || reference.contains("kernel_z");
    CHECK(compared >= (kernels ? 5u : p.rule->golden_teacher != nullptr ? 3u : 1u));  // z, kernel, dw ...
  }
}

TEST_CASE("a wrong circuit is noticed") {
  for (const EvalForm& form : eval_forms()) {
    EvalProblem p = form.problem({}, 5, fine(form.rule));
    p.options.stochastic = false;
    for (const Wrong wrong : {Wrong::nothing, Wrong::word, Wrong::factor, Wrong::change}) {
      if (wrong == Wrong::word && p.rule->golden_teacher == nullptr) continue;
      const FixedEval result = run(p, WrongArithmetic(wrong));
      std::size_t beyond = 0;
      for (const auto& [name, array] : result.arrays) beyond += exceeded(array);
      INFO(form.name << " with mistake " << static_cast<int>(wrong));
      CHECK((beyond > 0) == (wrong != Wrong::nothing));
    }
  }
}

TEST_CASE("RTL units give the words of the golden ones") {
  const auto golden = golden_arithmetic(), rtl = eval_arithmetic("rtl");
  for (const EvalForm& form : eval_forms()) {
    const EvalProblem p = form.problem({"decay=0.05"}, 17);
    const FixedEval a = run(p, *golden), b = run(p, *rtl);
    REQUIRE(a.arrays.size() == b.arrays.size());
    for (const auto& [name, array] : a.arrays) {
      INFO(form.name << " " << name);
      CHECK(array.hardware == b.arrays.at(name).hardware);
    }
  }
}

TEST_CASE("the kernel of the input is taken on x_net where it is given") {
  const auto golden = golden_arithmetic();
  EvalProblem p = eval_problem("hsic_memory", {"classes=4", "sigma_x=1.5", "sigma_z=1", "N=4"}, 6, 0.5, 7);
  const FixedEval own = run(p, *golden);
  p.request.inputs["x_net"] = p.request.inputs.at("x");
  const FixedEval same = run(p, *golden);
  FloatArray net{{12, 3}, {}};  // another width; a third of it beyond the range of x's format
  for (std::size_t i = 0; i < 36; ++i) net.values.push_back(std::sin(static_cast<double>(i)) * 1.5);
  p.request.inputs["x_net"] = net;
  const FixedEval other = run(p, *golden);
  for (const auto& [name, array] : own.arrays) CHECK(array.hardware == same.arrays.at(name).hardware);
  CHECK(own.arrays.at("kernel_x").hardware != other.arrays.at("kernel_x").hardware);
  CHECK(own.arrays.at("kernel_z").hardware == other.arrays.at("kernel_z").hardware);
  CHECK(own.arrays.at("dw").hardware != other.arrays.at("dw").hardware);
  for (const auto& [name, array] : other.arrays) {
    INFO(name);
    CHECK(exceeded(array) == 0);
  }
}

TEST_CASE("formats are what was asked for") {
  const auto golden = golden_arithmetic();
  const EvalProblem p = eval_problem("phsic_gaussian", {"classes=5", "groups=2", "partners=3"}, 8, 0.2, 1,
                                     "w=8.9,x=16.13,z=16.12,r=16.11,uq=16.10");
  const FixedEval result = run(p, *golden);
  CHECK(formats_text({{"w", result.formats.at("w")}}) == "w=s8.9");
  CHECK(formats_text({{"x", result.formats.at("x")}}) == "x=s16.13");
  CHECK(formats_text({{"z", result.formats.at("z")}}) == "z=s16.12");
  CHECK(formats_text({{"r", result.formats.at("r")}}) == "r=s16.11");
  CHECK(formats_text({{"uq", result.formats.at("uq")}}) == "uq=s16.10");
  CHECK(result.formats.contains("third_factor"));
}

TEST_CASE("mistakes of the command line are collected") {
  const Rule& rule = *find_rule("phsic_gaussian");
  try {
    eval_parameters(rule, {"sgima=1", "eta=x", "partners=1.5", "classes=1", "eta=1", "nothing", "gamma=nan"});
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.exit() == ExitCode::configuration);
    CHECK(error.items().size() == 7);
    CHECK(error.items().front().hint == "did you mean 'sigma'?");
  }
  CHECK(eval_parameters(rule, {"eta=1e-3"}).number("eta") == 1e-3);
  CHECK(eval_parameters(*find_rule("readout"), {"error=hinge"}).word("error") == "hinge");
  CHECK_THROWS_AS(eval_parameters(*find_rule("readout"), {"error=hing"}), Error);
  const FormatMap defaults = default_formats(rule, eval_parameters(rule, {}));
  try {
    eval_formats("w=3.2,q=16.1,x=9.2,z=16.16,w,x=8.7,x=8.6", defaults);
    FAIL("accepted");
  } catch (const Error& error) {
    CHECK(error.items().size() == 7);
  }
  CHECK(eval_formats("", defaults) == defaults);
}

TEST_CASE("what the hardware does not have is refused") {
  const auto golden = golden_arithmetic();
  EvalProblem p = eval_problem("phsic_gaussian", {"classes=5"}, 6, 0.2, 1);
  p.request.mode = "batch";
  CHECK_THROWS_AS(run(p, *golden), Error);
  p = eval_problem("phsic_gaussian", {"classes=5", "groups=6"}, 6, 0.2, 1);  // groups of one neuron
  CHECK_THROWS_AS(run(p, *golden), Error);
  p = eval_problem("urfb", {"classes=5"}, 5, 0.2, 1);
  p.request.inputs.erase("w");  // as with the arrays of a whole network
  CHECK_THROWS_AS(eval_fixed(*p.rule, p.request, {}, p.options, *golden), Error);
}
