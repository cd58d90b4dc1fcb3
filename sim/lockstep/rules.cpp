#include "sim/lockstep/rules.hpp"

#include <algorithm>
#include <set>

#include "rtl/spec/diagnostic.hpp"
#include "rtl/units/reduce/golden.hpp"
#include "sim/lockstep/rule_layer.hpp"
#include "sim/rtl/rule_units.hpp"

namespace trifactor::lockstep {
namespace {

constexpr std::size_t most_registers = 48, most_words = max_partners + 1, neurons_wide = tiny_neurons;

/// Where each field begins. A vector is a sample of one core; what comes before `eta` and the generators
/// belong to the whole episode and are those of its first vector. All other state is carried from vector to
/// vector.
enum Word : std::size_t {
  partners,
  up_words,
  input_words,
  down_words,
  mean_words,
  held_words,
  uses_a1,
  uses_c,
  forms_error,
  compared,
  reduction,
  first_neuron,
  neurons,
  group_size,
  post_count,
  post,
  teacher_count = post + most_registers,
  teacher,
  generator = teacher + most_registers,
  eta = generator + neurons_wide,
  target,
  same,
  input_distance,
  own_words = input_distance + max_partners,
  word,
  z = word + most_words,
  fprime = z + neurons_wide,
  r = fprime + neurons_wide,
  scale = r + neurons_wide,
  current = scale + neurons_wide,
  error_sum = current + neurons_wide,
  words_of_vector = error_sum + neurons_wide
};

/// The first difference between two equally long sequences.
template <class Sequence>
std::optional<Divergence> differ(std::size_t vector, const char* signal, const Sequence& golden,
                                 const Sequence& rtl) {
  for (std::size_t i = 0; i < golden.size(); ++i)
    if (golden[i] != rtl[i])
      return Divergence{vector, signal + (" " + std::to_string(i)), static_cast<std::int64_t>(golden[i]),
                        static_cast<std::int64_t>(rtl[i])};
  return std::nullopt;
}

template <class Sequence>
void put(std::vector<std::int64_t>& vector, std::size_t at, const Sequence& values) {
  std::copy(values.begin(), values.end(), vector.begin() + static_cast<std::ptrdiff_t>(at));
}

template <class T>
std::vector<T> take(const std::int64_t* vector, std::size_t at, std::size_t count) {
  std::vector<T> values;
  for (std::size_t i = 0; i < count; ++i) values.push_back(static_cast<T>(vector[at + i]));
  return values;
}

/// What a plan asks of the units, in words: parameters that give the same differ in numbers only.
std::string shape_of(const RuleLayer& layer) {
  const RulePlan& p = layer.plan;
  return std::string(layer.group_size > 0 ? "grouped" : "plain") +
         (p.uses_a1 ? ", two terms" : ", one term") + (p.uses_c ? ", decay" : "") +
         (p.mean_words > 0 ? ", running means" : "") + (p.held_words > 0 ? ", held values" : "") +
         (p.partners > 1 ? ", partners" : "") + (p.forms_error ? ", errors" : "");
}

bool one_partner(const RulePlan& p) { return p.partners == 1; }
bool most_partners(const RulePlan& p) { return p.partners >= max_partners - 1; }

/// What a rule's parameters can give, rare plans too: every shape gets its episodes, every situation a bin.
struct Reach {
  std::vector<std::string> shapes;
  bool decay = false, no_decay = false, target = false, partners = false, grouped = false, plain = false;
  bool one_partner = false, most_partners = false, words = false;

  explicit Reach(const Rule& rule) {
    constexpr int draws = 4000;
    Random random(1);
    std::set<std::string> all;
    for (int i = 0; i < draws; ++i) {
      const RuleLayer layer = random_layer(rule, random, LayerSize::tiny);
      const RulePlan& p = layer.plan;
      all.insert(shape_of(layer));
      decay |= p.uses_c, no_decay |= !p.uses_c, target |= p.needs_target, words |= p.down_words > 0;
      grouped |= layer.group_size > 0, plain |= layer.group_size == 0;
      partners |= p.partners > 0;
      one_partner |= lockstep::one_partner(p), most_partners |= lockstep::most_partners(p);
    }
    shapes.assign(all.begin(), all.end());
  }
};

class RuleSubject final : public Subject {
 public:
  RuleSubject(const Rule& rule, const VerilatedRule& rtl)
      : rule_(rule), rtl_(rtl), reach_(rule), shapes_(reach_.shapes) {
    if (reach_.one_partner) ends_.push_back(one_partner);
    if (reach_.most_partners) ends_.push_back(most_partners);
  }

  std::string name() const override { return rule_.name; }
  std::vector<Field> fields() const override {
    return {{"partners"},
            {"up_words"},
            {"input_words"},
            {"down_words"},
            {"mean_words"},
            {"held_words"},
            {"uses_a1"},
            {"uses_c"},
            {"forms_error"},
            {"compared"},
            {"reduction"},
            {"first_neuron"},
            {"neurons"},
            {"group_size"},
            {"post_registers"},
            {"post", most_registers},
            {"teacher_registers"},
            {"teacher", most_registers},
            {"generator", neurons_wide},
            {"eta"},
            {"target"},
            {"same"},
            {"input_distance", max_partners},
            {"own_words"},
            {"word", most_words},
            {"z", neurons_wide},
            {"fprime", neurons_wide},
            {"r", neurons_wide},
            {"scale", neurons_wide},
            {"current", neurons_wide},
            {"error_sum", neurons_wide}};
  }
  std::vector<std::string> bins() const override {
    std::vector<std::string> bins = {"first sample", "later sample", "factor lost", "factor not 0"};
    const auto where = [&](bool reachable, std::initializer_list<const char*> names) {
      if (reachable) bins.insert(bins.end(), names.begin(), names.end());
    };
    where(reach_.decay, {"decay"});
    where(reach_.no_decay, {"no decay"});
    where(reach_.target, {"target here", "target elsewhere"});
    where(reach_.grouped, {"grouped"});
    where(reach_.plain, {"plain"});
    where(reach_.partners, {"history filling", "history full", "same class"});
    where(reach_.one_partner, {"one partner"});
    where(reach_.most_partners, {"most partners"});
    if (rule_.golden_teacher != nullptr) bins.emplace_back("word taught");
    where(reach_.words, {"word at its highest", "word at its lowest", "factor saturated"});
    bins.insert(bins.end(), shapes_.begin(), shapes_.end());
    return bins;
  }
  /// Every shape, both ends of the history's length, and every shape with the smallest eta, at which factors
  /// are lost: what no number of random layers is sure to meet.
  std::uint64_t directed() const override { return 2 * shapes_.size() + ends_.size(); }

  Episode episode(std::uint64_t index, Dice& dice) const override {
    Random random(dice.word());
    RuleLayer layer = random_layer(rule_, random, LayerSize::tiny);
    const std::size_t after_ends = shapes_.size() + ends_.size();
    const bool faint = index >= after_ends && index < directed();
    const auto wanted = [&] {
      if (index >= shapes_.size() && index < after_ends) return ends_[index - shapes_.size()](layer.plan);
      return shape_of(layer) == shapes_[(faint ? index - after_ends : index) % shapes_.size()];
    };
    while (!wanted()) layer = random_layer(rule_, random, LayerSize::tiny);
    const RulePlan& p = layer.plan;
    CoreMemories memories(layer, random_generators(layer.core_neurons[0], random));
    const int samples = p.partners + 8;
    const int first = chance(random, 0.5) ? 0 : uniform(random, 0, 65536 - layer.core_neurons[0]);
    Episode e;
    for (int sample = 0; sample < samples; ++sample) {
      std::vector<std::int64_t> v(words_of_vector, 0);
      put(v, partners,
          std::vector<int>{p.partners, p.up_words, p.input_words, p.down_words, p.mean_words, p.held_words,
                           p.uses_a1, p.uses_c, p.forms_error, static_cast<int>(p.compared),
                           static_cast<int>(p.reduction), first, layer.core_neurons[0], layer.group_size,
                           static_cast<int>(p.post.size())});
      put(v, post, p.post);
      v[teacher_count] = static_cast<std::int64_t>(p.teacher.size());
      put(v, teacher, p.teacher);
      put(v, generator, memories.generators);
      v[eta] = faint                 ? 1
               : chance(random, 0.7) ? p.eta_mantissa
                                     : uniform(random, 0, static_cast<int>(p.eta_mantissa));
      v[target] = uniform(random, 0, layer.core_neurons[0]);
      v[same] = static_cast<std::uint32_t>(random());
      if (p.input_words > 0) {
        const std::vector<std::int64_t> before = up_before_cores(layer, std::min(sample, p.partners), random);
        put(v, input_distance, std::span(before).last(static_cast<std::size_t>(p.input_words)));
      }
      const int kind = uniform(random, 0, 2);
      v[own_words] = kind > 0;
      // words that point at a neuron do so every other time, of this core or of another
      for (std::size_t i = 0; i < most_words; ++i)
        v[word + i] = kind == 2 && chance(random, 0.5)
                          ? static_cast<std::int16_t>(first + uniform(random, -1, layer.core_neurons[0]))
                      : kind == 1 ? (chance(random, 0.5) ? -32768 : 32767)
                                  : uniform(random, -32768, 32767);
      const SampleActivity activity = memories.draw(random);
      put(v, z, activity.z);
      put(v, fprime, activity.fprime);
      put(v, r, activity.r);
      put(v, scale, activity.scale);
      put(v, current, activity.current);
      put(v, error_sum, activity.error);
      memories.push(activity);
      e.words.insert(e.words.end(), v.begin(), v.end());
    }
    return e;
  }

  std::optional<Divergence> run(const Episode& episode, Coverage& coverage) override {
    if (episode.words.empty()) return std::nullopt;
    const RuleLayer layer = layer_of(episode.words.data());
    const std::size_t n = static_cast<std::size_t>(layer.core_neurons[0]);
    Side golden(layer, take<std::uint32_t>(episode.words.data(), generator, n), rule_.golden_post(),
                rule_.golden_teacher == nullptr ? nullptr : rule_.golden_teacher());
    Side rtl(layer, take<std::uint32_t>(episode.words.data(), generator, n), rtl_.post(),
             rtl_.teacher == nullptr ? nullptr : rtl_.teacher());
    for (std::size_t i = 0; i * words_of_vector < episode.words.size(); ++i) {
      const std::int64_t* v = episode.words.data() + i * words_of_vector;
      golden.sample(v, i);
      rtl.sample(v, i);
      if (auto found = compare(golden, rtl, i)) return found;
      cover(v, i, layer, golden, coverage);
    }
    return std::nullopt;
  }

 private:
  /// One of the two: a core with its post unit, and the layer's teacher.
  struct Side {
    Side(const RuleLayer& of, std::vector<std::uint32_t> generators, std::unique_ptr<PostUnit> post_unit,
         std::unique_ptr<TeacherUnit> teacher_unit)
        : layer(of),
          memories(of, std::move(generators), of.first_neuron),
          post(std::move(post_unit)),
          teacher(std::move(teacher_unit)),
          state(teacher_state_words(of.plan.partners), 0) {}

    void sample(const std::int64_t* v, std::size_t number) {
      const RulePlan& plan = layer.plan;
      const std::size_t n = memories.generators.size();
      const std::size_t groups = layer.group_size == 0 ? 0 : n / static_cast<std::size_t>(layer.group_size);
      memories.push({take<std::int16_t>(v, z, n), take<std::int16_t>(v, r, n),
                     take<std::int16_t>(v, scale, groups), take<std::int16_t>(v, current, n),
                     take<std::uint16_t>(v, fprime, n), take<std::int64_t>(v, error_sum, n)});
      const PostView view = memories.view(static_cast<std::uint32_t>(v[eta]));
      up.assign(static_cast<std::size_t>(plan.up_words), reduce_start(plan.reduction));
      const auto distances =
          take<std::int64_t>(v, input_distance, static_cast<std::size_t>(plan.input_words));
      std::copy(distances.begin(), distances.end(), up.end() - plan.input_words);
      words.assign(static_cast<std::size_t>(plan.down_words), 0);
      monitor = {};
      if (plan.up_words > 0) {
        post->contribute(view, up);
        teacher->teach(plan.teacher, number, view.count, up, static_cast<std::uint32_t>(v[same]), state,
                       words, monitor);
      }
      std::vector<std::int16_t> given = words;
      if (v[own_words] != 0) given = take<std::int16_t>(v, word, words.size());
      PostResult result = memories.result();
      post->form(view, given, static_cast<int>(v[target]), result);
      losses = result.losses;
      formed = result.formed;
    }

    const RuleLayer& layer;
    CoreMemories memories;
    std::unique_ptr<PostUnit> post;
    std::unique_ptr<TeacherUnit> teacher;
    std::vector<std::int64_t> state, up;
    std::vector<std::int16_t> words;
    TeacherMonitor monitor;
    PostLosses losses;
    int formed = 0;
  };

  static RuleLayer layer_of(const std::int64_t* v) {
    const auto number = [v](Word at) { return static_cast<int>(v[at]); };
    RuleLayer layer;
    RulePlan& p = layer.plan;
    p.partners = std::clamp(number(partners), 0, max_partners);
    p.up_words = number(up_words);
    p.input_words = number(input_words);
    p.down_words = number(down_words);
    p.mean_words = number(mean_words);
    p.held_words = number(held_words);
    p.uses_a1 = number(uses_a1) != 0;
    p.uses_c = number(uses_c) != 0;
    p.forms_error = number(forms_error) != 0;
    p.compared = static_cast<Compared>(v[compared]);
    p.reduction = static_cast<Reduction>(v[reduction]);
    layer.first_neuron = number(first_neuron);
    p.post = take<std::int32_t>(v, post, static_cast<std::size_t>(v[post_count]));
    p.teacher = take<std::int32_t>(v, teacher, static_cast<std::size_t>(v[teacher_count]));
    layer.group_size = number(group_size);
    layer.core_neurons = {number(neurons)};
    return layer;
  }

  static std::optional<Divergence> compare(const Side& golden, const Side& rtl, std::size_t i) {
    std::optional<Divergence> found;
    const auto sums = [](const Side& s) {
      return std::vector<std::int64_t>{s.monitor.kernel,
                                       s.monitor.third_factor,
                                       s.monitor.same_class,
                                       s.monitor.partners,
                                       static_cast<std::int64_t>(s.losses.factors_lost),
                                       static_cast<std::int64_t>(s.losses.factors_saturated),
                                       s.formed};
    };
    const CoreMemories &g = golden.memories, &h = rtl.memories;
    if ((found = differ(i, "up", golden.up, rtl.up))) return found;
    if ((found = differ(i, "word", golden.words, rtl.words))) return found;
    if ((found = differ(i, "teacher state", golden.state, rtl.state))) return found;
    if ((found = differ(i, "a0", g.a0, h.a0))) return found;
    if ((found = differ(i, "a1", g.a1, h.a1))) return found;
    if ((found = differ(i, "c", g.c, h.c))) return found;
    if ((found = differ(i, "error", g.error, h.error))) return found;
    if ((found = differ(i, "mean", g.means, h.means))) return found;
    if ((found = differ(i, "held", g.held, h.held))) return found;
    if ((found = differ(i, "generator", g.generators, h.generators))) return found;
    return differ(i, "counter", sums(golden), sums(rtl));
  }

  void cover(const std::int64_t* v, std::size_t sample, const RuleLayer& layer, const Side& golden,
             Coverage& coverage) const {
    const int number = static_cast<int>(sample), past = layer.plan.partners;
    const auto hit = [&](std::string_view bin, bool when) {
      if (!when) return;
      const auto& names = coverage.names();
      const auto at = std::find(names.begin(), names.end(), bin);
      if (at != names.end()) coverage.hit(static_cast<std::size_t>(at - names.begin()));
    };
    hit("first sample", sample == 0);
    hit("later sample", sample > 0);
    hit("factor lost", golden.losses.factors_lost > 0);
    hit("factor not 0",
        std::any_of(golden.memories.a0.begin(), golden.memories.a0.end(), [](int a) { return a != 0; }));
    hit("decay", layer.plan.uses_c);
    hit("no decay", !layer.plan.uses_c);
    hit("target here", v[target] < v[neurons]);
    hit("target elsewhere", v[target] >= v[neurons]);
    hit("grouped", layer.group_size > 0);
    hit("plain", layer.group_size == 0);
    hit("history filling", number > 0 && number < past);
    hit("history full", past > 0 && number >= past);
    hit("same class", golden.monitor.same_class > 0);
    hit("one partner", one_partner(layer.plan));
    hit("most partners", most_partners(layer.plan));
    hit("word taught", std::any_of(golden.words.begin(), golden.words.end(), [](int w) { return w != 0; }));
    hit("word at its highest", v[own_words] != 0 && v[word] == 32767);
    hit("word at its lowest", v[own_words] != 0 && v[word] == -32768);
    hit("factor saturated", golden.losses.factors_saturated > 0);
    hit(shape_of(layer), true);
  }

  const Rule& rule_;
  const VerilatedRule& rtl_;
  Reach reach_;
  const std::vector<std::string>& shapes_;
  std::vector<bool (*)(const RulePlan&)> ends_;
};

const SubjectEntry& entry_of(const std::string& name) {
  std::vector<std::string> names;
  for (const SubjectEntry& entry : rule_subjects()) {
    if (entry.name == name) return entry;
    names.push_back(entry.name);
  }
  std::string all;
  for (const std::string& each : names) all += (all.empty() ? "" : ", ") + each;
  const std::string guess = nearest(name, names);
  throw Error(ExitCode::configuration,
              {"TF-VER-001", "", "there is no RTL to verify of the name '" + name + "'", "one of " + all,
               guess.empty() ? "" : "did you mean " + guess + "?"});
}

}  // namespace

std::span<const SubjectEntry> rule_subjects() {
  static const std::vector<SubjectEntry> all = [] {
    std::vector<SubjectEntry> entries;
    for (const VerilatedRule& built : verilated_rules())
      if (const Rule* rule = find_rule(built.name))
        entries.push_back(
            {built.name, [rule, &built] { return std::make_unique<RuleSubject>(*rule, built); }});
    return entries;
  }();
  return all;
}

}  // namespace trifactor::lockstep

namespace trifactor {

std::vector<std::string> verifiable_rules() {
  std::vector<std::string> names;
  for (const lockstep::SubjectEntry& entry : lockstep::rule_subjects()) names.push_back(entry.name);
  return names;
}

VerifyResult verify_rule(const std::string& name, const VerifyOptions& options) {
  return lockstep::verify(*lockstep::entry_of(name).make(), options);
}

}  // namespace trifactor
