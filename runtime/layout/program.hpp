// A compiled network: what programs a chip, and what a session must know to stream data through it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "rtl/spec/image.hpp"
#include "rtl/spec/machine.hpp"
#include "rtl/spec/number_format.hpp"
#include "rtl/spec/schedule.hpp"

namespace trifactor {

template <class V>
void visit(V& v, NumberFormat& f) {
  v(f.bits, f.frac, f.is_signed, f.rounding, f.overflow);
}

/// A number format with the array it belongs to.
struct ArrayFormat {
  std::string array;
  NumberFormat format;
  template <class V>
  friend void visit(V& v, ArrayFormat& f) {
    v(f.array, f.format);
  }
};

struct PopulationInfo {
  std::string name;
  std::uint32_t neurons = 0;
  bool input = false;
  std::uint32_t groups = 0;
  NumberFormat value;     ///< z, local
  NumberFormat activity;  ///< what is sent
  template <class V>
  friend void visit(V& v, PopulationInfo& p) {
    v(p.name, p.neurons, p.input, p.groups, p.value, p.activity);
  }
};

struct ProjectionInfo {
  std::string name;
  std::uint32_t from = 0, to = 0;
  NumberFormat weight;
  bool bias = false;
  bool feedback = false;  ///< carries errors back
  std::string rule;       ///< empty: frozen
  std::uint32_t weight_age = 0;
  double eta = 0;                  ///< at the start
  std::uint32_t eta_mantissa = 0;  ///< of eta
  Schedule schedule;
  std::int32_t shift = 0;  ///< F
  double sigma = 0;        ///< of the rule's kernel, 0: none
  std::int32_t kernel_frac = 0, third_factor_frac = 0;
  double third_factor_scale = 1;
  template <class V>
  friend void visit(V& v, ProjectionInfo& p) {
    v(p.name, p.from, p.to, p.weight, p.bias, p.feedback, p.rule, p.weight_age, p.eta, p.eta_mantissa,
      p.schedule, p.shift, p.sigma, p.kernel_frac, p.third_factor_frac, p.third_factor_scale);
  }
};

/// How full one core is.
struct CoreUsage {
  std::uint32_t core = 0;
  std::uint32_t neurons = 0, rows = 0;
  std::uint64_t synapses = 0;
  std::uint64_t synapse_bytes = 0, axon_bytes = 0, neuron_bytes = 0, history_bytes = 0;
  std::uint64_t packets_out =
      0;  ///< at most, a presentation: activities to all its destinations, one multicast each
  template <class V>
  friend void visit(V& v, CoreUsage& u) {
    v(u.core, u.neurons, u.rows, u.synapses, u.synapse_bytes, u.axon_bytes, u.neuron_bytes, u.history_bytes,
      u.packets_out);
  }
};

struct Program {
  std::string network;
  std::uint64_t seed = 1;
  std::uint32_t classes = 0;
  std::uint32_t steps = 1;  ///< of a presentation
  Machine machine;
  std::string encoder = "unit";        ///< of the input population
  std::vector<double> encoder_offset;  ///< fitted mean, empty until a run fits it
  std::vector<PopulationInfo> populations;
  std::vector<ProjectionInfo> projections;
  std::vector<ArrayFormat> formats;
  std::vector<CoreUsage> usage;
  std::vector<TeacherImage> teachers;
  LabelImage label;
  std::vector<CoreImage> cores;

  std::uint32_t input() const {
    for (std::uint32_t p = 0; p < populations.size(); ++p)
      if (populations[p].input) return p;
    return 0;
  }
};

template <class V>
void visit(V& v, CoreType& t) {
  v(t.name, t.rules, t.teacher, t.x0, t.y0, t.x1, t.y1);
}
template <class V>
void visit(V& v, Machine& m) {
  v(m.name, m.description, m.tree.own_network, m.barrier, m.core_types);
  visit_machine(m, [&](const char*, std::int64_t& field, auto&&...) { v(field); });
}

/// The fields of a program without its cores' images, which files and sessions handle one by one.
template <class V>
void visit(V& v, Program& p) {
  v(p.network, p.seed, p.classes, p.steps, p.machine, p.encoder, p.encoder_offset, p.populations,
    p.projections, p.formats, p.usage, p.teachers, p.label);
}

}  // namespace trifactor
