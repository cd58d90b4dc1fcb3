// What a rule is to the rest of the project: a descriptor, a way to resolve its parameters into integers for
// the hardware, and two units (post and teacher) that compute with those integers. Nothing outside a rule's
// folder knows its name; the generated catalogue lists all rules there are.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <vector>

#include "rtl/rules/parameters.hpp"
#include "rtl/rules/reference.hpp"
#include "rtl/spec/image.hpp"
#include "rtl/spec/number_format.hpp"
#include "rtl/units/lane/golden.hpp"

namespace trifactor {

inline constexpr int max_partners = 32;       ///< past samples a rule may compare with
inline constexpr int third_factor_bits = 16;  ///< of every broadcast word
/// Of an error that is sent back, in a word of 16: as many as a factor has, so that eta delta can hold it
/// whole.
inline constexpr int error_bits = 15;

/// A number format with the array it belongs to, as `compile` prints it.
struct NamedFormat {
  std::string array;
  NumberFormat format;
};

/// What the compiler knows about a layer when it resolves a rule for it.
struct LayerFacts {
  std::string where;  ///< projection, for messages
  int neurons = 0;    ///< of the whole layer
  int groups = 0;     ///< of the whole layer, 0: not normalised in groups
  int classes = 0;
  double power = 0;               ///< p of divisive normalisation
  int max_fprime = 1 << 15;       ///< largest derivative, u16.15
  NumberFormat weight, activity;  ///< of the projection and of its presynaptic activity
  NumberFormat value;             ///< z, local, 16 bits
  NumberFormat output;            ///< r, local, 16 bits (grouped layers)
  NumberFormat group_scale;       ///< u^q, 16 bits (grouped layers)
  NumberFormat input;             ///< activity of the network's input
  int input_neurons = 0;
  bool alone = true;  ///< no other projection and no bias goes into the layer
  bool stochastic = true;
  double largest_eta = 0;  ///< of the schedule
  bool at_output = false;  ///< the layer is the network's output
  /// The projection carries errors back: its rows are errors (`activity` is their format), its layer's
  /// neurons those that they come to.
  bool feedback = false;
  /// The layer does not learn and sends errors that come back on, gated by the derivative alone.
  bool relay = false;
  NumberFormat sent;       ///< what the layer sends of z, a right shift away from `value`
  int error_sum_frac = 0;  ///< binary point of the exact sums of errors that come to the layer
  /// Largest magnitude of the errors that another population says (projections of kind "error"); 0: none
  /// does.
  double largest_error = 0;
  bool error_taken = false;  ///< feedback projections carry this projection's errors on
};

/// A rule resolved for one layer: integers for the hardware, sizes for the compiler.
struct RulePlan {
  int partners = 0;  ///< past samples compared with; label bits a sample
  int up_words = 0;  ///< reduced for each sample; 0: no reduction and no teacher unit
  /// Of up_words, the last ones: squared distances of the network's input to its last samples, which the
  /// input cores form. Not more than partners.
  int input_words = 0;
  Reduction reduction = Reduction::sum;  ///< highest: up words are rank keys (rtl/units/rank)
  int down_words = 0;                    ///< broadcast for each sample
  bool needs_target = false;             ///< the class itself goes to the layer's own core
  bool uses_current = false;             ///< the post unit reads LocalActivity::current
  int current_frac = 0;                  ///< its fraction bits
  /// The current is the sum with sign(w)|w|^(weight_power - 1) in place of w (rtl/units/transform), formed
  /// beside the plain one; 2: it is the plain one.
  int weight_power = 2;
  int current_sum_frac = 0;       ///< binary point of these sums
  bool whole_population = false;  ///< the layer must not be split by columns
  Compared compared = Compared::nothing;
  bool remembers_activity = false;  ///< r and f' of the sample before are read
  int mean_words = 0;               ///< leaky means kept for each neuron (32 bits each)
  int held_words = 0;  ///< words kept for each group or neuron from sample to sample (32 bits each)
  RowTrace b0 = RowTrace::now, b1 = RowTrace::none;
  int mean_extra_bits = 0;     ///< b0 and b1 carry so many fraction bits more than the activity
  std::int32_t mean_rate = 0;  ///< 1 - beta of row means, 16-bit fraction
  int row_mean_bits = 0;       ///< fraction bits of a row mean beyond the activity's
  bool uses_a1 = false, uses_c = false;
  bool forms_error = false;  ///< the post unit forms each neuron's error for feedback projections
  int error_frac = 0;        ///< its fraction bits; error_bits in all
  LaneConfig lane;
  std::uint32_t eta_mantissa = 0;  ///< of largest_eta, 2^15 .. 2^16 - 1; schedules scale it down
  std::vector<std::int32_t> post;  ///< register images, as the rule's golden.hpp names them
  std::vector<std::int32_t> teacher;
  int signals_kernel_frac = 0, signals_third_factor_frac = 0;  ///< of TeacherMonitor
  double third_factor_scale = 1;                               ///< real third factor = word x 2^-frac x this
  int exponentials = 0, reciprocals = 0;  ///< uses of the shared units by the post unit: a neuron, a sample
  double reported_sigma = 0;              ///< of the kernel, 0 where there is none
  std::vector<NamedFormat> formats;
};

/// One sample's activity of one core's neurons, in the core's own memories. Null where the plan asks not.
struct LocalActivity {
  const std::int16_t* z = nullptr;            ///< (neurons)
  const std::uint16_t* fprime = nullptr;      ///< (neurons) u16.15
  const std::int16_t* r = nullptr;            ///< (neurons), grouped layers
  const std::int16_t* group_scale = nullptr;  ///< (groups) u^q, grouped layers
  const std::int16_t* current = nullptr;      ///< (neurons) the sum that the plan asks for
};

/// The neurons of one core that belong to one projection's layer, as its post unit sees them.
struct PostView {
  std::span<const std::int32_t> registers;
  std::uint32_t eta = 0;  ///< mantissa in force
  int neurons = 0;        ///< in this core
  int first_neuron = 0;   ///< of these, in the layer
  Reduction reduction = Reduction::sum;
  int group_size = 0;  ///< 0: not grouped
  int count = 0;       ///< past samples that exist, at most plan.partners
  LocalActivity now, before;
  std::span<const std::int16_t* const> compared;  ///< [0] now, [p] p samples ago; plan.partners + 1 entries
  const std::int64_t* error = nullptr;  ///< (neurons) exact sums of errors that came back; null: none come
};

struct PostLosses {
  std::uint64_t factors_lost = 0, factors_saturated = 0;
};

/// What the post unit may change and what it forms.
/// Words that a post unit writes, one a neuron; a unit that writes what its plan does not use is stopped.
class FactorWords {
 public:
  FactorWords() = default;
  FactorWords(std::span<std::int16_t> words) : words_(words) {}
  FactorWords(std::vector<std::int16_t>& words) : words_(words) {}
  std::int16_t& operator[](std::size_t i) const {
    if (i >= words_.size())
      throw std::logic_error(
          "a post unit writes word " + std::to_string(i) + " of a factor with " +
          std::to_string(words_.size()) +
          " words; a1 and c have words only where the rule's plan says uses_a1 and uses_c");
    return words_[i];
  }
  bool empty() const { return words_.empty(); }
  auto begin() const { return words_.begin(); }
  auto end() const { return words_.end(); }

 private:
  std::span<std::int16_t> words_;
};

struct PostResult {
  std::span<std::uint32_t> generators;  ///< (neurons) use `factor`; moves once for each factor rounded
  std::span<std::int32_t> means;        ///< (plan.mean_words x neurons)
  std::span<std::int32_t> held;         ///< (plan.held_words x neurons or groups)
  FactorWords a0, a1, c;                ///< (neurons); a1, c empty where the plan has none
  std::span<std::int16_t> error;        ///< (neurons) sent back; empty where nobody takes it
  PostLosses losses;
  int formed = 0;  ///< neurons whose factors were formed; a unit that leaves some at 0 lowers it
};

/// Per neuron: local activity, history and received words -> a0, a1, c.
class PostUnit {
 public:
  virtual ~PostUnit() = default;
  /// Exact partial sums of this core's neurons for the reduction tree, added to `up`; or ranked into it.
  virtual void contribute(const PostView&, std::span<std::int64_t>) {}
  /// words: the plan's down_words. target: the class of this sample, only where the plan needs it.
  virtual void form(const PostView& view, std::span<const std::int16_t> words, int target,
                    PostResult& result) = 0;
};

/// Sums for reports, formed where the third factor is formed; they leave the chip as counters.
struct TeacherMonitor {
  std::int64_t kernel = 0;        ///< sum over partners
  std::int64_t third_factor = 0;  ///< sum over partners of |word|
  std::int64_t same_class = 0, partners = 0;
};

/// State that a teacher keeps from sample to sample: plan.partners + 2 words of 64 bits, zero at the start.
using TeacherState = std::span<std::int64_t>;
constexpr std::size_t teacher_state_words(int partners) { return static_cast<std::size_t>(partners) + 2; }

/// Per layer: reduced words + label similarities + own memory -> down_words words.
class TeacherUnit {
 public:
  virtual ~TeacherUnit() = default;
  /// count: past samples that exist. same: bit p-1 is 1 where the sample p ago has this sample's class.
  virtual void teach(std::span<const std::int32_t> registers, std::uint64_t sample, int count,
                     std::span<const std::int64_t> up, std::uint32_t same, TeacherState state,
                     std::span<std::int16_t> words, TeacherMonitor& monitor) = 0;
};

/// Which renderings of a rule exist.
struct Renderings {
  bool floating = false, golden = false, rtl = false, chip = false;
};

/// Cycles that a unit claims to take; a timing test holds the claim against the RTL.
struct CycleClaims {
  int (*contribute)(const RulePlan&, int neurons, int group_size) = nullptr;
  int (*form)(const RulePlan&, int neurons, int group_size) = nullptr;
  int (*teach)(const RulePlan&) = nullptr;
};

// What `eval` compares a rule's hardware with, from fixed_bench.hpp.
struct FixedCase;
struct BoundedArray;
using BoundedArrays = std::map<std::string, BoundedArray>;

/// The layer that eval builds around a rule: its neurons, and the ranges of the default formats.
struct BenchLayer {
  Activation activation = Activation::linear;
  double weight_range = 1, value_range = 4;
  Activation hidden_activation = Activation::linear;  ///< where errors come back to the layer
};

/// One of the ways to learn that a rule offers, for those who look for it by the paper's name.
struct LearningSystem {
  std::string name;                             ///< with its equations
  std::map<std::string, std::string> settings;  ///< parameters that ask for it
  std::string beside;                           ///< what else asks for it; empty: nothing
  Renderings renderings;
};

struct Rule {
  std::string name;
  std::string summary;
  std::string source;        ///< the publication and its equations
  bool every_step = false;   ///< can learn at every step of a presentation; false: at the last alone
  bool sends_error = false;  ///< forms errors of its target's neurons that feedback projections carry back
  bool takes_error = false;  ///< in a hidden layer it learns from errors that came back
  /// Whether it learns from errors that another population says (projections of kind "error"); null: never.
  bool (*hears_error)(const Parameters&) = nullptr;
  bool teaches_feedback = false;                ///< may be the plasticity of a feedback projection
  std::vector<ParameterSpec> parameters;        ///< of plasticity in a network file, and of eval
  std::vector<ParameterSpec> bench_parameters;  ///< of eval alone (what a network says elsewhere)
  Renderings renderings;
  std::vector<LearningSystem> systems;  ///< empty: there is one, the rule itself
  CycleClaims cycles;
  /// Throws Error (configuration or does_not_fit) listing everything that cannot be resolved.
  RulePlan (*resolve)(const Parameters&, const LayerFacts&) = nullptr;
  std::unique_ptr<PostUnit> (*golden_post)() = nullptr;
  std::unique_ptr<TeacherUnit> (*golden_teacher)() = nullptr;  ///< null: the rule has no teacher
  FloatRule floating;
  BenchLayer bench_layer;
  bool needs_derivative = false;  ///< of the activation function
  /// Words of a layer's hardware in real units, beside the float reference and with bounds; null: none.
  BoundedArrays (*bench)(const FixedCase&) = nullptr;
};

/// All rules, by name in alphabetical order. Generated from the folders beside this file.
const std::vector<Rule>& rule_catalogue();

/// The rule, as the catalogue takes it; throws where it has another name than its folder.
Rule in_folder(Rule rule, const std::string& folder);

/// Names of the rules whose units exist as silicon: what a core type may contain.
std::vector<std::string> silicon_rules();

/// The rule of that name, or null.
const Rule* find_rule(const std::string& name);

}  // namespace trifactor
