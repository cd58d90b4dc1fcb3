#include "runtime/layout/program_check.hpp"

#include "rtl/spec/diagnostic.hpp"

namespace trifactor {
namespace {

class Check {
 public:
  explicit Check(const std::string& where) : where_(where) {}

  void operator()(bool holds, const char* what) const {
    if (!holds)
      throw Error(ExitCode::data, {"TF-LAY-008", where_, std::string(what) + " cannot be",
                                   "a layout as `trifactor compile` writes it", "compile the network again"});
  }
  void format(const NumberFormat& f, const char* what) const {
    (*this)(f.bits >= 1 && f.bits <= 48 && f.frac >= -32 && f.frac <= 48, what);
  }

 private:
  const std::string& where_;
};

bool within(std::uint64_t first, std::uint64_t count, std::uint64_t size) {
  return first <= size && count <= size - first;
}

bool shift(std::int32_t bits) { return bits >= -47 && bits <= 47; }

}  // namespace

void check_program(const Program& p, const std::string& where) {
  const Check check(where);
  visit_machine(p.machine,
                [&](const char* key, std::int64_t value, const char*, std::int64_t low, std::int64_t high,
                    const char*) { check(value >= low && value <= high, key); });
  const auto tile = [&](std::uint32_t t) { return t < static_cast<std::uint64_t>(p.machine.tiles()); };
  for (const CoreType& type : p.machine.core_types)
    check(type.x0 >= 0 && type.y0 >= 0 && type.x1 < p.machine.mesh.width && type.y1 < p.machine.mesh.height,
          "tiles of a core type");
  check(p.classes >= 2 && p.classes <= 65535, "classes");
  check(p.steps >= 1 && p.steps <= most_steps, "steps of a presentation");
  std::size_t inputs = 0;
  for (const PopulationInfo& population : p.populations) {
    inputs += population.input;
    check(population.neurons >= 1 && population.neurons <= (1u << 24), "neurons of a population");
    check(population.groups <= population.neurons, "groups of a population");
    check.format(population.value, "format of a value");
    check.format(population.activity, "format of an activity");
    check(population.activity.bits <= 16, "bits of an activity");
  }
  check(inputs == 1, "number of input populations");
  check(p.encoder_offset.empty() || p.encoder_offset.size() == p.populations[p.input()].neurons,
        "mean of the input");
  for (const ProjectionInfo& projection : p.projections) {
    check(projection.from < p.populations.size() && projection.to < p.populations.size(),
          "ends of a projection");
    check.format(projection.weight, "format of a weight");
    check(projection.weight.bits <= 16, "bits of a weight");
    check(shift(projection.shift), "shift of a projection");
  }
  for (const ArrayFormat& f : p.formats) check.format(f.format, "format of an array");
  for (const CoreUsage& usage : p.usage) check(tile(usage.core), "place of a core");
  for (const TeacherImage& teacher : p.teachers) {
    check(teacher.projection < p.projections.size() && tile(teacher.tile), "place of a teacher");
    check(teacher.steps == 1 || teacher.steps == p.steps, "steps of a teacher");
    check(teacher.partners >= 0 && teacher.partners <= 65536 && teacher.up_words >= 0 &&
              teacher.down_words >= 0 && teacher.up_words <= (1 << 20) && teacher.down_words <= (1 << 20),
          "words of a teacher");
    check(teacher.input_words >= 0 && teacher.input_words <= teacher.up_words &&
              teacher.input_words <= teacher.partners && teacher.reduction <= Reduction::highest,
          "words of a teacher");
    check(!teacher.contributors.empty(), "cores of a teacher");
    for (const std::uint32_t core : teacher.contributors) check(tile(core), "cores of a teacher");
    for (const std::uint32_t core : teacher.input_contributors) check(tile(core), "input cores of a teacher");
  }
  check(p.label.slots <= 65536, "labels remembered");
  check(p.label.teachers.size() == p.teachers.size() && p.label.partners.size() == p.teachers.size(),
        "teachers of the label unit");
  for (std::size_t k = 0; k < p.teachers.size(); ++k)
    check(p.label.teachers[k] == p.teachers[k].tile && p.label.partners[k] < p.label.slots,
          "teachers of the label unit");
  for (const std::uint32_t core : p.label.targets) check(tile(core), "cores that get the label");
}

namespace {

/// Geometry and size of a kernel; whatever it is, no row lies outside it.
void check_kernel(const Check& check, const Program& p, const CoreImage& c, const BlockImage& b) {
  const KernelImage& k = b.kernel;
  if (!k.present()) return check(k.weights.empty() && k.others.empty(), "kernel of a block");
  const auto extent = [](std::uint32_t value) { return value >= 1 && value <= (1u << 20); };
  check(b.plastic && b.mask.empty() && extent(k.channels) && extent(k.image_width) &&
            extent(k.image_channels) && extent(k.map_width) && extent(k.map_channels) &&
            k.channels == (k.backwards ? k.image_channels : k.map_channels),
        "kernel of a block");
  check(k.tap_rows >= 1 && k.tap_rows <= 1024 && k.tap_columns >= 1 && k.tap_columns <= 1024 &&
            extent(k.stride_rows) && extent(k.stride_columns) && k.padding_rows < k.tap_rows &&
            k.padding_columns < k.tap_columns,
        "windows of a block");
  const std::uint64_t entries =
      (std::uint64_t{k.tap_rows} * k.tap_columns * k.source_channels() + (k.bias ? 1 : 0)) * k.channels;
  check(k.weights.size() == entries && (k.bias || !b.bias), "entries of a kernel");
  const auto tile = [&](std::uint32_t t) { return t < static_cast<std::uint64_t>(p.machine.tiles()); };
  check(tile(k.root) && tile(c.core), "root of a kernel");
  for (const std::uint32_t other : k.others) check(tile(other) && other != k.root, "cores of a kernel");
}

}  // namespace

void check_core(const Program& p, const CoreImage& c, const std::string& where) {
  const Check check(where);
  const auto tile = [&](std::uint32_t t) { return t < static_cast<std::uint64_t>(p.machine.tiles()); };
  check(tile(c.core) && tile(c.owner), "place of a core");
  check(c.population < p.populations.size(), "population of a core");
  check(c.neurons >= 1 && within(c.first_neuron, c.neurons, p.populations[c.population].neurons),
        "neurons of a core");
  check(c.input == (p.populations[c.population].input || c.label_value != 0) && c.label_value >= 0 &&
            c.label_value <= 32767,
        "kind of a core");
  check(static_cast<std::uint32_t>(c.activation) <= static_cast<std::uint32_t>(Activation::power),
        "activation");
  check(shift(c.sum_frac) && shift(c.value_frac) && shift(c.output_shift), "binary points of a core");
  check(c.steps == p.steps, "steps of a core");
  const MembraneImage& m = c.membrane;
  check(!m.present || (m.input_frac >= 0 && m.input_frac <= most_membrane_input_frac && m.extra >= 0 &&
                       m.extra <= 20 && m.rate >= 1 && m.rate <= 65536),
        "membrane of a core");
  check(c.noise >= 0 && c.noise <= 32767, "noise of a core");
  check(c.scale_log2 >= -16 && c.scale_log2 <= 16, "what is 1 of a core");
  const int one = c.sum_frac + c.scale_log2;
  check(c.activation != Activation::saturated_linear || (c.scale_log2 >= 0 && one >= 0 && one <= 62),
        "what is 1 of a saturated linear core");
  check(c.activity_bits >= 1 && c.activity_bits <= 16, "bits of a core's activities");
  const NormaliseImage& n = c.normalise;
  check(n.group_size >= 0 && n.group_size <= 256 && (n.group_size == 0 || c.neurons % n.group_size == 0),
        "groups of a core");
  check(shift(n.variance_shift) && shift(n.mean_shift) && shift(n.scale_frac), "shifts of a normalisation");
  check(c.dropout.threshold == 0 || (c.dropout.mantissa >= 1 << 14 && c.dropout.mantissa < 1 << 15 &&
                                     c.dropout.exponent >= 0 && c.dropout.exponent <= 7),
        "dropout of a core");
  check(c.input_partners >= 0 && c.input_partners <= 65536, "past samples of an input core");
  for (const std::uint32_t projection : c.input_teachers)
    check(projection < p.projections.size(), "teachers of an input core");
  for (const std::uint32_t helper : c.helpers) check(tile(helper), "helpers of a core");
  for (const std::uint32_t destination : c.destinations) check(tile(destination), "destinations of a core");
  for (const std::uint32_t destination : c.late_destinations)
    check(tile(destination), "late destinations of a core");
  const auto source = [&](const SourceSlice& s) {
    return tile(s.core) && s.population < p.populations.size() &&
           within(s.first_neuron, s.neurons, p.populations[s.population].neurons);
  };
  for (const SourceSlice& s : c.sources) check(source(s), "sources of a core");
  for (const SourceSlice& s : c.error_sources) check(source(s), "error sources of a core");
  for (const std::uint32_t destination : c.error_destinations)
    check(tile(destination), "error destinations of a core");
  check(!c.relay.present || (!c.relay.rule.empty() && !c.input && c.relay.form_cycles >= 0),
        "errors through a core");
  for (const BlockImage& b : c.blocks) {
    check(b.projection < p.projections.size(), "projection of a block");
    const ProjectionInfo& projection = p.projections[b.projection];
    check(b.source == projection.from && c.population == projection.to, "ends of a block");
    check(within(b.first_row, b.rows, p.populations[b.source].neurons) && (!b.bias || projection.bias),
          "rows of a block");
    check(b.weight_bits == projection.weight.bits && b.activity_bits >= 1 && b.activity_bits <= 16,
          "bits of a block");
    check(b.sum_shift >= 0 && b.sum_shift <= 47, "shift of a block");
    check(b.mask.empty() || b.mask.size() == b.total_rows() * BlockImage::mask_bytes(c.neurons),
          "mask of a block");
    check(!(b.window != 0 && (b.plastic || b.bias)), "kind of a block");
    check(b.plastic == !projection.rule.empty(), "rule of a block");
    check_kernel(check, p, c, b);
    check(b.feedback == projection.feedback && !(b.feedback && b.bias) &&
              !(b.error && (b.feedback || b.late || b.bias || b.plastic || b.window != 0)),
          "direction of a block");
    const PlasticityImage& rule = b.plasticity;
    if (!b.plastic) continue;
    check(rule.rule == projection.rule && rule.weight_age <= 64, "rule of a block");
    check(rule.partners >= 0 && rule.partners <= 65536 && rule.up_words >= 0 && rule.up_words <= (1 << 20) &&
              rule.down_words >= 0 && rule.down_words <= (1 << 20) && rule.mean_words >= 0 &&
              rule.held_words >= 0 && rule.mean_words <= (1 << 20) && rule.held_words <= (1 << 20),
          "words of a rule");
    check(rule.input_words >= 0 && rule.input_words <= rule.up_words &&
              rule.reduction <= Reduction::highest && rule.current_frac >= -64 && rule.current_frac <= 47,
          "words of a rule");
    check(rule.weight_power >= 2 && rule.weight_power <= 4 && rule.current_sum_frac >= -64 &&
              rule.current_sum_frac <= 47,
          "power of a rule's weights");
    check(static_cast<std::uint32_t>(rule.compared) <= static_cast<std::uint32_t>(Compared::group_scale) &&
              static_cast<std::uint32_t>(rule.b0) <= static_cast<std::uint32_t>(RowTrace::mean) &&
              static_cast<std::uint32_t>(rule.b1) <= static_cast<std::uint32_t>(RowTrace::mean),
          "traces of a rule");
    check(rule.lane_shift >= 0 && rule.lane_shift <= 28 && shift(rule.mean_extra_bits) &&
              rule.row_mean_bits >= 0 && rule.row_mean_bits <= 47,
          "shifts of a rule");
    check(tile(rule.teacher), "teacher of a block");
  }
}

void check_copies(const CoreImage& c, const BlockImage& b, const std::string& where) {
  const Check check(where);
  const KernelImage& k = b.kernel;
  if (!k.present()) return;
  for (std::uint32_t row = 0; row < b.total_rows(); ++row)
    for (std::uint32_t i = 0; i < c.neurons; ++i) {
      const std::uint32_t to = c.first_neuron + i,
                          at = row < b.rows ? k.row_of(to, b.first_row + row) : k.bias_row();
      const std::int16_t entry =
          at == KernelImage::no_row ? std::int16_t{0} : k.weights[at * k.channels + to % k.channels];
      check(b.weights[row * c.neurons + i] == entry, "copy of a kernel's entry");
    }
}

}  // namespace trifactor
